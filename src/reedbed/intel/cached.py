"""Which releases in this machine's package caches are flagged, and taking those out."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec
from sqlalchemy import Connection

from reedbed.errors import SettingsError
from reedbed.intel.merge import Admission, merge
from reedbed.model.advisory import Standing
from reedbed.model.ledger import Flagged, Source
from reedbed.model.purl import Purl
from reedbed.model.versions import holds
from reedbed.packages.caches import look as caches
from reedbed.packages.caches.entry import Entry, Looked
from reedbed.store import advisories
from reedbed.store.advisories import Stated


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """A cached release of a flagged package."""

    entry: Entry
    condemned: bool | None  # None: whether this version is meant is not known
    sources: tuple[Source, ...]


class Removal(msgspec.Struct, frozen=True, kw_only=True):
    removed: tuple[Hit, ...]  # and a second look no longer saw them
    left: tuple[Hit, ...]


def flagged_of(
    connection: Connection, packages: Collection[Purl], admission: Admission
) -> dict[Purl, Flagged]:
    """Say what the store's live advisories hold of some packages."""
    standings = advisories.standings(connection, sorted(map(str, packages)))
    return _flagged(standings.values(), admission)


def read_list(path: Path, admission: Admission) -> dict[Purl, Flagged]:
    """Read what `reedbed intel list --json` printed on a machine that has the store.

    Raises:
        SettingsError: it is not there, or something else.
    """
    try:
        stated = msgspec.json.decode(path.read_bytes(), type=list[Stated])
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"Could not read the list {path}",
            why=(isinstance(error, OSError) and error.strerror) or str(error),
            fix="Write one with: reedbed intel list --limit 1000000 --json",
        ) from error
    by_package: dict[Purl, list[Standing]] = {}
    for each in stated:
        standing = Standing(each.advisory, withdrawn=not each.live)
        by_package.setdefault(each.advisory.package, []).append(standing)
    return _flagged(by_package.values(), admission)


def _flagged(groups: Iterable[Sequence[Standing]], admission: Admission) -> dict[Purl, Flagged]:
    merged = (merge(standings, admission) for standings in groups)
    return {flagged.package: flagged for flagged in merged if flagged}


def judge(looked: Iterable[Looked], flagged: Mapping[Purl, Flagged]) -> list[Hit]:
    """Pick the entries whose version is meant, or may be."""
    hits = []
    for entry in (each for cache in looked for each in cache.entries):
        about = flagged.get(entry.package)
        if about is None:
            continue
        condemned = holds(about.versions, entry.version, entry.package.type)
        if condemned is not False:
            hits.append(Hit(entry=entry, condemned=condemned, sources=about.sources))
    return hits


async def remove(looked: Sequence[Looked], hits: Sequence[Hit], folders: Mapping[str, Path]) -> Removal:
    """Take out what is condemned for certain, and look again.

    Raises:
        Refused: a client says no, or a file can't be deleted.
    """
    meant = [hit for hit in hits if hit.condemned]
    await caches.remove(looked, [hit.entry for hit in meant])
    again = await caches.look({**{c.tool: Path(c.folder) for c in looked if c.folder}, **folders})
    there = {(entry.tool, entry.where) for cache in again for entry in cache.entries}
    left = [hit for hit in hits if (hit.entry.tool, hit.entry.where) in there]
    return Removal(removed=tuple(hit for hit in meant if hit not in left), left=tuple(left))
