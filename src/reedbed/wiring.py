"""Makes the live parts from the settings, once, and hands them down."""

import asyncio
import os
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from pathlib import Path

import msgspec
import platformdirs
import structlog

from reedbed.feeds.registry import open_feed
from reedbed.feeds.settings import FeedSettings, OsvSettings
from reedbed.intel import flow
from reedbed.intel.intake import Progress, silent
from reedbed.intel.merge import Admission
from reedbed.intel.plan import Limits
from reedbed.intel.push import Observer, Target
from reedbed.intel.relevance import Relevance
from reedbed.intel.terms import Terms
from reedbed.inventory import layers, scoring, starting, telling
from reedbed.inventory.connections import Connections
from reedbed.inventory.run import Mode
from reedbed.jfrog.artifactory import Artifactory
from reedbed.jfrog.custom_issue import IssueStyle
from reedbed.jfrog.session import JFrog, connect
from reedbed.jfrog.xray import Xray
from reedbed.jobs import Counts, Every, Job, RunContext, Schedule, now_utc
from reedbed.metrics import Metrics
from reedbed.model.platform import Platform
from reedbed.model.secret import Secret
from reedbed.settings import Settings
from reedbed.sinks.webhook import Receiver
from reedbed.store import keys, logins, pace, platforms, profiles
from reedbed.store.database import Database, open_database
from reedbed.store.inventory import connections as store
from reedbed.store.inventory import webhooks
from reedbed.store.inventory.connections import Connection
from reedbed.store.inventory.webhooks import Webhook
from reedbed.store.migrate import migrate
from reedbed.store.runs import Run
from reedbed.store.vault import Vault

log = structlog.get_logger(__name__)

