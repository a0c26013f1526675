"""The first schema: feeds, platforms, the ledger and its outbox, runs and workers."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UTC = sa.String(32).with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    _advisories()
    _withdrawals()
    _unusable()
    _revisions()
    _cursors()
    _platforms()
    _issues()
    _planning()
    _changes()
    _approvals()
    _planned()
    _pace()
    _runs()
    _leases()
    _workers()
    _audit()


def _advisories() -> None:
    op.create_table(
        "advisories",
        sa.Column("feed", KEY, nullable=False),
        sa.Column("record", KEY, nullable=False),
        sa.Column("package", KEY, nullable=False),
        sa.Column("package_type", sa.String, nullable=False),
        sa.Column("package_name", KEY, nullable=False),
        sa.Column("spelling", sa.Text, nullable=False),
        sa.Column("versions", sa.Text, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("url", sa.Text),
        sa.Column("modified", UTC, nullable=False),
        sa.Column("verdict", sa.String, nullable=False),
        sa.Column("confidence", sa.String, nullable=False),
        sa.Column("notes", sa.Text, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("live", sa.Boolean, nullable=False),
        sa.Column("revision", NUMBER, nullable=False),
        sa.Column("first_seen_at", UTC, nullable=False),
        sa.Column("changed_at", UTC, nullable=False),
        sa.PrimaryKeyConstraint("feed", "record", "package", name="pk_advisories"),
    )
    op.create_index("ix_advisories_package_revision", "advisories", ["package", "revision"])


def _withdrawals() -> None:
    op.create_table(
        "withdrawals",
        sa.Column("feed", KEY, nullable=False),
        sa.Column("record", KEY, nullable=False),
        sa.Column("modified", UTC, nullable=False),
        sa.PrimaryKeyConstraint("feed", "record", name="pk_withdrawals"),
    )


def _unusable() -> None:
    op.create_table(
        "unusable",
        sa.Column("feed", KEY, nullable=False),
        sa.Column("record", KEY, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("first_seen_at", UTC, nullable=False),
        sa.Column("seen_at", UTC, nullable=False),
        sa.PrimaryKeyConstraint("feed", "record", name="pk_unusable"),
    )


def _revisions() -> None:
    op.create_table(
        "revisions",
        sa.Column("name", KEY, nullable=False),
        sa.Column("value", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_revisions"),
    )


def _cursors() -> None:
    op.create_table(
        "cursors",
        sa.Column("feed", KEY, nullable=False),
        sa.Column("scope", KEY, nullable=False),
        sa.Column("watermark", UTC),
        sa.Column("validators", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("feed", "scope", name="pk_cursors"),
    )


def _platforms() -> None:
    op.create_table(
        "platforms",
        sa.Column("name", KEY, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("ca_file", sa.Text),
        sa.Column("proxy", sa.Text),
        sa.Column("per_second", sa.Float, nullable=False),
        sa.Column("concurrency", sa.Integer, nullable=False),
        sa.Column("timeout_s", sa.Float, nullable=False),
        sa.Column("token_expires_at", UTC),
        sa.Column("sealed_token", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_platforms"),
    )


def _issues() -> None:
    op.create_table(
        "issues",
        sa.Column("platform", KEY, nullable=False),
        sa.Column("package", KEY, nullable=False),
        sa.Column("flagged", sa.Text, nullable=False),
        sa.Column("issue_id", sa.String, nullable=False),
        sa.Column("fingerprint", sa.String, nullable=False),
        sa.Column("pushed_at", UTC, nullable=False),
        sa.Column("verified_at", UTC),
        sa.Column("malicious", sa.Boolean),
        sa.ForeignKeyConstraint(
            ["platform"], ["platforms.name"], name="fk_issues_platform_platforms", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("platform", "package", name="pk_issues"),
        sa.UniqueConstraint("platform", "issue_id", name="uq_issues_platform_issue_id"),
    )


def _planning() -> None:
    op.create_table(
        "planning",
        sa.Column("platform", KEY, nullable=False),
        sa.Column("package", KEY, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("flagged", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.String, nullable=False),
        sa.Column("unblocks", sa.Boolean, nullable=False),
        sa.Column("held", sa.Integer, nullable=False),
        sa.Column("run_id", sa.String, nullable=False),
        sa.Column("planned_at", UTC, nullable=False),
        sa.ForeignKeyConstraint(
            ["platform"], ["platforms.name"], name="fk_planning_platform_platforms", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("platform", "package", name="pk_planning"),
    )


def _changes() -> None:
    op.create_table(
        "changes",
        sa.Column("platform", KEY, nullable=False),
        sa.Column("package", KEY, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("flagged", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.String, nullable=False),
        sa.Column("unblocks", sa.Boolean, nullable=False),
        sa.Column("held", sa.Integer, nullable=False),
        sa.Column("run_id", sa.String, nullable=False),
        sa.Column("planned_at", UTC, nullable=False),
        sa.Column("next_attempt_at", UTC, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("tried", sa.Boolean, nullable=False),
        sa.Column("lease_owner", sa.String),
        sa.Column("leased_until", UTC),
        sa.ForeignKeyConstraint(
            ["platform"], ["platforms.name"], name="fk_changes_platform_platforms", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("platform", "package", name="pk_changes"),
    )
    op.create_index(
        "ix_changes_platform_held_next_attempt_at_package",
        "changes",
        ["platform", "held", "next_attempt_at", "package"],
    )


def _approvals() -> None:
    op.create_table(
        "approvals",
        sa.Column("platform", KEY, nullable=False),
        sa.Column("package", KEY, nullable=False),
        sa.Column("fingerprint", KEY, nullable=False),
        sa.Column("action", KEY, nullable=False),
        sa.Column("rule", sa.Integer, nullable=False),
        sa.Column("approved_by", sa.String, nullable=False),
        sa.Column("approved_at", UTC, nullable=False),
        sa.ForeignKeyConstraint(
            ["platform"], ["platforms.name"], name="fk_approvals_platform_platforms", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("platform", "package", "fingerprint", "action", "rule", name="pk_approvals"),
    )


def _planned() -> None:
    op.create_table(
        "planned",
        sa.Column("platform", KEY, nullable=False),
        sa.Column("revision", NUMBER, nullable=False),
        sa.Column("settings", sa.String, nullable=False),
        sa.Column("planned_at", UTC, nullable=False),
        sa.ForeignKeyConstraint(
            ["platform"], ["platforms.name"], name="fk_planned_platform_platforms", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("platform", name="pk_planned"),
    )


def _pace() -> None:
    op.create_table(
        "pace",
        sa.Column("platform", KEY, nullable=False),
        sa.Column("free_from", UTC, nullable=False),
        sa.ForeignKeyConstraint(
            ["platform"], ["platforms.name"], name="fk_pace_platform_platforms", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("platform", name="pk_pace"),
    )


def _runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", KEY, nullable=False),
        sa.Column("flow", sa.String, nullable=False),
        sa.Column("platform", sa.String),
        sa.Column("feed", sa.String),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("started_at", UTC, nullable=False),
        sa.Column("ended_at", UTC),
        sa.Column("counts", sa.Text, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("cancel_requested", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
    )
    op.create_index("ix_runs_state_id", "runs", ["state", "id"])


def _leases() -> None:
    op.create_table(
        "leases",
        sa.Column("name", KEY, nullable=False),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("taken_at", UTC, nullable=False),
        sa.Column("until", UTC, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )


def _workers() -> None:
    op.create_table(
        "workers",
        sa.Column("id", KEY, nullable=False),
        sa.Column("host", sa.String, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("version", sa.String, nullable=False),
        sa.Column("started_at", UTC, nullable=False),
        sa.Column("beat_at", UTC, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_workers"),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("at", UTC, nullable=False),
        sa.Column("who", sa.String, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
