"""A small platform and a connection that reads it: real stand-in, real store, in one process."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count

import msgspec
from sqlalchemy import Connection, insert, select

from jfrog_standin.artifactory import images
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.server import Running, running
from jfrog_standin.settings import StandIn
from jfrog_standin.xray.scan import Hit, Scan, ScanCve, ScanIssue, ScannedComponent, ScanStatus
from reedbed.inventory.connection.scope import Scope
from reedbed.inventory.run import answering, flow
from reedbed.inventory.run.context import Mode, Sync
from reedbed.inventory.run.starting import shapes
from reedbed.jfrog.breaker import Breaker
from reedbed.jfrog.session import JFrog, Patience, connect
from reedbed.jobs import Counts
from reedbed.model.inventory import Lifecycle, Status, Triage
from reedbed.model.platform import Platform
from reedbed.store import platforms, runs
from reedbed.store.database import Database
from reedbed.store.inventory.assets import ASSETS
from reedbed.store.inventory.connections import CONNECTIONS, State
from reedbed.store.inventory.findings import FINDINGS, OCCURRENCES

CONNECTION = "pond"
START = datetime(2026, 5, 1, tzinfo=UTC)
PATIENT_S = 60.0


class Flaw(msgspec.Struct, frozen=True, order=True):
    """A vulnerability of a version of an npm package."""

    number: int
    package: str = "moment"
    version: str = "1.0.0"
    has_cve: bool = True

    @property
    def key(self) -> str:
        return f"CVE-2026-{self.number:04}" if self.has_cve else f"XRAY-{self.number}"

    def issue(self) -> ScanIssue:
        component = ScannedComponent(kind="npm", name=self.package, version=self.version, layer="ab" * 32)
        return ScanIssue(
            id=f"XRAY-{self.number}",
            severity="High",
            summary=f"Flaw {self.number}",
            cves=(ScanCve(cve=self.key if self.has_cve else None, cvss_v3="7.5/CVSS:3.1/AV:N"),),
            hits=(Hit(component=component, fixed_versions=("9.0.0",)),),
        )


class Broken(Exception):
    """The run dies here."""


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A finding as somebody sees it; no dates."""

    status: Status
    in_scope: bool = True
    triage: Triage = Triage.OPEN
    reopened: int = 0
    images: int = 1
    places: frozenset[tuple[str, str]] = frozenset()  # (content, version)


Key = tuple[str, str, str]
"""Repository and path, the vulnerability's key, the component."""


