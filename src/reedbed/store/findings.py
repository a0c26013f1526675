"""Findings: flagged releases that somebody has, and what became of each."""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

import msgspec
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    func,
    select,
    update,
)

from reedbed.model.ledger import Source
from reedbed.store.columns import KEY, METADATA, NUMBER, Json, Utc, Word, storable, storable_key
from reedbed.store.dialects import merge
from reedbed.store.rows import slices, structs


class Status(StrEnum):
    OPEN = "open"
    QUARANTINED = "quarantined"
    GONE = "gone"  # a complete look did not see it any more
    CLEARED = "cleared"  # nobody flags it any more


STANDING = (Status.OPEN, Status.QUARANTINED)


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """A flagged release, seen somewhere on a platform."""

    package: str  # the purl
    version: str | None  # None: what was seen does not tell
    repository: str  # "" where it lies in none, as in a build
    path: str  # with the file's name
    seen_in: Literal["artifactory", "xray"]
    condemned: bool | None  # None: whether this version is meant is not known
    downloads: int | None
    last_downloaded_at: datetime | None
    sources: tuple[Source, ...]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A sighting that is kept, by platform, package, version, repository and path."""

    id: str  # of those five, so that it is the same after the store was lost
    platform: str
    package: str
    version: str | None
    repository: str
    path: str
    seen_in: str
    condemned: bool | None
    downloads: int | None
    last_downloaded_at: datetime | None
    sources: tuple[Source, ...]
    status: Status
    reason: str | None  # of the quarantine
    moved_to: str | None  # "repository/path", where the quarantine moved it, or was about to
    first_seen_at: datetime
    last_seen_at: datetime

    @property
    def broken_off(self) -> bool:
        """Whether a quarantine, or its end, was begun and is not proved."""
        return self.status is Status.OPEN and self.reason is not None


FINDINGS = Table(
    "findings",
    METADATA,
    Column("id", KEY, primary_key=True),
    Column("platform", KEY, ForeignKey("platforms.name", ondelete="CASCADE"), nullable=False),
    Column("package", KEY, nullable=False),
    Column("version", Text),
    Column("repository", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("seen_in", String, nullable=False),
    Column("condemned", Boolean),
    Column("downloads", NUMBER),
    Column("last_downloaded_at", Utc),
    Column("sources", Json(tuple[Source, ...]), nullable=False),
    Column("status", Word(Status), nullable=False),
    Column("reason", Text),
    Column("moved_to", Text),
    Column("first_seen_at", Utc, nullable=False),
    Column("last_seen_at", Utc, nullable=False),
    Index(None, "platform", "package"),
)
_OF = FINDINGS.c


def finding_id(platform: str, seen: Sighting) -> str:
    """Name a finding by what it is about: 16 hexadecimal digits."""
    about = (platform, seen.package, seen.version or "", seen.repository, seen.path)
    return hashlib.sha256("\0".join(about).encode(errors="replace")).hexdigest()[:16]


def save(connection: Connection, platform: str, sightings: Sequence[Sighting], *, now: datetime) -> None:
    """Take in what was seen. What was gone is open again; what is in quarantine stays so.

    A file that a quarantine has moved is seen where it is now: that is no new finding. One that is seen where
    it was moved away from is open again.
    """
    by_id = {finding_id(platform, seen): seen for seen in reversed(sightings)}  # of two the first counts
    moved = _moved(connection, platform, sorted({seen.package for seen in sightings}))
    new = {key: seen for key, seen in by_id.items() if f"{seen.repository}/{seen.path}" not in moved}
    kept = {each.id: each for each in by_ids(connection, sorted(new))}
    merge(
        connection,
        FINDINGS,
        [_row(key, platform, seen, kept.get(key), now) for key, seen in new.items()],
        once=["first_seen_at"],
    )


def _moved(connection: Connection, platform: str, packages: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for some in slices(packages):
        query = select(_OF.moved_to).where(
            _OF.platform == platform, _OF.package.in_(some), _OF.moved_to.is_not(None)
        )
        found.update(connection.execute(query).scalars())
    return found


def _row(key: str, platform: str, seen: Sighting, kept: Finding | None, now: datetime) -> dict[str, Any]:
    standing = kept if kept and kept.status in STANDING else None
    return {
        "id": key,
        "platform": platform,
        "package": storable_key(seen.package),
        "version": storable(seen.version) if seen.version else None,
        "repository": storable(seen.repository),
        "path": storable(seen.path),
        "seen_in": seen.seen_in,
        "condemned": seen.condemned,
        "downloads": seen.downloads,
        "last_downloaded_at": seen.last_downloaded_at,
        "sources": seen.sources,
        "status": _status(standing, seen),
        "reason": standing.reason if standing else None,
        "moved_to": standing.moved_to if standing else None,
        "first_seen_at": now,
        "last_seen_at": max(now, kept.last_seen_at) if kept else now,  # two hunts may run at once
    }


def _status(standing: Finding | None, seen: Sighting) -> Status:
    """Keep a quarantine, unless Artifactory itself has the file where it was moved away from.

    Xray's word does not count there: its index may follow a move late.
    """
    if standing is None:
        return Status.OPEN
    is_back = standing.moved_to is not None and seen.seen_in == "artifactory"
    return Status.OPEN if is_back else standing.status


def unseen(
    connection: Connection, platform: str, packages: Iterable[str], *, seen_in: str, since: datetime
) -> list[Finding]:
    """List what was seen of packages before, and not since; what a quarantine moved away is not missed."""
    found: list[Finding] = []
    for some in slices(sorted(packages)):
        query = select(FINDINGS).where(
            _OF.platform == platform,
            _OF.package.in_(some),
            _OF.seen_in == seen_in,
            _OF.status.in_(STANDING),
            _OF.moved_to.is_(None),
            _OF.last_seen_at < since,
        )
        found += structs(connection, query.order_by(_OF.id), Finding)
    return found


def close(connection: Connection, ids: Collection[str], status: Status) -> None:
    """Note that findings are gone or cleared."""
    for some in slices(sorted(ids)):
        connection.execute(update(FINDINGS).where(_OF.id.in_(some)).values(status=status, reason=None))


def mark(
    connection: Connection, finding: str, status: Status, *, reason: str | None, moved_to: str | None
) -> None:
    """Note a quarantine, its end, or that one of them is begun."""
    kept = None if reason is None else storable(reason)
    connection.execute(
        update(FINDINGS).where(_OF.id == finding).values(status=status, reason=kept, moved_to=moved_to)
    )


def by_ids(connection: Connection, ids: Sequence[str]) -> list[Finding]:
    found: list[Finding] = []
    for some in slices(ids):
        found += structs(connection, select(FINDINGS).where(_OF.id.in_(some)).order_by(_OF.id), Finding)
    return found


def page(
    connection: Connection,
    platform: str | None = None,
    *,
    package: str | None = None,
    closed: bool = False,
    after: str = "",
    limit: int,
) -> list[Finding]:
    """List findings by id, from the one after `after` on; closed ones only if asked."""
    query = select(FINDINGS).where(_OF.id > after)
    if platform is not None:
        query = query.where(_OF.platform == platform)
    if package is not None:
        query = query.where(_OF.package == package)
    if not closed:
        query = query.where(_OF.status.in_(STANDING))
    return structs(connection, query.order_by(_OF.id).limit(limit), Finding)


def standing(connection: Connection) -> dict[str, int]:
    """Count the open findings of each platform that has any."""
    query = select(_OF.platform, func.count().label("number")).where(_OF.status == Status.OPEN)
    return {row.platform: row.number for row in connection.execute(query.group_by(_OF.platform))}
