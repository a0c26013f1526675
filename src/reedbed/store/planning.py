"""Changes of a plan that is still being made. Nothing acts on them before the whole plan is there."""

from sqlalchemy import Boolean, Column, ForeignKey, String, Table

from reedbed.model.ledger import Flagged
from reedbed.store.columns import KEY, METADATA, Json, Utc
from reedbed.store.holds import Rules

PLANNING = Table(
    "planning",
    METADATA,
    Column("platform", KEY, ForeignKey("platforms.name", ondelete="CASCADE"), primary_key=True),
    Column("package", KEY, primary_key=True),
    Column("action", String, nullable=False),
    Column("flagged", Json(Flagged), nullable=False),
    Column("fingerprint", String, nullable=False),
    Column("unblocks", Boolean, nullable=False),
    Column("rules", Rules, nullable=False),
    Column("run_id", String, nullable=False),
    Column("planned_at", Utc, nullable=False),
)
