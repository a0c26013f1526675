"""`reedbed sync …`: carrying out runs of connections, and looking at them."""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from reedbed.cli import show
from reedbed.cli.exit import Exit
from reedbed.cli.options import AsJson, Common
from reedbed.cli.watching import counted, watch

if TYPE_CHECKING:
    from sqlalchemy import Connection as Sql

    from reedbed.inventory.run.explaining import Because
    from reedbed.jobs import Job
    from reedbed.store.inventory.streams import RunStream
    from reedbed.store.runs import Run
    from reedbed.wiring.parts import Parts
    from reedbed.worker.run import Ran

NEVER_S = 1e9
NEWEST = 20


async def run(
    connection: str,
    *,
    mode: Annotated[Literal["full", "reconcile", "delta"], Parameter()] = "full",
    only: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    dry_run: Annotated[bool, Parameter(negative=())] = False,
    json: AsJson = False,
    common: Common | None = None,
) -> int:
    """Read a connection's platform now.

    Parameters
    ----------
    connection
        Its name.
    mode
        `full` reads everything; `reconcile` lists everything, and reads what changed or was not read for
        long; `delta` lists only what changed, and closes nothing.
    only
        Read only a repository, an image's path, or one image: `docker-local`, `docker-local/team/app`,
        `docker-local/team/app:1.0`; again and again. Closes nothing.
    dry_run
        Only list, and say what a run would read, how many requests it would make, and about how long that
        would take. Nothing is kept.
    json
        Print the run as one JSON value.
    """
    from reedbed.cli.foretold import dry_run as foretell
    from reedbed.inventory.run.context import Mode
    from reedbed.inventory.run.part import spot
    from reedbed.jobs import Every
    from reedbed.store.inventory import connections
    from reedbed.wiring.jobs import part_job, sync_job
    from reedbed.wiring.parts import opened
    from reedbed.worker.claim import process_name

    async with opened((common or Common()).load(), owner=process_name("sync")) as parts:
        await parts.db.read(connections.get, connection)
        if dry_run:
            return await foretell(parts, connection, Mode(mode), json=json)
        never, spots = Every(NEVER_S), [spot(each) for each in only]
        job = (
            part_job(parts, connection, spots, schedule=never)
            if spots
            else sync_job(parts, connection, schedule=never, mode=Mode(mode))
        )
        return await _carry_out(parts, connection, job, json=json)


async def retry(connection: str, *, json: AsJson = False, common: Common | None = None) -> int:
    """Read what the newest run of a connection could not read; what it read is not asked for again.

    Parameters
    ----------
    connection
        Its name.
    json
        Print the run as one JSON value; null where there is nothing to read.
    """
    from reedbed.inventory.connection.states import Last
    from reedbed.inventory.run.context import Mode
    from reedbed.inventory.run.starting import standing_of
    from reedbed.jobs import Every
    from reedbed.wiring.jobs import sync_job
    from reedbed.wiring.parts import opened
    from reedbed.worker.claim import process_name

    async with opened((common or Common()).load(), owner=process_name("sync")) as parts:
        now = await parts.db.read(standing_of, connection)
        if now.last in (Last.ERRORED, Last.CANCELLED, Last.WITH_GAPS):
            show.err.print(f"{now.last}: {show.safe(now.because) or 'it did not come to its end'}")
            job = sync_job(parts, connection, schedule=Every(NEVER_S), mode=Mode.RETRY)
            return await _carry_out(parts, connection, job, json=json)
    if json:
        show.json(None)
    else:
        show.line(f"There is nothing to retry: {show.safe(connection)} is at {now.last}.")
    return Exit.DONE


async def _carry_out(parts: "Parts", connection: str, job: "Job", *, json: bool) -> int:
    from reedbed.worker.run import Runner, run_once

    watching = asyncio.create_task(watch(parts, connection))
    try:
        [ran] = await run_once([job], Runner(parts.db, owner=parts.owner, metrics=parts.metrics))
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
    streams = await _streams(parts, ran.id)
    if json:
        show.json({"run": ran, "streams": streams})
    else:
        _report(ran, streams)
        await _explain(parts, connection)
    return _exit_code(ran, streams)


async def status(connection: str = "", *, json: AsJson = False, common: Common | None = None) -> int:
    """Show the newest run of each connection, stream by stream.

    Parameters
    ----------
    connection
        Of this one alone.
    json
        Print one JSON value.
    """
    from reedbed.store.inventory import connections
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        if connection:
            await parts.db.read(connections.get, connection)
        names = [each.name for each in await parts.db.read(connections.list_all)]
        asked = [name for name in names if connection in ("", name)]
        if json:
            show.json([await _told(parts, name) for name in asked])
            return Exit.DONE
        if not asked:
            show.line("No connection yet. Store one with `reedbed connection add NAME URL`.")
        for name in asked:
            await _show_newest(parts, name)
    return Exit.DONE


