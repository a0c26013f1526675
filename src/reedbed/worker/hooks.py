"""Where JFrog tells of changes: `POST /hooks/<connection>/artifactory`, `…/xray`. A delivery becomes hints.

    202  taken, or known already       400  unreadable, or too old     401  not by who knows the secret
    404  no such hook, and no more said  408, 413, 415, 429  slow, large, encoded, many   503  try again

It listens only while a connection has a hook.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Final

import structlog
from aiohttp import web
from aiolimiter import AsyncLimiter

from reedbed.errors import ReedbedError, SettingsError, Unreachable
from reedbed.inventory.connection.hook_settings import Hooks as Settings
from reedbed.inventory.connection.hooks import Refusal, accept, judge, refuse
from reedbed.jfrog.hook_secrets import Expected
from reedbed.jobs import now_utc
from reedbed.metrics import Metrics
from reedbed.model.hints import Source
from reedbed.store.database import Database
from reedbed.store.inventory import hooks as store
from reedbed.store.inventory.hooks import Outcome, Sealed
from reedbed.store.vault import Vault
from reedbed.worker.listener import bind, host_and_port

log = structlog.get_logger()

LOOKS_EVERY_S: Final = 5.0
READS_WITHIN_S: Final = 10.0
READS_AT_ONCE: Final = 16
"""Bodies that are in memory; who comes then is asked to try again."""
NOTES_PER_MINUTE: Final = 30
"""Refusals of a hook that are written down: whoever has no secret must not fill the disk."""

TOO_LARGE = Refusal(413, "too-large", "It is larger than this hook takes.")
ENCODED = Refusal(415, "encoded", "Send it as it is, without Content-Encoding.")
TOO_SLOW = Refusal(408, "too-slow", "It did not arrive in time.")
TOO_MANY = Refusal(429, "too-many", "More came in a minute than this hook takes.")

Key = tuple[str, Source]
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class HookListener:
    """Answers for every hook that there is."""

    def __init__(
        self,
        db: Database,
        vault: Vault,
        settings: Settings,
        *,
        metrics: Metrics,
        told: Callable[[], None],
        now: Callable[[], datetime] = now_utc,
    ) -> None:
        self._told = told  # called when a hint has come to wait
        self._db = db
        self._vault = vault
        self._settings = settings
        self._metrics = metrics
        self._now = now
        self._hooks: Mapping[Key, Expected] = {}
        self._pace: dict[Key, AsyncLimiter] = {}
        self._notes: dict[Key, AsyncLimiter] = {}
        self._reading = asyncio.Semaphore(READS_AT_ONCE)
        self._runner: web.AppRunner | None = None
        self.url: str | None = None  # while it listens

    async def attend(self, stop: asyncio.Event) -> None:
        """Listen while a connection has a hook, until `stop` is set. What hinders it is tried again."""
        told = ""
        try:
            while not stop.is_set():
                try:
                    await self.look()
                    told = ""
                except ReedbedError as error:
                    if str(error) != told:
                        log.warning("hooks_not_listening", error=error, fix=error.fix)
                    told = str(error)
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), LOOKS_EVERY_S)
        finally:
            await self._close()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str | None]:
        """Listen while the block runs, if there is a hook now; give the URL.

        Raises:
            SettingsError: as `look`.
        """
        try:
            await self.look()
            yield self.url
        finally:
            await self._close()

    async def look(self) -> None:
        """Bring the hooks to what the store says, and listen if there is one.

        Raises:
            SettingsError: the address is not one, is taken, or needs TLS; or a certificate can't be read.
            Unreachable: the store does not answer.
        """
        self._hooks = self._opened(await self._db.read(store.sealed))
        if self._hooks and self._runner is None and self._settings.listen:
            await self._open()
        elif not self._hooks and self._runner is not None:
            await self._close()

    async def _open(self) -> None:
        tls = await asyncio.to_thread(tls_of, self._settings)
        app = web.Application(client_max_size=self._settings.max_bytes)
        app.add_routes([web.post("/hooks/{connection}/{source}", self._take)])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        try:
            self.url = await bind(self._runner, self._settings.listen, setting="hooks.listen", tls=tls)
        except SettingsError:
            await self._close()
            raise
        log.info("hooks_listening", url=self.url)

    async def _close(self) -> None:
        runner, self._runner, self.url = self._runner, None, None
        if runner is not None:
            await runner.cleanup()

    def _opened(self, sealed: Sequence[Sealed]) -> dict[Key, Expected]:
        """Give what each hook expects; one whose secret can't be decrypted takes nothing."""
        found: dict[Key, Expected] = {}
        for each in sealed:
            try:
                secret = self._vault.open(each.sealed_secret, context=each.context)
            except SettingsError as error:
                log.warning(
                    "hook_secret_lost", connection=each.connection, source=each.source.value, error=error
                )
                continue
            found[each.connection, each.source] = Expected(
                source=each.source,
                secret=secret,
                signed=each.signed,
                algorithm=self._settings.algorithm,
                header=self._settings.header,
            )
        return found

    # One delivery

    async def _take(self, request: web.Request) -> web.Response:
        key = _key(request)
        expected = self._hooks.get(key) if key else None
        if key is None or expected is None:
            return web.Response(status=404)
        try:
            outcome = await self._judged(key, expected, request)
            if outcome is None:
                return web.Response(status=404)
            if isinstance(outcome, Refusal):
                await self._note(key, outcome)
        except Unreachable as error:
            log.warning("hook_not_written", connection=key[0], why=error.why)
            return _said(503, error="Try again: it could not be written down.")
        code = outcome.code if isinstance(outcome, Refusal) else outcome.value
        self._metrics.hook_answered(key[0], key[1], code)
        if isinstance(outcome, Refusal):
            return _said(outcome.status, error=outcome.why)
        return _said(202, outcome=outcome.value)

    async def _judged(self, key: Key, expected: Expected, request: web.Request) -> Outcome | Refusal | None:
        """Read a delivery, and let its hints wait if it is what it claims to be. None: its hook is gone."""
        body = await self._body(request)
        if isinstance(body, Refusal):
            return body
        age = timedelta(seconds=self._settings.max_age_s)
        told = judge(expected, request.headers, body, now=self._now(), max_age=age)
        if isinstance(told, Refusal):
            return told
        if not await _has_room(self._pace, key, self._settings.per_minute):
            return TOO_MANY
        remember = timedelta(seconds=self._settings.remember_s)
        outcome = await self._db.write(accept, *key, told, body, now=self._now(), remember=remember)
        if told.hints and outcome is Outcome.ACCEPTED:
            self._told()
        return outcome

    async def _body(self, request: web.Request) -> bytes | Refusal:
        if request.headers.get("Content-Encoding", "identity") != "identity":
            return ENCODED  # what is signed is what was sent, and nothing is unpacked that nobody vouches for
        if (request.content_length or 0) > self._settings.max_bytes:
            return TOO_LARGE
        try:
            async with asyncio.timeout(READS_WITHIN_S), self._reading:
                return await request.read()
        except web.HTTPRequestEntityTooLarge:
            return TOO_LARGE
        except TimeoutError:
            return TOO_SLOW

    async def _note(self, key: Key, refusal: Refusal) -> None:
        if await _has_room(self._notes, key, NOTES_PER_MINUTE):
            log.warning("hook_refused", connection=key[0], source=key[1].value, code=refusal.code)
            await self._db.write(refuse, *key, refusal, now=self._now())


