"""A server on loopback that hears what webhooks tell."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiohttp import web

WITHIN_S = 60.0


class Heard:
    """An HTTP server on loopback, and what it was told: header and body of each call."""

    def __init__(self) -> None:
        self.url = ""
        self.calls: list[tuple[dict[str, str], bytes]] = []
        self._more = asyncio.Event()

    async def handle(self, request: web.Request) -> web.Response:
        self.calls.append((dict(request.headers), await request.read()))
        self._more.set()
        return web.Response()

    async def events(self, number: int) -> list[dict[str, Any]]:
        """Wait for so many calls, and give their bodies."""
        while len(self.calls) < number:
            self._more.clear()
            await asyncio.wait_for(self._more.wait(), WITHIN_S)
        return [msgspec.json.decode(body) for _, body in self.calls]


@asynccontextmanager
async def listening() -> AsyncIterator[Heard]:
    """Listen until the context ends."""
    heard = Heard()
    app = web.Application()
    app.router.add_post("/events", heard.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    heard.url = f"http://127.0.0.1:{runner.addresses[0][1]}/events"
    try:
        yield heard
    finally:
        await runner.cleanup()
