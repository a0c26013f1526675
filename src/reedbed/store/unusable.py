"""The records whose newest form says nothing that we could act on, each with the reason."""

from sqlalchemy import Column, Table, Text

from reedbed.store.columns import KEY, METADATA, Utc

UNUSABLE = Table(
    "unusable",
    METADATA,
    Column("feed", KEY, primary_key=True),
    Column("record", KEY, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("first_seen_at", Utc, nullable=False),
    Column("seen_at", Utc, nullable=False),
)
