"""The workers, each with its heartbeat, so that the work of a dead one is taken over."""

from sqlalchemy import Column, Integer, String, Table

from reedbed.store.columns import KEY, METADATA, Utc

WORKERS = Table(
    "workers",
    METADATA,
    Column("id", KEY, primary_key=True),
    Column("host", String, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("version", String, nullable=False),
    Column("started_at", Utc, nullable=False),
    Column("beat_at", Utc, nullable=False),
)
