"""Reading one ecosystem of an archive in the public layout over HTTP.

Under the address that the operator gives: `<ecosystem>/all.zip` holds every record, `<ecosystem>/<ID>.json`
one, and `<ecosystem>/modified_id.csv` says when each was modified. Records that lost their ecosystem, as most
withdrawn ones do, lie under `[EMPTY]/`. Source: google.github.io/osv.dev/data.
"""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from datetime import timedelta
from io import BytesIO
from itertools import islice
from pathlib import Path

import msgspec

from reedbed.errors import Refused, Unreadable
from reedbed.feeds.draining import Drain
from reedbed.feeds.feed import Batch, Drained
from reedbed.feeds.modified_ids import Changes, changes
from reedbed.feeds.osv_record import Taking, read_record, unusable
from reedbed.feeds.osv_wire import is_record
from reedbed.feeds.settings import OsvSettings
from reedbed.feeds.site import Answer, Site
from reedbed.feeds.zip_members import Member, members
from reedbed.model.advisory import Statement

EMPTY = "[EMPTY]"

LIST, ARCHIVE, AGAIN = "list", "archive", "again"
"""Validators: the ETags of the list and of the archive, and records to fetch again though they are old."""

LARGEST_LIST = 64 << 20
UNPACKED_PER_PACKED = 8
MOST_AGAIN = 200
MEGABYTE = 1 << 20


async def read_ecosystem(
    site: Site, drain: Drain, taking: Taking, settings: OsvSettings
) -> AsyncGenerator[Batch | Drained, None]:
    """Read what is new of the ecosystem `drain.scope`; the errors are those of `Site.fetch`.

    Few changes are fetched one by one, many as the archive, which is also what a first reading takes.
    """
    with tempfile.TemporaryDirectory(prefix="reedbed-") as folder:
        ecosystem = _Ecosystem(site, drain, taking, settings, Path(folder))
        reading = ecosystem.changed() if drain.before.watermark else ecosystem.everything()
        async for each in reading:
            yield each


class _Single(msgspec.Struct, frozen=True):
    """A record that was fetched by itself; not whole: damaged on its way, or not (yet) there."""

    record: str
    whole: bool
    says: tuple[Statement, ...] = ()


