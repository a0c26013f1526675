"""The ledger: what Reedbed has written into each platform's Xray."""

from sqlalchemy import Boolean, Column, ForeignKey, String, Table, UniqueConstraint

from reedbed.model.ledger import Flagged
from reedbed.store.columns import KEY, METADATA, Json, Utc

ISSUES = Table(
    "issues",
    METADATA,
    Column("platform", KEY, ForeignKey("platforms.name", ondelete="CASCADE"), primary_key=True),
    Column("package", KEY, primary_key=True),
    Column("flagged", Json(Flagged), nullable=False),
    Column("issue_id", String, nullable=False),
    Column("fingerprint", String, nullable=False),
    Column("pushed_at", Utc, nullable=False),
    Column("verified_at", Utc),
    Column("malicious", Boolean),
    UniqueConstraint("platform", "issue_id"),
)
