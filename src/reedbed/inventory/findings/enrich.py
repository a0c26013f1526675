"""Importing EPSS and KEV from files and addresses: read whole and checked, then written. Acts."""

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import msgspec

from reedbed.errors import SettingsError, Unreadable
from reedbed.feeds import epss, kev
from reedbed.feeds.settings import OwnListSettings
from reedbed.feeds.site import open_site
from reedbed.store.database import Database
from reedbed.store.inventory import enrichment
from reedbed.store.inventory.enrichment import Enrichment, Exploited, Likelihood

LARGEST = 256 * 1024 * 1024
LARGEST_CATALOGUE = 64 * 1024 * 1024
ROWS_A_WRITE = 2_000
EPSS = "epss"


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """Where an import comes from, and on what terms."""

    origin: str  # a path, or an https:// address
    as_of: str | None = None  # the day, where the file does not say it
    allow_smaller: bool = False  # less than half of what there was
    ca_file: str = ""
    allow_plain_http: bool = False


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What an import came to."""

    name: str
    as_of: str
    count: int
    changed: bool  # False: the address says that it has not changed since
    findings: int  # of ours that it tells something about


async def import_epss(db: Database, given: Given, *, now: Callable[[], datetime]) -> Imported:
    """Put EPSS's scores in the place of those that are there.

    The whole file is read before the first row is written: a bad one changes nothing.

    Raises:
        Unreadable: it is no EPSS file, was cut off, or has less than half of what there was.
        Unreachable, Refused: the address does not give it.
        SettingsError: there is no such file, or nobody says of which day it is.
    """
    with tempfile.TemporaryFile() as file:
        etag = await _fetch(db, EPSS, given, file, largest=LARGEST)
        if etag is None:
            return await _unchanged(db, EPSS)
        count = await asyncio.to_thread(_count, file)
        day = given.as_of or await asyncio.to_thread(epss.day, file)
        await _check(db, EPSS, given, count, day)
        assert day
        await db.write(enrichment.set_epss_aside, day)
        for some in _slices(epss.lines(file)):
            rows = [Likelihood(each.cve, each.score, each.percentile) for each in some]
            await db.write(enrichment.save_epss, rows, as_of=day)
        await db.write(enrichment.drop_epss_but, day)
    return await _note(db, EPSS, given, count=count, day=day, etag=etag, now=now())


async def import_kev(db: Database, given: Given, *, source: str, now: Callable[[], datetime]) -> Imported:
    """Put a list of known exploited vulnerabilities in the place of the one from the same source.

    Raises:
        Unreadable: it is no such list, was cut off, or has less than half of what there was.
        Unreachable, Refused: the address does not give it.
        SettingsError: there is no such file, or nobody says of which day it is.
    """
    name = f"kev:{source}"
    with tempfile.TemporaryFile() as file:
        etag = await _fetch(db, name, given, file, largest=LARGEST_CATALOGUE)
        if etag is None:
            return await _unchanged(db, name)
        file.seek(0)
        catalogue = kev.read(file.read())
    day, count = given.as_of or catalogue.day, len(catalogue.vulnerabilities)
    await _check(db, name, given, count, day)
    assert day
    entries = [Exploited(each.cve, each.date_added, each.due_date) for each in catalogue.vulnerabilities]
    await db.write(enrichment.replace_kev, source, entries)
    return await _note(db, name, given, count=count, day=day, etag=etag, now=now())


def _count(file: BinaryIO) -> int:
    return sum(1 for _ in epss.lines(file))


def _slices(lines: Iterator[epss.Line]) -> Iterator[list[epss.Line]]:
    while some := list(islice(lines, ROWS_A_WRITE)):
        yield some


async def _fetch(db: Database, name: str, given: Given, into: BinaryIO, *, largest: int) -> str | None:
    """Bring the file here; give its etag, which may be empty. None: it is the one that is imported."""
    before = await db.read(enrichment.last, name)
    try:
        site_of = OwnListSettings(
            name=name.partition(":")[0],
            source=given.origin,
            ca_file=given.ca_file,
            allow_plain_http=given.allow_plain_http,
        )
    except ValueError as error:
        raise SettingsError(
            f"Could not import {name}", why=str(error), fix="Name a file or an https:// address."
        ) from error
    if not site_of.remote:
        await asyncio.to_thread(_copy, Path(given.origin), into, largest)
        return ""
    etag = before.etag if before and before.origin == given.origin else None
    async with open_site(site_of) as site:
        answer = await site.fetch(into=into, largest=largest, etag=etag or None)
    if answer.status == 404:
        raise SettingsError(
            f"Could not import {name}", why="there is no such file at that address", fix="Check the address."
        )
    return None if answer.status == 304 else answer.etag or ""


def _copy(path: Path, into: BinaryIO, largest: int) -> None:
    try:
        with path.open("rb") as file:
            while part := file.read(1 << 20):
                into.write(part)
                if into.tell() > largest:
                    raise Unreadable(
                        f"Could not read {path}",
                        why=f"it is larger than {largest} bytes",
                        fix="Name another.",
                    )
    except OSError as error:
        raise SettingsError(
            f"Could not read {path}", why=error.strerror or str(error), fix="Name a file that can be read."
        ) from error


async def _check(db: Database, name: str, given: Given, count: int, day: str | None) -> None:
    if day is None:
        raise SettingsError(
            f"Could not import {name}", why="the file does not say of which day it is", fix="Say --as-of."
        )
    before = await db.read(enrichment.last, name)
    if count == 0 or (before and count < before.count / 2 and not given.allow_smaller):
        had = f", and the one before had {before.count}" if before else ""
        raise Unreadable(
            f"Could not import {name}",
            why=f"it has {count} entries{had}",
            fix="Check that the file is whole; --allow-smaller takes it all the same. Nothing was changed.",
        )


async def _unchanged(db: Database, name: str) -> Imported:
    last = await db.read(enrichment.last, name)
    assert last
    findings = await db.read(enrichment.touched, name)
    return Imported(name=name, as_of=last.as_of, count=last.count, changed=False, findings=findings)


async def _note(
    db: Database, name: str, given: Given, *, count: int, day: str, etag: str, now: datetime
) -> Imported:
    done = Enrichment(
        name=name, origin=given.origin, as_of=day, count=count, etag=etag or None, imported_at=now
    )
    await db.write(enrichment.note, done)
    findings = await db.read(enrichment.touched, name)
    return Imported(name=name, as_of=day, count=count, changed=True, findings=findings)