class Pond:
    """The platform, the connection, and a clock that moves on by an hour a run."""

    def __init__(self, standin: Running, db: Database, jfrog: JFrog) -> None:
        self.standin = standin
        self.db = db
        self.jfrog = jfrog
        self.scope = Scope(hold_share=1.0)
        self.clock = START
        self._contents: dict[str, str] = {}  # digest → content

    # The platform

    def add_repository(self, key: str, **more: object) -> None:
        made = msgspec.convert({"key": key, "package_type": "docker", "xray_index": True, **more}, Repository)
        self.standin.platform.artifactory.add(made)

    def remove_repository(self, key: str) -> None:
        self.standin.platform.artifactory.remove(key)

    def push(
        self, repo: str, path: str, tag: str, content: str, *flaws: Flaw, status: ScanStatus = "DONE"
    ) -> str:
        """Put an image that is a function of its content under a tag; say what Xray finds in it."""
        made = _image(content)
        images.put(self.standin.platform.artifactory, repo, path, tag, made)
        self.find(made.digest, *flaws, status=status)
        return self.digest_of(content)

    def digest_of(self, content: str) -> str:
        digest = _image(content).digest
        self._contents[digest] = content
        return digest

    def push_index(self, repo: str, path: str, tag: str, contents: Mapping[str, Sequence[Flaw]]) -> None:
        """Put an image for several platforms, with attestations beside each."""
        platforms_ = (images.LINUX, msgspec.structs.replace(images.LINUX, architecture="arm64"))
        made = [
            images.image([images.layer({"content": each.encode()})], docker=True, platform=on)
            for each, on in zip(contents, platforms_, strict=False)
        ]
        for image, (content, flaws) in zip(made, contents.items(), strict=True):
            self.find(image.digest, *flaws)
            self._contents[image.digest] = content
        whole = images.index([*made, *(images.attested(image) for image in made)], docker=True)
        images.put(self.standin.platform.artifactory, repo, path, tag, whole)

    def find(self, digest: str, *flaws: Flaw, status: ScanStatus = "DONE") -> None:
        scan = Scan(status=status, issues=tuple(flaw.issue() for flaw in flaws))
        self.standin.platform.xray.put_scan(digest.removeprefix("sha256:"), scan)

    def delete(self, repo: str, path: str, tag: str) -> None:
        assert self.standin.platform.artifactory.delete(repo, f"{path}/{tag}")

    # The connection

    async def sync(self, mode: Mode = Mode.FULL) -> Counts:
        """Run once, as a worker would."""
        return await self.resume(await self.begin(), mode)

    async def answer(self) -> Counts:
        """Run once for the hints that wait, as a worker would."""
        return await self.resume(await self.begin(), Mode.DELTA, act=answering.answer)

    async def begin(self) -> runs.Run:
        self.clock += timedelta(hours=1)
        return await self.db.write(runs.start, "sync", owner="test", now=self.clock, platform=CONNECTION)

    async def resume(
        self,
        run: runs.Run,
        mode: Mode = Mode.FULL,
        *,
        breaks_after: int | None = None,
        act: Callable[[Sync], Awaitable[Counts]] = flow.sync,
    ) -> Counts:
        """Carry a run out, or go on with it; it may break off when it has looked at the clock so often.

        Raises:
            Broken: it did, maybe within a group.
        """
        left = iter(range(breaks_after) if breaks_after is not None else count())

        def now() -> datetime:
            if next(left, None) is None:
                raise Broken
            self.clock += timedelta(milliseconds=1)
            return self.clock

        sync = await self.run_of(mode)
        counts = await act(msgspec.structs.replace(sync, id=run.id, started_at=run.started_at, now=now))
        await self.db.write(runs.finish, run.id, runs.State.DONE, now=self.clock, counts=counts)
        return counts

    async def run_of(self, mode: Mode) -> Sync:
        """A run that has no row."""
        return Sync(
            id="",
            connection=CONNECTION,
            scope=self.scope,
            shapes=await self.db.read(shapes, self.scope),
            mode=mode,
            started_at=self.clock,
            jfrog=self.jfrog,
            db=self.db,
            now=lambda: self.clock,
            leaving=lambda: False,
        )

    @asynccontextmanager
    async def impatient(self, timeout_s: float) -> AsyncIterator[None]:
        """Give up meanwhile what takes longer, and try nothing again."""
        patient, platform = self.jfrog, self.jfrog.platform
        hurried = msgspec.structs.replace(platform, timeout_s=timeout_s)
        once, never = Patience(attempts=1), Breaker(threshold=1_000)
        async with connect(hurried, self.standin.admin_token, patience=once, breaker=never) as self.jfrog:
            yield
        self.jfrog = patient

    # What there is

    async def findings(self) -> dict[Key, View]:
        return await self.db.read(self._findings)

    def _findings(self, connection: Connection) -> dict[Key, View]:
        columns = (OCCURRENCES.c.finding, OCCURRENCES.c.version, ASSETS.c.native)
        standing = select(*columns).join(ASSETS, ASSETS.c.id == OCCURRENCES.c.asset)
        places: dict[str, set[tuple[str, str]]] = {}
        for finding, version, digest in connection.execute(standing.where(OCCURRENCES.c.gone_at.is_(None))):
            places.setdefault(finding, set()).add((self._contents[digest], version))
        return {
            (f"{row.repository}/{row.path}", row.vulnerability, row.component): View(
                status=row.status,
                in_scope=row.in_scope,
                triage=row.triage,
                reopened=row.reopened,
                images=row.images,
                places=frozenset(places.get(row.id, ())),
            )
            for row in connection.execute(select(FINDINGS))
        }

    async def lifecycles(self) -> dict[str, Lifecycle]:
        """Of images by their content, of repositories by their key; of indexes and the like nothing."""
        rows = await self.db.read(lambda c: c.execute(select(ASSETS.c.native, ASSETS.c.lifecycle)).all())
        named = {self._contents.get(native, native): lifecycle for native, lifecycle in rows}
        return {name: lifecycle for name, lifecycle in named.items() if not name.startswith("sha256:")}


@cache
def _image(content: str) -> images.Image:
    return images.image([images.layer({"content": content.encode()})], docker=True)


@asynccontextmanager
async def pond(db: Database, standin: StandIn | None = None) -> AsyncIterator[Pond]:
    """A platform with nothing in it, and a connection that has not run yet."""
    async with running(standin or StandIn(certificate=None)) as server:
        ca = str(server.ca_path) if server.ca_path else None
        platform = Platform(
            name="p", url=server.url, per_second=100_000, concurrency=8, timeout_s=PATIENT_S, ca_file=ca
        )
        await db.write(_register, platform)
        async with connect(platform, server.admin_token) as jfrog:
            yield Pond(server, db, jfrog)


def _register(connection: Connection, platform: Platform) -> None:
    platforms.add(connection, platform, sealed_token="sealed")
    connection.execute(
        insert(CONNECTIONS).values(
            name=CONNECTION,
            platform=platform.name,
            description="",
            state=State.REGISTERED,
            scope={},
            schedule={},
            revision=1,
            created_at=START,
            changed_at=START,
        )
    )
