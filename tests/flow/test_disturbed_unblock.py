"""Break glass, disturbed: it is recorded with its end or not at all, and it comes back, whoever was killed.

`make test` takes a sample of the faults and of the kills, `make soak` all of them.
"""

import asyncio
import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import Connection, update

from flow.disturbed import CHANGES, Case, cases, fault, few, timeout_s
from flow.household import SIGNALS, Household, until
from flow.thread import STARTED, Thread
from jfrog.platforms import TIMEOUT_S
from reedbed.intel.unblock import unblock
from reedbed.model.ecosystem import PackageType
from reedbed.model.purl import purl
from reedbed.store import audit, exemptions
from reedbed.store.exemptions import EXEMPTIONS, Exemption

SEED = 20_261_122
REED = purl(PackageType.NPM, "reed")
CASES = cases(*CHANGES)
WHOLE, FREED = {"[1.0.0]", "[1.1.0]"}, {"[1.1.0]"}
LASTS = timedelta(days=5)
COMMAND = ("intel", "unblock", "npm:reed@1.0.0", "--for", "24h", "--reason", "ticket 4711", "--by", "alice")


@pytest.mark.parametrize("case", few(SEED, CASES), ids="-".join)
async def test_a_break_glass_and_its_end_survive_what_jfrog_does(case: Case, embedded: Thread) -> None:
    await survive(case, embedded)


@pytest.mark.soak
@pytest.mark.parametrize("case", CASES, ids="-".join)
async def test_a_break_glass_and_its_end_survive_everything(case: Case, embedded: Thread) -> None:
    await survive(case, embedded)


async def survive(case: Case, thread: Thread) -> None:
    path = await _blocked(thread)
    made = await _freed(thread)
    await _disturbed(thread, case, while_true=lambda: FREED <= thread.versions("reed") <= WHOLE)
    assert thread.versions("reed") == FREED
    assert await thread.download(path) == "served"

    thread.time = max(thread.time, made.until)
    await _disturbed(thread, case, while_true=lambda: FREED <= thread.versions("reed") <= WHOLE)
    assert thread.versions("reed") == WHOLE
    assert await thread.download(path) == "blocked"
    assert await _acts(thread) == [("time", "end unblock"), ("alice", "unblock package")]
    assert await thread.waiting() == {}


async def _blocked(thread: Thread) -> str:
    path = thread.npm("reed", "1.0.0")
    thread.publish("MAL-reed", "reed", versions=["1.0.0", "1.1.0"])
    thread.publish("MAL-kept", "kept", versions=["1.0.0"])
    await thread.run()
    assert thread.versions("reed") == WHOLE
    return path


async def _freed(thread: Thread) -> Exemption:
    return await thread.db.write(
        unblock, REED, "1.0.0", lasts=LASTS, reason="ticket 4711", by="alice", now=thread.now()
    )


async def _disturbed(thread: Thread, case: Case, *, while_true: Callable[[], bool]) -> None:
    """Let two runs meet the fault, and then all go well."""
    thread.timeout_s = timeout_s(case)
    thread.standin.platform.faults.add(fault(case))
    for _ in range(2):
        await thread.run()
        assert while_true()
        assert thread.versions("kept") == {"[1.0.0]"}
    thread.mend()
    thread.timeout_s = TIMEOUT_S
    await thread.until_done()


async def _acts(thread: Thread) -> list[tuple[str, str]]:
    return [(entry.who, entry.action) for entry in await thread.db.read(audit.page, limit=100)]


# Kills


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_break_glass_that_is_killed_is_recorded_with_its_end_or_not_at_all(
    household: Household,
) -> None:
    await killed(household, SEED, kills=1)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(4))
async def test_break_glasses_killed_at_many_instants_are_whole_or_not_there(
    household: Household, seed: int
) -> None:
    await killed(household, seed, kills=8)


async def killed(household: Household, seed: int, *, kills: int) -> None:
    """Kill the command somewhere in the time that it takes; what it writes, it writes at the end of that."""
    thread = await household.move_in()
    await _blocked(thread)
    begun = time.monotonic()
    assert (await household.run(*COMMAND)).code == 0
    took = time.monotonic() - begun
    rng = random.Random(seed)
    for _ in range(kills):
        child = await household.start(*COMMAND)
        with suppress(TimeoutError):
            await asyncio.wait_for(child.wait(), took * rng.uniform(0.5, 1.0))
        if child.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(child.pid, rng.choice(SIGNALS))
        code = await household.ended(child)

        made = await thread.db.read(exemptions.holding)
        assert all(each.until - each.made_at == timedelta(hours=24) and each.reason for each in made)
        assert [act for _, act in await _acts(thread)] == ["unblock package"] * len(made)
        assert code != 0 or made


@pytest.mark.soak
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_it_comes_back_by_itself_though_the_daemon_was_killed_meanwhile(household: Household) -> None:
    thread = await household.move_in()
    path = await _blocked(thread)
    assert (await household.run(*COMMAND)).code == 0
    first = await household.start("intel", "run", "--set", "intel.interval_s=1")
    await until(lambda: thread.versions("reed") == FREED)
    os.kill(first.pid, signal.SIGKILL)
    await household.ended(first)

    await thread.db.write(_time_is_over)
    second = await household.start("intel", "run", "--set", "intel.interval_s=1")
    await until(lambda: thread.versions("reed") == WHOLE)
    os.kill(second.pid, signal.SIGTERM)

    assert await household.ended(second) == 0
    assert await thread.download(path) == "blocked"
    assert await _acts(thread) == [("time", "end unblock"), ("alice", "unblock package")]


def _time_is_over(connection: Connection) -> None:
    connection.execute(update(EXEMPTIONS).values(until=STARTED))
