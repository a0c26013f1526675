"""An organisation's own list of packages that it holds to be malicious, as JSON or CSV.

A row that is gone says nothing; to take one back, it says `withdrawn`. See docs/feeds.md for the format.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from reedbed.errors import Unreachable, Unreadable
from reedbed.feeds.draining import Drain, basis
from reedbed.feeds.feed import Batch, Drained
from reedbed.feeds.osv_record import LINK, PACKAGE_TYPES, unusable
from reedbed.feeds.own_list_rows import FIELDS, Place, Row, rows
from reedbed.feeds.settings import OwnListSettings
from reedbed.feeds.site import open_site
from reedbed.model.advisory import (
    LONGEST_SUMMARY,
    Advisory,
    Confidence,
    Statement,
    Unusable,
    Verdict,
    Withdrawal,
)
from reedbed.model.cursor import Cursor
from reedbed.model.ecosystem import RULES, PackageType
from reedbed.model.purl import Purl, parse_purl, purl
from reedbed.model.text import hidden, one_line, visible
from reedbed.model.versions import EVERY, Between, Clause, Exactly, parse_clause, version, versions

EDITION = "1"
SCOPE = "*"
STATE = "state"
"""The validator: the ETag of a list on a server, size and time of change of a file."""

LONGEST_ID = 128
MEGABYTE = 1 << 20
NO, YES = frozenset({"", "false", "no", "0"}), frozenset({"true", "yes", "1"})

Word = TypeVar("Word", bound=StrEnum)


class _List(msgspec.Struct, frozen=True):
    """The bytes of a list, and what its source says of them."""

    data: bytes
    state: str | None
    modified: datetime


class OwnList:
    """A list at a path or an address."""

    def __init__(self, settings: OwnListSettings) -> None:
        self._settings = settings
        self._basis = basis(EDITION, settings.source, settings.verdict, settings.confidence)

    @property
    def name(self) -> str:
        return self._settings.name

    async def read(
        self, *, since: Mapping[str, Cursor], now: datetime
    ) -> AsyncGenerator[Batch | Drained, None]:
        """Read the list if it has changed, as `Feed.read` says; its one scope is `*`."""
        drain = Drain(SCOPE, since.get(SCOPE), basis=self._basis, now=now)
        state = drain.before.validators.get(STATE)
        found = await (self._fetch(state, now) if self._settings.remote else self._load(state))
        if found is None:
            yield drain.unchanged()
            return
        unused: set[str] = set()
        async for batch in drain.batches(self._entries(found, unused)):
            yield batch
        yield drain.drained_whole({STATE: found.state} if found.state else {}, *_unused(unused))

    async def _fetch(self, etag: str | None, now: datetime) -> _List | None:
        body, largest = BytesIO(), self._settings.max_list_mb * MEGABYTE
        async with open_site(self._settings) as site:
            answer = await site.fetch(into=body, largest=largest, etag=etag)
        if answer.status == 404:
            raise _unreachable(self._settings.source.partition("?")[0], "the answer was 404")
        if answer.status == 304:
            return None
        return _List(body.getvalue(), answer.etag, answer.modified or now)

    async def _load(self, state: str | None) -> _List | None:
        path = Path(self._settings.source)
        try:
            return await asyncio.to_thread(_load, path, state, self._settings.max_list_mb * MEGABYTE)
        except OSError as error:
            raise _unreachable(str(path), error.strerror or str(error)) from error

    def _entries(self, found: _List, unused: set[str]) -> Iterator[tuple[Statement, ...]]:
        """Read row by row; a row under the id of an earlier one is refused, not guessed about."""
        places: dict[str, Place] = {}
        name = self._settings.source.partition("?")[0].rpartition("/")[2]
        for row in rows(found.data, name=name):
            unused |= row.values.keys() - FIELDS
            statement = read_row(row, self._settings, modified=found.modified)
            earlier = places.setdefault(statement.id, row.place)
            if earlier != row.place:
                reason = f"{row.place}: it has the id of {earlier}, {statement.id}: give it one of its own"
                statement = _refused(self.name, row, reason)
            yield (statement,)


def read_row(row: Row, settings: OwnListSettings, *, modified: datetime) -> Statement:
    """Read one row; `modified` is the list's own time, for a row that gives none. Never raises."""
    if row.fault:
        return _refused(settings.name, row, f"{row.place}: {row.fault}")
    try:
        return _statement(_Fields(row), settings, modified)
    except _Fault as fault:
        return _refused(settings.name, row, f"{row.at(fault.field)}: {fault}")


class _Fault(ValueError):
    def __init__(self, field: str, why: object) -> None:
        super().__init__(str(why))
        self.field = field


