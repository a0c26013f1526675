from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from flow.household import Household
from jfrog_standin import child
from jfrog_standin.address import Address
from jfrog_standin.server import Running, running
from jfrog_standin.settings import StandIn


@pytest.fixture
async def address(tmp_path: Path) -> AsyncIterator[Address]:
    """A stand-in as a process of its own."""
    async with child.started(tmp_path / "standin") as address:
        yield address


@pytest.fixture
async def standin() -> AsyncIterator[Running]:
    async with running(StandIn(quick_setup=True)) as server:
        yield server


@pytest.fixture
async def household(tmp_path: Path) -> AsyncIterator[Household]:
    """A home with an empty database and a feed folder without records."""
    (tmp_path / "records").mkdir()
    household = Household(tmp_path, "sqlite")
    household.write_settings("[intel]", 'allow_list = ["pkg:npm/reed-ours"]', "[log]", 'level = "error"')
    yield household
    await household.clear()
