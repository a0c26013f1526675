"""Giving findings other ids: everything that is known of them goes along."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table, case, delete, exists, literal, select, update

from reedbed.store.dialects import upsert
from reedbed.store.inventory.findings import CLOSINGS, FINDING_EVENTS, FINDINGS, OCCURRENCES, TRIAGE


def rekey(connection: Connection, pairs: Sequence[tuple[str, str]]) -> None:
    """Give findings other ids: (before, now). What is known under the new id already stays."""
    for old, new in pairs:
        _copy(connection, FINDINGS, "id", old, new)
        connection.execute(
            update(FINDINGS)
            .where(FINDINGS.c.id == new)
            .values(first_found_at=_earlier(FINDINGS.c.first_found_at, old))
        )
        _make_room(connection, old, new)
        for table in (OCCURRENCES, FINDING_EVENTS, TRIAGE):
            _copy(connection, table, "finding", old, new)
        _judge(connection, new)
        connection.execute(delete(CLOSINGS).where(CLOSINGS.c.finding == old))
        connection.execute(delete(FINDINGS).where(FINDINGS.c.id == old))  # the rest goes with it


def _copy(connection: Connection, table: Table, key: str, old: str, new: str) -> None:
    """Copy rows with one id to another, but for those that are there."""
    values = [literal(new, column.type) if column.name == key else column for column in table.c]
    rows = select(*values).where(table.c[key] == old)
    names = [column.name for column in table.c]
    connection.execute(upsert(connection, table).from_select(names, rows).on_conflict_do_nothing())


def _judge(connection: Connection, finding: str) -> None:
    """Let a finding be as what is said of it: that may have come from the other id."""
    said = select(TRIAGE.c.state).where(TRIAGE.c.finding == finding).scalar_subquery()
    row = update(FINDINGS).where(FINDINGS.c.id == finding, exists().where(TRIAGE.c.finding == finding))
    connection.execute(row.values(triage=said))


def _make_room(connection: Connection, old: str, new: str) -> None:
    """What is gone under the new id, and stands under the old one, stands."""
    other = OCCURRENCES.alias("other")
    stands = exists().where(
        other.c.finding == old,
        other.c.asset == OCCURRENCES.c.asset,
        other.c.version == OCCURRENCES.c.version,
        other.c.gone_at.is_(None),
    )
    gone = OCCURRENCES.c.gone_at.is_not(None)
    connection.execute(delete(OCCURRENCES).where(OCCURRENCES.c.finding == new, gone, stands))


def _earlier(column: Column[Any], old: str) -> ColumnElement[Any]:
    before = FINDINGS.alias("before")
    other = select(before.c[column.name]).where(before.c.id == old).scalar_subquery()
    return case((other < column, other), else_=column)
