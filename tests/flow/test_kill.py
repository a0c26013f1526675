"""`kill -9` at any instant of a run of 500 changes: the next run ends where an undisturbed one does.

`make test` kills 10 processes on each database, `make soak` 100.
"""

import asyncio
import os
import random
import shutil
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Connection, func, select, table

from flow.household import DEADLINE_S, Household
from flow.thread import STARTED, Thread
from jfrog_standin.server import running
from jfrog_standin.settings import StandIn
from processes.prepared import Child
from reedbed.store import outbox
from reedbed.store.database import Database, open_database

CREATED, UPDATED, DELETED, WIDE = 280, 100, 100, 20
SEED = 20_261_121
KILLS = 10
MOST_REQUESTS = 130
"""Of one process, before it is killed: the sum over all kills is less than the run's 1,480."""

Instant = tuple[str, int]
"""What is counted, requests to JFrog or rows of a table, and how far."""


def instants(seed: int) -> list[Instant]:
    """Choose when to kill: while the feed is read, while the plan is made, and along the push."""
    rng = random.Random(seed)
    rows = [("advisories", rng.choice([201, 400])), ("planning", 1), ("changes", rng.randint(1, 400))]
    asked = [("asked", rng.randint(1, MOST_REQUESTS)) for _ in range(KILLS - len(rows))]
    return [*rows, *asked]


async def test_killed_runs_end_as_an_undisturbed_one(household: Household, migrated_file: Path) -> None:
    await killed(household, migrated_file, SEED)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10))
async def test_runs_killed_at_many_instants_end_as_an_undisturbed_one(
    household: Household, migrated_file: Path, seed: int
) -> None:
    await killed(household, migrated_file, seed)


async def killed(household: Household, migrated: Path, seed: int) -> None:
    thread = await household.move_in()
    await _before(thread)
    _say_more(thread)
    for number, instant in enumerate(instants(seed)):
        await _killed_at(household, instant, thread.db, command="run" if number % 3 == 2 else "once")
    finished = await household.run("intel", "once")
    calm = await _undisturbed(household.folder, migrated)

    assert finished.code == 0, finished.err
    assert thread.issues() == calm[0]
    assert await _ledger(thread) == calm[1]
    assert await thread.db.read(outbox.depths) == {}


async def _before(thread: Thread) -> None:
    """200 packages are in Xray already."""
    thread.limit(blocks=1_000, unblocks=1_000)
    for number in range(UPDATED + DELETED):
        thread.publish(f"MAL-{number}", f"reed-{number}", versions=["1.0.0"])
    await thread.run()
    assert len(thread.issues()) == UPDATED + DELETED


def _say_more(thread: Thread) -> None:
    """Let the feed say 500 things: updates, withdrawals, new ones, and some to be asked about."""
    for number in range(UPDATED):
        thread.publish(f"MAL-{number}", f"reed-{number}", versions=["1.0.0", "2.0.0"], day=2)
    for number in range(UPDATED, UPDATED + DELETED):
        thread.withdraw(f"MAL-{number}", f"reed-{number}", day=2)
    for number in range(1_000, 1_000 + CREATED):
        thread.publish(f"MAL-{number}", f"reed-{number}", versions=["1.0.0"])
    for number in range(2_000, 2_000 + WIDE):
        ranges = [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "2.0.0"}]}]
        thread.publish(f"MAL-{number}", f"reed-{number}", ranges=ranges)


async def _killed_at(household: Household, instant: Instant, db: Database, *, command: str) -> None:
    what, many = instant
    assert household.standin
    log = household.standin.platform.log
    log.clear()
    child = await household.start("intel", command)

    async def rows() -> int:
        # What is planned moves on to `changes`: who looks between two moments must not miss it.
        counted = [what, "changes"] if what == "planning" else [what]
        return sum([await db.read(_rows_of, name) for name in counted])

    async def asked() -> int:
        return sum(log.counts().values())

    await _reached(child, asked if what == "asked" else rows, many)
    os.kill(child.pid, signal.SIGKILL)
    assert await household.ended(child) == -signal.SIGKILL


def _rows_of(connection: Connection, name: str) -> int:
    return connection.execute(select(func.count()).select_from(table(name))).scalar_one()


async def _reached(child: Child, count: Callable[[], Awaitable[int]], many: int) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while await count() < many:
            assert child.returncode is None, "it ended before"
            await asyncio.sleep(0.001)


async def _undisturbed(folder: Path, migrated: Path) -> tuple[object, object]:
    """Do the same in this process, on a database and a stand-in of its own."""
    calm = folder / "calm"
    await asyncio.to_thread(calm.mkdir)
    await asyncio.to_thread(shutil.copy, migrated, calm / "reedbed.db")
    db = open_database(f"sqlite:///{calm / 'reedbed.db'}")
    try:
        async with running(StandIn(quick_setup=True)) as standin:
            thread = Thread(db, standin, calm)
            await thread.begin()
            await _before(thread)
            _say_more(thread)
            await thread.run()
            return thread.issues(), await _ledger(thread)
    finally:
        db.close()


async def _ledger(thread: Thread) -> list[object]:
    """Show the ledger without its times."""
    return [
        msgspec.structs.replace(each, pushed_at=STARTED, verified_at=None) for each in await thread.ledger()
    ]
