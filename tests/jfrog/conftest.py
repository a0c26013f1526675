from collections.abc import AsyncIterator

import pytest

from jfrog.platforms import at, impatient
from jfrog_standin.server import Running, running
from reedbed.jfrog.session import JFrog, connect


@pytest.fixture
async def standin() -> AsyncIterator[Running]:
    async with running() as server:
        yield server


@pytest.fixture
async def jfrog(standin: Running) -> AsyncIterator[JFrog]:
    async with connect(at(standin), standin.admin_token, patience=impatient()) as line:
        yield line
