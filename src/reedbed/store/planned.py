"""How far each platform has been planned: the revision of the advisories, and under which settings."""

from sqlalchemy import Column, ForeignKey, String, Table

from reedbed.store.columns import KEY, METADATA, NUMBER, Utc

PLANNED = Table(
    "planned",
    METADATA,
    Column("platform", KEY, ForeignKey("platforms.name", ondelete="CASCADE"), primary_key=True),
    Column("revision", NUMBER, nullable=False),
    Column("settings", String, nullable=False),  # a digest of what else the plan depended on
    Column("planned_at", Utc, nullable=False),
)
