"""Whatever JFrog answers, nothing is lost, nothing pushed twice, nothing un-blocked, and the cause is told.

`make test` takes a sample of the cases, `make soak` all of them.
"""

import re

import pytest

from flow.disturbed import (
    AFTER,
    ALL,
    BEFORE,
    CHANGES,
    HELD,
    Case,
    before,
    fault,
    sample,
    say_more,
    says,
    timeout_s,
)
from flow.thread import Thread
from jfrog.platforms import TIMEOUT_S
from reedbed.model.ledger import HoldRule

SEED = 20_261_121


def test_the_sample_has_every_route_and_every_trouble() -> None:
    taken = sample(SEED)

    assert {route for route, _, _ in taken} == set(CHANGES)
    assert {trouble for _, trouble, _ in taken} == {trouble for _, trouble, _ in ALL}


@pytest.mark.parametrize("case", sample(SEED), ids="-".join)
async def test_a_run_survives_what_jfrog_does_to_it(case: Case, embedded: Thread) -> None:
    await survive(case, embedded)


@pytest.mark.soak
@pytest.mark.parametrize("case", ALL, ids="-".join)
async def test_a_run_survives_everything_that_jfrog_does(case: Case, embedded: Thread) -> None:
    await survive(case, embedded)


async def survive(case: Case, thread: Thread) -> None:
    await before(thread)
    assert {name: thread.versions(name) for name in thread.issues()} == BEFORE
    say_more(thread)
    thread.timeout_s = timeout_s(case)
    thread.standin.platform.faults.add(fault(case))

    for _ in range(2):
        await thread.run()
        _nothing_is_unblocked(thread)
        await _a_message_names_the_cause(thread, case)
    thread.mend()
    thread.timeout_s = TIMEOUT_S
    await thread.until_done()

    await _all_is_as_it_should_be(thread)


def _nothing_is_unblocked(thread: Thread) -> None:
    assert BEFORE["kept"] <= thread.versions("kept")
    assert BEFORE["widened"] <= thread.versions("widened")
    assert HELD not in thread.issues()


async def _a_message_names_the_cause(thread: Thread, case: Case) -> None:
    reasons = [each.reason for each in (await thread.waiting(held=False)).values() if each.reason]
    told = [*reasons, *(str(error) for error in thread.errors)]
    assert all(re.search(says(case), each) for each in told), told
    if await thread.waiting(held=False):
        assert told
    assert all(error.fix for error in thread.errors)


async def _all_is_as_it_should_be(thread: Thread) -> None:
    assert {name: thread.versions(name) for name in thread.issues()} == AFTER
    assert {each.flagged.package.name for each in await thread.ledger()} == AFTER.keys()
    assert {each.issue_id for each in await thread.ledger()} == set(thread.standin.platform.xray.issues)
    assert await thread.held() == {f"pkg:npm/{HELD}": (HoldRule.IN_USE,)}
    assert await thread.waiting(held=False) == {}
    written = thread.writes()
    await thread.run()
    assert thread.writes() == written
