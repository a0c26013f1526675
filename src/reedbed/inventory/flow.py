"""Flow 2: bring what a platform holds, and what is wrong with it, into the store. Resumes from its rows."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import structlog
from msgspec.structs import asdict

from reedbed.errors import ReedbedError
from reedbed.inventory import closing, due
from reedbed.inventory.bringing import Read
from reedbed.inventory.listing import Listed, list_all_images, list_repositories
from reedbed.inventory.reading import Reading
from reedbed.inventory.run import Mode, Sync
from reedbed.jobs import Counts
from reedbed.model.inventory import Stream
from reedbed.store.inventory import assets, scopes
from reedbed.store.inventory.scopes import Scope
from reedbed.store.inventory.streams import Phase
from reedbed.store.runs import Fault

log = structlog.get_logger(__name__)

UNIT_IMAGES = 20
UNITS_AT_ONCE = 12
"""Enough that calls wait for each other and not for the store; each unit's answers are in memory."""


async def sync(run: Sync) -> Counts:
    """Read a platform as its mode says: repositories, images, findings; then close what is over.

    Where the run wants to leave it ends early, closes nothing, and goes on behind what it read.

    Raises:
        Unreachable, Refused, Unreadable: the repositories could not be listed, or the token is not taken any
            more (the latter as a group). What was read is kept, and nothing is closed.
    """
    await run.note(Stream.REPOSITORIES, Phase.LISTING)
    try:
        repositories = await list_repositories(run)
    except ReedbedError as error:
        await run.note(Stream.REPOSITORIES, Phase.ERRORED, error=fault_of(error))
        raise
    await run.note(
        Stream.REPOSITORIES, Phase.ENDED, complete=True, counts={"repositories": len(repositories)}
    )
    if Stream.IMAGES not in run.scope.streams:
        return {"repositories": len(repositories)}
    run, since = await due.beginning(run)
    await run.note(Stream.IMAGES, Phase.LISTING)
    listed = await list_all_images(run, repositories, updated_after=since)
    await due.mark(run, repositories)
    await run.note(Stream.IMAGES, Phase.READING, counts={"listed": listed.images})
    try:
        done = await _read_all(run, listed)
    except* ReedbedError as group:
        await _note_error(run, group)
        raise
    if run.leaving():  # not everything was read, so nothing is over
        return {}
    closed = await _close(run, listed, done)
    if listed.complete:
        await due.remember(run, listed)
    return {
        "repositories": len(repositories),
        "images": done.images,
        "gaps": done.gaps,
        "records": done.records,
        **asdict(done.findings),
        **closed,
    }


async def _read_all(run: Sync, listed: Listed) -> Read:
    findings = Stream.VULNERABILITIES in run.scope.streams
    reading = Reading(run, findings=findings)
    done = Read()
    slots = asyncio.Semaphore(UNITS_AT_ONCE)
    async with asyncio.TaskGroup() as group:
        tasks: set[asyncio.Task[Read]] = set()
        async for unit in _units(run):
            await slots.acquire()
            task = group.create_task(reading.read(unit))
            tasks.add(task)
            task.add_done_callback(lambda _: slots.release())
            ended = {each for each in tasks if each.done()}
            for each in ended:
                done += each.result()
            tasks -= ended
            if ended:
                await run.note(Stream.IMAGES, Phase.READING, gaps=done.gaps, counts=_progress(listed, done))
    for each in tasks:
        done += each.result()
    return done


def _progress(listed: Listed, done: Read) -> dict[str, int]:
    return {"listed": listed.images, "images": done.images, "findings": done.findings.found}


async def _units(run: Sync) -> AsyncIterator[Sequence[Scope]]:
    """Give the scopes that this run has not read yet, some together with about a call's worth of images."""
    read = await run.db.read(scopes.read_in, run.connection, run=run.id)
    unit: list[Scope] = []
    images = 0
    after: Scope | None = None
    everything = run.mode is not Mode.DELTA  # what is gone has to be taken in as well
    while page := await run.db.read(scopes.sized, run.connection, run=run.id, after=after):
        for scope, size in page:
            if run.leaving():
                return
            if scope in read or not (size or everything):
                continue
            unit.append(scope)
            images += size
            if images >= UNIT_IMAGES:
                yield unit
                unit, images = [], 0
        after = page[-1][0]
    if unit:
        yield unit


async def _close(run: Sync, listed: Listed, done: Read) -> Counts:
    """Close what is over, where everything was listed; else say why not."""
    retired = 0
    everything = listed.complete and run.mode is not Mode.DELTA
    if everything:
        retired = await run.db.write(assets.retire_unplaced, run.connection)
    await run.note(
        Stream.IMAGES,
        Phase.ENDED,
        complete=everything,
        gaps=len(listed.refused),
        counts={"images": done.images, "listed": listed.images, "ended": listed.ended, "retired": retired},
    )
    if Stream.VULNERABILITIES not in run.scope.streams:
        return {}
    closed = await closing.close(run) if everything else closing.Closed()
    await run.db.write(assets.count_findings, run.connection)
    await run.note(
        Stream.VULNERABILITIES,
        Phase.ENDED,
        complete=everything and not done.gaps,
        gaps=done.gaps,
        counts=asdict(done.findings) | asdict(closed),
    )
    return asdict(closed)


async def _note_error(run: Sync, group: BaseExceptionGroup[ReedbedError]) -> None:
    """Say which streams a refusal ended; what was read of them stays."""
    first: BaseException = group
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    assert isinstance(first, ReedbedError)
    for stream in (Stream.IMAGES, Stream.VULNERABILITIES):
        if stream in run.scope.streams:
            await run.note(stream, Phase.ERRORED, error=fault_of(first))


def fault_of(error: ReedbedError) -> Fault:
    return Fault(error.what, error.why, error.fix)
