"""Findings are counted as they are written, by triggers. `store/inventory/counts.py` says what for."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")

SLOTS = 0x52656564  # the advisory locks' class: "Reed" in ASCII
KIND = (
    *("connection", "repository", "type", "package_type", "status", "triage", "severity", "applicability"),
    "in_scope",
)
COLUMNS = ", ".join(KIND)


def upgrade() -> None:
    op.create_table(
        "finding_counts",
        sa.Column("slot", sa.Integer, nullable=False),
        sa.Column("connection", KEY, nullable=False),
        sa.Column("repository", KEY, nullable=False),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("package_type", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("triage", sa.String, nullable=False),
        sa.Column("severity", sa.Integer, nullable=False),
        sa.Column("applicability", sa.String, nullable=False),
        sa.Column("in_scope", sa.Boolean, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("slot", *KIND, name="pk_finding_counts"),
        sqlite_with_rowid=False,
    )
    sql = op.get_bind()
    for statement in _postgresql() if sql.dialect.name == "postgresql" else _sqlite():
        sql.exec_driver_sql(statement)
    sql.exec_driver_sql(
        f"INSERT INTO finding_counts SELECT 0, {_of('inventory_findings')}, count(*) "  # noqa: S608 - names of ours
        f"FROM inventory_findings GROUP BY {_of('inventory_findings')}"
    )


def _of(row: str) -> str:
    """List what kind of finding a row is."""
    return ", ".join(
        f"coalesce({row}.{name}, '')" if name == "applicability" else f"{row}.{name}" for name in KIND
    )


def _sqlite() -> list[str]:
    """Count row by row: SQLite has no other triggers, and one writer at a time."""
    changed = f"({_of('OLD')}) IS NOT ({_of('NEW')})"
    return [
        _sqlite_trigger("INSERT", _sqlite_step("NEW", 1)),
        _sqlite_trigger("DELETE", _sqlite_step("OLD", -1)),
        _sqlite_trigger(
            "UPDATE", _sqlite_step("OLD", -1) + _sqlite_step("NEW", 1), f" OF {COLUMNS}", f" WHEN {changed}"
        ),
    ]


def _sqlite_trigger(event: str, body: str, of: str = "", when: str = "") -> str:
    name = f"finding_counts_{event.lower()}"
    return f"CREATE TRIGGER {name} AFTER {event}{of} ON inventory_findings{when} BEGIN {body} END"


def _sqlite_step(row: str, step: int) -> str:
    return (
        f"INSERT INTO finding_counts VALUES (0, {_of(row)}, {step}) "  # noqa: S608 - names of ours
        f"ON CONFLICT (slot, {COLUMNS}) DO UPDATE SET number = number + excluded.number; "
    )


def _postgresql() -> list[str]:
    """Count statement by statement, each transaction in a slot that no other one has.

    In one common slot transactions would wait for each other until they end, and could do so in a ring.
    """
    added, removed = _postgresql_step("added", 1), _postgresql_step("removed", -1)
    new, old = "NEW TABLE AS added", "OLD TABLE AS removed"
    return [
        _postgresql_slot(),
        *_postgresql_trigger("INSERT", added, new),
        *_postgresql_trigger("DELETE", removed, old),
        *_postgresql_trigger("UPDATE", f"{added} UNION ALL {removed}", f"{old} {new}"),
    ]


def _postgresql_slot() -> str:
    return (
        "CREATE FUNCTION finding_counts_slot() RETURNS integer LANGUAGE plpgsql AS $$"
        " DECLARE slot integer := 0;"
        f" BEGIN WHILE NOT pg_try_advisory_xact_lock({SLOTS}, slot) LOOP slot := slot + 1; END LOOP;"
        " RETURN slot; END $$"
    )


def _postgresql_step(rows: str, step: int) -> str:
    return f"SELECT {_of(rows)}, {step} FROM {rows}"  # noqa: S608 - names of ours


def _postgresql_trigger(event: str, steps: str, tables: str) -> list[str]:
    name = f"finding_counts_{event.lower()}"
    changed = f"SELECT {COLUMNS}, sum(step) AS step FROM ({steps}) AS steps ({COLUMNS}, step)"  # noqa: S608
    function = (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"  # noqa: S608 - names of ours
        f" INSERT INTO finding_counts SELECT finding_counts_slot(), changed.*"
        f" FROM ({changed} GROUP BY {COLUMNS} HAVING sum(step) <> 0) AS changed"
        f" ON CONFLICT (slot, {COLUMNS}) DO UPDATE SET number = finding_counts.number + excluded.number;"
        f" RETURN NULL; END $$"
    )
    trigger = (
        f"CREATE TRIGGER {name} AFTER {event} ON inventory_findings REFERENCING {tables}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
    )
    return [function, trigger]
