"""The stand-in as a server: login and data plane behind one address, which at SafeDep are three."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import msgspec
from aiohttp import web

from safedep_standin.data_plane import DataPlane
from safedep_standin.sign_in import SignIn

LAST_WORDS_S = 1.0  # how long requests in hand may take when the server stops


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """A stand-in that answers, for whoever is in the same process."""

    url: str  # "http://127.0.0.1:40123"
    data_plane: DataPlane
    sign_in: SignIn


@asynccontextmanager
async def running(now: datetime | None = None) -> AsyncIterator[Running]:
    """Serve a SafeDep on a free port of loopback until the context ends; its clock stands at `now`."""
    data_plane, sign_in = DataPlane(now or datetime.now(UTC)), SignIn()
    app = web.Application()
    app.add_routes([*sign_in.routes(), *data_plane.routes()])  # the last takes all that is left
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=LAST_WORDS_S)
    try:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        data_plane.url = sign_in.url = url
        yield Running(url=url, data_plane=data_plane, sign_in=sign_in)
    finally:
        await runner.cleanup()
