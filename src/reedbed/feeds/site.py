"""Fetching files from one host that the operator named: bounded in size and time, and never from another."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import BinaryIO, Literal, TypeVar

import aiohttp
import msgspec
import stamina
from yarl import URL

from reedbed.errors import ReedbedError, Refused, SettingsError, Unreachable, Unreadable
from reedbed.feeds.settings import FeedSettings

ATTEMPTS = 4
MOST_REDIRECTS = 3
LONGEST_WAIT_S = 60.0
"""A source that asks for a longer wait is left alone until the next run."""
LONGEST_TRANSFER_S = 1_800.0
CHUNK = 1 << 16

Taken = TypeVar("Taken")


class NotListening(Unreachable):
    """No connection at all: the other files of this host will not come either."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    status: Literal[200, 304, 404]
    etag: str | None = None
    modified: datetime | None = None  # UTC; the `Last-Modified` of the file


class Site:
    """The host and path that a feed's files lie under; holds a session open."""

    def __init__(self, session: aiohttp.ClientSession, settings: FeedSettings) -> None:
        self._session = session
        self._base = URL(settings.source.rstrip("/"))
        self._settings = settings

    async def fetch(self, *path: str, into: BinaryIO, largest: int, etag: str | None = None) -> Answer:
        """Write the file at `path` below the source into `into`, at most `largest` bytes of it.

        Tries again after 429, 5xx and silence, as the source asks by Retry-After; a 404 is an answer. With
        `etag`, a file that has not changed since is a 304, and nothing is written.

        Raises:
            Unreachable: no answer, or not to its end, after all attempts.
            Refused: any other 4xx, or a redirect to another host.
            Unreadable: the file is too large, compressed unasked, or a web page.
        """
        url = self._base.joinpath(*path) if path else self._base
        return await patiently(self._settings, lambda: self._once(url, into, largest, etag))

    async def _once(self, url: URL, into: BinaryIO, largest: int, etag: str | None) -> Answer:
        into.seek(0)
        into.truncate()
        try:
            async with asyncio.timeout(LONGEST_TRANSFER_S), self._response(url, etag) as response:
                return await _take(response, into, largest)
        except ReedbedError:
            raise
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise unreachable(url, error) from error

    @asynccontextmanager
    async def _response(self, url: URL, etag: str | None) -> AsyncGenerator[aiohttp.ClientResponse, None]:
        headers = {"Accept-Encoding": "identity"} | ({"If-None-Match": etag} if etag else {})
        for _ in range(MOST_REDIRECTS + 1):
            async with self._session.get(
                url, headers=headers, allow_redirects=False, proxy=self._settings.proxy or None
            ) as response:
                if not (300 <= response.status < 400 and "Location" in response.headers):
                    yield response
                    return
                url = _redirected(url, response.headers["Location"])
        raise Refused(
            f"Could not fetch {shown(url)}",
            why=f"it redirects more than {MOST_REDIRECTS} times",
            fix="Set the feed's source to where the files really are.",
        )


@asynccontextmanager
async def open_site(settings: FeedSettings, *, concurrency: int = 1) -> AsyncGenerator[Site, None]:
    """Hold a session open to the host of a feed's source, without credentials of any kind."""
    async with open_session(settings, concurrency=concurrency) as session:
        yield Site(session, settings)


@asynccontextmanager
async def open_session(
    settings: FeedSettings, *, concurrency: int = 1
) -> AsyncGenerator[aiohttp.ClientSession, None]:
    """Hold connections open as a feed's settings say: without cookies or credentials, every wait bounded."""
    connector = aiohttp.TCPConnector(ssl=_trust(settings), limit=concurrency)
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=settings.timeout_s, sock_read=settings.timeout_s)
    async with aiohttp.ClientSession(
        connector=connector,
        timeout=timeout,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,  # no body can unpack to more than what came
        headers={"User-Agent": "reedbed"},
    ) as session:
        yield session


