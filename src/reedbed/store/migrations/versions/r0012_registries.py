"""The registries that projects are resolved through."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")
UTC = sa.String(32).with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "registries",
        sa.Column("name", KEY, nullable=False),
        sa.Column("endpoints", sa.Text, nullable=False),
        sa.Column("ca_file", sa.Text),
        sa.Column("proxy", sa.Text),
        sa.Column("timeout_s", sa.Float, nullable=False),
        sa.Column("token_expires_at", UTC),
        sa.Column("sealed_token", sa.Text, nullable=False),
        sa.Column("checks", sa.Text, nullable=False),
        sa.Column("tested_at", UTC),
        sa.PrimaryKeyConstraint("name", name="pk_registries"),
    )
