"""Flow 1: read a feed; bring a platform to what the feeds say; hunt there. All resume from their own rows."""

from collections.abc import Callable
from datetime import datetime

from msgspec.structs import asdict

from reedbed.feeds.feed import Feed
from reedbed.intel.hunt import hunt
from reedbed.intel.intake import Progress, silent, take_in
from reedbed.intel.prepare import prepare
from reedbed.intel.push import Pushes, Target, push
from reedbed.intel.terms import Terms
from reedbed.jfrog.session import JFrog
from reedbed.jobs import Counts, RunContext
from reedbed.store.database import Database


async def read_feed(
    run: RunContext, feed: Feed, db: Database, *, now: Callable[[], datetime], progress: Progress = silent
) -> Counts:
    """Take in what a feed says that is new: one step.

    Raises:
        Unreachable, Refused, Unreadable: a part of the feed could not be read; the rest is saved.
    """

    async def read() -> dict[str, int]:
        taken = await take_in(feed, db, now=now, progress=progress)
        return asdict(taken.counts)

    return await run.step("read", read)


async def bring(
    run: RunContext,
    target: Target,
    db: Database,
    *,
    terms: Terms,
    owner: str,
    now: Callable[[], datetime],
    full: bool = False,
) -> Counts:
    """Plan what is new for a platform and carry out what is due: two steps.

    Raises:
        Unreachable, Refused, Unreadable: no change went through; all of them wait in the outbox.
    """

    async def plan() -> dict[str, int]:
        prepared = await prepare(db, target.platform, terms, run_id=run.id, now=now, full=full)
        return {"blocks": prepared.tally.blocks, "unblocks": prepared.tally.unblocks}

    async def carry_out() -> dict[str, int]:
        pushes, error = await push(db, target, owner=owner, now=now, leaving=lambda: run.leaving)
        run.may_leave()
        if error is not None and not _pushed(pushes):
            raise error
        return {**asdict(pushes), "pushed": _pushed(pushes)}

    planned = await run.step("plan", plan)
    return {**planned, **await run.step("push", carry_out)}


async def look(
    run: RunContext,
    jfrog: JFrog,
    db: Database,
    *,
    terms: Terms,
    ask_xray: bool,
    now: Callable[[], datetime],
) -> Counts:
    """Look for what a platform has of what is flagged: one step. What it has is relevant from then on.

    Raises:
        Unreachable, Refused, Unreadable: the platform fails; what was seen so far is kept.
    """

    async def hunt_once() -> dict[str, int]:
        hunted = await hunt(
            jfrog, db, admission=terms.admission, relevance=terms.relevance, ask_xray=ask_xray, now=now
        )
        return {
            "seen": hunted.packages,
            "sightings": hunted.sightings,
            "gone": hunted.gone,
            "cleared": hunted.cleared,
            "not_known": hunted.not_known_count,
            "relevant": hunted.now_relevant,
        }

    return await run.step("hunt", hunt_once)


def _pushed(pushes: Pushes) -> int:
    return pushes.created + pushes.updated + pushes.deleted + pushes.unchanged
