"""Opens lines to platforms and receivers, with their secrets, at the pace that all processes share."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from reedbed.intel.push import Observer, Target
from reedbed.intel.terms import Terms
from reedbed.jfrog.artifactory import Artifactory
from reedbed.jfrog.causes import ROTATE
from reedbed.jfrog.session import JFrog, connect
from reedbed.jfrog.xray import Xray
from reedbed.metrics import Metrics
from reedbed.model.platform import Platform
from reedbed.model.secret import Secret
from reedbed.sinks.webhook import Receiver
from reedbed.store import logins, platforms
from reedbed.store.inventory import webhooks
from reedbed.store.inventory.webhooks import Webhook
from reedbed.wiring.pace import SharedPace
from reedbed.wiring.parts import Parts


@asynccontextmanager
async def line_to(parts: Parts, name: str) -> AsyncIterator[JFrog]:
    """Open a line to a stored platform, with its token, at the pace that all processes share.

    Raises:
        SettingsError: there is no such platform, or its token can't be decrypted.
    """
    platform, token = await stored(parts, name)
    async with _line(parts, platform, token, rotate=f"{ROTATE} {name}") as jfrog:
        yield jfrog


@asynccontextmanager
async def line_of(parts: Parts, connection: str) -> AsyncIterator[JFrog]:
    """Open a line to a connection's platform, with the connection's own token where it has one.

    Raises:
        SettingsError: there is no such connection, or its token can't be decrypted.
    """
    platform, token = await parts.connections.reach(connection)
    rotate = await parts.connections.rotation(connection)
    async with _line(parts, platform, token, rotate=rotate) as jfrog:
        yield jfrog


@asynccontextmanager
async def _line(parts: Parts, platform: Platform, token: str, *, rotate: str) -> AsyncIterator[JFrog]:
    async with connect(
        platform,
        token,
        pace=SharedPace(parts.db, platform).wait,
        on_answer=partial(_count, parts.metrics, platform.name),
        rotate=rotate,
    ) as jfrog:
        yield jfrog


def _count(metrics: Metrics, platform: str, route: str, status: int) -> None:
    metrics.api_answered(platform, route, status or None)


async def stored(parts: Parts, name: str) -> tuple[Platform, str]:
    """Give a platform and its token in the clear, which goes no further than into a session.

    Raises:
        SettingsError: there is no such platform, or its token can't be decrypted.
    """
    platform = await parts.db.read(platforms.get, name)
    sealed = await parts.db.read(platforms.sealed_token, name)
    return platform, parts.vault.open(sealed, context=platforms.token_context(name)).reveal()


async def safedep_credentials(parts: Parts, profile: str) -> tuple[Secret, str] | None:
    """Give the API key and the tenant for SafeDep; None: nobody has logged in under this profile.

    `SAFEDEP_API_KEY` and `SAFEDEP_TENANT_ID` beat what is stored, as they do in SafeDep's own daemon.

    Raises:
        SettingsError: the profile's key can't be had from where it is kept.
    """
    key, tenant = os.environ.get("SAFEDEP_API_KEY"), os.environ.get("SAFEDEP_TENANT_ID")
    if key and tenant:
        return Secret(key), tenant
    return await logins.find(parts.db, parts.vault, profile)


async def receiver_of(parts: Parts, webhook: Webhook) -> Receiver:
    """Give where a webhook's messages go, with the secret that signs them.

    Raises:
        SettingsError: the secret can't be decrypted.
    """
    sealed = await parts.db.read(webhooks.sealed_secret, webhook.name)
    secret = parts.vault.open(sealed, context=webhooks.secret_context(webhook.name))
    return Receiver(url=webhook.url, secret=secret, ca_file=webhook.ca_file)


def target(jfrog: JFrog, made_of: Terms, *, told: Observer | None = None) -> Target:
    return Target(
        platform=jfrog.platform.name,
        xray=Xray(jfrog),
        artifactory=Artifactory(jfrog),
        style=made_of.style,
        limits=made_of.limits,
        concurrency=jfrog.platform.concurrency,
        told=told,
    )
