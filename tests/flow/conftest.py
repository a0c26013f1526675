import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from flow.household import Household
from flow.thread import Thread
from jfrog_standin.server import Running, running
from jfrog_standin.settings import StandIn
from reedbed.store.database import Database, open_database


@pytest.fixture
async def standin() -> AsyncIterator[Running]:
    async with running(StandIn(quick_setup=True)) as server:
        yield server


@pytest.fixture
async def thread(database: Database, standin: Running, tmp_path: Path) -> Thread:
    thread = Thread(database, standin, tmp_path)
    await thread.begin()
    return thread


@pytest.fixture
async def embedded(migrated_file: Path, standin: Running, tmp_path: Path) -> AsyncIterator[Thread]:
    """A thread on SQLite alone, where the database is not what a test is about."""
    shutil.copy(migrated_file, tmp_path / "reedbed.db")
    db = open_database(f"sqlite:///{tmp_path / 'reedbed.db'}")
    thread = Thread(db, standin, tmp_path)
    await thread.begin()
    yield thread
    db.close()


@pytest.fixture
async def household(standin: Running, database_url: str, tmp_path: Path) -> AsyncIterator[Household]:
    household = Household(tmp_path, database_url, standin)
    household.write_settings("[intel]", "max_blocks = 2000", "max_unblocks = 2000", "interval_s = 5")
    yield household
    await household.clear()
