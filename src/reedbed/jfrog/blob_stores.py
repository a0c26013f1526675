"""Stores elsewhere that a platform redirects to for its files: asked only where the operator named them.

Where Artifactory's filestore is in a cloud it may answer a blob with a redirect to a signed address there
(S3, CloudFront, Azure, Google). To that address goes the bare request: no token, no cookie. Source:
docs.jfrog.com, S3 and Azure filestores, direct download by signed URLs.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from ipaddress import ip_address
from socket import AF_INET, AddressFamily
from urllib.parse import urlsplit

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from reedbed.jfrog.causes import Cause, Failure
from reedbed.jfrog.exchange import Answer
from reedbed.jfrog.receiving import bounded
from reedbed.jfrog.silence import silence
from reedbed.model.platform import Platform
from reedbed.model.secret import Secret
from reedbed.model.text import one_line

HTTPS = 443
ATTEMPTS = 2


class Admitted(msgspec.Struct, frozen=True, kw_only=True):
    """An address that may be asked."""

    host: str  # as it is shown
    anywhere: bool  # the operator named this very host, so it may be in the operator's own network


def admitted(location: str, hosts: Sequence[str]) -> Admitted | str:
    """Say whether a redirect may be followed, by the hosts that the operator named; if not, why. Pure.

    `hosts` are names or addresses, with a port unless that is 443, and endings, which begin with a dot.
    """
    try:
        parts = urlsplit(location)
        port = parts.port or HTTPS
    except ValueError:
        return "to what is no address"
    host = (parts.hostname or "").lower()
    bracketed = f"[{host}]" if ":" in host else host
    if parts.scheme != "https" or not host:
        return f"to {one_line(bracketed, limit=100) or 'no host'}, not by https"
    if parts.username is not None or parts.password is not None:
        return f"to {one_line(bracketed, limit=100)}, in somebody's name"
    shown = bracketed if port == HTTPS else f"{bracketed}:{port}"
    if shown in hosts:
        return Admitted(host=shown, anywhere=True)
    if port == HTTPS and not _is_address(host) and host.endswith(_endings(hosts)):
        return Admitted(host=shown, anywhere=False)
    return f"to {one_line(shown, limit=100)}, which is none of the platform's --blob-host"


def _endings(hosts: Sequence[str]) -> tuple[str, ...]:
    return tuple(each for each in hosts if each.startswith("."))


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


class PublicOnly(AbstractResolver):
    """Leaves out addresses that are not on the internet, for names that the operator did not give in full."""

    def __init__(self) -> None:
        self._every = ThreadedResolver()

    async def resolve(self, host: str, port: int = 0, family: AddressFamily = AF_INET) -> list[ResolveResult]:
        found = await self._every.resolve(host, port, family)
        public = [each for each in found if ip_address(each["host"].partition("%")[0]).is_global]
        if not public:
            raise OSError(None, "it has no public address")
        return public

    async def close(self) -> None:
        await self._every.close()


class BlobStores:
    """The stores that one platform may redirect to."""

    def __init__(
        self,
        platform: Platform,
        public: aiohttp.ClientSession,
        named: aiohttp.ClientSession,
        *,
        pause_s: float,
    ) -> None:
        self._platform = platform
        self._public = public
        self._named = named
        self._pause_s = pause_s
        self._slots = asyncio.Semaphore(platform.concurrency)

    async def get(self, location: Secret, *, max_bytes: int) -> Answer | Failure:
        """Fetch what a redirect leads to, where it may be followed; a second redirect is not."""
        address = location.reveal()
        allowed = admitted(address, self._platform.blob_hosts)
        if isinstance(allowed, str):
            return Failure(cause=Cause.REDIRECT, seen=f"JFrog redirects {allowed}")
        outcome = await self._once(address, allowed, max_bytes)
        for _ in range(1, ATTEMPTS):
            if isinstance(outcome, Answer) or 0 < outcome.status < 500:
                break
            await asyncio.sleep(self._pause_s)
            outcome = await self._once(address, allowed, max_bytes)
        return outcome

    async def _once(self, address: str, allowed: Admitted, max_bytes: int) -> Answer | Failure:
        http = self._named if allowed.anywhere else self._public
        try:
            async with (
                self._slots,
                http.get(
                    URL(address, encoded=True), proxy=self._platform.proxy, allow_redirects=False
                ) as response,
            ):
                if response.status != 200:
                    return _failed(f"{allowed.host} answered {response.status}", response.status)
                body = await bounded(response, max_bytes)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return _failed(silence(error, host=allowed.host, timeout_s=self._platform.timeout_s).seen)
        if body is None:
            return _failed(f"what {allowed.host} gives is larger than {max_bytes:,} bytes", response.status)
        return Answer(status=200, headers=response.headers, body=body, received_at=datetime.now(UTC))


def _failed(seen: str, status: int = 0) -> Failure:
    return Failure(cause=Cause.BLOB_STORE, seen=seen, status=status)


@asynccontextmanager
async def blob_stores(platform: Platform, *, pause_s: float) -> AsyncIterator[BlobStores | None]:
    """Make ready to ask the stores of a platform, again after `pause_s`; None: the operator named none."""
    if not platform.blob_hosts:
        yield None
        return
    trust = await asyncio.to_thread(_verification, platform)
    async with _session(platform, trust, PublicOnly()) as public, _session(platform, trust) as named:
        yield BlobStores(platform, public, named, pause_s=pause_s)


def _session(
    platform: Platform, trust: ssl.SSLContext, resolver: AbstractResolver | None = None
) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=trust, limit=platform.concurrency, resolver=resolver),
        timeout=aiohttp.ClientTimeout(total=platform.timeout_s),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        headers={"User-Agent": "reedbed"},
    )


def _verification(platform: Platform) -> ssl.SSLContext:
    """Trust the system's authorities beside the operator's own: clouds have public ones."""
    trust = ssl.create_default_context()
    if platform.ca_file is not None:
        trust.load_verify_locations(cafile=platform.ca_file)
    return trust
