"""What is relevant to a platform whatever its age, and how many packages its plan leaves out."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UTC = sa.String(32).with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "relevant",
        sa.Column("platform", KEY, nullable=False),
        sa.Column("package", KEY, nullable=False),
        sa.Column("ground", sa.String, nullable=False),
        sa.Column("since", UTC, nullable=False),
        sa.PrimaryKeyConstraint("platform", "package", "ground", name="pk_relevant"),
        sa.ForeignKeyConstraint(
            ["platform"], ["platforms.name"], name="fk_relevant_platform_platforms", ondelete="CASCADE"
        ),
    )
    op.add_column("planned", sa.Column("left_out", NUMBER))
