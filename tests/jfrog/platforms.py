"""Platforms that point to a stand-in or a small server of a test's own, and lines that don't wait long."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiohttp import web

from jfrog_standin.server import Running
from reedbed.jfrog.session import Patience
from reedbed.model.platform import Platform

TIMEOUT_S = 60.0
"""A busy machine must not look like a fault."""


def at(standin: Running, **changes: Any) -> Platform:
    """Give the platform that a stand-in is."""
    platform = Platform(
        name="standin",
        url=standin.url,
        ca_file=str(standin.ca_path) if standin.ca_path else None,
        per_second=2_000,
        timeout_s=TIMEOUT_S,
    )
    return msgspec.structs.replace(platform, **changes)


def impatient(attempts: int = 4) -> Patience:
    """Try as often as usual, without the pauses."""
    return Patience(attempts=attempts, first_wait_s=0.001, longest_wait_s=0.01, jitter_s=0.001)


@asynccontextmanager
async def served(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    """Serve one handler for every path on plain http."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def local(url: str) -> Platform:
    return Platform(name="local", url=url, per_second=2_000, timeout_s=TIMEOUT_S)
