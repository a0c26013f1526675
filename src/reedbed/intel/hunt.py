"""Hunting: who already has what is flagged? Artifactory's files first, then what Xray saw inside others."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import datetime

import msgspec
import structlog
from sqlalchemy import Connection

from reedbed.intel.merge import Admission, merge, with_silent_sources
from reedbed.jfrog import impact, properties
from reedbed.jfrog.artifactory import Artifactory, Release, storage_keys
from reedbed.jfrog.custom_issue import enforceable
from reedbed.jfrog.impact import Impacted, Unavailable
from reedbed.jfrog.properties import Place
from reedbed.jfrog.session import JFrog
from reedbed.model.advisory import Standing
from reedbed.model.ecosystem import PackageType
from reedbed.model.ledger import Flagged, Pushed
from reedbed.model.purl import Purl
from reedbed.model.versions import holds
from reedbed.store import advisories, findings, ledger
from reedbed.store.database import Database
from reedbed.store.findings import Finding, Sighting, Status

log = structlog.get_logger(__name__)

PACKAGES_A_TIME = 500
"""Bounds memory, and keeps each reading short."""

REASONS_KEPT = 20


class Hunted(msgspec.Struct, frozen=True, kw_only=True):
    """What one hunt on one platform came to."""

    platform: str
    packages: int  # flagged ones that were looked for
    sightings: int
    gone: int
    cleared: int
    not_known: tuple[str, ...]  # of the first packages that could not be looked for: the purl, and why
    not_known_count: int
    xray: str | None  # why Xray was not asked; None: it was

    @property
    def complete(self) -> bool:
        """Whether “nothing found” would mean that there is nothing."""
        return not self.not_known_count and self.xray is None


async def hunt(
    jfrog: JFrog, db: Database, *, admission: Admission, ask_xray: bool, now: Callable[[], datetime]
) -> Hunted:
    """Look for every flagged package, some hundred at a time, and keep what is seen.

    A finding is gone only when the look for its package succeeded, did not see it, and Artifactory then says
    that there is no such file in a repository that we do see.

    Raises:
        Unreachable, Refused, Unreadable: the platform fails; what was kept so far stays, nothing is gone.
    """
    hunting = _Hunting(jfrog, db, now(), ask_xray=ask_xray)
    cleared = await _clear(db, jfrog.platform.name, admission)
    async for flagged in _flagged(db, jfrog.platform.name, admission):
        await hunting.look_for(flagged)
    result = hunting.result(cleared)
    log.info("hunted", **{**msgspec.structs.asdict(result), "not_known": result.not_known_count})
    return result


class _Hunting:
    """What was seen so far."""

    def __init__(self, jfrog: JFrog, db: Database, since: datetime, *, ask_xray: bool) -> None:
        self._jfrog = jfrog
        self._db = db
        self._since = since
        self._xray_fails = None if ask_xray else "it was not to be asked"
        self._packages = self._sightings = self._gone = 0
        self._not_known: dict[Purl, str] = {}

    async def look_for(self, flagged: Mapping[Purl, Flagged]) -> None:
        """Look for some packages in both places, and settle what was seen of them."""
        name = self._jfrog.platform.name
        served = await Artifactory(self._jfrog).released(flagged)
        seen = [*sightings(served.releases, flagged)]
        inside = await self._inside(flagged)
        places = {(each.package, each.repository, each.path) for each in seen}
        held = [
            each
            for package, found in inside.items()
            for each in held_by(found, flagged[package])
            if (each.package, each.repository, each.path) not in places  # a file that is the release itself
        ]
        await self._db.write(findings.save, name, [*seen, *held], now=self._since)
        await self._settle("artifactory", flagged.keys() - served.not_known.keys())
        await self._settle("xray", [package for package, found in inside.items() if impact.tells_all(found)])
        self._packages += len(flagged)
        self._sightings += len(seen) + len(held)
        self._not_known |= served.not_known

    async def _inside(self, flagged: Iterable[Purl]) -> dict[Purl, list[Impacted]]:
        """Ask Xray about packages; once it says that it can't be asked, it is left alone."""
        found: dict[Purl, list[Impacted]] = {}
        asked = [package for package in flagged if enforceable(package.type)]
        answers = await self._ask(asked[:1])
        answers += await self._ask(asked[1:])
        for package, answer in zip(asked, answers, strict=False):
            if isinstance(answer, Unavailable):
                self._xray_fails = answer.reason
            else:
                found[package] = answer
        return found

    async def _ask(self, packages: Sequence[Purl]) -> list[list[Impacted] | Unavailable]:
        if self._xray_fails is not None:
            return []
        answers = list(await asyncio.gather(*(impact.impacted(self._jfrog, each) for each in packages)))
        failed = [answer.reason for answer in answers if isinstance(answer, Unavailable)]
        self._xray_fails = failed[0] if failed else None
        return answers

    async def _settle(self, seen_in: str, packages: Iterable[Purl]) -> None:
        missed = await self._db.read(
            findings.unseen,
            self._jfrog.platform.name,
            sorted(map(str, packages)),
            seen_in=seen_in,
            since=self._since,
        )
        if not missed:
            return
        keys = set(storage_keys(await Artifactory(self._jfrog).repositories()))
        gone = [each.id for each in missed if seen_in == "xray" or await self._is_gone(each, keys)]
        await self._db.write(findings.close, gone, Status.GONE)
        self._gone += len(gone)

    async def _is_gone(self, finding: Finding, keys: set[str]) -> bool:
        if finding.repository not in keys:
            return False  # it may be there, and we not allowed to see it
        return await properties.checksum(self._jfrog, Place(finding.repository, finding.path)) is None

    def result(self, cleared: int) -> Hunted:
        reasons = [f"{package}: {why}" for package, why in sorted(self._not_known.items())]
        return Hunted(
            platform=self._jfrog.platform.name,
            packages=self._packages,
            sightings=self._sightings,
            gone=self._gone,
            cleared=cleared,
            not_known=tuple(reasons[:REASONS_KEPT]),
            not_known_count=len(reasons),
            xray=self._xray_fails,
        )


