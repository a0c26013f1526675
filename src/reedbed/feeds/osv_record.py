"""One record in the OSV format, read into what it says of each package.

Source: ossf.github.io/osv-schema; for the malicious-package records of the OpenSSF also the repository
ossf/malicious-packages (docs/consuming.md, and its validator for what never occurs).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from reedbed.feeds.osv_wire import (
    OsvAffected,
    OsvEvent,
    OsvPackage,
    OsvRange,
    OsvRecord,
    OsvReference,
    decode,
)
from reedbed.model.advisory import (
    LONGEST_SUMMARY,
    Advisory,
    Confidence,
    Statement,
    Unusable,
    Verdict,
    Withdrawal,
)
from reedbed.model.ecosystem import PackageType
from reedbed.model.narrowing import Origin, narrow
from reedbed.model.purl import Purl, purl
from reedbed.model.ranges import Bound, Event, Range, intervals
from reedbed.model.text import hidden, one_line, visible
from reedbed.model.versions import Clause, Exactly, Version, version, versions

PACKAGE_TYPES = {
    "npm": PackageType.NPM,
    "pypi": PackageType.PYPI,
    "go": PackageType.GO,
    "crates.io": PackageType.CARGO,
    "maven": PackageType.MAVEN,
    "nuget": PackageType.NUGET,
    "rubygems": PackageType.RUBYGEMS,
    "packagist": PackageType.COMPOSER,
    "vscode": PackageType.VSCODE,
    "github actions": PackageType.GITHUB_ACTIONS,
    "hex": PackageType.HEX,
    "pub": PackageType.PUB,
}
"""OSV's words, lowered: the format's own are case-sensitive, lists made by hand are not."""

RECORD_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
TEMPORARY_ID = re.compile(r"[A-Za-z]+-0000-")
LINK = re.compile(r"https?://[^\s<>\"'\\]{1,2000}")
LINK_KINDS = ("ADVISORY", "REPORT", "ARTICLE", "WEB")  # the best first

EDITION = "1"
"""Raised by a release that reads records differently, so that every feed is read anew then."""

MOST_NOTES = 20
LONGEST_REASON = 300


class Taking(msgspec.Struct, frozen=True, kw_only=True):
    """How a feed's records are taken: the operator's name for it, and what it is trusted to say."""

    feed: str
    id_prefixes: tuple[str, ...] = ("MAL-",)
    ecosystems: frozenset[str] = frozenset()  # lowered, without suffix; empty: all
    verdict: Verdict = Verdict.MALICIOUS
    confidence: Confidence = Confidence.HUMAN_VERIFIED


class _Named(msgspec.Struct):
    """What one `affected` entry says: a package with its bad versions, and what was left out of them."""

    package: Purl
    spelling: str
    clauses: list[Clause]
    notes: list[str]


def read_record(data: bytes, *, file: str, taking: Taking) -> tuple[Statement, ...]:
    """Read the bytes of one record; `file` names it where it has no id of its own.

    Gives one advisory a package, one withdrawal, or one unusable with the reason; nothing for a record that
    is not about malware or not of the ecosystems asked for. Never raises.
    """
    try:
        record = decode(data)
    except ValueError as error:
        return (unusable(taking.feed, file, f"the record cannot be read: {error}"),)
    if not record.id:
        return (unusable(taking.feed, file, "the record has no id (yet)"),)
    if not RECORD_ID.fullmatch(record.id):
        return (unusable(taking.feed, file, f"the id is not one: {record.id[:80]!r}"),)
    if not record.id.startswith(taking.id_prefixes):
        return ()
    if TEMPORARY_ID.match(record.id):
        return (
            unusable(taking.feed, record.id, "the id is temporary; the record comes again under another"),
        )
    return _statements(record, record.id, taking)


def unusable(feed: str, record: str, reason: str) -> Unusable:
    """Say why a record cannot be used, in text that is safe to show, whatever a stranger wrote into it."""
    return Unusable(feed=feed, id=_shown(record, 200), reason=_shown(reason, LONGEST_REASON))


def _shown(text: str, limit: int) -> str:
    shown = visible(text[:limit])
    return shown if len(shown) <= limit and len(text) <= limit else shown[: limit - 3] + "..."


def _statements(record: OsvRecord, record_id: str, taking: Taking) -> tuple[Statement, ...]:
    modified = _utc(record.modified) or _utc(record.published) or _utc(record.withdrawn)
    if modified is None:
        return (unusable(taking.feed, record_id, "the record does not say when it was modified"),)
    if record.withdrawn is not None:
        return (Withdrawal(feed=taking.feed, id=record_id, modified=modified),)
    wanted = [entry for entry in record.affected or () if _wanted(entry, taking.ecosystems)]
    if record.affected and not wanted:
        return ()
    named, reasons = _read_all(wanted, _origins(record))
    if not named:
        why = "; ".join(reasons) or "the record names no package"
        return (unusable(taking.feed, record_id, why),)
    named[0].notes.extend(reasons)
    return tuple(_advisory(each, record, record_id, modified, taking) for each in named)


def _wanted(entry: OsvAffected, ecosystems: frozenset[str]) -> bool:
    return not ecosystems or entry.package is None or _ecosystem(entry.package) in ecosystems


def _ecosystem(package: OsvPackage) -> str:
    """The ecosystem without its suffix: `debian` for `Debian:11`."""
    return (package.ecosystem or "").partition(":")[0].strip().lower()


def _read_all(entries: Sequence[OsvAffected], origins: Sequence[Origin]) -> tuple[list[_Named], list[str]]:
    """Read each entry, or say why not; entries about one package become one."""
    by_package: dict[Purl, _Named] = {}
    reasons = []
    for entry in entries:
        try:
            # Origins do not say which package they are about: with several, they narrow nothing.
            read = _read(entry, origins if len(entries) == 1 else ())
        except ValueError as error:
            reasons.append(str(error))
            continue
        known = by_package.setdefault(read.package, read)
        if known is not read:
            known.clauses.extend(read.clauses)
            known.notes.extend(read.notes)
    return list(by_package.values()), reasons


def _read(entry: OsvAffected, origins: Sequence[Origin]) -> _Named:
    package, spelling = _package(entry)
    notes: list[str] = []
    ranges = [_range(span) for span in entry.ranges or ()]
    if len(ranges) > 1 or (ranges and entry.versions):
        kept = narrow(ranges, origins, has_versions=bool(entry.versions))
        if len(kept) < len(ranges):
            dropped = len(ranges) - len(kept)
            notes.append(f"{dropped} of {len(ranges)} ranges dropped: the source has narrowed them since")
        ranges = list(kept)
    clauses = [*_exact(entry.versions or (), notes), *_between(ranges, package.type, notes)]
    if not clauses:
        why = "; ".join(notes) or "neither versions nor ranges are named, and that never means all"
        raise ValueError(f"{_shown(spelling, 80)}: {why}")
    return _Named(package, spelling, clauses, notes)


def _package(entry: OsvAffected) -> tuple[Purl, str]:
    package = entry.package
    if package is None or not package.name or not package.ecosystem:
        raise ValueError("not expressible: the entry names no package" + _only_commits(entry))
    package_type = PACKAGE_TYPES.get(_ecosystem(package))
    shown = _shown(package.name, 80)
    if package_type is None:
        ecosystem = _shown(package.ecosystem, 40)
        raise ValueError(f"{shown}: the ecosystem {ecosystem} is not known, or not enforceable in Xray")
    try:
        return purl(package_type, package.name), package.name
    except ValueError as error:
        raise ValueError(f"{shown}: {error}") from error


def _only_commits(entry: OsvAffected) -> str:
    return ", only commits" if any(span.type == "GIT" for span in entry.ranges or ()) else ""


def _exact(named: Iterable[Any], notes: list[str]) -> Iterator[Clause]:
    for text in named:
        try:
            yield Exactly(_version(text))
        except (TypeError, ValueError) as error:
            notes.append(f"version {_shown(str(text), 40)} dropped: {error}")


def _version(text: Any) -> Version:
    if not isinstance(text, str):
        raise TypeError("it is no text")
    return version(text)


def _between(ranges: Iterable[Range], package_type: PackageType, notes: list[str]) -> Iterator[Clause]:
    for span in ranges:
        try:
            yield from intervals(span, package_type)
        except ValueError as error:
            notes.append(f"{_shown(span.type, 20)} range not expressible: {error}")


def _range(span: OsvRange) -> Range:
    """Take a range as it stands; with an event that cannot be read it is one that `intervals` refuses."""
    events = [_event(event) for event in span.events or ()]
    readable = [event for event in events if event is not None]
    whole = len(readable) == len(events)
    return Range(span.type or "" if whole else "unreadable", tuple(readable))


def _event(event: OsvEvent) -> Event | None:
    bounds = [
        (bound, at)
        for bound, at in (
            (Bound.INTRODUCED, event.introduced),
            (Bound.FIXED, event.fixed),
            (Bound.LAST_AFFECTED, event.last_affected),
        )
        if at is not None
    ]
    if len(bounds) != 1 or event.limit is not None or not isinstance(bounds[0][1], str):
        return None
    return Event(*bounds[0])


def _origins(record: OsvRecord) -> list[Origin]:
    listed = record.database_specific.origins if record.database_specific else None
    return [
        Origin(
            source=origin.source or "",
            id=origin.id or None,
            modified=_utc(origin.modified_time),
            imported=_utc(origin.import_time),
            ranges=tuple(_range(span) for span in origin.ranges or ()),
        )
        for origin in listed or ()
    ]


def _advisory(
    named: _Named, record: OsvRecord, record_id: str, modified: datetime, taking: Taking
) -> Advisory:
    notes = [_shown(note, LONGEST_REASON) for note in named.notes[:MOST_NOTES]]
    if len(named.notes) > MOST_NOTES:
        notes.append(f"and {len(named.notes) - MOST_NOTES} more")
    return Advisory(
        feed=taking.feed,
        id=record_id,
        package=named.package,
        spelling=named.spelling,
        versions=versions(named.clauses),
        summary=_summary(record, named.spelling),
        url=_link(record.references or ()),
        modified=modified,
        verdict=taking.verdict,
        confidence=taking.confidence,
        notes=tuple(notes),
    )


def _summary(record: OsvRecord, spelling: str) -> str:
    text = record.summary or record.details or ""
    line = one_line(text[: 4 * LONGEST_SUMMARY], limit=LONGEST_SUMMARY)
    return line or f"Malicious code in {spelling}"[:LONGEST_SUMMARY]


def _link(references: Sequence[OsvReference]) -> str | None:
    """The link that tells a person most; only one that the record has: no address is made up."""
    usable = [(r.type, r.url) for r in references if r.url and LINK.fullmatch(r.url) and not hidden(r.url)]
    for kind in LINK_KINDS:
        for of_kind, url in usable:
            if of_kind == kind:
                return url
    return None


def _utc(moment: datetime | None) -> datetime | None:
    if moment is None or moment.tzinfo is UTC:
        return moment
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:  # the first or last day of the calendar, in another zone
        return None
