"""The daemon reads a connection when it is due, and writes nothing to a platform that is only read."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Connection as Sql
from sqlalchemy import func, select

from flow.household import DEADLINE_S, Household
from jfrog_standin.osv_records import record
from jfrog_standin.seeding.seed import Seed
from jfrog_standin.server import running
from jfrog_standin.settings import StandIn
from reedbed.jobs import now_utc
from reedbed.store import runs
from reedbed.store.database import Database, open_database
from reedbed.store.inventory import connections
from reedbed.store.inventory.assets import ASSETS
from reedbed.store.runs import Run, State


@pytest.fixture
async def household(tmp_path: Path) -> AsyncIterator[Household]:
    (tmp_path / "records").mkdir()
    async with running(StandIn(seeded=Seed(images=6, small_kb=1, large_kb=1))) as standin:
        household = Household(tmp_path, f"sqlite:///{tmp_path / 'reedbed.db'}", standin)
        household.write_settings("[intel]", "interval_s = 1")
        yield household
        await household.clear()


@pytest.fixture
def opened(household: Household) -> Iterator[Database]:
    db = open_database(household.database_url)
    yield db
    db.close()


def enabled_yesterday(sql: Sql) -> None:
    known = connections.get(sql, "prod")
    connections.update(sql, msgspec.structs.replace(known, runs_from=now_utc() - timedelta(days=1)))


def ended(sql: Sql, flow: str) -> list[Run]:
    return [run for run in runs.recent(sql, limit=100) if run.flow == flow and run.state is not State.RUNNING]


async def until_ended(db: Database, flow: str) -> list[Run]:
    async with asyncio.timeout(DEADLINE_S):
        while not (found := await db.read(ended, flow)):
            await asyncio.sleep(0.05)
    return found


async def test_the_daemon_reads_what_is_due_once_and_writes_nothing(
    household: Household, opened: Database
) -> None:
    standin = household.standin
    assert standin
    bad = record("MAL-2026-1", "reed-bad", versions=["1.0.0"])
    (household.folder / "records" / "MAL-2026-1.json").write_text(json.dumps(bad))
    add = ("connection", "add", "prod", standin.url, "--ca-file", str(standin.ca_path))
    added = await household.run(*add, send=standin.admin_token)
    assert added.code == 0, added
    far = f"{now_utc() + timedelta(hours=12):%H:%M}"  # no moment comes while this test runs
    await household.run("connection", "schedule", "prod", "--full", f"daily {far}")
    await opened.write(enabled_yesterday)

    daemon = await household.start("intel", "run")
    synced = await until_ended(opened, "sync")
    await until_ended(opened, "feed")
    daemon.send_signal(signal.SIGTERM)
    await household.ended(daemon)

    assert [run.state for run in synced] == [State.DONE]
    assert (
        await opened.read(lambda sql: sql.execute(select(func.count()).select_from(ASSETS)).scalar_one()) > 6
    )
    assert len(await opened.read(ended, "sync")) == 1
    assert await opened.read(ended, "push") == []
    listed = await household.run("connection", "list")
    assert "Scheduled" in listed.out
    assert "Processed" in listed.out
    assert standin.platform.xray.issues == {}
