from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from flow.thread import Thread
from jfrog_standin.server import Running, running
from jfrog_standin.settings import StandIn
from reedbed.store.database import Database


@pytest.fixture
async def standin() -> AsyncIterator[Running]:
    async with running(StandIn(quick_setup=True)) as server:
        yield server


@pytest.fixture
async def thread(database: Database, standin: Running, tmp_path: Path) -> Thread:
    thread = Thread(database, standin, tmp_path)
    await thread.begin()
    return thread
