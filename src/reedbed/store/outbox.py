"""The outbox: changes to a platform's custom issues that are due, held, or still being planned."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from reedbed.model.ledger import Flagged
from reedbed.store.columns import KEY, METADATA, Json, Utc
from reedbed.store.holds import Rules

CHANGES = Table(
    "changes",
    METADATA,
    Column("platform", KEY, ForeignKey("platforms.name", ondelete="CASCADE"), primary_key=True),
    Column("package", KEY, primary_key=True),
    Column("action", String, nullable=False),
    Column("flagged", Json(Flagged), nullable=False),
    Column("fingerprint", String, nullable=False),
    Column("unblocks", Boolean, nullable=False),
    Column("rules", Rules, nullable=False),  # all that were met, approved or not
    Column("state", String, nullable=False),  # queued or held
    Column("run_id", String, nullable=False),
    Column("planned_at", Utc, nullable=False),
    Column("next_attempt_at", Utc, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("reason", Text),  # why the last attempt failed
    Column("lease_owner", String),
    Column("leased_until", Utc),
    Index(None, "platform", "state", "next_attempt_at", "package"),
)
