"""Several real processes on one database, and processes that are killed."""

import asyncio
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from reedbed.store import advisories, ledger, outbox, planning, platforms
from reedbed.store.advisories import ADVISORIES
from reedbed.store.database import Database
from store.statements import NOW, PROD, change

PROGRAM = Path(__file__).parent / "program.py"
DEADLINE_S = 120.0

Start = Callable[[str], Awaitable[asyncio.subprocess.Process]]


@pytest.fixture
async def start(database_url: str) -> AsyncIterator[Start]:
    children = []

    async def begin(command: str) -> asyncio.subprocess.Process:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, str(PROGRAM), database_url, command), stdout=asyncio.subprocess.PIPE
        )
        children.append(child)
        return child

    yield begin
    for child in children:
        if child.returncode is None:
            child.kill()
            await child.wait()


async def _lines(child: asyncio.subprocess.Process) -> list[str]:
    out, _ = await asyncio.wait_for(child.communicate(), DEADLINE_S)
    assert child.returncode == 0
    return out.decode().split("\n")[:-1]


async def _together(start: Start, command: str) -> list[list[str]]:
    children = [await start(command) for _ in range(3)]
    return list(await asyncio.gather(*map(_lines, children)))


def _fill(connection: Connection, packages: int) -> None:
    platforms.add(connection, PROD, sealed_token="sealed")
    changes = [change(f"package-{n}") for n in range(packages)]
    planning.stage(connection, "prod", "run", changes, now=NOW)
    planning.commit(connection, "prod", "run")


async def test_a_lease_is_one_process_s_alone(database: Database, start: Start) -> None:
    taken = await _together(start, "take")

    assert Counter(name for each in taken for name in each) == {str(n): 1 for n in range(100)}


async def test_each_change_is_carried_out_by_one_process(database: Database, start: Start) -> None:
    await database.write(_fill, 300)

    carried_out = await _together(start, "lease")

    assert Counter(name for each in carried_out for name in each) == {f"package-{n}": 1 for n in range(300)}
    assert await database.read(ledger.count, "prod") == 300
    assert await database.read(outbox.depths) == {}


async def test_processes_together_keep_the_pace_of_one(database: Database, start: Start) -> None:
    await database.write(_fill, 0)

    shares = [line.split() for each in await _together(start, "pace") for line in each]

    slots = sorted(
        datetime.fromisoformat(begins) + timedelta(seconds=n / 200)
        for begins, granted in shares
        for n in range(int(granted))
    )
    assert slots == [NOW + timedelta(seconds=n / 200) for n in range(200)]


@pytest.mark.parametrize("seed", range(3))
async def test_a_writer_that_is_killed_leaves_whole_batches(
    database: Database, start: Start, seed: int
) -> None:
    child = await start("save")
    assert child.stdout is not None
    heard = [await asyncio.wait_for(child.stdout.readline(), DEADLINE_S) for _ in range(3)]
    await asyncio.sleep(random.Random(seed).uniform(0, 0.05))  # no condition: any instant within a batch
    child.kill()
    heard += (await child.stdout.read()).splitlines()
    await child.wait()

    ended = await database.read(advisories.latest_revision)
    assert ended - len(heard) in {0, 1}  # the last one may have ended unheard
    assert await database.read(_rows_by_moment) == {NOW + timedelta(minutes=n): 500 for n in range(ended)}


def _rows_by_moment(connection: Connection) -> dict[datetime, int]:
    moment = ADVISORIES.c.modified
    return dict(connection.execute(select(moment, func.count()).group_by(moment)).all())
