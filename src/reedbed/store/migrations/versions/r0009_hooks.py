"""Hooks that JFrog tells of changes, what came of their deliveries, and the hints that wait."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")
UTC = sa.String(32).with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "hooks",
        sa.Column("connection", KEY, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("sealed_secret", sa.Text, nullable=False),
        sa.Column("signed", sa.Boolean, nullable=False),
        sa.Column("accepted", sa.Integer, nullable=False),
        sa.Column("repeated", sa.Integer, nullable=False),
        sa.Column("refused", sa.Integer, nullable=False),
        sa.Column("created_at", UTC, nullable=False),
        sa.Column("last_at", UTC),
        sa.PrimaryKeyConstraint("connection", "source", name="pk_hooks"),
        sa.ForeignKeyConstraint(
            ["connection"],
            ["connections.name"],
            name="fk_hooks_connection_connections",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "hook_deliveries",
        sa.Column("connection", KEY, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("at", UTC, nullable=False),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("code", sa.String, nullable=False),
        sa.Column("event", sa.String, nullable=False),
        sa.Column("hints", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("connection", "source", "id", name="pk_hook_deliveries"),
        sa.ForeignKeyConstraint(
            ["connection", "source"],
            ["hooks.connection", "hooks.source"],
            name="fk_hook_deliveries_connection_hooks",
            ondelete="CASCADE",
        ),
    )
    _hints()


def _hints() -> None:
    op.create_table(
        "hints",
        sa.Column("connection", KEY, nullable=False),
        sa.Column("repository", KEY, nullable=False),
        sa.Column("path", KEY, nullable=False),
        sa.Column("tag", KEY, nullable=False),
        sa.Column("event", KEY, nullable=False),
        sa.Column("delivery", KEY, nullable=False),
        sa.Column("first_at", UTC, nullable=False),
        sa.Column("told_at", UTC, nullable=False),
        sa.Column("times", sa.Integer, nullable=False),
        sa.Column("waiting", sa.Boolean, nullable=False),
        sa.Column("run", KEY, nullable=False),
        sa.Column("taken", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("connection", "repository", "path", "tag", name="pk_hints"),
        sa.ForeignKeyConstraint(
            ["connection"],
            ["connections.name"],
            name="fk_hints_connection_connections",
            ondelete="CASCADE",
        ),
    )
