"""Stores elsewhere that a platform may redirect to."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("platforms", sa.Column("blob_hosts", sa.Text, nullable=False, server_default="[]"))