async def _has_room(limiters: dict[Key, AsyncLimiter], key: Key, per_minute: int) -> bool:
    """Take a place among those of this minute, if one is left."""
    limiter = limiters.setdefault(key, AsyncLimiter(per_minute))
    if not limiter.has_capacity():
        return False
    await limiter.acquire()
    return True


def _key(request: web.Request) -> Key | None:
    try:
        return request.match_info["connection"], Source(request.match_info["source"])
    except ValueError:
        return None


def _said(status: int, **told: str) -> web.Response:
    later = {"Retry-After": "60"} if status in (429, 503) else None
    return web.json_response(told, status=status, headers=later)


def tls_of(settings: Settings) -> ssl.SSLContext | None:
    """Make what speaks TLS; None: plain HTTP, which is for this machine alone unless that is allowed.

    Raises:
        SettingsError: others would send secrets in the clear, or the certificate can't be read.
    """
    host, _ = host_and_port(settings.listen)
    if not settings.certificate:
        if host in LOOPBACK or settings.allow_plain_http:
            return None
        raise SettingsError(
            f"Could not take webhooks on {settings.listen}",
            why="other machines would send their secrets without TLS",
            fix="Set hooks.certificate and hooks.certificate_key; or, behind a proxy that speaks TLS, "
            "hooks.allow_plain_http.",
        )
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        tls.load_cert_chain(settings.certificate, settings.certificate_key or None)
    except OSError as error:  # ssl.SSLError is one
        raise SettingsError(
            "Could not read the certificate for webhooks",
            why=str(error),
            fix="Name PEM files in hooks.certificate and hooks.certificate_key that belong together.",
        ) from error
    return tls