TELL_EVERY_S = 60.0
PUSH_EVERY_S = 10.0
"""How often a platform is brought to what the feeds say, and what failed there is tried again."""


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What every command and the worker share."""

    settings: Settings
    db: Database
    key: keys.Opened  # the vault, and where its key came from
    metrics: Metrics
    owner: str  # of the runs of this process

    @property
    def vault(self) -> Vault:
        return self.key.vault

    @property
    def connections(self) -> Connections:
        return Connections(self.db, self.vault, now=now_utc)

    @property
    def terms(self) -> Terms:
        return terms(self.settings)


@asynccontextmanager
async def opened(settings: Settings, *, owner: str = "command") -> AsyncIterator[Parts]:
    """Open the database, migrated to this release, and the vault; close them at the end.

    Raises:
        SettingsError: the database's URL is wrong, it is of a newer release, or the key can't be read.
        Unreachable: the database does not answer.
    """
    db = open_database(settings.database_url)
    try:
        await migrate(db)
        key = await asyncio.to_thread(_key, settings)
        if key.made:
            log.warning("secret_key_made", file=str(key.made), advice="back it up, apart from the data")
        yield Parts(settings=settings, db=db, key=key, metrics=Metrics(), owner=owner)
    finally:
        db.close()


def _key(settings: Settings) -> keys.Opened:
    given = os.environ.get("REEDBED_SECRET_KEY")
    return keys.open_vault(
        key=Secret(given) if given else None,
        key_file=Path(settings.secret_key_file) if settings.secret_key_file else None,
        fallback=Path(platformdirs.user_config_path("reedbed")) / "secret.key",
        database_folder=None if settings.database else settings.data_path,
    )


class Rotated(msgspec.Struct, frozen=True, kw_only=True):
    """What a rotation of the key did."""

    key: str  # the new key's name, which tells nothing of it
    source: str
    resealed: int  # credentials
    old_dropped: bool


async def rotate_key(parts: Parts) -> Rotated:
    """Encrypt every credential with the current key; where that is in a file, make a new one there first.

    At each moment the keys at hand open every credential, so a crash leaves nothing to mend but to try again.

    Raises:
        SettingsError: a credential's key is not at hand, or the key file can't be written.
    """
    file = Path(parts.key.source)
    in_file = await asyncio.to_thread(file.is_file)
    if in_file:
        await asyncio.to_thread(keys.add_key, file)
    key = await asyncio.to_thread(_key, parts.settings)
    resealed = await parts.db.write(platforms.reseal_tokens, key.vault)
    resealed += await parts.db.write(profiles.reseal_keys, key.vault)
    resealed += await parts.db.write(store.reseal_tokens, key.vault)
    resealed += await parts.db.write(webhooks.reseal_secrets, key.vault)
    if in_file:
        await asyncio.to_thread(keys.drop_old_keys, file)
    return Rotated(key=key.vault.current, source=key.source, resealed=resealed, old_dropped=in_file)


def terms(settings: Settings) -> Terms:
    """Read from the settings what plans depend on."""
    intel, xray = settings.intel, settings.xray
    return Terms(
        admission=Admission(
            suspicious=frozenset(intel.suspicious_feeds), automated=frozenset(intel.automated_feeds)
        ),
        limits=Limits(
            allow_list=intel.allow_list,
            blocks=intel.max_blocks,
            unblocks=intel.max_unblocks,
            ask_in_use=intel.ask_in_use,
            downloads=intel.in_use_downloads,
        ),
        style=IssueStyle(
            issue_kind=xray.issue_kind,
            malicious_flag=xray.malicious_flag,
            provider=xray.provider,
            pypi_original_spelling=xray.pypi_original_spelling,
            go_prefix=xray.go_prefix,
            link_base=xray.link_base or None,
        ),
        relevance=Relevance(
            window_days=intel.window_days,
            whole=frozenset(each.name for each in settings.feeds if not isinstance(each, OsvSettings)),
        ),
    )


@asynccontextmanager
async def line_to(parts: Parts, name: str) -> AsyncIterator[JFrog]:
    """Open a line to a stored platform, with its token, at the pace that all processes share.

    Raises:
        SettingsError: there is no such platform, or its token can't be decrypted.
    """
    async with _line(parts, *await stored(parts, name)) as jfrog:
        yield jfrog


@asynccontextmanager
async def line_of(parts: Parts, connection: str) -> AsyncIterator[JFrog]:
    """Open a line to a connection's platform, with the connection's own token where it has one.

    Raises:
        SettingsError: there is no such connection, or its token can't be decrypted.
    """
    platform, token = await parts.connections.reach(connection)
    async with _line(parts, platform, token) as jfrog:
        yield jfrog


@asynccontextmanager
async def _line(parts: Parts, platform: Platform, token: str) -> AsyncIterator[JFrog]:
    async with connect(
        platform,
        token,
        pace=SharedPace(parts.db, platform).wait,
        on_answer=partial(_count, parts.metrics, platform.name),
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


class SharedPace:
    """Waits for a slot in a platform's budget of requests, which is leased from the store in shares.

    The store's slots are moments of the wall clock, which all machines share. Here they are of the monotonic
    one from the start: a clock that is set back while a slot is waited for must not make that last a day.
    """

    def __init__(self, db: Database, platform: Platform, *, now: Callable[[], datetime] = now_utc) -> None:
        self._db = db
        self._platform = platform
        self._now = now
        self._slots: deque[float] = deque()
        self._refilling = asyncio.Lock()

    async def wait(self) -> None:
        async with self._refilling:
            while not self._slots:
                await self._refill()
            slot = self._slots.popleft()
        await _until(slot)

    async def _refill(self) -> None:
        share = max(1, int(self._platform.per_second / 4))  # a quarter of a second's worth
        asked, now = time.monotonic(), self._now()
        granted, start = await self._db.write(
            pace.lease_slots, self._platform.name, share, now, self._platform.per_second
        )
        begins = asked + (start - now).total_seconds()
        self._slots.extend(begins + n / self._platform.per_second for n in range(granted))
        if not granted:
            await _until(begins)


async def _until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - time.monotonic()))


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


def feed_jobs(parts: Parts, *, progress: Progress = silent) -> list[Job]:
    """One job for each feed: read what is new."""
    every = Every(parts.settings.intel.interval_s)
    return [
        Job(
            flow="feed",
            feed=each.name,
            platform="all",
            schedule=every,
            run=partial(_read, parts, each, progress),
        )
        for each in parts.settings.feeds
    ]


async def _read(parts: Parts, settings: FeedSettings, progress: Progress, run: RunContext) -> Counts:
    feed = open_feed(settings, credentials=partial(safedep_credentials, parts))
    return await flow.read_feed(run, feed, parts.db, now=now_utc, progress=progress)


def platform_jobs(
    parts: Parts, names: Sequence[str], *, full: bool = False, told: Observer | None = None
) -> list[Job]:
    """One job for each platform: bring it to what the feeds say."""
    every = Every(min(PUSH_EVERY_S, parts.settings.intel.interval_s))
    return [
        Job(
            flow="push",
            feed="all",
            platform=name,
            schedule=every,
            run=partial(_bring, parts, name, full, told),
        )
        for name in names
    ]


def hunt_jobs(parts: Parts, names: Sequence[str]) -> list[Job]:
    """One job for each platform: look for what it has of what is flagged; none where that is switched off."""
    intel = parts.settings.intel
    return [
        Job(
            flow="hunt",
            feed="all",
            platform=name,
            schedule=Every(intel.hunt_interval_s),
            run=partial(_hunt, parts, name),
        )
        for name in names
        if intel.hunt_interval_s
    ]


async def _hunt(parts: Parts, name: str, run: RunContext) -> Counts:
    async with line_to(parts, name) as jfrog:
        return await flow.look(
            run, jfrog, parts.db, terms=parts.terms, ask_xray=parts.settings.intel.hunt_xray, now=now_utc
        )


def sync_jobs(parts: Parts, enabled: Sequence[tuple[Connection, Run | None]]) -> list[Job]:
    """One job for each connection that may run, which its own schedule makes due."""
    return [sync_job(parts, each.name, schedule=starting.planned(each, newest)) for each, newest in enabled]


def sync_job(parts: Parts, name: str, *, schedule: Schedule, mode: Mode | None = None) -> Job:
    """The job of one connection; without a mode it reads as much as its schedule says."""
    return Job(flow=starting.FLOW, platform=name, schedule=schedule, run=partial(_sync, parts, name, mode))


async def _sync(parts: Parts, name: str, mode: Mode | None, run: RunContext) -> Counts:
    async with line_of(parts, name) as jfrog:
        counts = await starting.carry_out(run, jfrog, parts.db, name, mode=mode)
    await layers.attribute_bases(parts.db, name, run=run.id)
    await scoring.rescore(parts.db, parts.settings.score, run=run.id)
    return counts


def webhook_jobs(parts: Parts, known: Sequence[Webhook]) -> list[Job]:
    """One job for each webhook: tell it what is new."""
    every = Every(TELL_EVERY_S)
    return [
        Job(flow="webhook", feed=each.name, platform="all", schedule=every, run=partial(_tell, parts, each))
        for each in known
    ]


async def _tell(parts: Parts, webhook: Webhook, run: RunContext) -> Counts:
    return await telling.tell(parts.db, webhook, await receiver_of(parts, webhook), now=now_utc)


async def receiver_of(parts: Parts, webhook: Webhook) -> Receiver:
    """Give where a webhook's messages go, with the secret that signs them.

    Raises:
        SettingsError: the secret can't be decrypted.
    """
    sealed = await parts.db.read(webhooks.sealed_secret, webhook.name)
    secret = parts.vault.open(sealed, context=webhooks.secret_context(webhook.name))
    return Receiver(url=webhook.url, secret=secret, ca_file=webhook.ca_file)


async def _bring(parts: Parts, name: str, full: bool, told: Observer | None, run: RunContext) -> Counts:
    async with line_to(parts, name) as jfrog:
        return await flow.bring(
            run,
            target(jfrog, parts.terms, told=told),
            parts.db,
            terms=parts.terms,
            owner=f"{parts.owner}/{run.id}",
            now=now_utc,
            full=full,
        )
