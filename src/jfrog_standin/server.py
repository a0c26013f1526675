"""The stand-in as a server: its application, and the context in which it runs."""

import ipaddress
import ssl
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import msgspec
from aiohttp import web

from jfrog_standin import control, system, token_api
from jfrog_standin.artifactory.docker import routes as docker_routes
from jfrog_standin.artifactory.routes import routes as artifactory_routes
from jfrog_standin.artifactory.storage import MAX_FILE_BYTES
from jfrog_standin.event import subscriptions
from jfrog_standin.event.telling import tell
from jfrog_standin.middleware import answered, faulted, gated, logged, stamped
from jfrog_standin.platform import PLATFORM, Platform
from jfrog_standin.quick_setup import set_up
from jfrog_standin.settings import StandIn
from jfrog_standin.tls import Authority
from jfrog_standin.xray.routes import routes as xray_routes

LAST_WORDS_S = 1.0  # how long requests in hand may take when the server stops


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """A stand-in that answers, and what a client needs to talk to it."""

    url: str  # "https://127.0.0.1:40123"
    ca_path: Path | None  # None: plain HTTP
    ssl: ssl.SSLContext | None  # of a client that trusts it
    admin_token: str
    control_token: str
    platform: Platform  # for whoever is in the same process


def create_app(platform: Platform) -> web.Application:
    """Put every service of one platform behind one host, as its router does."""
    app = web.Application(
        middlewares=[logged, faulted, answered, gated], client_max_size=MAX_FILE_BYTES + 2**20
    )
    app[PLATFORM] = platform
    app.on_response_prepare.append(stamped)
    app.on_cleanup.append(lambda _: platform.remotes.close())
    app.on_cleanup.append(lambda _: platform.deliveries.close())
    for part in (control, system, token_api, subscriptions):
        app.add_routes(part.routes())
    app.add_routes(xray_routes())
    platform.artifactory.watchers.append(partial(tell, platform))
    app.add_routes(docker_routes(platform))
    app.add_routes(artifactory_routes(platform))
    return app


@asynccontextmanager
async def running(settings: StandIn | None = None) -> AsyncIterator[Running]:
    """Serve a platform in this process until the context ends.

    Raises:
        ValueError: the host is no loopback address, and `beyond_loopback` does not allow others.
        OSError: the port is taken.
    """
    settings = settings or StandIn()
    _check_host(settings)
    with tempfile.TemporaryDirectory(prefix="jfrog-standin-") as temporary:
        data = settings.data or Path(temporary)
        data.mkdir(parents=True, exist_ok=True)
        platform = Platform(settings)
        if settings.quick_setup:
            set_up(platform.artifactory)
        if settings.seeded is not None:
            platform.grow(settings.seeded)
        authority = Authority(data) if settings.certificate else None
        runner = web.AppRunner(create_app(platform), access_log=None, shutdown_timeout=LAST_WORDS_S)
        try:
            await runner.setup()
            await _listen(runner, platform, authority)
            await platform.blob_store.start(settings.host, _context(platform, authority))
            yield _running(platform, authority)
        finally:
            platform.stopping.set()
            await platform.blob_store.close()
            await runner.cleanup()


async def _listen(runner: web.AppRunner, platform: Platform, authority: Authority | None) -> None:
    settings, context = platform.settings, _context(platform, authority)
    await web.TCPSite(runner, settings.host, settings.port, ssl_context=context).start()
    port = runner.addresses[0][1]
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    platform.url = f"{'https' if context else 'http'}://{host}:{port}"


def _context(platform: Platform, authority: Authority | None) -> ssl.SSLContext | None:
    settings = platform.settings
    if authority is None or settings.certificate is None:
        return None
    return authority.server_context(settings.certificate, settings.host)


def _running(platform: Platform, authority: Authority | None) -> Running:
    admin = platform.access.issue("admin", scope="applied-permissions/admin", description="made at the start")
    return Running(
        url=platform.url,
        ca_path=authority.ca_path if authority else None,
        ssl=authority.client_context() if authority else None,
        admin_token=admin.access_token,
        control_token=platform.control_token,
        platform=platform,
    )


def _check_host(settings: StandIn) -> None:
    """A server whose passwords are public must not be reachable from elsewhere by accident."""
    if settings.beyond_loopback or settings.host == "localhost":
        return
    try:
        loopback = ipaddress.ip_address(settings.host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise ValueError(f"{settings.host} is no loopback address; other machines could reach the stand-in")
