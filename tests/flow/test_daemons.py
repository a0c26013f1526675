"""Daemons as processes: two on one database share the work, one takes over from the other, and all leave."""

import asyncio
import os
import signal

import pytest

from flow.household import DEADLINE_S, Household, until
from flow.thread import EVENTS, Thread
from processes.prepared import Child

POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
MANY = 300
LATENCY_MS = 30
"""Of the stand-in, so that a run is long enough to be disturbed."""
LONG_MS = 4_000
"""So long that what is in hand is not through before a daemon has heard two signals."""


def say(thread: Thread, many: int = MANY) -> None:
    for number in range(many):
        thread.publish(f"MAL-{number}", f"reed-{number}", versions=["1.0.0"])


def posts(thread: Thread) -> int:
    return thread.standin.platform.log.counts().get(f"POST {EVENTS}", 0)


async def all_settled(thread: Thread, many: int = MANY) -> None:
    """Wait until every record is in the ledger and nothing waits."""
    async with asyncio.timeout(DEADLINE_S):
        while len(await thread.ledger()) < many or await thread.waiting():
            await asyncio.sleep(0.1)


async def left(household: Household, *children: Child) -> list[int]:
    """Ask daemons to leave; give their exit codes."""
    for child in children:
        os.kill(child.pid, signal.SIGTERM)
    return [await household.ended(child) for child in children]


def log_of(household: Household, number: int) -> str:
    return (household.folder / f"err-{number}").read_text()


def settles(household: Household, number: int) -> bool:
    """Whether this daemon is the one that pushes; before the feed is read, any may plan nothing."""
    return '"issue_settled"' in log_of(household, number)


@POSTGRESQL
async def test_two_daemons_on_one_database_push_every_record_once(household: Household) -> None:
    thread = await household.move_in()
    say(thread)
    daemons = [await household.start("intel", "run") for _ in range(2)]

    await all_settled(thread)
    codes = await left(household, *daemons)

    assert posts(thread) == MANY
    assert len(thread.issues()) == MANY
    assert codes == [0, 0]


@POSTGRESQL
async def test_a_daemon_goes_on_where_another_was_killed(household: Household) -> None:
    thread = await household.move_in()
    say(thread)
    thread.standin.platform.switch(latency_ms=LATENCY_MS)
    daemons = {0: await household.start("intel", "run"), 1: await household.start("intel", "run")}
    await until(lambda: any(settles(household, n) for n in daemons))

    busy = next(n for n in daemons if settles(household, n))
    os.kill(daemons[busy].pid, signal.SIGKILL)
    killed_at = posts(thread)
    await all_settled(thread)
    await until(lambda: '"run_taken_over"' in log_of(household, 1 - busy))
    codes = await left(household, daemons[1 - busy])

    assert killed_at < MANY
    assert len(thread.issues()) == MANY
    assert posts(thread) <= MANY + 16  # what was in flight: it is read before it is written again
    assert codes == [0]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_sigterm_in_mid_run_leaves_in_order_and_loses_nothing(household: Household) -> None:
    many = 300
    thread = await household.move_in()
    say(thread, many)
    thread.standin.platform.switch(latency_ms=LATENCY_MS)
    daemon = await household.start("intel", "run")
    await until(lambda: posts(thread) >= 20)

    codes = await left(household, daemon)
    pushed = len(thread.issues())
    told = len(await thread.ledger())
    thread.standin.platform.switch(latency_ms=0)
    finished = await household.run("intel", "once")

    assert codes == [0]
    assert 20 <= pushed == told < many  # what was under way was ended and written down, nothing more begun
    assert finished.code == 0, finished.err
    assert posts(thread) == len(thread.issues()) == many


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_second_sigterm_leaves_at_once_and_loses_nothing(household: Household) -> None:
    thread = await household.move_in()
    say(thread)
    thread.standin.platform.switch(latency_ms=LATENCY_MS)
    daemon = await household.start("intel", "run")
    await until(lambda: posts(thread) >= 20)
    thread.standin.platform.switch(latency_ms=LONG_MS)

    os.kill(daemon.pid, signal.SIGTERM)
    await until(lambda: '"worker_leaving"' in log_of(household, 0))
    codes = await left(household, daemon)
    pushed = len(thread.issues())
    thread.standin.platform.switch(latency_ms=0)
    finished = await household.run("intel", "once")

    assert codes == [128 + signal.SIGTERM]
    assert pushed < MANY
    assert finished.code == 0, finished.err
    assert len(thread.issues()) == len(await thread.ledger()) == MANY


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_daemon_takes_what_a_feed_says_later(household: Household) -> None:
    thread = await household.move_in()
    say(thread, 1)
    daemon = await household.start("intel", "run", "--set", "intel.interval_s=1")
    await until(lambda: len(thread.issues()) == 1)

    thread.withdraw("MAL-0", "reed-0", day=2)
    thread.publish("MAL-new", "reed-new", versions=["1.0.0"])
    await until(lambda: set(thread.issues()) == {"reed-new"})

    assert await left(household, daemon) == [0]
