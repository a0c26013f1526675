"""What a test has a process of its own do to a database: `program.py URL COMMAND [WORD…]`.

Each line that it prints is a transaction that has ended.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # as pytest does: the folder of all tests

from reedbed.store import advisories, leases, outbox, pace
from reedbed.store.database import Database, open_database
from reedbed.store.migrate import migrate
from store.statements import NOW, advisory, pushed


async def _save(db: Database) -> None:
    """Save batches of 500 statements, each with a time of its own, until killed."""
    for n in count():
        batch = [advisory(f"MAL-{n}-{i}", f"package-{i}", minute=n) for i in range(500)]
        await db.write(advisories.save, batch, feed="osv", now=NOW)
        _tell(n)


async def _lease(db: Database) -> None:
    """Take the changes that are due, ten at a time, until there are none."""
    owner = str(os.getpid())
    while due := await db.write(outbox.lease, "prod", owner, now=NOW, lease_s=600, limit=10):
        done = [
            outbox.Done(change=each.change, pushed=pushed(each.change.flagged.package.name)) for each in due
        ]
        await db.write(outbox.settle, "prod", owner, done)
        for each in due:
            _tell(each.change.flagged.package.name)


async def _take(db: Database) -> None:
    """Try to take each of a hundred leases; tell those that are ours."""
    for n in range(100):
        if await db.write(leases.take, f"lease-{n}", str(os.getpid()), now=NOW, ttl_s=60):
            _tell(n)


async def _pace(db: Database) -> None:
    """Take slots until the next second is given away; tell each slot's beginning and number."""
    while True:
        granted, begins = await db.write(pace.lease_slots, "prod", 7, NOW, 200.0)
        if not granted:
            return
        _tell(f"{begins.isoformat()} {granted}")


def _tell(what: object) -> None:
    print(what, flush=True)  # noqa: T201 - to the test


COMMANDS: dict[str, Callable[[Database], Awaitable[None]]] = {
    "migrate": migrate,
    "save": _save,
    "lease": _lease,
    "take": _take,
    "pace": _pace,
}


async def main() -> None:
    db = open_database(sys.argv[1])
    try:
        await COMMANDS[sys.argv[2]](db)
    finally:
        db.close()


if __name__ == "__main__":
    asyncio.run(main())
