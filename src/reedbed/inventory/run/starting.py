"""Starting a run of a connection: when it is due, whether it may, what it reads and with which maps. Acts."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection as Sql

from reedbed.inventory.connection.connections import not_proved, scope_of
from reedbed.inventory.connection.schedule import Cadence, Schedule, cadence_of, due, latest
from reedbed.inventory.connection.scope import Scope
from reedbed.inventory.connection.states import Standing, standing
from reedbed.inventory.run import answering, flow, working
from reedbed.inventory.run.context import Mode, Sync
from reedbed.inventory.run.forecast import Forecast, forecast
from reedbed.inventory.run.part import Spot
from reedbed.inventory.transform import known_maps
from reedbed.inventory.transform.shaping import Shapes
from reedbed.jfrog.session import JFrog
from reedbed.jobs import Counts, Planned, RunContext, now_utc
from reedbed.model.inventory import Stream
from reedbed.store import runs
from reedbed.store.database import Database
from reedbed.store.inventory import connections as store
from reedbed.store.inventory import hints, hooks, streams
from reedbed.store.inventory.connections import Connection, State
from reedbed.store.inventory.hints import Waiting
from reedbed.store.runs import Run

MODES = {Cadence.FULL: Mode.FULL, Cadence.INCREMENTAL: Mode.DELTA}


async def carry_out(run: RunContext, jfrog: JFrog, db: Database, name: str, *, mode: Mode | None) -> Counts:
    """Carry out a run of a connection, in the mode that its schedule asks for unless one is given.

    Raises:
        SettingsError: the connection is a draft, or a transform map of it is not there.
        Unreachable, Refused, Unreadable: as `flow.sync`.
        Left: the worker is leaving; the run goes on later.
    """
    connection = await db.read(store.get, name)
    if connection.state is State.DRAFT:
        raise not_proved(connection, await db.read(store.history, name, limit=1))
    wanted = mode or Mode(await run.step("mode", lambda: _mode(db, connection, run.scheduled_at)))
    counts = await flow.sync(
        await _sync(run.id, jfrog, db, connection, mode=wanted, leaving=lambda: run.leaving)
    )
    run.may_leave()
    return counts


async def foretell(jfrog: JFrog, db: Database, name: str, *, mode: Mode) -> Forecast:
    """Say what a run of a connection would come to, and begin none.

    Raises:
        SettingsError: a transform map of the connection is not there.
        Unreachable, Refused, Unreadable: something could not be listed.
    """
    connection = await db.read(store.get, name)
    return await forecast(await _sync("", jfrog, db, connection, mode=mode, leaving=lambda: False))


async def answer_hints(run: RunContext, jfrog: JFrog, db: Database, name: str) -> Counts:
    """Carry out a run that answers the hints of a connection.

    Raises:
        SettingsError: a transform map of it is not there.
        Unreachable, Refused, Unreadable: as `answering.answer`.
        Left: the worker is leaving; the run goes on later.
    """
    connection = await db.read(store.get, name)
    if connection.state is not State.REGISTERED:  # it was paused, or changed, since
        return {}
    counts = await answering.answer(
        await _sync(run.id, jfrog, db, connection, mode=Mode.DELTA, leaving=lambda: run.leaving)
    )
    run.may_leave()
    return counts


async def carry_out_part(
    run: RunContext, jfrog: JFrog, db: Database, name: str, *, spots: Sequence[Spot]
) -> Counts:
    """Carry out a run over what somebody named.

    Raises:
        SettingsError: the connection is a draft, or a transform map of it is not there.
        Unreachable, Refused, Unreadable: as `answering.read_part`.
    """
    connection = await db.read(store.get, name)
    if connection.state is State.DRAFT:
        raise not_proved(connection, await db.read(store.history, name, limit=1))
    sync = await _sync(run.id, jfrog, db, connection, mode=Mode.DELTA, leaving=lambda: run.leaving)
    return await answering.read_part(sync, spots)


async def lend_a_hand(
    run: Run, jfrog: JFrog, db: Database, name: str, *, leaving: Callable[[], bool]
) -> None:
    """Do units of a run of a connection that another worker carries out, until none is free.

    Raises:
        SettingsError: a transform map of the connection is not there.
        ExceptionGroup: as `working.work`.
    """
    connection = await db.read(store.get, name)
    await working.work(await _sync(run.id, jfrog, db, connection, mode=Mode.FULL, leaving=leaving))


async def _sync(
    run: str,
    jfrog: JFrog,
    db: Database,
    connection: Connection,
    *,
    mode: Mode,
    leaving: Callable[[], bool],
) -> Sync:
    scope, begun = scope_of(connection), await db.read(runs.get, run)
    return Sync(
        id=run,
        connection=connection.name,
        scope=scope,
        shapes=await db.read(shapes, scope),
        mode=mode,
        started_at=begun.started_at if begun else now_utc(),
        jfrog=jfrog,
        db=db,
        now=now_utc,
        leaving=leaving,
    )


async def _mode(db: Database, connection: Connection, moment: datetime) -> str:
    """Say in which mode a scheduled run is; the answer is recorded, and stays that of the run."""
    mark = await db.read(streams.mark, connection.name, Stream.IMAGES)
    cadence = cadence_of(schedule_of(connection), connection.name, moment, last_full=mark.complete_at)
    return MODES[cadence].value


def shapes(sql: Sql, scope: Scope) -> Shapes:
    """Read the transform maps of a connection.

    Raises:
        SettingsError: one is not there.
    """
    found = {stream: known_maps.find(sql, reference) for stream, reference in scope.maps.items()}
    names = {stream: each.reference for stream, each in found.items()}
    return Shapes(names, {stream: each.text for stream, each in found.items()})


def schedule_of(connection: Connection) -> Schedule:
    return msgspec.convert(connection.schedule, Schedule)


def planned(connection: Connection, newest: Run | None) -> Planned:
    """Say when a connection's runs are due: not before it was enabled, nor for what a later run made up."""
    schedule, enabled_at = schedule_of(connection), connection.runs_from or connection.created_at
    since = max(enabled_at, newest.started_at) if newest else enabled_at

    def before(now: datetime) -> datetime | None:
        moment = latest(schedule, connection.name, now)
        return moment if moment is not None and moment > enabled_at else None

    return Planned(due=lambda now: due(schedule, connection.name, now, since=since), before=before)


