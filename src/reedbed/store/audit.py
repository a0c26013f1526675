"""The audit trail: who did what. Rows are only ever added."""

from typing import Any

from sqlalchemy import Column, String, Table, Text

from reedbed.store.columns import METADATA, NUMBER, Json, Utc

AUDIT = Table(
    "audit",
    METADATA,
    Column("id", NUMBER, primary_key=True),
    Column("at", Utc, nullable=False),
    Column("who", String, nullable=False),
    Column("action", String, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Json(dict[str, Any]), nullable=False),
)
