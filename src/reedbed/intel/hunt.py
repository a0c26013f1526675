"""Hunting: who already has what is flagged? Artifactory's files first, then what Xray saw inside others."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import datetime

import msgspec
import structlog
from sqlalchemy import Connection

from reedbed.intel.flagging import flagged_of, meant, united
from reedbed.intel.holdings import Holdings, survey
from reedbed.intel.merge import Admission
from reedbed.intel.prepare import ties_of
from reedbed.intel.relevance import EVERYTHING, Relevance, grounds
from reedbed.jfrog import impact, properties
from reedbed.jfrog.artifactory import Artifactory, Release, storage_keys
from reedbed.jfrog.custom_issue import enforceable
from reedbed.jfrog.impact import Impacted, Unavailable
from reedbed.jfrog.properties import Place
from reedbed.jfrog.session import JFrog
from reedbed.model.ecosystem import PackageType
from reedbed.model.ledger import Flagged
from reedbed.model.purl import Purl
from reedbed.model.relevance import Ground
from reedbed.store import advisories, findings, ledger, relevant
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
    xray_left_out: int  # flagged packages that it was not asked about, for they do not matter here
    now_relevant: int  # packages that matter from now on, for Artifactory has them

    @property
    def complete(self) -> bool:
        """Whether “nothing found” would mean that there is nothing."""
        return not self.not_known_count and self.xray is None and not self.xray_left_out


class Quarry(msgspec.Struct, frozen=True, kw_only=True):
    """Some flagged packages to look for."""

    flagged: Mapping[Purl, Flagged]
    relevant: frozenset[Purl]  # those of them that matter to the platform already


async def hunt(
    jfrog: JFrog,
    db: Database,
    *,
    admission: Admission,
    relevance: Relevance = EVERYTHING,
    ask_xray: bool,
    now: Callable[[], datetime],
) -> Hunted:
    """Look for every flagged package, some hundred at a time, and keep what is seen.

    A package of which Artifactory has any file matters to the platform from then on: the next plan pushes it.
    Xray is asked about packages that matter, which takes a request for each.

    A finding is gone only when the look for its package succeeded, did not see it, and Artifactory then says
    that there is no such file in a repository that we do see.

    Raises:
        Unreachable, Refused, Unreadable: the platform fails; what was kept so far stays, nothing is gone.
    """
    name = jfrog.platform.name
    began = now()
    cleared = await _clear(db, name, admission)
    there = await survey(Artifactory(jfrog), db, name, admission)
    hunting = _Hunting(jfrog, db, began, there, ask_xray=ask_xray)
    async for quarry in _quarries(db, name, admission, relevance, began):
        await hunting.look_for(quarry)
    result = hunting.result(cleared)
    log.info("hunted", **{**msgspec.structs.asdict(result), "not_known": result.not_known_count})
    return result


class _Hunting:
    """What was seen so far."""

    def __init__(
        self, jfrog: JFrog, db: Database, since: datetime, there: Holdings, *, ask_xray: bool
    ) -> None:
        self._jfrog = jfrog
        self._db = db
        self._since = since
        self._there = there
        self._xray_fails = None if ask_xray else "it was not to be asked"
        self._packages = self._sightings = self._gone = self._unasked = self._now_relevant = 0
        self._not_known: dict[Purl, str] = {}

    async def look_for(self, quarry: Quarry) -> None:
        """Look for some packages in both places, and settle what was seen of them."""
        flagged = quarry.flagged
        served = await Artifactory(self._jfrog).released(filter(self._there.may_have, flagged))
        seen = [*sightings(served.releases, flagged)]
        there = {each.package for each in served.releases if enforceable(each.package.type)}
        inside = await self._inside(flagged, quarry.relevant | there)
        places = {(each.package, each.repository, each.path) for each in seen}
        held = [
            each
            for package, found in inside.items()
            for each in held_by(found, flagged[package])
            if (each.package, each.repository, each.path) not in places  # a file that is the release itself
        ]
        new = await self._db.write(_keep, self._jfrog.platform.name, [*seen, *held], there, now=self._since)
        await self._settle("artifactory", flagged.keys() - served.not_known.keys())
        await self._settle("xray", [package for package, found in inside.items() if impact.tells_all(found)])
        self._packages += len(flagged)
        self._sightings += len(seen) + len(held)
        self._now_relevant += new
        self._not_known |= served.not_known

    async def _inside(
        self, flagged: Iterable[Purl], relevant_ones: frozenset[Purl]
    ) -> dict[Purl, list[Impacted]]:
        """Ask Xray about packages; once it says that it can't be asked, it is left alone."""
        found: dict[Purl, list[Impacted]] = {}
        known_there = [package for package in flagged if enforceable(package.type)]
        asked = [package for package in known_there if package in relevant_ones]
        self._unasked += len(known_there) - len(asked)
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
            xray_left_out=self._unasked if self._xray_fails is None else 0,
            now_relevant=self._now_relevant,
        )


def _keep(
    connection: Connection, platform: str, seen: Sequence[Sighting], there: Iterable[Purl], *, now: datetime
) -> int:
    """Keep what was seen; have the next plan look at what matters by that, and say how many it is."""
    findings.save(connection, platform, seen, now=now)
    new = relevant.add(connection, platform, sorted(map(str, there)), Ground.THERE, now=now)
    pushed = ledger.of_packages(connection, platform, new)
    if unpushed := [key for key in new if key not in pushed]:
        advisories.touch(connection, unpushed)
    return len(unpushed)


# What is flagged, and what of what was seen is meant


async def _quarries(
    db: Database, platform: str, admission: Admission, relevance: Relevance, now: datetime
) -> AsyncIterator[Quarry]:
    """Give what is flagged, some hundred packages a time: what feeds say, then what the ledger alone has."""
    last = ""
    while keys := await db.read(
        advisories.changed_packages, after_revision=0, after_key=last, limit=PACKAGES_A_TIME
    ):
        yield await db.read(_quarry, platform, keys, admission=admission, relevance=relevance, now=now)
        last = keys[-1]
    last = ""
    while pushed := await db.read(ledger.page, platform, after=last, limit=PACKAGES_A_TIME):
        keys = [str(each.flagged.package) for each in pushed]
        heard = await db.read(advisories.standings, keys)
        silent = {e.flagged.package: e.flagged for e in pushed if str(e.flagged.package) not in heard}
        yield Quarry(flagged=silent, relevant=frozenset(silent))
        last = keys[-1]


def _quarry(
    connection: Connection,
    platform: str,
    keys: Sequence[str],
    *,
    admission: Admission,
    relevance: Relevance,
    now: datetime,
) -> Quarry:
    said = advisories.standings(connection, keys)
    pushed = ledger.of_packages(connection, platform, keys)
    flagged = united(said, pushed, admission)
    ties = ties_of(connection, platform, keys, pushed)

    def matters(key: str) -> bool:
        return bool(grounds(said.get(key, []), ties[key], admission=admission, relevance=relevance, now=now))

    return Quarry(flagged=flagged, relevant=frozenset(p for p in flagged if matters(str(p))))


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
