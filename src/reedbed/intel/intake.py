"""Reading a feed into the store, and moving its cursor once everything before it is there."""

from collections.abc import Callable
from contextlib import aclosing
from datetime import datetime

import msgspec
import structlog

from reedbed.feeds.feed import Batch, Drained, Feed
from reedbed.store import advisories, cursors
from reedbed.store.database import Database
from reedbed.store.fold import Counts

log = structlog.get_logger(__name__)

Progress = Callable[[str, int], None]
"""Told the name of what is read and how many records more are in the store."""


def silent(name: str, more: int) -> None:
    """Show no progress."""


class Intake(msgspec.Struct, frozen=True, kw_only=True):
    """What one reading of one feed brought."""

    feed: str
    counts: Counts = Counts()
    warnings: tuple[str, ...] = ()


async def take_in(
    feed: Feed, db: Database, *, now: Callable[[], datetime], progress: Progress = silent
) -> Intake:
    """Save what a feed says that is new. A crash repeats at most what came after the last saved cursor.

    Raises:
        Unreachable, Refused, Unreadable: a part of the feed could not be read; all other parts are saved.
    """
    taken = Intake(feed=feed.name)
    since = await db.read(cursors.load, feed.name)
    async with aclosing(feed.read(since=since, now=now())) as parts:
        async for part in parts:
            match part:
                case Batch(statements=statements):
                    saved = await db.write(advisories.save, statements, feed=feed.name, now=now())
                    taken = msgspec.structs.replace(taken, counts=taken.counts + saved)
                    progress(feed.name, len(statements))
                case Drained(scope=scope, cursor=cursor, warnings=warnings):
                    await db.write(cursors.save, feed.name, scope, cursor)
                    taken = msgspec.structs.replace(taken, warnings=(*taken.warnings, *warnings))
    log.info("feed_read", feed=feed.name, **msgspec.structs.asdict(taken.counts))
    for warning in taken.warnings:
        log.warning("feed_warning", feed=feed.name, warning=warning)
    return taken
