"""`kill -9` at any instant of a sync: the run goes on, and ends where an undisturbed one does.

`make test` kills at 10 instants on each database, `make soak` at 100.
"""

import asyncio
import os
import random
import signal
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from inventory.disturbing import first_day, next_day
from inventory.pond import Pond, pond
from inventory.test_disturbed import AFTER, outcome
from reedbed.store.database import Database

SEED = 20_261_122
KILLS = 10
MOST_REQUESTS = 30
DEADLINE_S = 120.0
TESTS = Path(__file__).parents[1]


async def test_killed_syncs_end_as_an_undisturbed_one(database: Database, database_url: str) -> None:
    await killed(database, database_url, SEED)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10))
async def test_syncs_killed_at_many_instants_end_as_an_undisturbed_one(
    database: Database, database_url: str, seed: int
) -> None:
    await killed(database, database_url, seed)


async def killed(database: Database, url: str, seed: int) -> None:
    async with pond(database) as place:
        first_day(place)
        await place.sync()
        next_day(place)
        rng = random.Random(seed)
        run = "0000-killed-0"

        for number in range(KILLS):
            if await _killed(place, url, run, after=rng.randint(1, MOST_REQUESTS)):
                continue
            run = f"0000-killed-{number + 1}"
        assert not await _killed(place, url, run, after=None)

        found = await place.findings()
        assert {key: outcome(each) for key, each in found.items()} == AFTER
        assert not any(each.reopened for each in found.values())


async def _killed(place: Pond, url: str, run: str, *, after: int | None) -> bool:
    """Run in a process of its own, and kill it when it has asked so often; False: it was through before."""
    log = place.standin.platform.log
    log.clear()
    path = os.pathsep.join([str(TESTS), *sys.path])
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "inventory.syncing", url, place.standin.url, run),
        stdin=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
        cwd=TESTS,
    )
    assert child.stdin
    child.stdin.write(f"{place.standin.admin_token}\n".encode())
    child.stdin.close()
    async with asyncio.timeout(DEADLINE_S):
        while child.returncode is None:
            if after is not None and len(log.entries()) >= after:
                with suppress(ProcessLookupError):  # it is through already
                    child.send_signal(signal.SIGKILL)
                break
            await asyncio.sleep(0.002)
        code = await child.wait()
    assert code in (0, -signal.SIGKILL)
    return code != 0
