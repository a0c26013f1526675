"""Whatever JFrog answers, a sync closes, retires and doubles nothing that an undisturbed one would not.

`make test` takes a sample of the cases, `make soak` all of them.
"""

from contextlib import suppress

import pytest

from flow.disturbed import LONG, STRIKES
from inventory.disturbing import ALL, READS, ROUTES, TIMEOUT_S, Case, fault, first_day, next_day, over, sample
from inventory.pond import Key, Pond, View, pond
from reedbed.errors import ReedbedError
from reedbed.inventory.run.context import Mode
from reedbed.model.inventory import Status
from reedbed.store.database import Database

SEED = 20_261_122
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_the_sample_has_every_route_and_every_quick_trouble() -> None:
    taken = sample(SEED)

    assert {route for route, _, _ in taken} == set(ROUTES)
    assert {trouble for _, trouble, _ in taken} == {trouble for _, trouble, _ in ALL} - LONG
    assert {strikes for _, _, strikes in taken} == set(STRIKES)


@ON_SQLITE
@pytest.mark.parametrize("case", sample(SEED), ids="-".join)
async def test_a_sync_survives_what_jfrog_does_to_it(case: Case, database: Database) -> None:
    await survive(case, database)


@pytest.mark.soak
@pytest.mark.parametrize("case", ALL, ids="-".join)
async def test_a_sync_survives_everything_that_jfrog_does(case: Case, database: Database) -> None:
    await survive(case, database)


async def survive(case: Case, database: Database) -> None:
    """Disturb two runs; then one undisturbed run ends where it always does."""
    async with pond(database) as place:
        first_day(place)
        await place.sync()
        before = await place.findings()
        next_day(place)
        place.standin.platform.faults.add(fault(case))

        async with place.impatient(TIMEOUT_S):
            for mode in (Mode.FULL, Mode.DELTA):
                with suppress(ReedbedError, ExceptionGroup):
                    await place.sync(mode)
                _nothing_is_wrongly_over(before, await place.findings())
        place.standin.platform.faults.clear()
        await place.sync()

        after = await place.findings()
        assert {key: outcome(each) for key, each in after.items()} == AFTER
        assert _only_reads(place)


def _nothing_is_wrongly_over(before: dict[Key, View], now: dict[Key, View]) -> None:
    assert before.keys() <= now.keys() <= AFTER.keys()
    assert over(now) <= {key for key, (status, _) in AFTER.items() if not status.open}
    assert not any(each.reopened for each in now.values())


def outcome(each: View) -> tuple[Status, int]:
    """How many runs have seen a finding is not the same for all."""
    return Status.ACTIVE if each.status is Status.NEW else each.status, each.images


def _only_reads(place: Pond) -> bool:
    counts = place.standin.platform.log.counts()
    return {route for route in counts if not route.startswith("GET ")} <= READS


def _key(scope: str, number: int, package: str = "moment") -> Key:
    return scope, f"CVE-2026-{number:04}", f"pkg:npm/{package}"


AFTER = {
    _key("a-local/team/app", 1): (Status.ACTIVE, 2),
    _key("a-local/team/app", 2): (Status.FIXED, 0),
    _key("a-local/team/app", 3, "lodash"): (Status.FIXED, 0),
    _key("a-local/team/app", 10): (Status.ACTIVE, 1),
    _key("a-local/team/web", 2): (Status.ACTIVE, 1),
    _key("a-local/team/web", 4): (Status.FIXED, 0),
    _key("a-local/team/web", 11): (Status.ACTIVE, 1),
    _key("b-local/base", 5): (Status.ACTIVE, 2),
    _key("b-local/base", 6): (Status.ACTIVE, 1),
    _key("b-local/gone", 7): (Status.RETIRED, 0),
    _key("b-local/multi", 8): (Status.ACTIVE, 1),
    _key("b-local/multi", 9): (Status.FIXED, 0),
    _key("b-local/multi", 12): (Status.ACTIVE, 1),
}


@ON_SQLITE
async def test_an_index_that_cannot_be_read_closes_nothing(database: Database) -> None:
    async with pond(database) as place:
        first_day(place)
        await place.sync()
        next_day(place)
        place.standin.platform.faults.add(fault(("manifest", "500", "always")))

        async with place.impatient(TIMEOUT_S):
            await place.sync()

        found = await place.findings()
        assert {key[0] for key in over(found)} == {"a-local/team/web", "b-local/gone"}


@ON_SQLITE
async def test_an_undisturbed_sync_ends_so_and_sends_only_reads(database: Database) -> None:
    async with pond(database) as place:
        first_day(place)
        await place.sync()
        next_day(place)

        await place.sync(Mode.DELTA)
        between = await place.findings()
        await place.sync(Mode.RECONCILE)

        assert over(between) == set()
        assert {key: outcome(each) for key, each in (await place.findings()).items()} == AFTER
        assert _only_reads(place)
