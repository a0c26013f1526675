"""Flow 2: bring what a platform holds, and what is wrong with it, into the store. Resumes from its rows."""

import asyncio
from collections.abc import Collection, Sequence

import structlog
from msgspec.structs import asdict

from reedbed.errors import ReedbedError
from reedbed.inventory.findings import reconcile, triage
from reedbed.inventory.findings.of_summary import TYPES as FROM_SUMMARIES
from reedbed.inventory.findings.of_summary import spoken_of
from reedbed.inventory.run import closing, due, working
from reedbed.inventory.run.closing import Closed, Proof
from reedbed.inventory.run.context import Mode, Sync
from reedbed.inventory.run.hinted import look
from reedbed.inventory.run.listing import Listed, list_all_images, list_repositories
from reedbed.inventory.run.streams.further import read_further
from reedbed.jfrog.wire import Repo
from reedbed.jobs import Counts
from reedbed.model.inventory import AssetClass, Stream
from reedbed.store.inventory import assets, closings, hints, per_asset, units
from reedbed.store.inventory.scopes import Scope
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
    await run.tell_of_maps()
    counts, proofs, read = {"repositories": len(repositories)}, list[Proof](), None
    if Stream.IMAGES in run.scope.streams:
        run, read = await _images(run, repositories)
        if run.leaving():  # not everything was read, so nothing is over
            return {}
        proofs += await end_images(run, *read)
    proofs += await read_further(run, repositories)
    if run.leaving():
        return {}
    closed = await closing.close(run, proofs)
    await run.db.write(per_asset.count_findings, run.connection)
    if read is not None:
        listed, done = read
        await end_findings(run, listed, done, closed)
        if listed.complete:
            await due.remember(run, listed)
            await run.db.write(hints.answer, run.connection, run=run.id, now=run.now())
        counts |= done.counts
    await run.db.write(units.forget, run.id)
    return counts | asdict(closed)


async def _images(run: Sync, repositories: Sequence[Repo]) -> tuple[Sync, tuple[Listed, Progress]]:
    """List the images, and read those that are due, in the mode that the run can be in."""
    run, since = await due.beginning(run)
    await run.note(Stream.IMAGES, Phase.LISTING)
    hinted, gone = await run.db.write(hints.take, run.connection, run=run.id), frozenset[Scope]()
    listed = await list_all_images(run, repositories, updated_after=since)
    await due.mark(run, repositories)
    if run.mode is Mode.DELTA:  # else all of it is looked at anyway
        looked, gone = await look(run, repositories, hinted)
        listed = listed.and_also(looked)
    return run, (listed, await read_all(run, listed, also=gone))


async def read_all(run: Sync, listed: Listed, *, also: Collection[Scope] = ()) -> Progress:
    """Read what is due, and compare `also` scopes of which something is gone.

    Raises:
        ExceptionGroup: the token is not taken any more, or the store does not answer; it is noted.
    """
    await run.note(Stream.IMAGES, Phase.READING, counts={"listed": listed.images})
    try:
        return await _read_all(run, listed, also)
    except* ReedbedError as group:
        await _note_error(run, group)
        raise


async def _read_all(run: Sync, listed: Listed, also: Collection[Scope]) -> Progress:
    """Read all that is to be read, with whatever other workers help; tell meanwhile how far it is."""
    await working.plan(run, also=also)
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


async def end_images(run: Sync, listed: Listed, done: Progress) -> list[Proof]:
    """Retire what is gone, where everything was listed; give what may be closed then."""
    retired, everything = 0, _everything(run, listed)
    if everything:
        retired = await run.db.write(assets.retire_unplaced, run.connection)
    counts = {"images": done.counts.get("images", 0), "listed": listed.images, "ended": listed.ended}
    await run.note(
        Stream.IMAGES,
        Phase.ENDED,
        complete=everything,
        gaps=len(listed.refused),
        counts=counts | {"retired": retired},
    )
    types = spoken_of(run.scope.streams)
    return [Proof(of=AssetClass.IMAGE, types=types)] if everything and types else []


async def end_findings(run: Sync, listed: Listed, done: Progress, closed: Closed) -> None:
    """Say how what summaries tell ended, by stream."""
    gaps = done.counts.get("gaps", 0)
    found = {name: done.counts.get(name, 0) for name in FINDINGS} | asdict(closed)
    for stream, kind in FROM_SUMMARIES.items():
        if stream not in run.scope.streams:
            continue
        own = {"open": await run.db.read(closings.count_open_of, run.connection, kind)}
        counts = found if stream is Stream.VULNERABILITIES else own
        complete = _everything(run, listed) and not gaps
        await run.note(stream, Phase.ENDED, complete=complete, gaps=gaps, counts=counts)


def _everything(run: Sync, listed: Listed) -> bool:
    return listed.complete and run.mode is not Mode.DELTA


async def _note_error(run: Sync, group: BaseExceptionGroup[ReedbedError]) -> None:
    """Say which streams a refusal ended; what was read of them stays."""
    first: BaseException = group
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    assert isinstance(first, ReedbedError)
    for stream in (Stream.IMAGES, *FROM_SUMMARIES):
        if stream in run.scope.streams:
            await run.note(stream, Phase.ERRORED, error=fault_of(first))


def fault_of(error: ReedbedError) -> Fault:
    return Fault(error.what, error.why, error.fix)
