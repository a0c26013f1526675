"""A home with an empty database, and connections to a stand-in in this process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from jfrog_standin.server import Running
from reedbed.inventory.connection.connections import New, Tested
from reedbed.inventory.connection.scope import Scope
from reedbed.model.platform import Platform
from reedbed.settings import Settings
from reedbed.wiring.parts import Parts, opened


@asynccontextmanager
async def home(folder: Path, patch: pytest.MonkeyPatch, *, database: str = "") -> AsyncIterator[Parts]:
    """Open the parts on a database, by default of their own, with a key apart from it."""
    patch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    patch.delenv("REEDBED_SECRET_KEY", raising=False)
    async with opened(Settings(data_dir=str(folder / "data"), database=database)) as parts:
        yield parts


def platform_of(standin: Running, *, name: str = "prod", url: str = "") -> Platform:
    return Platform(
        name=name,
        url=url or standin.url,
        ca_file=str(standin.ca_path) if standin.ca_path else None,
        per_second=1_000.0,
        timeout_s=60.0,
    )


async def connected(
    parts: Parts,
    standin: Running,
    *,
    token: str = "",
    scope: Scope | None = None,
    test: bool = True,
) -> Tested:
    """Add the connection `prod` to a stand-in."""
    new = New(
        name="prod", platform=platform_of(standin), scope=scope or Scope(), token=token or standin.admin_token
    )
    return await parts.connections.add(new, test=test)
