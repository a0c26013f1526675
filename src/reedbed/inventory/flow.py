"""Flow 2: bring what a platform holds, and what is wrong with it, into the store. Resumes from its rows."""

import asyncio

import structlog
from msgspec.structs import asdict

from reedbed.errors import ReedbedError
from reedbed.inventory import closing, due, reconcile, triage, working
from reedbed.inventory.listing import Listed, list_all_images, list_repositories
from reedbed.inventory.run import Mode, Sync
from reedbed.jobs import Counts
from reedbed.model.inventory import Stream
from reedbed.store.inventory import assets, units
from reedbed.store.inventory.streams import Phase
from reedbed.store.inventory.units import Progress
from reedbed.store.runs import Fault

FINDINGS = reconcile.Counts.__struct_fields__

log = structlog.get_logger(__name__)

TELLS_EVERY_S = 1.0


async def sync(run: Sync) -> Counts:
    """Read a platform as its mode says: repositories, images, findings; then close what is over.

    Where the run wants to leave it ends early, closes nothing, and goes on behind what it read.

    Raises:
        Unreachable, Refused, Unreadable: the repositories could not be listed, or the token is not taken any
            more (the latter as a group). What was read is kept, and nothing is closed.
    """
    await run.db.write(triage.expire, now=run.now())
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
    await run.db.write(units.forget, run.id)
    return {"repositories": len(repositories), **done.counts, **closed}


async def _read_all(run: Sync, listed: Listed) -> Progress:
    """Read all that is to be read, with whatever other workers help; tell meanwhile how far it is."""
    await working.plan(run)
    telling = asyncio.create_task(_tell(run, listed))
    try:
        await working.work(run)
        while not run.leaving() and (done := await working.progress(run)).done < done.units:
            await asyncio.sleep(working.LOOKS_EVERY_S)  # others are at the last ones, or have died there
            await working.work(run)
    finally:
        telling.cancel()
        await asyncio.wait({telling})
    return await working.progress(run)


async def _tell(run: Sync, listed: Listed) -> None:
    while True:
        done = await working.progress(run)
        counts = {"listed": listed.images, **done.counts}
        await run.note(Stream.IMAGES, Phase.READING, counts=counts, gaps=done.counts.get("gaps", 0))
        await asyncio.sleep(TELLS_EVERY_S)


async def _close(run: Sync, listed: Listed, done: Progress) -> Counts:
    """Close what is over, where everything was listed; else say why not."""
    retired, images, gaps = 0, done.counts.get("images", 0), done.counts.get("gaps", 0)
    everything = listed.complete and run.mode is not Mode.DELTA
    if everything:
        retired = await run.db.write(assets.retire_unplaced, run.connection)
    await run.note(
        Stream.IMAGES,
        Phase.ENDED,
        complete=everything,
        gaps=len(listed.refused),
        counts={"images": images, "listed": listed.images, "ended": listed.ended, "retired": retired},
    )
    if Stream.VULNERABILITIES not in run.scope.streams:
        return {}
    closed = await closing.close(run) if everything else closing.Closed()
    await run.db.write(assets.count_findings, run.connection)
    await run.note(
        Stream.VULNERABILITIES,
        Phase.ENDED,
        complete=everything and not gaps,
        gaps=gaps,
        counts={name: done.counts.get(name, 0) for name in FINDINGS} | asdict(closed),
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
