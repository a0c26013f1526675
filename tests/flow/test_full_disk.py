"""A full disk: the run that meets it fails and says so, nothing is lost, and with room again it goes on.

SQLite is full in two ways: by the most pages that it may have, to which it answers as to a full disk, and by
the largest file that a process may write, which takes log, engine and store together. What PostgreSQL answers
(53100) comes from a trigger.
"""

import asyncio
import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest
from sqlalchemy import Connection

from flow.household import DEADLINE_S, Household, until
from flow.thread import EVENTS, Thread
from processes.prepared import Child
from reedbed.errors import ReedbedError
from reedbed.jobs import RunContext
from reedbed.store import runs

MANY, CONCURRENCY = 60, 8
VERSIONS = [f"1.0.{n}" for n in range(400)]
"""So that each row needs pages of its own."""

ROOM = 2**30  # pages
FOR_A_LOG = 100_000  # bytes: enough for the log, too few for any database
POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def full() -> Iterator[IO[bytes]]:
    """A device that never has room."""
    with Path("/dev/full").open("wb") as device:
        yield device


def say(thread: Thread) -> None:
    for number in range(MANY):
        thread.publish(f"MAL-{number}", f"reed-{number}", versions=VERSIONS)


def posts(thread: Thread) -> int:
    return thread.standin.platform.log.counts().get(f"POST {EVENTS}", 0)


def fill(connection: Connection) -> None:
    """Leave SQLite no page: neither one behind the last, nor one that was freed."""
    connection.exec_driver_sql("CREATE TABLE filler (filling BLOB)")
    while connection.exec_driver_sql("PRAGMA freelist_count").scalar_one():
        connection.exec_driver_sql("INSERT INTO filler VALUES (zeroblob(3000))")
    pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")


def empty(connection: Connection) -> None:
    connection.exec_driver_sql(f"PRAGMA max_page_count = {ROOM}")
    connection.exec_driver_sql("DROP TABLE filler")


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
    assert await thread.waiting() == {}


async def test_a_disk_that_is_full_before_the_plan_is_there_loses_nothing(embedded: Thread) -> None:
    say(embedded)
    await embedded.read()
    await embedded.db.write(fill)

    error = await failed(embedded)
    pushed = len(embedded.issues())
    await embedded.db.write(empty)
    await embedded.run()

    assert "disk is full" in error.fix
    assert pushed == 0
    await all_is_there(embedded)


async def test_a_disk_that_fills_in_mid_push_loses_nothing(embedded: Thread) -> None:
    say(embedded)
    await embedded.read()
    embedded.standin.platform.switch(latency_ms=5)
    running = asyncio.create_task(failed(embedded))
    await until(lambda: posts(embedded) >= 5)
    await embedded.db.write(fill)

    error = await running
    await embedded.db.write(empty)
    await embedded.run()

    assert "disk is full" in error.fix
    assert posts(embedded) <= MANY + CONCURRENCY  # what Xray had already was read, and not written again
    await all_is_there(embedded)


@POSTGRESQL
async def test_a_server_without_room_loses_nothing(thread: Thread) -> None:
    say(thread)
    await thread.read()
    await thread.db.write(lambda connection: connection.exec_driver_sql(NO_ROOM))

    error = await failed(thread)
    await thread.db.write(lambda connection: connection.exec_driver_sql("DROP TRIGGER no_room ON issues"))
    await thread.run()

    assert "No space left on device" in error.why
    assert "out of room" in error.fix
    await all_is_there(thread)


NO_ROOM = """
    CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE 'could not extend file "base/1/1": No space left on device' USING ERRCODE = 'disk_full';
    END $$;
    CREATE TRIGGER no_room BEFORE INSERT ON issues EXECUTE FUNCTION no_room();
"""


@SQLITE
@pytest.mark.soak
async def test_a_daemon_on_a_full_disk_goes_on_when_there_is_room(household: Household) -> None:
    thread = await household.move_in()
    say(thread)
    thread.standin.platform.switch(latency_ms=20)
    daemon = await household.start("intel", "run")
    await until(lambda: posts(thread) >= 10)

    may_write(daemon, at_most=FOR_A_LOG)
    await until(lambda: b"disk I/O error" in household.output())
    may_write(daemon, at_most=0)  # its log too
    await asyncio.wait([asyncio.create_task(daemon.wait())], timeout=2)
    alive = daemon.returncode is None
    may_write(daemon, at_most=resource.RLIM_INFINITY)

    async with asyncio.timeout(DEADLINE_S):
        while len(await thread.ledger()) < MANY or await thread.waiting():
            await asyncio.sleep(0.1)
    os.kill(daemon.pid, signal.SIGTERM)
    assert alive
    assert await household.ended(daemon) == 0
    await all_is_there(thread)


def may_write(child: Child, *, at_most: int) -> None:
    """Limit how large any file of a live process may grow; what is beyond fails as a full disk does."""
    resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (at_most, resource.RLIM_INFINITY))


@SQLITE
async def test_a_log_that_cannot_be_written_stops_nothing(household: Household, full: IO[bytes]) -> None:
    thread = await household.move_in()
    say(thread)

    await household.ended(await household.start("intel", "once", errors_to=full))

    await all_is_there(thread)
