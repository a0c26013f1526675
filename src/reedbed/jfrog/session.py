"""The one way to talk to a JFrog Platform: one HTTP session, paced, bounded, patient, and closed-mouthed.

- Every call has an end: `timeout_s` from connect to the last byte, and a most number of bytes.
- No redirect is followed, but by `blob_stores.py` to stores that the operator named.
- No cookie is kept, no proxy or password taken from the environment.
- Certificates are always verified.
- Calls that may be repeated are, with growing pauses, or as Retry-After says; the others never are.
"""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import aiohttp
import msgspec
import stamina
from aiolimiter import AsyncLimiter
from yarl import URL

from reedbed.errors import SettingsError
from reedbed.jfrog import exchange
from reedbed.jfrog.address import is_loopback
from reedbed.jfrog.blob_stores import BlobStores, blob_stores
from reedbed.jfrog.breaker import Breaker
from reedbed.jfrog.causes import AGAIN_AT_ONCE, NOBODY_HOME, Cause, Failure
from reedbed.jfrog.exchange import Answer, Call
from reedbed.jfrog.receiving import bounded
from reedbed.jfrog.silence import silence
from reedbed.jfrog.token import check_token, read_token
from reedbed.model.platform import Platform

Pace = Callable[[], Awaitable[None]]
"""Waits until the next request may go out. The store leases the real budget; alone, a limiter does it."""

OnAnswer = Callable[[str, int], None]
"""Called with route and status of every answer; 0 is none."""

T = TypeVar("T")
LONGEST_CONNECT_S = 10.0


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How often and how long a call that failed in passing is tried again."""

    attempts: int = 4
    first_wait_s: float = 0.5  # doubled each time, with jitter
    longest_wait_s: float = 20.0
    jitter_s: float = 0.5


class _Failed(Exception):
    """Carries a value through the retries, and never leaves this file."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.seen)
        self.failure = failure


class JFrog:
    """An open line to one platform; `connect` makes it."""

    def __init__(
        self,
        platform: Platform,
        token: str,
        http: aiohttp.ClientSession,
        *,
        pace: Pace,
        patience: Patience,
        on_answer: OnAnswer,
        breaker: Breaker,
        stores: BlobStores | None,
        rotate: str,
    ) -> None:
        self.platform = platform
        self.rotate = rotate
        self.stores = stores  # None: no redirect is followed anywhere
        self.patience = patience
        self.breaker = breaker
        self.facts = read_token(token)  # what the token says of itself; not the token
        self._token = token
        self._http = http
        self._pace = pace
        self._on_answer = on_answer
        self._slots = asyncio.Semaphore(platform.concurrency)
        self._quiet_until = 0.0  # monotonic; a 429 with Retry-After is for all calls, not for one alone

    def __repr__(self) -> str:
        return f"JFrog({self.platform.url!r})"

    async def fetch(self, call: Call, returns: type[T]) -> T:
        """Make a call and decode its JSON answer.

        Raises:
            Unreachable: no answer in time, 429 or 5xx, after all attempts.
            Refused: any other 4xx.
            Unreadable: a redirect, a page, too large, cut off, or not of the documented shape.
        """
        return _or_raise(call, await self.try_fetch(call, returns))

    async def tell(self, call: Call) -> Answer:
        """Make a call of whose answer only status, headers or bare text matter. Raises as `fetch`."""
        return _or_raise(call, await self.outcome(call))

    async def try_fetch(self, call: Call, returns: type[T]) -> T | Failure:
        """Do as `fetch`, and give what came of it as a value."""
        return await self._repeated(call, lambda answer: exchange.read(call, answer, returns))

    async def outcome(self, call: Call) -> Answer | Failure:
        """Do as `tell`, and give what came of it as a value."""
        return await self._repeated(call, lambda answer: answer)

    async def _repeated(self, call: Call, accept: Callable[[Answer], T | Failure]) -> T | Failure:
        try:
            async for attempt in self.attempts(self._again, most=None if call.repeatable else 1):
                with attempt:
                    return await self._accepted(call, accept)
        except _Failed as failed:
            return failed.failure
        raise AssertionError("there is at least one attempt")  # pragma: no cover

    def attempts(
        self, again: Callable[[Exception], bool | float], *, most: int | None = None
    ) -> AsyncIterator[stamina.Attempt]:
        """Give the attempts at something, with pauses between them; `again` says which errors earn one."""
        return stamina.retry_context(
            on=again,
            attempts=most or self.patience.attempts,
            timeout=None,  # each attempt is bounded, and so is their number
            wait_initial=self.patience.first_wait_s,
            wait_max=self.patience.longest_wait_s,
            wait_jitter=self.patience.jitter_s,
        ).__aiter__()

    def _again(self, error: Exception) -> bool | float:
        """Whether to try again: after so many seconds, or after the usual pause."""
        if not isinstance(error, _Failed) or error.failure.cause not in AGAIN_AT_ONCE or self.breaker.is_open:
            return False
        return True if error.failure.retry_after_s is None else error.failure.retry_after_s

    async def _accepted(self, call: Call, accept: Callable[[Answer], T | Failure]) -> T:
        outcome = await self.once(call)
        accepted = accept(outcome) if isinstance(outcome, Answer) else outcome
        if isinstance(accepted, Failure):
            raise _Failed(accepted)
        return accepted

    async def once(self, call: Call) -> Answer | Failure:
        """Make a call a single time, and give what came of it as a value."""
        async with self._slots:
            await asyncio.sleep(max(0.0, self._quiet_until - time.monotonic()))
            await self._pace()
            if wait_s := self.breaker.wait_s(time.monotonic()):
                return Failure(
                    cause=Cause.RESTING,
                    seen=f"{self.breaker.failures} calls in a row had no answer; calls rest",
                    retry_after_s=wait_s,
                )
            self.breaker = self.breaker.called(time.monotonic())
            outcome = await self._send(call)
        self._learn(call, outcome)
        return outcome

    async def _send(self, call: Call) -> Answer | Failure:
        try:
            answer = await self._receive(call)
        except (aiohttp.ClientError, OSError) as error:
            host = urlsplit(self.platform.url).netloc
            return silence(error, host=host, timeout_s=self.platform.timeout_s)
        if isinstance(answer, Failure):
            return answer
        self._on_answer(call.route, answer.status)
        failure = exchange.failure_of(call, answer)
        return msgspec.structs.replace(failure, rotate=self.rotate) if failure else answer

    async def _receive(self, call: Call) -> Answer | Failure:
        async with self._http.request(
            call.method,
            URL(self.platform.url + call.path, encoded=True),
            data=call.send,
            headers={"Authorization": f"Bearer {self._token}", **call.headers},
            proxy=self.platform.proxy,
            allow_redirects=False,
        ) as response:
            body = await bounded(response, call.max_bytes)
            if body is None:
                seen = f"the answer to {call.method} {call.route} is larger than {call.max_bytes:,} bytes"
                return Failure(cause=Cause.TOO_LARGE, seen=seen, status=response.status)
            if response.status >= 300:  # an error may quote what was sent
                body = body.replace(self._token.encode(), b"...")
            if call.reads == "json":
                body = exchange.without_nul(body)
            return Answer(
                status=response.status, headers=response.headers, body=body, received_at=datetime.now(UTC)
            )

    def _learn(self, call: Call, outcome: Answer | Failure) -> None:
        now = time.monotonic()
        if isinstance(outcome, Failure) and not outcome.status:
            self._on_answer(call.route, 0)
        if isinstance(outcome, Failure) and outcome.cause in NOBODY_HOME:
            self.breaker = self.breaker.failed(now)
        else:
            self.breaker = self.breaker.succeeded()
        if isinstance(outcome, Failure) and outcome.cause is Cause.BUSY and outcome.retry_after_s:
            self._quiet_until = max(self._quiet_until, now + outcome.retry_after_s)


