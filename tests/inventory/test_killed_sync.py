"""`kill -9` at any instant of a sync: the run goes on, and ends where an undisturbed one does.

`make test` kills at 10 instants on each database, `make soak` at 100.
"""

import pytest

from inventory.disturbing import first_day, next_day
from inventory.killing import instants, kill_at_each
from inventory.pond import pond
from inventory.test_disturbed import AFTER, outcome
from reedbed.store.database import Database

SEED = 20_261_122
KILLS = 10
MOST_REQUESTS = 30


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

        await kill_at_each(place, url, instants(seed, KILLS, most=MOST_REQUESTS))

        found = await place.findings()
        assert {key: outcome(each) for key, each in found.items()} == AFTER
        assert not any(each.reopened for each in found.values())
