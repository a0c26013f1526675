"""The runs: one row for each execution of a flow."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy import Boolean, Column, Connection, Index, String, Table, func, insert, select, update

from reedbed.errors import ReedbedError
from reedbed.store.columns import KEY, METADATA, Json, Utc, Word, storable
from reedbed.store.rows import structs


class State(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Fault(msgspec.Struct, frozen=True):
    """What ended a run, in the three parts of every error."""

    what: str
    why: str
    fix: str


RUNS = Table(
    "runs",
    METADATA,
    Column("id", KEY, primary_key=True),  # sorts by the time of its start
    Column("flow", String, nullable=False),
    Column("platform", String),  # a name, not a reference: a run outlives its platform
    Column("feed", String),
    Column("state", Word(State), nullable=False),
    Column("owner", String, nullable=False),
    Column("started_at", Utc, nullable=False),
    Column("ended_at", Utc),
    Column("counts", Json(dict[str, int]), nullable=False),
    Column("error", Json(Fault)),
    Column("cancel_requested", Boolean, nullable=False),
    Index(None, "state", "id"),
)


SKEW = timedelta(seconds=60)
"""How far the clocks of two machines may be apart."""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One execution of a flow, for one platform or one feed, both or neither."""

    id: str
    flow: str
    platform: str | None
    feed: str | None
    state: State
    owner: str  # the worker or the command that carries it out
    started_at: datetime
    ended_at: datetime | None = None
    counts: Mapping[str, int] = {}
    error: Fault | None = None
    cancel_requested: bool = False


def new_id(now: datetime) -> str:
    """Make an id that no other process makes, and that sorts by time (RFC 9562, UUID version 7)."""
    number = int(now.timestamp() * 1000) << 80 | secrets.randbits(80)
    number = number & ~(0xF << 76) | 0x7 << 76
    return str(UUID(int=number & ~(0x3 << 62) | 0x2 << 62))


def start(
    connection: Connection,
    flow: str,
    *,
    owner: str,
    now: datetime,
    platform: str | None = None,
    feed: str | None = None,
    run_id: str | None = None,
) -> Run:
    """Begin a run. With the id of one that was begun before, by a worker that died, take that one over."""
    if run_id is not None and (begun := get(connection, run_id)) is not None:
        connection.execute(update(RUNS).where(RUNS.c.id == run_id).values(owner=owner))
        return msgspec.structs.replace(begun, owner=owner)
    run = Run(
        id=run_id or new_id(now),
        flow=flow,
        platform=platform,
        feed=feed,
        state=State.RUNNING,
        owner=owner,
        started_at=now,
    )
    connection.execute(insert(RUNS).values(**msgspec.structs.asdict(run)))
    return run


def finish(
    connection: Connection,
    run_id: str,
    state: State,
    *,
    now: datetime,
    counts: Mapping[str, int] | None = None,
    error: ReedbedError | Fault | None = None,
) -> bool:
    """End a run that is running; False where it had ended already, which then stands."""
    statement = (
        update(RUNS)
        .where(RUNS.c.id == run_id, RUNS.c.state == State.RUNNING)
        .values(state=state, ended_at=now, counts=dict(counts or {}), error=_fault(error))
    )
    return connection.execute(statement).rowcount == 1


def request_cancel(connection: Connection, run_id: str) -> bool:
    """Ask a running run to stop at its next step; False where it is not running."""
    statement = (
        update(RUNS).where(RUNS.c.id == run_id, RUNS.c.state == State.RUNNING).values(cancel_requested=True)
    )
    return connection.execute(statement).rowcount == 1


def cancel_requested(connection: Connection, run_id: str) -> bool:
    return bool(connection.execute(select(RUNS.c.cancel_requested).where(RUNS.c.id == run_id)).scalar())


def get(connection: Connection, run_id: str) -> Run | None:
    return next(iter(structs(connection, select(RUNS).where(RUNS.c.id == run_id), Run)), None)


def running(connection: Connection) -> list[Run]:
    """List the runs that have not ended, oldest first."""
    return structs(connection, select(RUNS).where(RUNS.c.state == State.RUNNING).order_by(RUNS.c.id), Run)


def recent(
    connection: Connection,
    *,
    flow: str | Sequence[str] = (),
    platform: str | None = None,
    before: str | None = None,
    limit: int,
) -> list[Run]:
    """List runs of some flows, or all, youngest first: from the one that began before the run `before` on."""
    query = select(RUNS).order_by(RUNS.c.id.desc()).limit(limit)
    if flow:
        query = query.where(RUNS.c.flow.in_([flow] if isinstance(flow, str) else flow))
    if platform is not None:
        query = query.where(RUNS.c.platform == platform)
    return structs(connection, query.where(RUNS.c.id < before) if before else query, Run)


By = Literal["connection", "state", "kind"]


def counted(
    connection: Connection, flows: Sequence[str], *, by: By, platform: str | None = None
) -> dict[str, int]:
    """Count the runs of flows by how they ended, whose they are, or by flow: the most first."""
    keys = {"connection": RUNS.c.platform, "state": RUNS.c.state, "kind": RUNS.c.flow}
    key, many = keys[by], func.count().label("many")
    query = select(key.label("key"), many).where(RUNS.c.flow.in_(flows))
    query = query.where(RUNS.c.platform == platform) if platform is not None else query
    rows = connection.execute(query.group_by(key).order_by(many.desc(), key))
    return {str(row.key): row.many for row in rows}


def newest(connection: Connection, flow: str) -> dict[str, Run]:
    """Give the newest run of a flow for each platform, or each connection."""
    youngest = select(func.max(RUNS.c.id)).where(RUNS.c.flow == flow).group_by(RUNS.c.platform)
    found = structs(connection, select(RUNS).where(RUNS.c.id.in_(youngest)), Run)
    return {run.platform: run for run in found if run.platform is not None}


def last_success(
    connection: Connection, *, now: datetime
) -> dict[tuple[str, str | None, str | None], datetime]:
    """When each (flow, platform, feed) last ended well. An end that is still to come is a jumped clock's."""
    by = (RUNS.c.flow, RUNS.c.platform, RUNS.c.feed)
    query = (
        select(*by, func.max(RUNS.c.ended_at))
        .where(RUNS.c.state == State.DONE, RUNS.c.ended_at <= now + SKEW)
        .group_by(*by)
    )
    return {(flow, platform, feed): at for flow, platform, feed, at in connection.execute(query)}


def _fault(error: ReedbedError | Fault | None) -> Fault | None:
    if error is None:
        return None
    return Fault(storable(error.what), storable(error.why), storable(error.fix))
