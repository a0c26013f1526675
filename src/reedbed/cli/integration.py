"""`reedbed integration jfrog run`: the command line of SafeDep's daemon, over the parts of `intel run`."""

import os
import re
from datetime import timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
from cyclopts import Parameter

from reedbed.cli import show
from reedbed.cli.auth import profile_name
from reedbed.cli.exit import Exit
from reedbed.cli.options import Common
from reedbed.errors import SettingsError

if TYPE_CHECKING:
    from reedbed.feeds.settings import SafeDepSettings
    from reedbed.model.platform import Platform
    from reedbed.settings import Settings
    from reedbed.wiring.parts import Parts

FLAG = Parameter(negative="")
URL_VARIABLE = "SAFEDEP_INTEGRATION_JFROG_ARTIFACTORY_URL"
TOKEN_VARIABLE = "SAFEDEP_INTEGRATION_JFROG_ARTIFACTORY_ACCESS_TOKEN"  # noqa: S105 - the name of one
SHORTEST, LONGEST = timedelta(seconds=1), timedelta(days=1)

DEFAULTS = {"intel.max_blocks": "2500"}
"""SafeDep's whole feed is some 1,100 packages, less than half of this: the first reading pushes them, as
their daemon pushes what it reads. A feed gone mad names more, and is held.
"""

OVERLAP = timedelta(days=7)
"""How far before the old daemon's cursor reading begins: it skipped what was verified after it was listed."""


async def run(
    *,
    instance_url: str | None = None,
    instance_access_token: str | None = None,
    poll_interval: str = "60s",
    profile: str | None = None,
    allow_plain_http: Annotated[bool, FLAG] = False,
    common: Common | None = None,
) -> int:
    """Push what SafeDep's feed says into a JFrog Xray, as a daemon, with the flags of SafeDep's own.

    Parameters
    ----------
    instance_url
        The JFrog Platform, https://; without it SAFEDEP_INTEGRATION_JFROG_ARTIFACTORY_URL.
    instance_access_token
        Its access token, which others on this machine can see in the list of processes; without it
        SAFEDEP_INTEGRATION_JFROG_ARTIFACTORY_ACCESS_TOKEN.
    poll_interval
        Time between two readings of the feed: 30s, 5m, 1h, 1m30s.
    profile
        The login at SafeDep: see `reedbed auth`; without it SAFEDEP_PROFILE, then default.
    allow_plain_http
        Allow http://, to this machine itself only.
    """
    from reedbed.cli.vendor_output import Lines, info
    from reedbed.jfrog.address import platform_url
    from reedbed.model.duration import go_duration
    from reedbed.wiring.parts import opened
    from reedbed.worker.claim import process_name
    from reedbed.worker.serve import serve

    interval = _interval(poll_interval)
    url = platform_url(
        _given(instance_url, "--instance-url", URL_VARIABLE), plain_http_to_loopback=allow_plain_http
    )
    token = _token(instance_access_token)
    settings, feed = _with_feed((common or Common()).load(DEFAULTS), profile_name(profile), interval)
    async with opened(settings, owner=process_name(settings.worker.id)) as parts:
        await _check_login(parts, feed)
        platform = await _validated(parts, url, token)
        if platform is None:
            return Exit.FAILED
        await _continue_from_the_old_daemon(parts, feed.name)
        info(f"Starting JFrog feed poller (interval: {go_duration(interval)})")
        lines = Lines(
            feed=feed.name,
            platform=platform.name,
            interval=interval,
            held=partial(_held, parts, platform.name),
        )
        await serve(parts, told=lines.told, around=lines.around)
    return Exit.DONE


def _given(flag: str | None, name: str, variable: str) -> str:
    """Give what the flag says, else what the variable says.

    Raises:
        SettingsError: neither says anything.
    """
    if found := (flag or os.environ.get(variable, "")).strip():
        return found
    raise SettingsError(
        "The JFrog instance is not named",
        why=f"neither {name} nor {variable} is set.",
        fix=f"Set {variable}.",
    )


def _token(flag: str | None) -> str:
    from reedbed.jfrog.token import check_token

    if flag:
        show.err.print(f"Others on this machine can see --instance-access-token: use {TOKEN_VARIABLE}.")
    token = _given(flag, "--instance-access-token", TOKEN_VARIABLE)
    check_token(token)
    return token


def _interval(text: str) -> timedelta:
    from reedbed.model.duration import parse_duration

    try:
        interval = parse_duration(text.strip())
    except ValueError as error:
        raise SettingsError("--poll-interval can't be read", why=f"{error}.", fix="Write 60s.") from error
    if not SHORTEST <= interval <= LONGEST:
        raise SettingsError("--poll-interval is out of bounds", why="it is from 1s to 24h.", fix="Write 60s.")
    return interval


