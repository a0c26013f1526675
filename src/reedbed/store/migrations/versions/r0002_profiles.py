"""Credential profiles of SafeDep's feed."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")
UTC = sa.String(32).with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "profiles",
        sa.Column("name", KEY, nullable=False),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("keeper", sa.String, nullable=False),
        sa.Column("key_expires_at", UTC),
        sa.Column("saved_at", UTC, nullable=False),
        sa.Column("sealed_key", sa.Text),
        sa.PrimaryKeyConstraint("name", name="pk_profiles"),
    )