def _or_raise(call: Call, outcome: T | Failure) -> T:
    if isinstance(outcome, Failure):
        raise outcome.error(call.doing, needs=call.needs)
    return outcome


def _nobody_counts(route: str, status: int) -> None:
    pass


@asynccontextmanager
async def connect(
    platform: Platform,
    token: str,
    *,
    pace: Pace | None = None,
    patience: Patience = Patience(),  # noqa: B008 - a frozen value
    on_answer: OnAnswer = _nobody_counts,
    breaker: Breaker = Breaker(),  # noqa: B008 - a frozen value
    rotate: str = "",
) -> AsyncIterator[JFrog]:
    """Open a line to a platform, and close it at the end. Nothing is sent yet.

    `rotate` is the command that replaces the token, for the advice where it is not taken.

    Raises:
        SettingsError: the URL is plain http to another machine, the CA file can't be read, or the token
            can't be a token.
    """
    check_token(token)
    verified = await asyncio.to_thread(verification, platform)
    connector = aiohttp.TCPConnector(ssl=verified, limit=platform.concurrency)
    timeout = aiohttp.ClientTimeout(
        total=platform.timeout_s, sock_connect=min(LONGEST_CONNECT_S, platform.timeout_s)
    )
    async with (
        aiohttp.ClientSession(
            connector=connector,
            timeout=timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            headers={"User-Agent": "reedbed", "Accept": "application/json, text/plain;q=0.9, */*;q=0.1"},
        ) as http,
        blob_stores(platform, pause_s=patience.first_wait_s) as stores,
    ):
        yield JFrog(
            platform,
            token,
            http,
            pace=pace or AsyncLimiter(1, 1 / platform.per_second).acquire,
            patience=patience,
            on_answer=on_answer,
            breaker=breaker,
            stores=stores,
            rotate=rotate,
        )


def verification(platform: Platform) -> ssl.SSLContext:
    """Make the TLS rules: the operator's authorities where a file is given, else the system's."""
    parts = urlsplit(platform.url)
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        raise SettingsError(
            f"Could not connect to the platform {platform.name}",
            why="its URL is plain http, which would show the access token to everybody on the way",
            fix="Set its URL to https://.",
        )
    if platform.ca_file is not None and not Path(platform.ca_file).is_file():
        raise _no_authority(platform, "it does not exist, or is no file")
    try:
        return ssl.create_default_context(cafile=platform.ca_file)
    except (ssl.SSLError, OSError) as error:
        raise _no_authority(platform, "it holds no certificate in PEM form, or can't be read") from error


def _no_authority(platform: Platform, why: str) -> SettingsError:
    return SettingsError(
        f"Could not use the CA file of the platform {platform.name}",
        why=f"{platform.ca_file}: {why}",
        fix="Set the platform's CA file to a readable PEM file of the authority that signed its certificate.",
    )
