"""Leases: what only one owner may do at a time, and until when it is theirs."""

from sqlalchemy import Column, String, Table

from reedbed.store.columns import KEY, METADATA, Utc

LEASES = Table(
    "leases",
    METADATA,
    Column("name", KEY, primary_key=True),
    Column("owner", String, nullable=False),
    Column("taken_at", Utc, nullable=False),
    Column("until", Utc, nullable=False),
)