def standing_of(sql: Sql, name: str, *, newest: Run | None = None) -> Standing:
    """Say where a connection stands.

    Raises:
        SettingsError: there is none of that name.
    """
    connection, run = store.get(sql, name), newest or runs.newest(sql, FLOW).get(name)
    rows = streams.of_run(sql, run.id) if run else {}
    return standing(connection, run, rows, now=now_utc())


def hinted(wait: Waiting | None, debounce: timedelta) -> Planned:
    """Say when hints are due: when they have waited for others; and again, where that went wrong."""

    def moment(now: datetime) -> datetime | None:
        if wait is None or now < (first := wait.since + debounce):
            return None
        return first + (now - first) // ASK_AGAIN * ASK_AGAIN

    return Planned(due=moment, before=lambda _: None)


def listening(sql: Sql) -> list[tuple[str, Waiting | None]]:
    """List the connections that have a hook and may run, with what waits; one was read as a whole before."""
    waiting, hooked = hints.waiting(sql), {hook.connection for hook in hooks.list_all(sql)}
    return [
        (connection.name, waiting.get(connection.name))
        for connection, _ in enabled(sql)
        if connection.name in hooked and streams.mark(sql, connection.name, Stream.IMAGES).complete_run
    ]


def enabled(sql: Sql) -> list[tuple[Connection, Run | None]]:
    """List the connections that may run, each with its newest run."""
    newest: Mapping[str, Run] = runs.newest(sql, FLOW)
    return [
        (connection, newest.get(connection.name))
        for connection in store.list_all(sql)
        if connection.state is State.REGISTERED
    ]


FLOW = "sync"
"""The name that runs of connections have among jobs."""

HINT_FLOW = "hint"
"""And those that answer hints: they make up for no moment of a schedule."""

PART_FLOW = "part"
"""And those over what somebody named."""

ASK_AGAIN = timedelta(minutes=5)