def _trust(settings: FeedSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(
            f"Could not read the certificate authority of the feed {settings.name}",
            why=str(error),
            fix="Set ca_file to a readable PEM file.",
        ) from error


async def patiently(settings: FeedSettings, once: Callable[[], Awaitable[Taken]]) -> Taken:
    """Do something, and again while it is `Unreachable`: in a while, or when Retry-After says."""
    wait = settings.retry_wait_s
    async for attempt in stamina.retry_context(
        on=_wait_before_next,
        attempts=ATTEMPTS,
        timeout=None,
        wait_initial=wait,
        wait_jitter=wait,
        wait_max=LONGEST_WAIT_S,
    ):
        with attempt:
            return await once()
    raise AssertionError("the last attempt returns or raises")


async def _take(response: aiohttp.ClientResponse, into: BinaryIO, largest: int) -> Answer:
    url = response.url
    if response.status in {304, 404}:
        return Answer(status=304 if response.status == 304 else 404)
    if response.status != 200:
        raise _failed(url, response)
    encoding = response.headers.get("Content-Encoding", "identity")
    if encoding != "identity":
        raise _unreadable(url, "it comes compressed, which was not asked for")
    if response.content_type == "text/html":
        raise _unreadable(url, "a web page came instead, perhaps to sign in")
    size = 0
    async for chunk in response.content.iter_chunked(CHUNK):
        size += len(chunk)
        if size > largest:
            raise _unreadable(url, f"it is larger than {largest} bytes")
        into.write(chunk)
    return Answer(
        status=200,
        etag=response.headers.get("ETag"),
        modified=_moment(response.headers.get("Last-Modified", "")),
    )


def _wait_before_next(error: Exception) -> bool | float:
    """Whether to try again; how long to wait first, where the source has said it."""
    if not isinstance(error, Unreachable):
        return False
    if error.retry_after_s is None:
        return True
    return error.retry_after_s if error.retry_after_s <= LONGEST_WAIT_S else False


def _failed(url: URL, response: aiohttp.ClientResponse) -> ReedbedError:
    what, why = f"Could not fetch {shown(url)}", f"the answer was {response.status}"
    if response.status in {408, 425, 429} or response.status >= 500:
        return Unreachable(
            what,
            why=why,
            fix="Nothing: the next run tries again.",
            retry_after_s=retry_after_s(response.headers),
        )
    return Refused(
        what, why=why, fix="Check the feed's source, and who may read there.", status=response.status
    )


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Read Retry-After: seconds or a date (RFC 9110, 10.2.3)."""
    retry_after = headers.get("Retry-After", "")
    if retry_after.isascii() and retry_after.isdecimal():
        return float(retry_after[:9])
    moment = _moment(retry_after)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds()) if moment else None


def _moment(http_date: str) -> datetime | None:
    try:
        return parsedate_to_datetime(http_date).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _redirected(url: URL, location: str) -> URL:
    try:
        target = url.join(URL(location))
        same_host = target.origin() == url.origin()
    except ValueError:
        target, same_host = URL(), False
    if not same_host:
        raise Refused(
            f"Could not fetch {shown(url)}",
            why=f"it redirects to {shown(target)}, another host than the one you named",
            fix="Set the feed's source to where the files really are, if you trust that host.",
        )
    return target


def unreachable(url: URL, error: Exception) -> Unreachable:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        fix = "Set ca_file of the feed to the authority that signed its certificate, or renew that."
    elif isinstance(error, aiohttp.ClientConnectorDNSError):
        fix = "Check the host's name in the feed's source, and this machine's name servers."
    else:
        fix = "Check the network and the proxy between here and there; the next run tries again."
    connected = not isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
    kind = Unreachable if connected else NotListening
    return kind(f"Could not fetch {shown(url)}", why=str(error) or type(error).__name__, fix=fix)


def _unreadable(url: URL, why: str) -> Unreadable:
    return Unreadable(
        f"Could not read {shown(url)}", why=why, fix="Check that the feed's source is what its kind says."
    )


def shown(url: URL) -> str:
    """An address for messages: a query could hold a signature, and user information a password."""
    return str(url.with_user(None).with_query(None))[:300] if url.absolute else "an address that is none"