class _Ecosystem:
    """One ecosystem of an archive, and a folder for as long as it is read."""

    def __init__(self, site: Site, drain: Drain, taking: Taking, settings: OsvSettings, folder: Path) -> None:
        self._site = site
        self._drain = drain
        self._taking = taking
        self._settings = settings
        self._folder = folder

    async def changed(self) -> AsyncGenerator[Batch | Drained, None]:
        """Read what the list says was modified since the last reading."""
        before = self._drain.before
        answer, path = await self._save("modified_id.csv", LARGEST_LIST, before.validators.get(LIST))
        again = tuple(before.validators.get(AGAIN, "").split())
        if answer.status == 404:
            reading = self.everything()
        elif answer.status == 304:
            reading = self._singles(again, {LIST: before.validators[LIST]}) if again else self._unchanged()
        else:
            found = await asyncio.to_thread(self._changes, path)
            reading = self._listed(found, again, answer.etag)
        async for each in reading:
            yield each

    def _changes(self, path: Path) -> Changes:
        assert self._drain.before.watermark
        since = self._drain.before.watermark - timedelta(seconds=self._settings.overlap_s)
        with path.open("rb") as lines:
            found = changes(
                lines,
                since=since,
                id_prefixes=self._settings.id_prefixes,
                limit=self._settings.single_records,
            )
        if found.rows and found.unread == found.rows:
            raise Unreadable(
                f"Could not read {self._drain.scope}/modified_id.csv",
                why="none of its rows is a time and an id",
                fix="Check that the feed's source is an archive in the OSV layout.",
            )
        return found

    async def _listed(
        self, found: Changes, again: tuple[str, ...], etag: str | None
    ) -> AsyncGenerator[Batch | Drained, None]:
        warnings = [f"{found.unread} rows of modified_id.csv could not be read"] if found.unread else []
        if not found.rows:
            warnings.append("modified_id.csv is empty: nothing is taken back by that")
        if found.too_many:
            reading = self.everything(*warnings)
        else:
            for moment in found.times.values():
                self._drain.reach(moment)
            wanted = tuple(dict.fromkeys((*found.times, *again)))
            reading = self._singles(wanted, {LIST: etag} if etag else {}, *warnings)
        async for each in reading:
            yield each

    async def _singles(
        self, wanted: tuple[str, ...], validators: dict[str, str], *warnings: str
    ) -> AsyncGenerator[Batch | Drained, None]:
        """Fetch records one by one, a few at a time. What cannot be read is asked for again the next time."""
        again: list[str] = []
        for group in _groups(wanted, self._settings.concurrency):
            read = await asyncio.gather(*(self._single(record_id) for record_id in group))
            self._drain.records += len(read)
            again += [single.record for single in read if not single.whole]
            statements = tuple(statement for single in read for statement in single.says)
            if statements:
                yield Batch(scope=self._drain.scope, statements=statements)
        if len(again) > MOST_AGAIN:
            raise _mostly_unread(self._drain.scope, again)
        if again:
            validators = {**validators, AGAIN: " ".join(again)}
            warnings += (f"{len(again)} changed records could not be read, {again[0]} among them",)
        known = self._drain.before.validators
        archive = {ARCHIVE: known[ARCHIVE]} if ARCHIVE in known else {}
        yield self._drain.drained({**archive, **validators}, *warnings)

    async def _single(self, record_id: str) -> "_Single":
        body, largest = BytesIO(), self._settings.max_record_mb * MEGABYTE
        try:
            answer = await self._site.fetch(
                self._drain.scope, f"{record_id}.json", into=body, largest=largest
            )
        except Unreadable:
            return _Single(record_id, whole=False)
        if answer.status == 404:
            return _Single(record_id, whole=False)
        data = body.getvalue()
        says = read_record(data, file=record_id, taking=self._taking)
        if any(statement.id != record_id for statement in says):
            return _Single(record_id, whole=False)
        return _Single(record_id, whole=is_record(data), says=says)

    async def everything(self, *warnings: str) -> AsyncGenerator[Batch | Drained, None]:
        """Read the archive."""
        before = self._drain.before
        largest = self._settings.max_archive_mb * MEGABYTE
        answer, path = await self._save("all.zip", largest, before.validators.get(ARCHIVE))
        if answer.status == 404:
            yield self._absent()
        elif answer.status == 304:
            yield self._drain.unchanged(*warnings, *self._archive_is_late())
        else:
            archive = f"{self._drain.scope}/all.zip"
            records = zip_records(path, self._taking, self._settings, archive=archive)
            async for batch in self._drain.batches(records):
                yield batch
            # The list may be newer than the archive: without its ETag the next reading compares the two.
            yield self._drain.drained_whole({ARCHIVE: answer.etag} if answer.etag else {}, *warnings)

    def _archive_is_late(self) -> tuple[str, ...]:
        listed = self._folder / "modified_id.csv"
        late = listed.exists() and listed.stat().st_size > 0
        return ("modified_id.csv names changes that all.zip does not hold yet",) if late else ()

    def _absent(self) -> Drained:
        if self._drain.scope == EMPTY:
            return self._drain.unchanged("the archive has no [EMPTY]: withdrawals may come late")
        raise Refused(
            f"Could not read the ecosystem {self._drain.scope}",
            why="the source has no such folder, or no all.zip in it (404)",
            fix="Check `ecosystems` of the feed: OSV writes npm, PyPI, Go, crates.io, Maven, NuGet.",
            status=404,
        )

    async def _unchanged(self) -> AsyncGenerator[Batch | Drained, None]:
        yield self._drain.unchanged()

    async def _save(self, name: str, largest: int, etag: str | None) -> tuple[Answer, Path]:
        path = self._folder / name
        with path.open("wb") as file:
            return await self._site.fetch(
                self._drain.scope, name, into=file, largest=largest, etag=etag
            ), path


def zip_records(
    path: Path, taking: Taking, settings: OsvSettings, *, archive: str
) -> Iterator[tuple[Statement, ...]]:
    """Read each record of an `all.zip`: what it says, member by member."""
    largest = settings.max_record_mb * MEGABYTE
    total = settings.max_archive_mb * MEGABYTE * UNPACKED_PER_PACKED
    for member in members(path, archive=archive, largest=largest, total=total):
        if isinstance(member, Member):
            yield read_record(member.data, file=member.name, taking=taking)
        else:
            yield (unusable(taking.feed, member.name, member.reason),)


def _mostly_unread(ecosystem: str, again: Sequence[str]) -> Unreadable:
    return Unreadable(
        f"Could not read {len(again)} changed records of {ecosystem}",
        why=f"they are not there or damaged, {again[0]} among them",
        fix="Nothing: the next run tries again. If it stays so, tell whoever publishes the archive.",
    )


def _groups(wanted: Iterable[str], size: int) -> Iterator[tuple[str, ...]]:
    remaining = iter(wanted)
    while group := tuple(islice(remaining, size)):
        yield group