async def _show_newest(parts: "Parts", name: str) -> None:
    newest = await _newest(parts, name)
    how = f"{newest.state}, begun {show.moment(newest.started_at)}" if newest else "no run yet"
    show.line(f"[bold]{show.safe(name)}[/]: {how}")
    _draw(await _streams(parts, newest.id if newest else None))
    await _explain(parts, name)


async def _told(parts: "Parts", name: str) -> dict[str, Any]:
    newest = await _newest(parts, name)
    because, log = await parts.db.read(_reasons, name)
    streams = await _streams(parts, newest.id if newest else None)
    return {"connection": name, "run": newest, "streams": streams, "explained": because, "log": log}


async def _explain(parts: "Parts", connection: str) -> None:
    """Say why there is not more, and what the log has to tell."""
    because, log = await parts.db.read(_reasons, connection)
    for each in because:
        show.line(f"{show.safe(each.why)}")
        if each.fix:
            show.line(f"  fix: {show.safe(each.fix)}")
    if log:
        codes = ", ".join(f"{number} {code}" for code, number in log.items())
        show.line(f"The log tells more: {codes}. See `reedbed sync log {show.safe(connection)}`.")


def _reasons(sql: "Sql", connection: str) -> "tuple[list[Because], dict[str, int]]":
    from reedbed.inventory.connection.connections import scope_of
    from reedbed.inventory.run.explaining import explained
    from reedbed.inventory.run.starting import FLOW, standing_of
    from reedbed.store import runs
    from reedbed.store.inventory import brought, connections, streams

    scope, newest = scope_of(connections.get(sql, connection)), runs.newest(sql, FLOW).get(connection)
    log = streams.told_of(sql, newest.id) if newest else {}
    there = brought.brought(sql, connection)
    return explained(connection, standing_of(sql, connection), scope.streams, there, log), log


async def cancel(connection: str, *, common: Common | None = None) -> int:
    """Ask the live run of a connection to stop; what it read so far stays, and nothing is closed.

    Parameters
    ----------
    connection
        Its name.
    """
    from reedbed.store import runs
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        newest = await _newest(parts, connection)
        asked = newest is not None and await parts.db.write(runs.request_cancel, newest.id)
    if not asked:
        show.line("No run of it is live.")
        return Exit.FAILED
    show.line("Asked to stop: it does within seconds.")
    return Exit.DONE


async def log(run: str, *, limit: int = 200, json: AsJson = False, common: Common | None = None) -> int:
    """Show what a run has to tell: what was refused or could not be read, and why.

    Parameters
    ----------
    run
        The run's id, or a connection's name for its newest run.
    limit
        The most lines to show.
    json
        Print one JSON value.
    """
    from reedbed.store.inventory import streams
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        newest = await _newest(parts, run)
        events = await parts.db.read(streams.log_of, newest.id if newest else run, limit=limit)
    if json:
        show.json(events)
        return Exit.DONE
    rows = [(each.at, each.level, each.code, each.item, each.message) for each in events]
    if rows:
        show.table(["at", "level", "code", "item", "what"], rows)
    else:
        show.line("Nothing to tell.")
    return Exit.DONE


async def _newest(parts: "Parts", connection: str) -> "Run | None":
    from reedbed.inventory.run.starting import FLOW
    from reedbed.store import runs

    return (await parts.db.read(runs.newest, FLOW)).get(connection)


async def _streams(parts: "Parts", run: str | None) -> "list[RunStream]":
    from reedbed.store.inventory import streams

    return list((await parts.db.read(streams.of_run, run)).values()) if run else []


def _report(ran: "Ran", streams: "list[RunStream]") -> None:
    show.line(f"{ran.job}: {ran.outcome}")
    _draw(streams)
    if ran.fault:
        show.err.print(f"{show.safe(ran.fault.what)}\n  why: {show.safe(ran.fault.why)}")
        show.err.print(f"  fix: {show.safe(ran.fault.fix)}")
    if held := ran.counts.get("held"):
        show.line(f"Waiting for a person: {show.many(held, 'finding')} would be closed at once")


def _draw(streams: "list[RunStream]") -> None:
    rows = [
        (each.stream, each.phase, "yes" if each.complete else "no", each.gaps or "", counted(each))
        for each in streams
    ]
    if rows:
        show.table(["stream", "phase", "complete", "gaps", "counts"], rows)


def _exit_code(ran: "Ran", streams: "list[RunStream]") -> Exit:
    if ran.fault or any(each.error for each in streams):
        return Exit.FAILED
    if ran.counts.get("held"):
        return Exit.HELD
    return Exit.PARTLY if any(each.gaps for each in streams) else Exit.DONE
