"""The pace of requests to a platform, shared by all processes and machines."""

from sqlalchemy import Column, ForeignKey, Table

from reedbed.store.columns import KEY, METADATA, Utc

PACE = Table(
    "pace",
    METADATA,
    Column("platform", KEY, ForeignKey("platforms.name", ondelete="CASCADE"), primary_key=True),
    Column("free_from", Utc, nullable=False),  # every slot before it has been given away
)
