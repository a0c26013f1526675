"""Whatever JFrog answers, the streams that somebody opts into lose, close and double nothing.

`make test` takes a sample of the cases, `make soak` all of them.
"""

import asyncio
import random
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import product
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from flow.disturbed import LONG, STRIKES
from inventory.disturbing import READS, TIMEOUT_S
from inventory.killing import instants, kill_at_each
from inventory.pond import Pond, pond
from inventory.streams_of import sync
from inventory.teeming import OWN, ROUTES, TROUBLES_OF_STREAMS, Held, first_day, held, next_day
from jfrog_standin.faults import Fault
from reedbed.errors import ReedbedError
from reedbed.inventory.run.context import Mode
from reedbed.model.inventory import FindingType
from reedbed.store.database import Database, open_database

SEED = 20_261_122
MOST_REQUESTS = 60
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
MORE_READS = {"POST /xray/api/v2/component/exportDetails", "POST /xray/api/v1/violations"}
"""Requests of these streams that are no GET, and change nothing."""

KEPT = ("software", "violations")
"""What is known of an image that is gone stays."""

Case = tuple[str, str, str]
EXCEPT = {("rules", "extra-fields")}
"""What a filter means that nobody knows cannot be told: its rule covers nothing, on purpose."""

ALL: list[Case] = [
    case
    for case in product(ROUTES, TROUBLES_OF_STREAMS, STRIKES)
    if case[1] != "silent-drop" and case[:2] not in EXCEPT
]


class Undisturbed(NamedTuple):
    before: Held
    after: Held


def sample(seed: int) -> list[Case]:
    """Take a quick trouble of each route."""
    rng = random.Random(seed)
    return [
        rng.choice([case for case in ALL if case[0] == route and case[1] not in LONG]) for route in ROUTES
    ]