# What is flagged, and what of what was seen is meant


async def _flagged(db: Database, platform: str, admission: Admission) -> AsyncIterator[dict[Purl, Flagged]]:
    """Give what is flagged, some hundred packages a time: what feeds say, then what the ledger alone has."""
    last = ""
    while keys := await db.read(
        advisories.changed_packages, after_revision=0, after_key=last, limit=PACKAGES_A_TIME
    ):
        yield await db.read(flagged_of, platform, keys, admission)
        last = keys[-1]
    last = ""
    while pushed := await db.read(ledger.page, platform, after=last, limit=PACKAGES_A_TIME):
        keys = [str(each.flagged.package) for each in pushed]
        heard = await db.read(advisories.standings, keys)
        yield {
            each.flagged.package: each.flagged for each in pushed if str(each.flagged.package) not in heard
        }
        last = keys[-1]


def flagged_of(
    connection: Connection, platform: str, keys: Sequence[str], admission: Admission
) -> dict[Purl, Flagged]:
    """Say what is flagged of some packages: by the feeds, and by silent sources that the ledger remembers."""
    standings = advisories.standings(connection, keys)
    pushed = ledger.of_packages(connection, platform, keys)
    united = (_united(standings.get(key, []), pushed.get(key), admission) for key in keys)
    return {flagged.package: flagged for flagged in united if flagged}


def _united(standings: Sequence[Standing], pushed: Pushed | None, admission: Admission) -> Flagged | None:
    wanted = merge(standings, admission)
    return with_silent_sources(wanted, pushed, standings) if pushed else wanted


async def _clear(db: Database, platform: str, admission: Admission) -> int:
    """Close the open findings that nobody flags any more; a quarantine, once begun, is a person's to end."""
    cleared, last = 0, ""
    while page := await db.read(findings.page, platform, after=last, limit=PACKAGES_A_TIME):
        keys = sorted({each.package for each in page})
        flagged = {str(p): f for p, f in (await db.read(flagged_of, platform, keys, admission)).items()}
        standing = [each for each in page if each.status is Status.OPEN and not each.broken_off]
        free = [each.id for each in standing if _free(each, flagged)]
        await db.write(findings.close, free, Status.CLEARED)
        cleared, last = cleared + len(free), page[-1].id
    return cleared


def _free(finding: Finding, flagged: Mapping[str, Flagged]) -> bool:
    about = flagged.get(finding.package)
    return about is None or meant(about, finding.version) is False


def meant(flagged: Flagged, version: str | None) -> bool | None:
    """Say whether a release is meant; None: not known, as where a file does not tell its version."""
    every = str(flagged.versions) == "(,)"
    if version is None:
        return True if every else None
    return holds(flagged.versions, version, flagged.package.type)


def sightings(releases: Iterable[Release], flagged: Mapping[Purl, Flagged]) -> Iterable[Sighting]:
    """Pick the files of releases that are meant, or may be. Pure."""
    for each in releases:
        condemned = meant(flagged[each.package], each.version)
        if condemned is not False:
            yield Sighting(
                package=str(each.package),
                version=each.version,
                repository=each.repository,
                path=each.path,
                seen_in="artifactory",
                condemned=condemned,
                downloads=each.downloads,
                last_downloaded_at=each.last_downloaded_at,
                sources=flagged[each.package].sources,
            )


def held_by(found: Iterable[Impacted], flagged: Flagged) -> Iterable[Sighting]:
    """Pick what holds a release that is meant, or may be. Pure."""
    for each in found:
        is_go = flagged.package.type is PackageType.GO
        version = each.version.removeprefix("v") if each.version and is_go else each.version
        condemned = meant(flagged, version)
        if condemned is not False:
            yield Sighting(
                package=str(flagged.package),
                version=version,
                repository=each.repository,
                path=each.path,
                seen_in="xray",
                condemned=condemned,
                downloads=None,
                last_downloaded_at=None,
                sources=flagged.sources,
            )
