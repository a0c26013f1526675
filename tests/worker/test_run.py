"""One run under its lease, in this process."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable

import pytest

from reedbed.errors import Refused
from reedbed.jobs import Counts, Every, Job, Left, Outcome, RunContext, now_utc
from reedbed.metrics import Metrics
from reedbed.store import leases, runs
from reedbed.store.database import Database
from reedbed.store.runs import State
from reedbed.worker.claim import process_name
from reedbed.worker.run import Runner, lease_name, lease_owner, run_once

DEADLINE_S = 60.0


def job(run: Callable[[RunContext], Awaitable[Counts]]) -> Job:
    return Job(flow="push", platform="prod", schedule=Every(300.0), run=run)


async def test_a_run_holds_its_lease_while_it_lives_and_no_longer(database: Database) -> None:
    seen: list[str] = []

    async def look(_: RunContext) -> Counts:
        held = await database.read(leases.holder, "run:push:*:prod", now=now_utc())
        seen.append(held.owner if held else "nobody")
        return {"pushed": 2}

    [ran] = await run_once([job(look)], Runner(database, owner="me"))

    assert (ran.outcome, ran.counts) == (Outcome.SUCCEEDED, {"pushed": 2})
    assert seen[0].startswith("me/")
    assert await database.read(leases.holder, "run:push:*:prod", now=now_utc()) is None


async def test_two_runs_of_a_job_in_one_process_come_one_after_the_other(database: Database) -> None:
    live = most = 0

    async def count(_: RunContext) -> Counts:
        nonlocal live, most
        live += 1
        most = max(most, live)
        await asyncio.to_thread(lambda: None)
        live -= 1
        return {}

    runner = Runner(database, owner="me")
    ran = await asyncio.gather(*(runner.run(job(count), scheduled_at=now_utc()) for _ in range(3)))

    assert [each.outcome for each in ran] == [Outcome.SUCCEEDED] * 3
    assert most == 1


async def test_jobs_that_take_turns_are_never_live_at_once(database: Database) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def wait(_: RunContext) -> Counts:
        begun.set()
        await asyncio.wait_for(ended.wait(), DEADLINE_S)
        return {}

    async def never(_: RunContext) -> Counts:
        raise AssertionError("it is not its turn")

    first = job(wait)
    other = Job(flow="hint", platform="prod", turns_with=first.name, schedule=first.schedule, run=never)
    runner = Runner(database, owner="me")
    running = asyncio.create_task(runner.run(first, scheduled_at=now_utc()))
    await asyncio.wait_for(begun.wait(), DEADLINE_S)

    ran = await runner.run(other, scheduled_at=now_utc(), patience_s=0.0)
    ended.set()

    assert ran.outcome is Outcome.SKIPPED
    assert (await running).outcome is Outcome.SUCCEEDED


async def test_a_run_whose_lease_was_taken_is_cancelled_and_leaves_its_row_alone(database: Database) -> None:
    begun = asyncio.Event()
    cancelled = asyncio.Event()

    async def wait(_: RunContext) -> Counts:
        begun.set()
        try:
            await asyncio.sleep(DEADLINE_S)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return {}

    at = now_utc()
    running = asyncio.create_task(Runner(database, owner="me", lease_s=1.0).run(job(wait), scheduled_at=at))
    await asyncio.wait_for(begun.wait(), DEADLINE_S)
    lease = lease_name(job(wait).name)

    await database.write(leases.release, lease, lease_owner("me", at))
    await database.write(leases.take, lease, "another", now=now_utc(), ttl_s=60.0)
    ran = await asyncio.wait_for(running, DEADLINE_S)

    assert ran.outcome is Outcome.LOST
    assert cancelled.is_set()
    [row] = await database.read(runs.running)
    assert row.id == ran.id
    held = await database.read(leases.holder, lease, now=now_utc())
    assert held is not None
    assert held.owner == "another"


async def test_a_long_run_renews_its_lease(database: Database) -> None:
    async def long(_: RunContext) -> Counts:
        first = await database.read(leases.holder, "run:push:*:prod", now=now_utc())
        assert first is not None
        async with asyncio.timeout(DEADLINE_S):
            while (held := await database.read(leases.holder, "run:push:*:prod", now=now_utc())) == first:
                await asyncio.sleep(0.02)
        assert held is not None
        return {}

    ran = await Runner(database, owner="me", lease_s=3.0).run(job(long), scheduled_at=now_utc())

    assert ran.outcome is Outcome.SUCCEEDED


async def test_a_refusal_fails_the_run_with_what_to_do(database: Database) -> None:
    async def refuse(_: RunContext) -> Counts:
        raise Refused("Could not create the issue", why="403 for token AKCp8abcdefghijkl", fix="Ask alice.")

    [ran] = await run_once([job(refuse)], Runner(database, owner="me"))

    [row] = await database.read(runs.recent, limit=1)
    assert ran.outcome is Outcome.FAILED
    assert row.error == ran.fault
    assert row.error is not None
    assert (row.error.why, row.error.fix) == ("403 for token [redacted]", "Ask alice.")


async def test_a_bug_fails_its_run_and_not_the_daemon(database: Database) -> None:
    async def broken(_: RunContext) -> Counts:
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(0))
            raise ZeroDivisionError("of the sky\n")

    [ran] = await run_once([job(broken)], Runner(database, owner="me"))

    assert ran.outcome is Outcome.FAILED
    assert ran.fault is not None
    assert ran.fault.why == "ZeroDivisionError: of the sky\\n"


@pytest.mark.parametrize("in_group", [False, True])
async def test_a_run_that_may_leave_leaves_with_its_row_still_running(
    database: Database, in_group: bool
) -> None:
    leaving = asyncio.Event()

    async def leave(context: RunContext) -> Counts:
        leaving.set()
        if in_group:
            async with asyncio.TaskGroup() as group:
                group.create_task(context.step("next", never))
        await context.step("next", never)
        return {}

    runner = Runner(database, owner="me")
    with pytest.raises(Left):
        await runner.run(job(leave), scheduled_at=now_utc(), leaving=leaving)

    [row] = await database.read(runs.running)
    assert row.state is State.RUNNING
    assert await database.read(leases.holder, "run:push:*:prod", now=now_utc()) is None


async def test_a_run_that_had_ended_is_not_begun_again(database: Database) -> None:
    async def once(_: RunContext) -> Counts:
        return {"pushed": 1}

    async def remembered(name: str, act: Callable[[], Awaitable[object]]) -> object:
        return first.id if name == "begin" else await act()

    runner = Runner(database, owner="me")
    first = await runner.run(job(once), scheduled_at=now_utc())

    again = await runner.run(job(never), scheduled_at=now_utc(), record=remembered)

    assert (again.id, again.outcome, again.counts) == (first.id, Outcome.SUCCEEDED, {"pushed": 1})


async def test_runs_are_counted(database: Database) -> None:
    async def count(_: RunContext) -> Counts:
        return {"seen": 7}

    metrics = Metrics()
    await run_once([job(count)], Runner(database, owner="me", metrics=metrics))

    page = metrics.page().decode()
    assert 'reedbed_records_total{feed="",flow="push",platform="prod",result="seen"} 7.0' in page
    assert 'reedbed_run_seconds_count{feed="",flow="push",platform="prod"} 1.0' in page
    assert "reedbed_live_runs 0.0" in page


async def test_the_lease_of_a_process_that_was_killed_here_is_not_waited_for(database: Database) -> None:
    async def count(_: RunContext) -> Counts:
        return {"seen": 7}

    dead = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
    await dead.wait()
    owner = process_name("once").replace(f"-{os.getpid()}-", f"-{dead.pid}-")
    name = lease_name(job(count).name)
    await database.write(leases.take, name, lease_owner(owner, now_utc()), now=now_utc(), ttl_s=600.0)

    [ran] = await run_once([job(count)], Runner(database, owner="me"), patience_s=0.0)

    assert ran.outcome is Outcome.SUCCEEDED


async def test_the_lease_of_a_process_that_lives_or_is_elsewhere_is_respected(database: Database) -> None:
    name = lease_name(job(never).name)
    for owner in (process_name("once"), f"once@elsewhere#123456-{os.getpid()}-abcdef"):
        held_by = lease_owner(owner, now_utc())
        await database.write(leases.take, name, held_by, now=now_utc(), ttl_s=600.0)

        [ran] = await run_once([job(never)], Runner(database, owner="me"), patience_s=0.0)

        assert ran.outcome is Outcome.SKIPPED
        await database.write(leases.release, name, held_by)


def test_no_two_processes_have_one_name() -> None:
    assert process_name("prod-1") != process_name("prod-1")
    assert process_name("prod-1").startswith("prod-1@")


async def never(*_: object) -> Counts:
    raise AssertionError("it is not begun")