@pytest.fixture(scope="module")
def told(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """What there is before the second day, and after it, where nothing goes wrong."""
    file = tmp_path_factory.mktemp("undisturbed") / "reedbed.db"
    shutil.copy(migrated_file, file)
    return asyncio.run(_undisturbed(f"sqlite:///{file}"))


async def _undisturbed(url: str) -> Undisturbed:
    db = open_database(url)
    try:
        async with second_day(db) as place:
            before = await held(place)
            await place.sync()
            return Undisturbed(before, await held(place))
    finally:
        db.close()


@asynccontextmanager
async def second_day(db: Database) -> AsyncIterator[Pond]:
    """A pond that was read on its first day, and has had its second."""
    async with pond(db) as place:
        await first_day(place)
        await place.sync()
        await next_day(place)
        yield place


@ON_SQLITE
async def test_each_stream_has_something_that_came_went_and_stayed(
    database: Database, told: Undisturbed
) -> None:
    before, after = told.before, told.after

    for name in ("software", "tags", "violations"):
        of_before, of_after = getattr(before, name), getattr(after, name)
        assert of_before & of_after, name
        assert of_after - of_before, name
        assert name in KEPT or of_before - of_after, name
    assert not before.retired()
    assert "npm-local/reed/-/reed-1.0.0.tgz" in after.retired()
    assert {key[0] for key in after.over()} == {kind.value for kind in FindingType}
    assert before.suppressed()
    assert after.suppressed() - before.suppressed()


@ON_SQLITE
async def test_streams_survive_what_jfrog_does_to_them(database: Database, told: Undisturbed) -> None:
    async with second_day(database) as place:
        async with place.impatient(TIMEOUT_S):
            for case in sample(SEED):
                place.standin.platform.faults.add(fault(case))
                with suppress(ReedbedError, ExceptionGroup):
                    await place.sync()
                place.standin.platform.faults.clear()
                _nothing_is_wrong(await held(place), told)
        await place.sync()

        assert await held(place) == told.after


@ON_SQLITE
async def test_violations_that_lack_their_names_or_places_end_nothing(
    database: Database, told: Undisturbed
) -> None:
    await survive(("violations", "no-ids", "always"), database, told)


@pytest.mark.soak
@ON_SQLITE
@pytest.mark.parametrize("case", ALL, ids="-".join)
async def test_streams_survive_everything_that_jfrog_does(
    case: Case, database: Database, told: Undisturbed
) -> None:
    await survive(case, database, told)


async def survive(case: Case, database: Database, told: Undisturbed) -> None:
    """Disturb two runs; then one undisturbed run ends where it always does."""
    async with second_day(database) as place:
        place.standin.platform.faults.add(fault(case))

        async with place.impatient(TIMEOUT_S):
            for mode in (Mode.FULL, Mode.DELTA):
                with suppress(ReedbedError, ExceptionGroup):
                    await place.sync(mode)
                _nothing_is_wrong(await held(place), told)
        place.standin.platform.faults.clear()
        await place.sync()

        assert await held(place) == told.after


def fault(case: Case) -> Fault:
    route, trouble, strikes = case
    method, path = ROUTES[route]
    of = TROUBLES_OF_STREAMS[trouble]
    return Fault(kind=of.kind, method=method, path=path, params=of.params, **STRIKES[strikes])


def _nothing_is_wrong(now: Held, told: Undisturbed) -> None:
    """What is there before and after the day is there on it, and nothing that is in neither."""
    before, after = told.before, told.after
    assert before.findings.keys() <= now.findings.keys() <= after.findings.keys()
    assert now.over() <= after.over()
    assert now.retired() <= after.retired()
    assert before.lifecycles.keys() <= now.lifecycles.keys() <= after.lifecycles.keys()
    assert before.suppressed() & after.suppressed() <= now.suppressed()
    assert not any(found.reopened for found in now.findings.values())
    for name in ("software", "tags", "violations"):
        was, is_now, will_be = (getattr(each, name) for each in (before, now, after))
        assert was & will_be <= is_now, name
        assert name == "tags" or is_now <= was | will_be, name  # of a tag that has moved unseen, the new


@ON_SQLITE
async def test_what_one_stream_cannot_read_leaves_the_others_complete(database: Database) -> None:
    async with second_day(database) as place:
        place.jfrog.patience = msgspec.structs.replace(place.jfrog.patience, attempts=1)
        for route, own in OWN.items():
            place.standin.platform.faults.add(fault((route, "500", "always")))

            ended = await sync(place)

            place.standin.platform.faults.clear()
            assert {stream for stream, how in ended.items() if not how.complete} == own, route


@ON_SQLITE
async def test_with_every_stream_a_sync_sends_only_reads(database: Database) -> None:
    async with pond(database) as place:
        await first_day(place)
        place.push("b-local", "unseen", "1", "unseen-1", status="EXPIRED")
        place.standin.platform.log.clear()

        for mode in Mode:
            await place.sync(mode)

        sent = place.standin.platform.log.counts().keys()
        assert {route for route in sent if not route.startswith("GET ")} == READS | MORE_READS
        assert not [route for route in sent if "/reports" in route]


# Kills


@ON_SQLITE
async def test_streams_that_are_killed_end_as_undisturbed_ones(
    database: Database, database_url: str, told: Undisturbed
) -> None:
    await killed(database, database_url, told, seed=SEED, many=2)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10))
async def test_streams_killed_at_many_instants_end_as_undisturbed_ones(
    database: Database, database_url: str, told: Undisturbed, seed: int
) -> None:
    await killed(database, database_url, told, seed=seed, many=10)


async def killed(database: Database, url: str, told: Undisturbed, *, seed: int, many: int) -> None:
    async with second_day(database) as place:

        async def look() -> None:
            _nothing_is_wrong(await held(place), told)

        await kill_at_each(place, url, instants(seed, many, most=MOST_REQUESTS), then=look)

        assert await held(place) == told.after
