"""Relevance as an operator meets it: a daemon that hunts, and a backfill that is killed."""

import asyncio
import os
import signal
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import Connection, func, select

from flow.household import DEADLINE_S, Household, until
from flow.thread import STARTED, Thread
from jfrog_standin.osv_records import record
from reedbed.store.relevant import RELEVANT

DAYS = {"REEDBED_INTEL_WINDOW_DAYS": "90"}
MANY = 510  # more than one transaction
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def publish(thread: Thread, number: int, name: str) -> None:
    old = STARTED - timedelta(days=900)
    thread.put(record(f"MAL-2024-{number}", name, versions=["1.0.0"], modified=old))


def _count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(RELEVANT)).scalar_one()


@SQLITE
async def test_a_daemon_finds_what_somebody_downloaded_and_blocks_it(household: Household) -> None:
    household.settings |= {**DAYS, "REEDBED_INTEL_HUNT_INTERVAL_S": "86400"}
    thread = await household.move_in()
    path = thread.npm("reed-old", "1.0.0")
    publish(thread, 1, "reed-old")
    publish(thread, 2, "reed-gone")
    assert (await household.run("intel", "once")).code == 0
    assert await thread.download(path) == "served"

    daemon = await household.start("intel", "run")
    await until(lambda: "reed-old" in thread.issues())

    assert await thread.download(path) == "blocked"
    os.kill(daemon.pid, signal.SIGTERM)
    assert await household.ended(daemon) == 0
    assert thread.issues().keys() == {"reed-old"}


async def test_a_backfill_that_is_killed_is_finished_by_the_same_command(household: Household) -> None:
    household.settings |= DAYS
    thread = await household.move_in()
    for number in range(MANY):
        publish(thread, number, f"reed-{number}")
    assert (await household.run("intel", "once")).code == 0
    command = ("intel", "backfill", "--all", "--yes", "--reason", "all of it", "--set", "intel.max_blocks=1")

    child = await household.start(*command)
    async with asyncio.timeout(DEADLINE_S):
        while not await thread.db.read(_count) and child.returncode is None:
            await asyncio.sleep(0.002)
    with suppress(ProcessLookupError):
        child.kill()
    await child.wait()
    again = await household.run(*command)
    pushed = await household.run("intel", "once", "--set", "intel.max_blocks=1")

    assert again.code == 0, again.err
    assert pushed.code == 0, pushed.out
    assert len(thread.issues()) == MANY
    assert len(await thread.ledger()) == MANY
