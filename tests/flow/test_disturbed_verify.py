"""Repair and rebuild, disturbed: nothing is said to be mended that is not, and a run ends what was begun.

`make test` takes a sample of the faults and of the kills, `make soak` all of them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping

import msgspec
import pytest

from flow.disturbed import Case, cases, fault, few, timeout_s
from flow.household import Household, Instant, instants, killed_at
from flow.hunting import line
from flow.thread import PLATFORM, Thread
from jfrog.platforms import TIMEOUT_S
from jfrog_standin.faults import Params
from reedbed.intel.verify import AS_FOUND, Agreement, Verified, Verifier
from reedbed.store import ledger

SEED = 20_261_122
NAMES = ("kept", "deleted", "changed", "withdrawn")
MOST_REQUESTS = 8
SOUND = frozenset({Agreement.AS_WRITTEN, Agreement.REPAIRED})
REPAIR_CASES = cases("read", "create", "update")
REBUILD_CASES = cases("read")


async def looked(thread: Thread, look: Callable[[Verifier], Awaitable[None]]) -> Mapping[str, Agreement]:
    told: list[Verified] = []
    async with line(thread) as jfrog:
        await look(Verifier(thread.db, thread.target(jfrog), now=thread.now, told=told.append))
    return {each.package.removeprefix("pkg:npm/"): each.agreement for each in told}


async def repaired(thread: Thread) -> Mapping[str, Agreement]:
    return await looked(thread, lambda verifier: verifier.verify(repair=True))


async def rebuilt(thread: Thread) -> Mapping[str, Agreement]:
    return await looked(thread, lambda verifier: verifier.rebuild())


async def pushed(thread: Thread, names: Iterable[str] = NAMES) -> None:
    for name in names:
        thread.publish(f"MAL-{name}", name, versions=["1.0.0"])
    await thread.run()


async def tamper(thread: Thread) -> None:
    """Somebody deletes one issue in Xray and changes another."""
    xray = thread.standin.platform.xray
    ids = {each.flagged.package.name: each.issue_id for each in await thread.ledger()}
    xray.forget(ids["deleted"])
    xray.keep(msgspec.structs.replace(xray.issues[ids["changed"]].issue, severity="Low"))


async def lose_ledger(thread: Thread) -> None:
    """The ledger is lost, and after the next plan one package is taken back: nobody knows of its issue."""
    for name in NAMES:
        await thread.db.write(ledger.forget, PLATFORM, f"pkg:npm/{name}")
    thread.withdraw("MAL-withdrawn", "withdrawn", day=2)
    await thread.run()
    assert "withdrawn" in thread.issues()


# Faults


@pytest.mark.parametrize("case", few(SEED, REPAIR_CASES), ids="-".join)
async def test_a_repair_survives_what_jfrog_does_to_it(case: Case, embedded: Thread) -> None:
    await survive_repair(case, embedded)


@pytest.mark.parametrize("case", few(SEED, REBUILD_CASES), ids="-".join)
async def test_a_rebuild_survives_what_jfrog_does_to_it(case: Case, embedded: Thread) -> None:
    await survive_rebuild(case, embedded)


@pytest.mark.soak
@pytest.mark.parametrize("case", REPAIR_CASES, ids="-".join)
async def test_a_repair_survives_everything_that_jfrog_does(case: Case, embedded: Thread) -> None:
    await survive_repair(case, embedded)


@pytest.mark.soak
@pytest.mark.parametrize("case", REBUILD_CASES, ids="-".join)
async def test_a_rebuild_survives_everything_that_jfrog_does(case: Case, embedded: Thread) -> None:
    await survive_rebuild(case, embedded)


async def survive_repair(case: Case, thread: Thread) -> None:
    await pushed(thread)
    before = thread.issues()
    await tamper(thread)
    thread.timeout_s = timeout_s(case)
    thread.standin.platform.faults.add(fault(case))

    for _ in range(2):
        said = await repaired(thread)
        assert said.keys() == set(NAMES)
        assert all(thread.issues()[name] == before[name] for name, each in said.items() if each in SOUND)
    thread.mend()
    thread.timeout_s = TIMEOUT_S
    said = await repaired(thread)

    assert set(said.values()) <= SOUND
    assert set((await repaired(thread)).values()) == {Agreement.AS_WRITTEN}
    assert thread.issues() == before


async def survive_rebuild(case: Case, thread: Thread) -> None:
    await pushed(thread)
    before = thread.issues()
    await lose_ledger(thread)
    thread.timeout_s = timeout_s(case)
    thread.standin.platform.faults.add(fault(case))

    for _ in range(2):
        await rebuilt(thread)
        assert thread.issues() == before
        assert {each.flagged.package.name for each in await thread.ledger()} <= before.keys()
    thread.mend()
    thread.timeout_s = TIMEOUT_S
    await rebuilt(thread)
    await thread.run()

    _rebuilt_as_if_never_lost(thread, before)


def _rebuilt_as_if_never_lost(thread: Thread, before: Mapping[str, object]) -> None:
    assert thread.issues() == {name: each for name, each in before.items() if name != "withdrawn"}


async def test_a_rebuild_that_is_also_to_repair_blocks_nothing_that_was_taken_back(embedded: Thread) -> None:
    await pushed(embedded)
    before = embedded.issues()
    embedded.publish("MAL-more", "kept", versions=["2.0.0"])
    await embedded.run()
    embedded.withdraw("MAL-more", "kept", day=2)
    await embedded.run()
    assert embedded.issues() == before
    await lose_ledger(embedded)
    await rebuilt(embedded)
    embedded.standin.platform.log.clear()

    said = await repaired(embedded)

    assert embedded.writes() == []
    assert said["kept"] is Agreement.DIFFERENT
    await embedded.run()
    _rebuilt_as_if_never_lost(embedded, before)


async def test_a_repair_brings_nothing_back_that_a_run_deletes_meanwhile(embedded: Thread) -> None:
    await pushed(embedded)
    issue = next(each for each in await embedded.ledger() if each.flagged.package.name == "withdrawn")
    embedded.withdraw("MAL-withdrawn", "withdrawn", day=2)
    slow = Params(delay_ms=400)
    embedded.fail("slow", f"/xray/api/v2/events/{issue.issue_id}", "GET", count=1, params=slow)

    await asyncio.gather(repaired(embedded), embedded.run())

    assert "withdrawn" not in embedded.issues()


# Kills


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_repair_and_rebuild_are_finished_after_kills(household: Household) -> None:
    await killed(household, instants(SEED, 1, most=MOST_REQUESTS))


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(8))
async def test_repair_and_rebuild_are_finished_after_many_kills(household: Household, seed: int) -> None:
    await killed(household, instants(seed, 4, most=MOST_REQUESTS))


async def killed(household: Household, moments: list[Instant]) -> None:
    thread = await household.move_in()
    await pushed(thread)
    before = thread.issues()

    await tamper(thread)
    for instant in moments:
        await killed_at(household, instant, "intel", "verify", PLATFORM, "--repair")
    finished = await household.run("intel", "verify", PLATFORM, "--repair")
    assert finished.code == 0, finished.err
    assert thread.issues() == before

    await lose_ledger(thread)
    for instant in moments:
        await killed_at(household, instant, "intel", "verify", PLATFORM, "--rebuild")
        await thread.run()  # whatever was found until then is looked at
        assert AS_FOUND not in {each.fingerprint for each in await thread.ledger()}
    await household.run("intel", "verify", PLATFORM, "--rebuild")
    await thread.run()
    _rebuilt_as_if_never_lost(thread, before)
