"""Whatever is in JFrog's answers, a sync ends, and the next one knows again what there is.

`make test` spoils the answers of a few runs by lot, `make soak` of many.
"""

import asyncio
from contextlib import suppress

import msgspec
import pytest

from inventory.garbling import garbling
from inventory.pond import Pond, pond
from inventory.teeming import Held, first_day, held
from reedbed.errors import ReedbedError
from reedbed.inventory.run.context import Mode
from reedbed.jfrog.breaker import Breaker
from reedbed.jfrog.session import Patience, connect
from reedbed.store.database import Database

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
DEADLINE_S = 120.0


@ON_SQLITE
async def test_spoiled_answers_break_nothing(database: Database) -> None:
    await survive(database, range(4))


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(4, 204, 10))
async def test_answers_spoiled_in_many_ways_break_nothing(database: Database, seed: int) -> None:
    await survive(database, range(seed, seed + 10))


async def survive(database: Database, seeds: range) -> None:
    async with pond(database) as place:
        await first_day(place)
        await place.sync()
        before = await held(place)

        for seed in seeds:
            async with asyncio.timeout(DEADLINE_S), garbling(place.standin.url, seed) as url:
                await _read_through(place, url, Mode.DELTA if seed % 3 == 0 else Mode.FULL)
        await place.sync()
        await place.sync()

        _all_is_there_again(before, await held(place))


async def _read_through(place: Pond, url: str, mode: Mode) -> None:
    """Sync once; a fault is one of ours, or a group of them."""
    patient, platform = place.jfrog, msgspec.structs.replace(place.jfrog.platform, url=url)
    once, never = Patience(attempts=1), Breaker(threshold=1_000)
    async with connect(platform, place.standin.admin_token, patience=once, breaker=never) as place.jfrog:
        with suppress(ReedbedError):
            try:
                await place.sync(mode)
            except ExceptionGroup as group:
                _, other = group.split(ReedbedError)
                if other is not None:
                    raise other from group
    place.jfrog = patient


def _all_is_there_again(before: Held, now: Held) -> None:
    """What a lie has added is over by now; nothing that is there was forgotten."""
    assert before.findings.keys() <= now.findings.keys()
    assert {key for key, found in now.findings.items() if found.status.open} == before.findings.keys()
    assert {
        key for key in before.findings if now.findings[key].triage != before.findings[key].triage
    } == set()
    assert before.software <= now.software
    assert before.tags == now.tags
    assert before.violations <= now.violations
