"""A hunt, disturbed: nothing is said to be gone or cleared that is not, and the next hunt makes it whole.

`make test` takes a sample of the faults and of the kills, `make soak` all of them.
"""

from collections.abc import Mapping
from contextlib import suppress

import pytest

from flow.disturbed import Case, cases, fault, few, timeout_s
from flow.household import Household, Instant, instants, killed_at
from flow.hunting import BAD, flag_and_have, hunted, kept, line
from flow.thread import PLATFORM, Thread
from jfrog.platforms import TIMEOUT_S
from reedbed.errors import ReedbedError
from reedbed.store import findings
from reedbed.store.findings import Sighting, Status

SEED = 20_261_122
MOST_REQUESTS = 7
CASES = cases("repositories", "search", "look", "impacted")

LOCAL, CACHED = f"npm-local/{BAD}", f"far-cache/{BAD}"
DELETED, FREED = "npm-local/stem/-/stem-1.0.0.tgz", "npm-local/rush/-/rush-1.0.0.tgz"
INSIDE = "docker-local/pond/1.0/manifest.json"
AFTER = {
    LOCAL: Status.OPEN,
    CACHED: Status.OPEN,
    DELETED: Status.GONE,
    FREED: Status.CLEARED,
    INSIDE: Status.GONE,
}


async def before(thread: Thread) -> None:
    """Everything is found; then one file is deleted, one package freed, and one image is no more."""
    await flag_and_have(thread)
    for name in ("stem", "rush"):
        thread.npm(name, "1.0.0")
        thread.publish(f"MAL-{name}", name, versions=["1.0.0"])
    await thread.run()
    async with line(thread) as jfrog:
        await hunted(thread, jfrog)
    await thread.db.write(findings.save, PLATFORM, [_held()], now=thread.now())
    thread.standin.platform.artifactory.delete(*DELETED.split("/", 1))
    thread.withdraw("MAL-rush", "rush", day=2)
    await thread.run()


def _held() -> Sighting:
    """An image in which Xray saw the flagged release, once."""
    repository, _, path = INSIDE.partition("/")
    return Sighting(
        package="pkg:npm/reed",
        version="1.0.0",
        repository=repository,
        path=path,
        seen_in="xray",
        condemned=True,
        downloads=None,
        last_downloaded_at=None,
        sources=(),
    )


async def statuses(thread: Thread) -> Mapping[str, Status]:
    return {place: each.status for place, each in (await kept(thread)).items()}


@pytest.mark.parametrize("case", few(SEED, CASES), ids="-".join)
async def test_a_hunt_survives_what_jfrog_does_to_it(case: Case, embedded: Thread) -> None:
    await survive(case, embedded)


@pytest.mark.soak
@pytest.mark.parametrize("case", CASES, ids="-".join)
async def test_a_hunt_survives_everything_that_jfrog_does(case: Case, embedded: Thread) -> None:
    await survive(case, embedded)


async def survive(case: Case, thread: Thread) -> None:
    await before(thread)
    thread.timeout_s = timeout_s(case)
    thread.standin.platform.faults.add(fault(case))

    for _ in range(2):
        with suppress(ReedbedError):
            async with line(thread) as jfrog:
                await hunted(thread, jfrog, ask_xray=True)
        await _nothing_is_closed_that_should_not(thread)
    thread.mend()
    thread.timeout_s = TIMEOUT_S
    async with line(thread) as jfrog:
        result = await hunted(thread, jfrog, ask_xray=True)

    assert result.complete
    await _all_is_as_it_should_be(thread)


async def _nothing_is_closed_that_should_not(thread: Thread) -> None:
    said = await statuses(thread)
    assert all(said[place] in {Status.OPEN, after} for place, after in AFTER.items())


async def _all_is_as_it_should_be(thread: Thread) -> None:
    """What answers that told half had added is gone again."""
    said = await statuses(thread)
    assert {place: said[place] for place in AFTER} == AFTER
    assert {said[place] for place in said.keys() - AFTER.keys()} <= {Status.GONE}


@pytest.mark.parametrize("trouble", ["no-versions", "truncated", "404"])
async def test_an_xray_that_does_not_tell_clearly_declares_nothing_gone(
    trouble: str, embedded: Thread
) -> None:
    await before(embedded)
    embedded.standin.platform.faults.add(fault(("impacted", trouble, "always")))

    with suppress(ReedbedError):
        async with line(embedded) as jfrog:
            await hunted(embedded, jfrog, ask_xray=True)

    assert (await statuses(embedded))[INSIDE] is Status.OPEN


async def test_a_file_that_is_back_where_it_was_moved_from_is_open_again(embedded: Thread) -> None:
    await flag_and_have(embedded)
    async with line(embedded) as jfrog:
        await hunted(embedded, jfrog)
        found = (await kept(embedded))[LOCAL].id
        status, aside = Status.QUARANTINED, f"cell/{LOCAL}"
        await embedded.db.write(findings.mark, found, status, reason="malware", moved_to=aside)

        await hunted(embedded, jfrog)

    back = (await kept(embedded))[LOCAL]
    assert (back.status, back.reason, back.moved_to) == (Status.OPEN, "malware", aside)
    assert back.broken_off


# Kills


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_hunt_that_is_killed_is_made_whole_by_the_next(household: Household) -> None:
    await killed(household, instants(SEED, 1, most=MOST_REQUESTS))


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(4))
async def test_hunts_killed_at_many_instants_are_made_whole(household: Household, seed: int) -> None:
    await killed(household, instants(seed, 8, most=MOST_REQUESTS))


async def killed(household: Household, moments: list[Instant]) -> None:
    thread = await household.move_in()
    await before(thread)
    for instant in moments:
        await killed_at(household, instant, "intel", "hunt", PLATFORM)
        await _nothing_is_closed_that_should_not(thread)
    finished = await household.run("intel", "hunt", PLATFORM)

    assert finished.code == 6, finished.err  # there is still something
    await _all_is_as_it_should_be(thread)
