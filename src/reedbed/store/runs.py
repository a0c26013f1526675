"""The runs: one row for each execution of a flow."""

from typing import Any

from sqlalchemy import Boolean, Column, Index, String, Table

from reedbed.store.columns import KEY, METADATA, Json, Utc

RUNS = Table(
    "runs",
    METADATA,
    Column("id", KEY, primary_key=True),  # sorts by the time of its start
    Column("flow", String, nullable=False),
    Column("platform", String),  # a name, not a reference: a run outlives its platform
    Column("feed", String),
    Column("state", String, nullable=False),
    Column("owner", String, nullable=False),
    Column("started_at", Utc, nullable=False),
    Column("ended_at", Utc),
    Column("counts", Json(dict[str, int]), nullable=False),
    Column("error", Json(dict[str, Any])),
    Column("cancel_requested", Boolean, nullable=False),
    Index(None, "state", "id"),
)
