"""Replaying a connection's maps over what it has landed: no request to JFrog. Acts.

Ids, findings, dates and judgements stay; only what maps make of the records is written anew. A page at a
time is read, mapped and written, so it may be broken off and repeated; doing it twice changes nothing.
A run that is live keeps the maps that it began with: replay when it has ended.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import msgspec

from reedbed.inventory.connection.connections import scope_of
from reedbed.inventory.findings.observed import observed
from reedbed.inventory.records.landing import IMAGE, SCAN, text_of
from reedbed.inventory.run.starting import shapes
from reedbed.inventory.transform import landed_records
from reedbed.inventory.transform.landed_records import Named
from reedbed.inventory.transform.shaping import Shapes
from reedbed.model.records import ImageRecord, RepositoryRecord, ScanRecord
from reedbed.store.database import Database
from reedbed.store.inventory import connections, landed, mapped_texts, placements, remapped

REPOSITORY = "repository"
PAGE = 500
SCANS_PAGE = 50
"""Scans have up to some thousands of vulnerabilities each."""

Mapped = dict[str, dict[str, Any]]
"""Ids, and what a map makes of what they name."""


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a replay, or of a page of it."""

    records: int = 0
    assets: int = 0  # that became others
    texts: int = 0  # of advisories, that this map had not made before
    findings: int = 0  # that became others

    def __add__(self, other: "Replayed") -> "Replayed":
        names = self.__struct_fields__
        return Replayed(**{name: getattr(self, name) + getattr(other, name) for name in names})


async def replay(
    db: Database, name: str, *, told: Callable[[Replayed], None] = lambda _done: None
) -> Replayed:
    """Replay the maps of a connection; `told` hears after each page how far it came.

    Raises:
        SettingsError: there is no such connection, or a map of it is not there.
        MapInvalid: a map does not fit the models of this release.
    """
    scope = scope_of(await db.read(connections.get, name))
    maps = await db.read(shapes, scope)
    done = Replayed()
    for model, size in ((REPOSITORY, PAGE), (IMAGE, PAGE), (SCAN, SCANS_PAGE)):
        async for records in _pages(db, name, model, size):
            done += await _replayed(db, name, model, records, maps)
            told(done)
    return done


async def _pages(db: Database, name: str, model: str, size: int) -> AsyncIterator[Sequence[Named]]:
    after = ""
    while natives := await db.read(landed.natives, name, model, after=after, limit=size):
        after = natives[-1]
        yield await db.read(landed_records.records, name, model, natives)


async def _replayed(db: Database, name: str, model: str, records: Sequence[Named], maps: Shapes) -> Replayed:
    if model == SCAN:
        return await _scans(
            db, name, [record for _, record in records if isinstance(record, ScanRecord)], maps
        )
    mapped: Mapped = {}
    for _, record in records:
        if isinstance(record, RepositoryRecord):
            mapped[record.eval_external_id] = maps.repository(record)
    images = [record for _, record in records if isinstance(record, ImageRecord)]
    mapped |= await _images(db, images, maps)
    changed = await db.write(remapped.save_assets, mapped)
    return Replayed(records=len(records), assets=changed)


async def _images(db: Database, records: Sequence[ImageRecord], maps: Shapes) -> Mapped:
    """Map images that stand in several places by the one that they are named after."""
    first = await db.read(placements.first_of, [record.eval_external_id for record in records])
    return {
        record.eval_external_id: maps.image(record)
        for record in records
        if first.get(record.eval_external_id) == (record.image_repository, record.image_name)
    }


async def _scans(db: Database, name: str, scans: Sequence[ScanRecord], maps: Shapes) -> Replayed:
    digests = [[text_of(each)[0] for each in scan.vulnerabilities] for scan in scans]
    by_text = {
        digest: each
        for scan, some in zip(scans, digests, strict=True)
        for digest, each in zip(some, scan.vulnerabilities, strict=True)
    }
    known = await db.read(mapped_texts.of, maps.vulnerability_map, by_text)
    texts = {digest: maps.text(each) for digest, each in by_text.items() if digest not in known}
    findings: Mapped = {}
    for scan, some in zip(scans, digests, strict=True):
        findings |= _findings(name, scan, some, maps)
    await db.write(mapped_texts.save, maps.vulnerability_map, texts)
    changed = await db.write(remapped.save_findings, findings)
    return Replayed(records=len(scans), texts=len(texts), findings=changed)


def _findings(name: str, scan: ScanRecord, digests: Sequence[str], maps: Shapes) -> Mapped:
    pairs = zip(digests, scan.vulnerabilities, strict=True)
    taken = observed(
        scan.vulnerabilities,
        digests,
        connection=name,
        scope=f"{scan.image.image_repository}/{scan.image.image_name}",
        mapped=[maps.finding(digest, each) for digest, each in pairs],
    )
    return {each.finding: dict(each.facts.mapped) for each in taken}
