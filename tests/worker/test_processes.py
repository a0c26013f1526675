"""Real worker processes: what they share, what they survive, and how they leave."""

import asyncio
import signal
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, update

from reedbed.jobs import Outcome, now_utc
from reedbed.store import leases, runs, workers
from reedbed.store.runs import State
from worker.conftest import DEADLINE_S, Stage, until

ALL = (1, 2, 3, 4, 5)
HOUR_S = 3_600.0
SOON_S = 2.0
"""Lasts a lease whose end a test waits for."""

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what the kind of database has no part in: each test takes seconds."""


async def done(stage: Stage) -> None:
    """Wait until the one run that was begun has its end in the store."""
    async with asyncio.timeout(DEADLINE_S):
        while [run.state for run in await stage.db.read(runs.recent, limit=10)] != [State.DONE]:
            await asyncio.sleep(0.05)


async def ended_runs(stage: Stage, more: int) -> None:
    """Wait until so many more runs have ended."""
    before = stage.notes().count("end")
    await until(lambda: stage.notes().count("end") >= before + more)


def moments(stage: Stage) -> list[datetime]:
    return [datetime.fromisoformat(note.split()[1]) for note in stage.notes() if note.startswith("moment ")]


async def test_a_due_job_is_run_once_and_its_row_says_what_it_did(stage: Stage) -> None:
    stage.open_gates(*ALL)

    child = await stage.start()
    await stage.noted("end")
    child.terminate()

    assert await stage.ended(child) == 0
    [run] = await stage.db.read(runs.recent, limit=10)
    assert (run.flow, run.feed, run.platform, run.state) == ("five", "osv", "prod", State.DONE)
    assert run.counts == {"seen": 5}
    assert stage.notes().count("end") == 1


async def test_two_processes_share_a_job_without_running_it_twice(stage: Stage) -> None:
    first, second = await stage.start(), await stage.start()
    await stage.noted("started", times=2)
    await stage.noted("begin 1")

    stage.open_gates(*ALL)
    await stage.noted("end")
    first.terminate()
    second.terminate()

    assert [await stage.ended(first), await stage.ended(second)] == [0, 0]
    assert [note for note in stage.notes() if note.startswith("begin")] == [f"begin {n}" for n in ALL]


@SQLITE
async def test_a_command_does_not_run_what_the_daemon_is_running(stage: Stage) -> None:
    await stage.start(job="one")
    await until(lambda: any(note.startswith("run ") for note in stage.notes()))

    command = await stage.start("once", job="one")
    await stage.ended(command)

    assert stage.notes(command) == [f"once {Outcome.SKIPPED}"]
    assert '"event": "run_skipped"' in stage.log()


async def test_after_a_kill_only_the_step_in_flight_is_done_again(stage: Stage) -> None:
    stage.open_gates(1, 2)
    killed = await stage.start()
    await stage.noted("begin 3")
    await stage.kill(killed)

    stage.open_gates(3, 4, 5)
    restarted = await stage.start()
    await stage.noted("end")

    steps = [note for note in stage.notes(restarted) if note.startswith("begin")]
    assert steps == ["begin 3", "begin 4", "begin 5"]
    assert len({note for note in stage.notes() if note.startswith("run ")}) == 1, "it is the same run"
    await done(stage)


async def test_a_worker_takes_over_from_one_that_was_killed(stage: Stage) -> None:
    stage.open_gates(1, 2)
    first = await stage.start()
    await stage.noted("begin 3")
    second = await stage.start()
    await stage.noted("started", times=2)

    await stage.kill(first)
    stage.open_gates(3, 4, 5)
    await until(lambda: "end" in stage.notes(second))

    assert [note for note in stage.notes(second) if note.startswith("begin")] == [
        "begin 3",
        "begin 4",
        "begin 5",
    ]
    await done(stage)


@SQLITE
async def test_sigterm_lets_the_step_in_hand_finish_and_the_next_worker_goes_on(stage: Stage) -> None:
    stage.open_gates(1)
    first = await stage.start()
    await stage.noted("begin 2")

    first.send_signal(signal.SIGTERM)
    await until(lambda: "worker_leaving" in stage.log())
    stage.open_gates(*ALL)

    assert await stage.ended(first) == 0
    assert stage.notes(first)[-2:] == ["done 2", "left"]
    second = await stage.start()
    await stage.noted("end")
    assert stage.notes(second)[2:4] == ["begin 3", "done 3"]
    await done(stage)


@SQLITE
async def test_a_second_sigterm_leaves_at_once_and_its_exit_code_says_so(stage: Stage) -> None:
    child = await stage.start()
    await stage.noted("begin 1")

    child.send_signal(signal.SIGTERM)
    await until(lambda: "worker_leaving" in stage.log())
    child.send_signal(signal.SIGTERM)

    assert await stage.ended(child) == 128 + signal.SIGTERM
    assert "left" not in stage.notes()


@SQLITE
async def test_a_live_run_is_cancelled_from_another_process(stage: Stage) -> None:
    child = await stage.start()
    await stage.noted("begin 1")
    [run] = await stage.db.read(runs.running)

    await stage.db.write(runs.request_cancel, run.id)
    await until(lambda: '"outcome": "cancelled"' in stage.log())

    child.terminate()
    assert await stage.ended(child) == 0
    ended = await stage.db.read(runs.get, run.id)
    assert ended is not None
    assert ended.state is State.CANCELLED
    assert stage.notes(child).count("begin 1") == 1


@SQLITE
async def test_a_failed_run_says_what_to_do_and_the_next_moment_runs_again(stage: Stage) -> None:
    await stage.start(job="failing", every_s=1)

    await until(lambda: sum(note.startswith("run ") for note in stage.notes()) >= 2)

    run = (await stage.db.read(runs.recent, limit=10))[-1]
    assert run.state is State.FAILED
    assert run.error is not None
    assert run.error.fix == "Look at the feed's URL."


@SQLITE
async def test_moments_that_pass_while_no_worker_lives_are_made_up_for_by_one_run(stage: Stage) -> None:
    stage.open_gates(1)
    first = await stage.start(job="one", every_s=1)
    await stage.noted("end")
    await stage.kill(first)
    last = moments(stage)[-1]

    await until(lambda: now_utc() >= last + timedelta(seconds=4))
    await stage.start(job="one", every_s=1)
    await until(lambda: moments(stage)[-1] > last)

    assert min(moment for moment in moments(stage) if moment > last) >= last + timedelta(seconds=4)


@SQLITE
async def test_jobs_go_on_while_the_clock_jumps(stage: Stage) -> None:
    await jumping(stage, 1, -1)


@pytest.mark.soak
@pytest.mark.parametrize("jumps", [(1, 0), (-1, 0), (1, -1), (-1, 1), (1, -1, 1, 0)], ids=str)
async def test_jobs_go_on_wherever_the_clock_jumps(stage: Stage, jumps: tuple[int, ...]) -> None:
    await jumping(stage, *jumps)


async def jumping(stage: Stage, *jumps: int) -> None:
    """Let a worker's clock jump to so many days ahead, one after the other; its job goes on each time."""
    stage.open_gates(1)
    child = await stage.start(job="one", every_s=1)
    await ended_runs(stage, 1)

    for days in jumps:
        stage.set_clock(timedelta(days=days))
        await ended_runs(stage, 2)  # the first may have been asked for before
    child.terminate()

    assert await stage.ended(child) == 0
    assert {run.state for run in await stage.db.read(runs.recent, limit=100)} == {State.DONE}


