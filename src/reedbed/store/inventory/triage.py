"""What people, VEX statements and rules of the source say of findings; apart from their status."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, select, update

from reedbed.model.inventory import Triage
from reedbed.store.columns import storable
from reedbed.store.dialects import merge
from reedbed.store.inventory.findings import FINDING_EVENTS, FINDINGS, TRIAGE
from reedbed.store.rows import slices, structs


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of one finding."""

    finding: str
    state: Triage
    justification: str | None
    note: str
    author: str
    origin: str  # user, ignore-rule, vex
    at: datetime
    until: datetime | None
    rule: str | None = None  # the id of the ignore rule that says so


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A finding that something is said of."""

    id: str
    connection: str
    repository: str
    path: str
    vulnerability: str
    component: str
    state: Triage
    justification: str | None
    note: str
    author: str
    origin: str
    at: datetime
    until: datetime | None


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A finding, and what is said of it now."""

    id: str
    triage: Triage


def select_findings(
    connection: Connection,
    *,
    ids: Iterable[str] = (),
    within: str | None = None,
    repository: str | None = None,
    path: str | None = None,
    vulnerability: str | None = None,
    component: str | None = None,
) -> list[Found]:
    """Find findings by id, or by all that is given of where and what they are; `within` is a connection."""
    named = {"connection": within, "repository": repository, "path": path}
    named |= {"vulnerability": vulnerability, "component": component}
    where = [FINDINGS.c[name] == value for name, value in named.items() if value is not None]
    query = select(FINDINGS.c.id, FINDINGS.c.triage).where(*where).order_by(FINDINGS.c.id)
    wanted = sorted(set(ids))
    if not wanted:
        return structs(connection, query, Found)
    some = [structs(connection, query.where(FINDINGS.c.id.in_(part)), Found) for part in slices(wanted)]
    return [found for part in some for found in part]


def say(connection: Connection, verdicts: Sequence[Verdict]) -> None:
    """Put verdicts down, in place of what was said before; `open` takes it back."""
    taken_back = [each.finding for each in verdicts if each.state is Triage.OPEN]
    kept = [each for each in verdicts if each.state is not Triage.OPEN]
    for some in slices(taken_back):
        connection.execute(delete(TRIAGE).where(TRIAGE.c.finding.in_(some)))
    merge(
        connection,
        TRIAGE,
        [
            {**msgspec.structs.asdict(each), "note": storable(each.note), "author": storable(each.author)}
            for each in kept
        ],
    )
    for state in {each.state for each in verdicts}:
        for some in slices([each.finding for each in verdicts if each.state is state]):
            connection.execute(update(FINDINGS).where(FINDINGS.c.id.in_(some)).values(triage=state))


def tell(connection: Connection, events: Mapping[str, Mapping[str, Any]], *, kind: str, at: datetime) -> None:
    """Append to the history of findings: by finding what happened; no run did it."""
    rows = [
        {"finding": finding, "at": at, "kind": kind, "run": None, "detail": dict(detail)}
        for finding, detail in events.items()
    ]
    merge(connection, FINDING_EVENTS, rows)


def expired(connection: Connection, *, now: datetime) -> list[Verdict]:
    """List the verdicts whose time is over."""
    columns = [TRIAGE.c[name] for name in Verdict.__struct_fields__]
    query = select(*columns).where(TRIAGE.c.until <= now).order_by(TRIAGE.c.finding)
    return structs(connection, query, Verdict)


def judged(connection: Connection, *, after: str = "", limit: int = 500) -> list[Judged]:
    """List what is said of findings, by finding."""
    columns = [TRIAGE.c[name] if name in TRIAGE.c else FINDINGS.c[name] for name in Judged.__struct_fields__]
    query = (
        select(*columns)
        .join(FINDINGS, FINDINGS.c.id == TRIAGE.c.finding)
        .where(FINDINGS.c.id > after)
        .order_by(FINDINGS.c.id)
        .limit(limit)
    )
    return structs(connection, query, Judged)
