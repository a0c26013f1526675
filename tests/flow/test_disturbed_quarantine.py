"""Whatever happens on the way into quarantine and back, a file is never lost nor said to be where it is not.

`make test` takes a sample of the faults and of the kills, `make soak` all of them.
"""

from contextlib import suppress

import pytest

from flow.disturbed import Case, cases, fault, few, timeout_s
from flow.household import Household, Instant, instants, killed_at
from flow.hunting import BAD, flag_and_have, hunted, kept, line
from flow.thread import PLATFORM, Thread
from jfrog.platforms import TIMEOUT_S
from jfrog_standin.artifactory.repository import Repository
from reedbed.errors import ReedbedError
from reedbed.intel import quarantine
from reedbed.intel.quarantine import FROM, PROPERTY
from reedbed.jfrog import properties
from reedbed.jfrog.properties import Place
from reedbed.store import audit
from reedbed.store.findings import Status

SEED = 20_261_122
REASON = "it steals keys"
HERE, ASIDE = f"npm-local/{BAD}", f"cell/npm-local/{BAD}"
AWAY_CASES = cases("repositories", "look", "mark", "move")
BACK_CASES = cases("look", "unmark", "move")
MOST_REQUESTS = 8
"""Of one command."""


@pytest.fixture
async def thread(embedded: Thread) -> Thread:
    await prepare(embedded)
    return embedded


async def prepare(thread: Thread) -> None:
    """The flagged file is found, and there is a cell to put it into."""
    await flag_and_have(thread)
    thread.standin.platform.artifactory.add(Repository(key="cell", package_type="npm"))
    async with line(thread) as jfrog:
        await hunted(thread, jfrog)


async def command(thread: Thread, *, back: bool) -> None:
    """Do as `intel quarantine … --into cell --apply` does, or with --undo."""
    found = (await kept(thread))[HERE].id
    async with line(thread) as jfrog:
        if back:
            steps = await quarantine.undoing(thread.db, PLATFORM, [found])
        else:
            steps = await quarantine.planned(jfrog, thread.db, [found], reason=REASON, into="cell")
        for step in steps:
            await quarantine.carry_out(jfrog, thread.db, step, who="alice", now=thread.now())


@pytest.mark.parametrize("case", few(SEED, AWAY_CASES), ids="-".join)
async def test_a_quarantine_survives_what_jfrog_does_to_it(case: Case, thread: Thread) -> None:
    await survive(case, thread, back=False)


@pytest.mark.parametrize("case", few(SEED, BACK_CASES), ids="-".join)
async def test_the_end_of_a_quarantine_survives_what_jfrog_does_to_it(case: Case, thread: Thread) -> None:
    await command(thread, back=False)
    await survive(case, thread, back=True)


@pytest.mark.soak
@pytest.mark.parametrize("case", AWAY_CASES, ids="-".join)
async def test_a_quarantine_survives_everything_that_jfrog_does(case: Case, thread: Thread) -> None:
    await survive(case, thread, back=False)


@pytest.mark.soak
@pytest.mark.parametrize("case", BACK_CASES, ids="-".join)
async def test_the_end_of_a_quarantine_survives_everything(case: Case, thread: Thread) -> None:
    await command(thread, back=False)
    await survive(case, thread, back=True)


async def survive(case: Case, thread: Thread, *, back: bool) -> None:
    thread.timeout_s = timeout_s(case)
    thread.standin.platform.faults.add(fault(case))

    for _ in range(2):
        with suppress(ReedbedError):
            await command(thread, back=back)
            assert await _is_done(thread, back=back)
        await _what_is_said_is_so(thread)
    thread.mend()
    thread.timeout_s = TIMEOUT_S
    await command(thread, back=back)

    assert await _is_done(thread, back=back)
    await _all_is_as_it_should_be(thread, back=back)


async def _what_is_said_is_so(thread: Thread) -> None:
    """Hold what is said of the one file against where it really lies."""
    storage = thread.standin.platform.artifactory
    there = [place for place in (HERE, ASIDE) if storage.get(*place.split("/", 1)) is not None]
    finding = (await kept(thread))[HERE]
    assert len(there) == 1
    if finding.status is Status.QUARANTINED:
        assert there == [finding.moved_to or HERE]
    else:
        assert finding.status is Status.OPEN
        assert there == [HERE] or finding.moved_to == ASIDE  # broken off, and known to be


async def _is_done(thread: Thread, *, back: bool) -> bool:
    finding = (await kept(thread))[HERE]
    about = (finding.status, finding.reason, finding.moved_to)
    return about == ((Status.OPEN, None, None) if back else (Status.QUARANTINED, REASON, ASIDE))


async def _all_is_as_it_should_be(thread: Thread, *, back: bool) -> None:
    """All is as an undisturbed command leaves it, and the log has one row for each thing that was done."""
    await _what_is_said_is_so(thread)
    async with line(thread) as jfrog:
        there = await properties.read(jfrog, Place(*(HERE if back else ASIDE).split("/", 1)))
        seen = (await kept(thread)).keys()
        await hunted(thread, jfrog)
    ours = {} if back else {PROPERTY: [REASON], FROM: [HERE]}
    assert there == {"npm.name": ["reed"], "npm.version": ["1.0.0"], **ours}
    assert await _is_done(thread, back=back)
    assert (await kept(thread)).keys() == seen
    rows = [(row.action, row.detail["did"]) for row in await thread.db.read(audit.page, limit=100)]
    assert rows[0][0] == ("end quarantine" if back else "quarantine file")
    assert len(rows) == len(set(rows))
    written = thread.writes()
    await command(thread, back=back)
    assert thread.writes() == written


# Kills


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_quarantine_that_is_killed_is_finished_by_the_same_command(household: Household) -> None:
    await killed(household, instants(SEED, 1, most=MOST_REQUESTS))


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(8))
async def test_quarantines_killed_at_many_instants_are_finished(household: Household, seed: int) -> None:
    await killed(household, instants(seed, 4, most=MOST_REQUESTS))


async def killed(household: Household, moments: list[Instant]) -> None:
    """Kill commands into quarantine, and then commands back, and let the same command finish each time."""
    thread = await household.move_in()
    await prepare(thread)
    found = (await kept(thread))[HERE].id
    command = ("intel", "quarantine", PLATFORM, found, "--apply", "--by", "alice")
    away, home = (*command, "--reason", REASON, "--into", "cell"), (*command, "--undo")
    for back, words in ((False, away), (True, home)):
        for instant in moments:
            await killed_at(household, instant, *words)
            await _what_is_said_is_so(thread)
        finished = await household.run(*words)
        assert finished.code == 0, finished.err
        await _all_is_as_it_should_be(thread, back=back)
