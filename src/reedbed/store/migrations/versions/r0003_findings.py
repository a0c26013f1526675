"""Findings: flagged releases that somebody has."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UTC = sa.String(32).with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "findings",
        sa.Column("id", KEY, nullable=False),
        sa.Column("platform", KEY, nullable=False),
        sa.Column("package", KEY, nullable=False),
        sa.Column("version", sa.Text),
        sa.Column("repository", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("seen_in", sa.String, nullable=False),
        sa.Column("condemned", sa.Boolean),
        sa.Column("downloads", NUMBER),
        sa.Column("last_downloaded_at", UTC),
        sa.Column("sources", sa.Text, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("moved_to", sa.Text),
        sa.Column("first_seen_at", UTC, nullable=False),
        sa.Column("last_seen_at", UTC, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_findings"),
        sa.ForeignKeyConstraint(
            ["platform"], ["platforms.name"], name="fk_findings_platform_platforms", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_findings_platform_package", "findings", ["platform", "package"])
