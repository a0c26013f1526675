"""Proofs that repositories block, and how far each was covered when last looked at."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")
UTC = sa.String(32).with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "proofs",
        sa.Column("platform", KEY, nullable=False),
        sa.Column("repository", KEY, nullable=False),
        sa.Column("verdict", sa.String, nullable=False),
        sa.Column("package_type", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("release", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("relied_on", sa.Text, nullable=False),
        sa.Column("ground", sa.String, nullable=False),
        sa.Column("run_id", sa.String, nullable=False),
        sa.Column("at", UTC, nullable=False),
        sa.PrimaryKeyConstraint("platform", "repository", "verdict", name="pk_proofs"),
        sa.ForeignKeyConstraint(
            ["platform"], ["platforms.name"], name="fk_proofs_platform_platforms", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "coverage",
        sa.Column("platform", KEY, nullable=False),
        sa.Column("repository", KEY, nullable=False),
        sa.Column("package_type", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("indexed", sa.Boolean, nullable=False),
        sa.Column("blocked_by", sa.Text, nullable=False),
        sa.Column("ground", sa.String, nullable=False),
        sa.Column("seen_at", UTC, nullable=False),
        sa.PrimaryKeyConstraint("platform", "repository", name="pk_coverage"),
        sa.ForeignKeyConstraint(
            ["platform"], ["platforms.name"], name="fk_coverage_platform_platforms", ondelete="CASCADE"
        ),
    )
