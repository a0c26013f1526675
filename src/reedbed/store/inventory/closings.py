"""Findings that a plan would close: staged, then carried out or held as a whole."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, and_, case, delete, exists, func, literal, or_, select, update

from reedbed.model.inventory import FindingType, Status
from reedbed.store.dialects import merge, upsert
from reedbed.store.inventory.findings import CLOSINGS, FINDING_EVENTS, FINDINGS
from reedbed.store.inventory.presence import away
from reedbed.store.inventory.scopes import SCOPES
from reedbed.store.rows import slices

OPEN = tuple(status for status in Status if status.open)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    finding: str
    status: Status
    because: str


def discard(connection: Connection, name: str) -> None:
    """Forget what an earlier run staged or held: the newest complete look counts."""
    connection.execute(delete(CLOSINGS).where(CLOSINGS.c.connection == name))


def stage(connection: Connection, name: str, rows: Sequence[Row], *, run: str, now: datetime) -> None:
    """Put aside what would be closed."""
    merge(
        connection,
        CLOSINGS,
        [{"connection": name, **msgspec.structs.asdict(row), "run": run, "planned_at": now} for row in rows],
    )


def forget(connection: Connection, name: str, findings: Sequence[str]) -> None:
    """Take back what was staged or held of findings that were seen again."""
    for some in slices(findings):
        connection.execute(
            delete(CLOSINGS).where(CLOSINGS.c.connection == name, CLOSINGS.c.finding.in_(some))
        )


def count_open(connection: Connection, name: str) -> int:
    """Count the open findings of a connection."""
    query = select(func.count()).where(FINDINGS.c.connection == name, FINDINGS.c.status.in_(OPEN))
    return connection.execute(query).scalar_one()


def count_open_of(connection: Connection, name: str, kind: FindingType) -> int:
    """Count the open findings of a connection, of one type."""
    query = select(func.count()).where(
        FINDINGS.c.connection == name, FINDINGS.c.type == kind, FINDINGS.c.status.in_(OPEN)
    )
    return connection.execute(query).scalar_one()


def count_staged(connection: Connection, name: str) -> dict[Status, int]:
    """Count what is staged, or held, by what it would become."""
    query = (
        select(CLOSINGS.c.status, func.count().label("many"))
        .where(CLOSINGS.c.connection == name)
        .group_by(CLOSINGS.c.status)
    )
    return {row.status: row.many for row in connection.execute(query)}


def planned_at(connection: Connection, name: str) -> datetime | None:
    """Say when what is staged or held was planned; None: nothing is."""
    query = select(func.max(CLOSINGS.c.planned_at)).where(CLOSINGS.c.connection == name)
    found: datetime | None = connection.execute(query).scalar_one()
    return found


def drop_stale(connection: Connection, name: str) -> None:
    """Take back what was planned before its scope was read again, or lies where nobody can look now."""
    scope = and_(
        FINDINGS.c.id == CLOSINGS.c.finding,
        SCOPES.c.connection == FINDINGS.c.connection,
        SCOPES.c.repository == FINDINGS.c.repository,
        SCOPES.c.path == FINDINGS.c.path,
    )
    read_since = exists().where(scope, SCOPES.c.read_at > CLOSINGS.c.planned_at)
    hidden = exists().where(FINDINGS.c.id == CLOSINGS.c.finding, FINDINGS.c.repository.in_(away(name)))
    connection.execute(delete(CLOSINGS).where(CLOSINGS.c.connection == name, or_(read_since, hidden)))


def carry_out(connection: Connection, name: str, *, run: str | None, now: datetime) -> int:
    """Close what is staged, with its reason in each finding's history; give how many."""
    staged = select(CLOSINGS.c.finding).where(CLOSINGS.c.connection == name)
    history = select(
        CLOSINGS.c.finding,
        literal(now, FINDING_EVENTS.c.at.type),
        CLOSINGS.c.status,
        literal(run, FINDING_EVENTS.c.run.type),
        literal({}, FINDING_EVENTS.c.detail.type),
    ).where(CLOSINGS.c.connection == name)
    told = upsert(connection, FINDING_EVENTS).from_select(["finding", "at", "kind", "run", "detail"], history)
    connection.execute(told.on_conflict_do_nothing())
    of = select(CLOSINGS.c.status).where(CLOSINGS.c.finding == FINDINGS.c.id).scalar_subquery()
    because = select(CLOSINGS.c.because).where(CLOSINGS.c.finding == FINDINGS.c.id).scalar_subquery()
    fixed_at = case((of == Status.FIXED, literal(now, FINDINGS.c.fixed_at.type)))  # to retire mends nothing
    closed = connection.execute(
        update(FINDINGS)
        .where(FINDINGS.c.id.in_(staged), FINDINGS.c.status.in_(OPEN))
        .values(status=of, fixed_at=fixed_at, fixed_because=because, images=0)
    ).rowcount
    discard(connection, name)
    return closed