@SQLITE
@pytest.mark.soak
async def test_a_moment_that_a_wrong_clock_had_before_is_run_when_it_comes(stage: Stage) -> None:
    stage.open_gates(1)
    child = await stage.start(job="one", every_s=HOUR_S)
    await ended_runs(stage, 1)
    stage.set_clock(timedelta(days=1))
    await ended_runs(stage, 1)
    tomorrow = max(moments(stage))
    stage.set_clock(timedelta())
    await until(lambda: "clock_went_back" in stage.log())
    child.terminate()
    await stage.ended(child)

    stage.set_clock(tomorrow + timedelta(seconds=1) - now_utc())  # the day has passed
    await stage.start(job="one", every_s=HOUR_S)

    await until(lambda: moments(stage).count(tomorrow) == 2)


@pytest.mark.soak
async def test_what_a_dead_worker_with_a_wrong_clock_began_is_taken_over(stage: Stage) -> None:
    stage.lease_s = SOON_S
    stage.open_gates(1, 2)
    stage.set_clock(timedelta(days=1))
    killed = await stage.start()
    await stage.noted("begin 3")
    await stage.kill(killed)
    await stage.db.write(moved_away)

    stage.set_clock(timedelta())
    stage.open_gates(*ALL)
    restarted = await stage.start()
    await stage.noted("end")

    assert [note for note in stage.notes(restarted) if note.startswith("begin")] == [
        "begin 3",
        "begin 4",
        "begin 5",
    ]


def moved_away(connection: Connection) -> None:
    """Let the workers and their leases be of a machine whose processes can't be asked for from here."""
    connection.execute(update(workers.WORKERS).values(host="elsewhere"))
    connection.execute(update(leases.LEASES).values(owner="worker@elsewhere#000000-1-000000"))


@SQLITE
async def test_a_worker_that_leaves_takes_its_sign_of_life_along(stage: Stage) -> None:
    child = await stage.start(job="one")
    await until(lambda: any(note.startswith("run ") for note in stage.notes()))
    assert len(await stage.db.read(workers.alive, now_utc(), 60.0)) == 1

    stage.open_gates(1)
    child.terminate()
    await stage.ended(child)

    assert await stage.db.read(workers.alive, now_utc(), 60.0) == []


@SQLITE
async def test_a_command_that_was_killed_is_told_as_broken_off(stage: Stage) -> None:
    stage.lease_s = SOON_S
    command = await stage.start("once", job="five")
    await stage.noted("begin 1")
    [run] = await stage.db.read(runs.running)
    await stage.kill(command)

    await stage.start(job="one")
    async with asyncio.timeout(DEADLINE_S):
        while (ended := await stage.db.read(runs.get, run.id)) and ended.state is State.RUNNING:
            await asyncio.sleep(0.05)

    assert ended is not None
    assert ended.state is State.FAILED
    assert ended.error is not None
    assert ended.error.what == "The run broke off"


async def test_the_engine_keeps_each_moment_apart_and_forgets_old_runs(stage: Stage) -> None:
    child = await stage.start("engine")
    await stage.noted("asked too early False")
    stage.open_gates(1)

    assert await stage.ended(child) == 0
    ran = [note for note in stage.notes() if note.startswith("ran")]
    assert ran == [f"ran {n}" for n in range(5)]
    assert [note for note in stage.notes() if note not in ran] == [
        "asked True",
        "asked too early False",
        *["asked True"] * 4,
        "forgotten 3",
        "asked again True",
        "unfinished 0",
    ]