def _with_feed(settings: "Settings", profile: str, interval: timedelta) -> "tuple[Settings, SafeDepSettings]":
    """Add SafeDep's feed for this profile where the settings have none; poll at the interval."""
    from reedbed.feeds.settings import SafeDepSettings

    known = [each for each in settings.feeds if isinstance(each, SafeDepSettings) and each.profile == profile]
    feed = known[0] if known else SafeDepSettings(name=_feed_name(profile), profile=profile)
    return msgspec.structs.replace(
        settings,
        feeds=settings.feeds if known else (*settings.feeds, feed),
        intel=msgspec.structs.replace(settings.intel, interval_s=interval.total_seconds()),
    ), feed


def _feed_name(profile: str) -> str:
    return "safedep" if profile == "default" else slug(f"safedep-{profile}")


async def _check_login(parts: "Parts", feed: "SafeDepSettings") -> None:
    """Say at once, not in the log of a run, that there is no API key.

    Raises:
        SettingsError: there is none.
    """
    from reedbed.feeds.safedep_access import required
    from reedbed.wiring.lines import safedep_credentials

    await required(lambda profile: safedep_credentials(parts, profile), feed.profile, feed=feed.name)


async def _validated(parts: "Parts", url: str, token: str) -> "Platform | None":
    """Test the platform and store it; None where it can't be used, which is said."""
    from reedbed.cli.vendor_output import done, failed, info
    from reedbed.jfrog.check import check
    from reedbed.jobs import now_utc

    info("Validating JFrog connectivity")
    platform, known = await _row(parts, url)
    wrong = [
        each
        for each in await check(platform, token, now=now_utc, style=parts.terms.style)
        if each.status == "failed"
    ]
    for each in wrong:
        failed(f"{each.name}: {each.evidence}. {each.fix}")
    if wrong:
        return None
    await _store(parts, platform, token, known=known)
    done("JFrog connectivity OK (URL + token verified)")
    return platform


async def _row(parts: "Parts", url: str) -> "tuple[Platform, bool]":
    """Give the stored platform at this URL, else a new one named after it."""
    from reedbed.model.platform import Platform
    from reedbed.store import platforms

    for platform in await parts.db.read(platforms.list_all):
        if platform.url == url:
            return platform, True
    return Platform(name=slug(url.partition("://")[2]), url=url), False


async def _store(parts: "Parts", platform: "Platform", token: str, *, known: bool) -> None:
    from reedbed.jfrog.access import token_expiry
    from reedbed.store import platforms

    sealed = parts.vault.seal(token, context=platforms.token_context(platform.name))
    expires_at = await token_expiry(platform, token)
    if known:
        await parts.db.write(platforms.replace_token, platform.name, sealed, expires_at=expires_at)
        if not platform.shielded:
            shielded = msgspec.structs.replace(platform, shielded=True, token_expires_at=expires_at)
            await parts.db.write(platforms.update, shielded)
    else:
        platform = msgspec.structs.replace(platform, token_expires_at=expires_at)
        await parts.db.write(platforms.add, platform, sealed_token=sealed)


async def _held(parts: "Parts", platform: str) -> int:
    from reedbed.store import outbox

    return (await parts.db.read(outbox.depths)).get(platform, outbox.Depth()).held


def slug(text: str) -> str:
    """Make a name of a-z, 0-9 and - out of a text; a long one ends in a digest of the whole."""
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "jfrog"
    return name if len(name) <= 63 else f"{name[:52]}-{sha256(text.encode()).hexdigest()[:10]}"


async def _continue_from_the_old_daemon(parts: "Parts", feed: str) -> None:
    """Begin a feed that was never read where SafeDep's own daemon stopped, less an overlap."""
    import asyncio

    from reedbed.cli.vendor_output import info
    from reedbed.feeds.safedep import SCOPE
    from reedbed.model.cursor import Cursor
    from reedbed.store import cursors
    from reedbed.store.vendor_state import last_seen, state_file

    if await parts.db.read(cursors.load, feed):
        return
    file = state_file(os.environ, Path.home())
    try:
        seen = await asyncio.to_thread(last_seen, file)
    except ValueError as error:
        info(f"Reading the feed from its beginning: {error}")
        return
    if seen:
        cursor = Cursor(watermark=seen - OVERLAP)
        await parts.db.write(cursors.save, feed, SCOPE, cursor)
        info(
            f"Continuing from the old daemon's cursor {show.moment(seen)}, less {OVERLAP.days} days ({file})"
        )
