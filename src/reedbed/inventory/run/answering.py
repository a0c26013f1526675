"""Runs that look at what hints or a person name, and at nothing else. Act; resume from their rows."""

from collections.abc import Awaitable, Callable, Sequence

from reedbed.inventory.connection.filters import lets_in_repository
from reedbed.inventory.run import flow
from reedbed.inventory.run.closing import Closed
from reedbed.inventory.run.context import Sync
from reedbed.inventory.run.hinted import look
from reedbed.inventory.run.listing import Listed, seen_by_filters
from reedbed.inventory.run.part import Spot, look_at
from reedbed.jfrog.artifactory import Artifactory
from reedbed.jfrog.wire import Repo
from reedbed.jobs import Counts
from reedbed.model.inventory import Stream
from reedbed.store.inventory import hints, per_asset, units
from reedbed.store.inventory.scopes import Scope
from reedbed.store.inventory.streams import Phase
from reedbed.store.inventory.units import Progress

Look = Callable[[Sequence[Repo]], Awaitable[tuple[Listed, frozenset[Scope]]]]
"""Lists in some repositories what a run is about; gives also the scopes of which something is gone."""


async def answer(run: Sync) -> Counts:
    """Read what hints are about; where too many waited, all that changed. Closes nothing.

    The hints wait on until all of it was read.

    Raises:
        Unreachable, Refused, Unreadable: as `flow.sync`.
    """
    waiting = await run.db.write(hints.take, run.connection, run=run.id)
    if any(not hint.repository for hint in waiting):
        return await flow.sync(run)
    counts = {"hints": len(waiting)}
    if waiting and Stream.IMAGES in run.scope.streams:
        listed, done = await _read(run, lambda repositories: look(run, repositories, waiting))
        counts |= done.counts
        if run.leaving() or not listed.complete:
            return counts
    await run.db.write(hints.answer, run.connection, run=run.id, now=run.now())
    return counts


async def read_part(run: Sync, spots: Sequence[Spot]) -> Counts:
    """Read what a person named, and nothing else. Closes nothing.

    Raises:
        Unreachable, Refused, Unreadable: as `flow.sync`.
    """
    if Stream.IMAGES not in run.scope.streams:
        return {}
    _, done = await _read(run, lambda repositories: look_at(run, repositories, spots))
    return done.counts


async def _read(run: Sync, look: Look) -> tuple[Listed, Progress]:
    await run.note(Stream.IMAGES, Phase.LISTING)
    listed, gone = await look(await _repositories(run))
    done = await flow.read_all(run, listed, also=gone)
    if not run.leaving():
        await _end(run, listed, done)
    return listed, done


async def _repositories(run: Sync) -> list[Repo]:
    """List the repositories that the filters let in; what is known of them stays as it is."""
    found = await Artifactory(run.jfrog).repositories()
    return [repo for repo in found if lets_in_repository(run.scope.filters, seen_by_filters(repo))]


async def _end(run: Sync, listed: Listed, done: Progress) -> None:
    await flow.end_images(run, listed, done)
    await run.db.write(per_asset.count_findings, run.connection)
    await flow.end_findings(run, listed, done, Closed())
    await run.db.write(units.forget, run.id)
