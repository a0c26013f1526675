"""Who let which held change go: exactly that change, under exactly that rule."""

from sqlalchemy import Column, ForeignKey, String, Table

from reedbed.store.columns import KEY, METADATA, Utc
from reedbed.store.holds import Rules

APPROVALS = Table(
    "approvals",
    METADATA,
    Column("platform", KEY, ForeignKey("platforms.name", ondelete="CASCADE"), primary_key=True),
    Column("package", KEY, primary_key=True),
    Column("fingerprint", KEY, primary_key=True),
    Column("action", KEY, primary_key=True),
    Column("rule", Rules, primary_key=True),  # one
    Column("approved_by", String, nullable=False),
    Column("approved_at", Utc, nullable=False),
)
