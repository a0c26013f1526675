"""Webhooks and their outbox; when EPSS and lists of exploited vulnerabilities were imported."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")
UTC = sa.String(32).with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "enrichments",
        sa.Column("name", KEY, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("as_of", sa.String, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("etag", sa.Text),
        sa.Column("imported_at", UTC, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_enrichments"),
    )
    op.create_index("ix_finding_events_at", "finding_events", ["at"])
    _webhooks()


def _webhooks() -> None:
    op.create_table(
        "webhooks",
        sa.Column("name", KEY, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("sealed_secret", sa.Text, nullable=False),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("ca_file", sa.Text, nullable=False),
        sa.Column("allow_plain_http", sa.Boolean, nullable=False),
        sa.Column("told_at", UTC, nullable=False),
        sa.Column("told_finding", KEY, nullable=False),
        sa.Column("told_kind", KEY, nullable=False),
        sa.Column("created_at", UTC, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_webhooks"),
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", KEY, nullable=False),
        sa.Column("webhook", KEY, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_attempt_at", UTC, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("created_at", UTC, nullable=False),
        sa.Column("ended_at", UTC),
        sa.Column("status", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_deliveries"),
        sa.ForeignKeyConstraint(
            ["webhook"],
            ["webhooks.name"],
            name="fk_webhook_deliveries_webhook_webhooks",
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "ix_webhook_deliveries_webhook_state_next_attempt_at",
        "webhook_deliveries",
        ["webhook", "state", "next_attempt_at"],
    )
