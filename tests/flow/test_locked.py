"""A database that somebody else holds, or that goes away: a run fails and says so, the next one finishes."""

import asyncio
import os
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import pytest
from sqlalchemy.engine import make_url

from databases import Cluster
from flow.household import DEADLINE_S, Household, until
from flow.thread import EVENTS, Thread
from processes.prepared import Child
from reedbed.errors import ReedbedError
from reedbed.jobs import RunContext
from reedbed.store import runs

MANY, CONCURRENCY = 120, 8
LATENCY_MS = 20
POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

SHUT = "ALTER DATABASE {name} ALLOW_CONNECTIONS false"
CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
OPEN = "ALTER DATABASE {name} ALLOW_CONNECTIONS true"


def say(thread: Thread) -> None:
    for number in range(MANY):
        thread.publish(f"MAL-{number}", f"reed-{number}", versions=["1.0.0"])
    thread.standin.platform.switch(latency_ms=LATENCY_MS)


def posts(thread: Thread) -> int:
    return thread.standin.platform.log.counts().get(f"POST {EVENTS}", 0)


async def failed(thread: Thread) -> ReedbedError:
    """Do a run that fails; give why."""
    with pytest.raises((ReedbedError, ExceptionGroup)) as caught:
        await thread.bring(RunContext(id=runs.new_id(thread.time), scheduled_at=thread.time))
    error: BaseException = caught.value
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, ReedbedError)
    return error


async def all_is_there(thread: Thread) -> None:
    assert len(thread.issues()) == len(await thread.ledger()) == MANY
    assert posts(thread) <= MANY + CONCURRENCY
    assert await thread.waiting() == {}


@asynccontextmanager
async def locked(database_url: str) -> AsyncIterator[None]:
    """Hold what every writer needs, as another process would."""
    if database_url.startswith("sqlite"):
        file = str(make_url(database_url).database)
        other = await asyncio.to_thread(sqlite3.connect, file, check_same_thread=False, timeout=60)
        try:
            await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
            yield
        finally:
            await asyncio.to_thread(other.close)
        return
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        await connection.execute("LOCK TABLE changes, issues, leases, runs IN ACCESS EXCLUSIVE MODE")
        yield
        await connection.rollback()


async def test_a_lock_held_longer_than_anybody_waits_loses_nothing(embedded: Thread) -> None:
    say(embedded)
    await embedded.read()
    await embedded.db.write(lambda connection: connection.exec_driver_sql("PRAGMA busy_timeout = 100"))
    running = asyncio.create_task(failed(embedded))
    await until(lambda: posts(embedded) >= 5)

    async with locked(f"sqlite:///{embedded.records.parent / 'reedbed.db'}"):
        error = await running
    await embedded.db.write(lambda connection: connection.exec_driver_sql("PRAGMA busy_timeout = 30000"))
    await embedded.run()

    assert error.why == "database is locked"
    assert "`fuser`" in error.fix
    await all_is_there(embedded)


@POSTGRESQL
async def test_a_server_that_goes_away_in_mid_run_loses_nothing(
    thread: Thread, cluster: Cluster, database_url: str
) -> None:
    name = str(make_url(database_url).database)
    say(thread)
    await thread.read()
    running = asyncio.create_task(failed(thread))
    await until(lambda: posts(thread) >= 5)

    cluster.do(SHUT.format(name=name), CUT.format(name=name))
    error = await running
    cluster.do(OPEN.format(name=name))
    await thread.run()

    assert "Could not use the database" in error.what
    assert "See that the server runs" in error.fix or "try again" in error.fix
    await all_is_there(thread)


@pytest.mark.soak
async def test_a_daemon_outlives_a_lock(household: Household, database_url: str) -> None:
    thread = await household.move_in()
    say(thread)
    daemon = await household.start("intel", "run")
    await until(lambda: posts(thread) >= 10)

    async with locked(database_url):  # SQLite's one writer waits 30 s for each of those that queue
        await until(lambda: b"Could not use the database" in household.output(), deadline_s=300)

    await goes_on_and_leaves(household, thread, daemon)


@pytest.mark.soak
@POSTGRESQL
async def test_a_daemon_outlives_the_restart_of_its_server(household: Household, cluster: Cluster) -> None:
    thread = await household.move_in()
    say(thread)
    daemon = await household.start("intel", "run")
    await until(lambda: posts(thread) >= 10)

    await asyncio.to_thread(cluster.stop)
    await until(lambda: b"Could not use the database" in household.output())
    await asyncio.to_thread(cluster.launch)

    await goes_on_and_leaves(household, thread, daemon)


async def goes_on_and_leaves(household: Household, thread: Thread, daemon: Child) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while len(await thread.ledger()) < MANY or await thread.waiting():
            await asyncio.sleep(0.1)
    os.kill(daemon.pid, signal.SIGTERM)
    assert await household.ended(daemon) == 0
    await all_is_there(thread)
