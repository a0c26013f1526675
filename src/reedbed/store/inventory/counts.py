"""How many findings there are of each kind: counting a million takes no longer than counting a thousand.

Triggers on `inventory_findings` keep the numbers (migration 0011), so whatever writes a finding counts it in
the same transaction: cascades, and statements that somebody types, too. What it costs is in
docs/query-performance.md.
"""

from typing import Any

from sqlalchemy import Boolean, Column, ColumnElement, Connection, Integer, String, Table, delete, func
from sqlalchemy.sql.visitors import iterate, replacement_traverse

from reedbed.model.inventory import FindingType, Status, Triage
from reedbed.store.columns import KEY, METADATA, Word
from reedbed.store.inventory.findings import FINDINGS

COUNTS = Table(
    "finding_counts",
    METADATA,
    # On PostgreSQL each writer has its own, so that none waits for another: how many there are is the sum.
    Column("slot", Integer, primary_key=True),
    Column("connection", KEY, primary_key=True),
    Column("repository", KEY, primary_key=True),
    Column("type", Word(FindingType), primary_key=True),
    Column("package_type", String, primary_key=True),
    Column("status", Word(Status), primary_key=True),
    Column("triage", Word(Triage), primary_key=True),
    Column("severity", Integer, primary_key=True),
    Column("applicability", String, primary_key=True),  # "" where it is not known
    Column("in_scope", Boolean, primary_key=True),
    Column("number", Integer, nullable=False),
    sqlite_with_rowid=False,
)

_KIND: dict[str, ColumnElement[Any]] = {
    column.name: column for column in COUNTS.c if column.name not in ("slot", "number")
}
_KIND["applicability"] = func.nullif(COUNTS.c.applicability, "")


def told_by_counts(said: ColumnElement[Any]) -> bool:
    """Say whether an expression on findings is about nothing but what kind of finding it is."""
    return all(
        each.name in _KIND for each in iterate(said) if isinstance(each, Column) and each.table is FINDINGS
    )


def of_counts(said: ColumnElement[Any]) -> ColumnElement[Any]:
    """Say of counts what an expression says of findings."""

    def counted(element: Any, **_: Any) -> Any:
        return _KIND[element.name] if isinstance(element, Column) and element.table is FINDINGS else None

    found: ColumnElement[Any] = replacement_traverse(said, {}, counted)
    return found


def forget(connection: Connection, name: str) -> None:
    """Drop the kinds of a connection whose findings are gone: their numbers are 0."""
    connection.execute(delete(COUNTS).where(COUNTS.c.connection == name))
