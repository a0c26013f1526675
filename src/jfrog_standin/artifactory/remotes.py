"""What remote repositories do: fetch from their upstream, keep files for good and metadata for a while."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from email.utils import parsedate_to_datetime
from time import monotonic

import aiohttp
import msgspec
from yarl import URL

from jfrog_standin import errors
from jfrog_standin.artifactory.deploy import deploy
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.artifactory.storage import Item, Storage
from jfrog_standin.artifactory.upstreams import NoUpstream, upstream_of

MISSED_S = 1800
"""missedRetrievalCachePeriodSecs: how long a remote remembers what its upstream lacks; 0 switches it off."""
MOST_MISSES = 10_000
METADATA_S = 7200.0
"""retrievalCachePeriodSecs: how long metadata is answered without asking again."""
MAX_METADATA_BYTES = 64 * 2**20
MAX_HELD_BYTES = 256 * 2**20
TIMEOUT = aiohttp.ClientTimeout(total=300, sock_connect=10, sock_read=60)


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A metadata document of an upstream."""

    body: bytes
    content_type: str
    url: str  # where it was found at last: what its relative links start from
    read_at: float  # monotonic seconds


class Remotes:
    """The outward side of all remote repositories of one platform. Open until `close`."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._session: aiohttp.ClientSession | None = None
        self._upstreams: dict[str, str] = {}
        self._documents: dict[tuple[str, str, str], Document] = {}
        self._missed: dict[tuple[str, str], float] = {}  # (repository, URL) → when it was missed, monotonic
        self._forgotten: dict[str, datetime] = {}  # repository → when its metadata was last forgotten
        self._asking = asyncio.Lock()

    def session(self) -> aiohttp.ClientSession:
        """The one session in which everything is fetched."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=TIMEOUT, trust_env=True)
        return self._session

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def upstream(self, repository: Repository) -> str:
        """The base URL that a remote repository stands for, without a slash at its end."""
        if repository.upstream:
            return repository.upstream.rstrip("/")
        async with self._asking:
            if repository.package_type not in self._upstreams:
                try:
                    self._upstreams[repository.package_type] = await upstream_of(repository.package_type)
                except NoUpstream as error:
                    raise errors.artifactory(502, f"{repository.key} has no upstream. {error}") from error
        return self._upstreams[repository.package_type]

    def known_upstream(self, repository: Repository) -> str:
        """The upstream as far as it is known without asking the machine's tools; else empty."""
        return repository.upstream or self._upstreams.get(repository.package_type, "")

    async def document(self, repository: Repository, url: str, *, accept: str = "*/*") -> Document | None:
        """A metadata document, at most METADATA_S old; None: the upstream does not have it."""
        key = (repository.key, url, accept)
        held = self._documents.get(key)
        if held is not None and (repository.is_offline or monotonic() - held.read_at < METADATA_S):
            return held
        if repository.is_offline or self._is_missed(repository, url):
            return None
        async with self._get(url, accept) as answer:
            if answer is None:
                self._miss(repository, url)
                return None
            read = Document(
                body=await read_bounded(answer, MAX_METADATA_BYTES),
                content_type=answer.content_type,
                url=str(answer.url),
                read_at=monotonic(),
            )
        self._documents.pop(key, None)
        self._documents[key] = read
        while sum(len(held.body) for held in self._documents.values()) > MAX_HELD_BYTES:
            del self._documents[next(iter(self._documents))]  # the oldest
        return read

    def forget(self, repository: Repository) -> None:
        """Read metadata anew next time, and ask for what was missed; the files stay (what `zap` does)."""
        for key in [key for key in self._documents if key[0] == repository.key]:
            del self._documents[key]
        for missed in [missed for missed in self._missed if missed[0] == repository.key]:
            del self._missed[missed]
        self._forgotten[repository.key] = self._storage.now()

    def is_fresh(self, repository: Repository, item: Item, *, for_s: float) -> bool:
        """Is what was cached still to be answered without asking again?"""
        now, forgotten = self._storage.now(), self._forgotten.get(repository.key)
        period_s = repository.configuration.get("retrievalCachePeriodSecs", for_s)
        recent = (now - item.updated).total_seconds() < float(period_s)
        return recent and (forgotten is None or item.updated > forgotten)

    def _is_missed(self, repository: Repository, url: str) -> bool:
        """Has the upstream said lately that it has no such thing?"""
        at = self._missed.get((repository.key, url))
        return at is not None and monotonic() - at < remembered_s(repository)

    def _miss(self, repository: Repository, url: str) -> None:
        """Remember what an upstream lacks."""
        self._missed.pop((repository.key, url), None)
        self._missed[repository.key, url] = monotonic()
        while len(self._missed) > MOST_MISSES:
            del self._missed[next(iter(self._missed))]  # the oldest

    async def fetch(self, repository: Repository, path: str, url: str) -> Item | None:
        """Put a file of the upstream into the cache; None: the upstream does not have it."""
        if repository.is_offline or self._is_missed(repository, url):
            return None
        async with self._get(url, "*/*") as answer:
            if answer is None:
                self._miss(repository, url)
                return None
            body = await read_bounded(answer, self._storage.max_file_bytes)
            modified = _date(answer.headers.get("Last-Modified"))
        return deploy(self._storage, repository, path, body, by="anonymous", modified=modified)

    @asynccontextmanager
    async def _get(self, url: str, accept: str) -> AsyncIterator[aiohttp.ClientResponse | None]:
        """An answer with status 200, or None when the upstream says no; anything else is this gateway's 502.

        A remote repository shows its callers 404 for any refusal that is about the file, 400 and 403
        included; not for one about the remote itself.
        """
        try:
            async with self.session().get(URL(url, encoded=True), headers={"Accept": accept}) as answer:
                missing = 400 <= answer.status < 500 and answer.status not in {401, 407, 408, 429}
                if answer.status != 200 and not missing:
                    raise errors.artifactory(502, f"The upstream answered {answer.status} for {shown(url)}.")
                yield answer if answer.status == 200 else None
        except (aiohttp.ClientError, TimeoutError) as error:
            why = type(error).__name__
            raise errors.artifactory(502, f"The upstream did not answer for {shown(url)}: {why}.") from error


def remembered_s(repository: Repository) -> float:
    """How long a remote remembers a miss, by its configuration."""
    seconds = repository.configuration.get("missedRetrievalCachePeriodSecs", MISSED_S)
    return float(seconds) if isinstance(seconds, int) and not isinstance(seconds, bool) else float(MISSED_S)


async def read_bounded(answer: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    """The body of an upstream's answer; a larger one is this gateway's 502."""
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > max_bytes:
            raise errors.artifactory(502, f"The upstream sent more than {max_bytes} bytes.")
    return bytes(body)


def _date(header: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(header) if header else None
    except ValueError:
        return None


def shown(url: str) -> str:
    """A URL without the user and password that an upstream's setting may hold."""
    return str(URL(url, encoded=True).with_user(None))