class _Fields:
    """The fields of a row, each checked as it is taken."""

    def __init__(self, row: Row) -> None:
        self._values = row.values

    def text(self, field: str) -> str:
        value = self._values.get(field)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise _Fault(field, "it is no text")
        return value.strip()

    def word(self, field: str, words: type[Word], default: Word) -> Word:
        text = self.text(field).lower()
        try:
            return words(text) if text else default
        except ValueError:
            raise _Fault(field, f"it is none of {', '.join(words)}") from None

    def moment(self, field: str) -> datetime | None:
        text = self.text(field)
        try:
            read = datetime.fromisoformat(text) if text else None
            return read and (read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC))
        except (ValueError, OverflowError):
            raise _Fault(field, "it is no date, as 2026-03-01 or 2026-03-01T12:00:00Z") from None

    def package(self) -> tuple[Purl, str, str | None]:
        """The package, its name as it was written, and the version in its purl."""
        given = self.text("purl")
        try:
            if given:
                package, at = parse_purl(given)
                return package, package.name, at
            name = self.text("name")
            return purl(self._type(), name), name, None
        except _Fault:
            raise
        except ValueError as error:
            raise _Fault("purl" if given else "name", error) from error

    def _type(self) -> PackageType:
        word = self.text("type").lower()
        if not word:
            raise _Fault("type", "give purl, or type and name")
        known = PACKAGE_TYPES.get(word)
        return known or self.word("type", PackageType, PackageType.NPM)

    def versions(self) -> list[str]:
        """Each version or interval as it was written."""
        value = self._values.get("versions")
        listed = value.split(";") if isinstance(value, str) else value or []
        if not isinstance(listed, list) or not all(isinstance(item, str) for item in listed):
            raise _Fault("versions", "write versions as text, or a list of texts")
        return [item.strip() for item in listed if item.strip()]

    def withdrawn(self) -> bool:
        value: Any = self._values.get("withdrawn")
        if value is None or isinstance(value, bool):
            return bool(value)
        text = self.text("withdrawn").lower()
        if text in YES | NO:
            return text in YES
        return self.moment("withdrawn") is not None


def _statement(fields: _Fields, settings: OwnListSettings, list_modified: datetime) -> Statement:
    package, spelling, at = fields.package()
    written = fields.versions() + ([at] if at else [])
    modified = fields.moment("modified") or list_modified
    row_id = _id(fields, package, written)
    if fields.withdrawn():
        return Withdrawal(feed=settings.name, id=row_id, modified=modified)
    notes: list[str] = []
    clauses = list(_clauses(written, package.type, notes))
    if not clauses:
        raise _Fault("versions", "; ".join(notes) or "no version is named; write * for every version")
    return Advisory(
        feed=settings.name,
        id=row_id,
        package=package,
        spelling=spelling,
        versions=versions(clauses),
        summary=one_line(fields.text("summary"), limit=LONGEST_SUMMARY) or f"On the list {settings.name}",
        url=_link(fields.text("url"), notes),
        modified=modified,
        verdict=fields.word("verdict", Verdict, settings.verdict),
        confidence=fields.word("confidence", Confidence, settings.confidence),
        notes=tuple(visible(note[:300]) for note in notes[:20]),
    )


def _id(fields: _Fields, package: Purl, written: list[str]) -> str:
    """The row's own id, else what it is about: then another version makes it another row."""
    given = fields.text("id")
    if len(given) > LONGEST_ID or hidden(given):
        raise _Fault("id", f"an id has at most {LONGEST_ID} visible characters")
    if given:
        return given
    derived = f"{package}@{';'.join(sorted(set(written)))}"
    if len(derived) <= LONGEST_ID and not hidden(derived):
        return derived
    return f"{str(package)[:80]}@sha256:{hashlib.sha256(derived.encode(errors='replace')).hexdigest()[:32]}"


def _clauses(written: list[str], package_type: PackageType, notes: list[str]) -> Iterator[Clause]:
    for text in written:
        try:
            yield _clause(text, package_type)
        except ValueError as error:
            notes.append(f"{text[:60]} dropped: {error}")


def _clause(text: str, package_type: PackageType) -> Clause:
    if text == "*":
        return EVERY
    if text[0] not in "[(":
        return Exactly(version(text))
    clause = parse_clause(text)
    order = RULES[package_type].order
    if isinstance(clause, Between) and order and clause.lower and clause.upper:
        lower, upper = order(clause.lower), order(clause.upper)
        if lower > upper:
            raise ValueError("it ends before it begins")
    return clause


def _link(text: str, notes: list[str]) -> str | None:
    if not text or (LINK.fullmatch(text) and not hidden(text)):
        return text or None
    notes.append("url dropped: it is no http(s) address")
    return None


def _refused(feed: str, row: Row, reason: str) -> Unusable:
    return unusable(feed, str(row.place), reason)


def _unused(names: set[str]) -> tuple[str, ...]:
    shown = ", ".join(sorted(visible(name[:40]) for name in names if name)[:10])
    return (f"fields that no list has, and that say nothing: {shown}",) if shown else ()


def _load(path: Path, state: str | None, largest: int) -> _List | None:
    with path.open("rb") as file:
        seen = path.stat()
        now = f"{seen.st_size}:{seen.st_mtime_ns}"
        if now == state:
            return None
        data = file.read(largest + 1)
    if len(data) > largest:
        raise Unreadable(
            f"Could not read the list {path.name}",
            why=f"it is larger than {largest} bytes",
            fix="Raise max_list_mb of the feed, or split the list into two feeds.",
        )
    return _List(data, now, datetime.fromtimestamp(seen.st_mtime, UTC))


def _unreachable(source: str, why: str) -> Unreachable:
    return Unreachable(
        f"Could not read the list {source}", why=why, fix="Check the feed's source, and who may read there."
    )
