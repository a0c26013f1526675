"""Dropping the wide range that a record still carries after its source has narrowed it.

A record merged from several reports keeps every range that any of them ever had: a package whose
advisory said “all versions” for an hour stays all-bad for ever, and a popular package's good releases
are blocked with it. What the record says of its origins is enough to undo that.
Source: ossf/malicious-packages, issues 458, 1254 and 1337.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from reedbed.model.ranges import Range


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """A report that a record was merged from. A later report of the same source and id supersedes it."""

    source: str
    id: str | None
    modified: datetime | None
    imported: datetime | None
    ranges: tuple[Range, ...]


def narrow(ranges: Sequence[Range], origins: Collection[Origin], *, has_versions: bool) -> tuple[Range, ...]:
    """Drop the ranges that only superseded origins hold, provided that something else remains.

    Only ever removes: a range that no origin holds was written by a curator, and what origins list
    beside `ranges` was removed by one.
    """
    current, superseded = _split(origins)
    stale = superseded - current
    kept = tuple(span for span in ranges if _meaning(span) not in stale)
    return kept if kept or has_versions else tuple(ranges)


def _split(origins: Collection[Origin]) -> tuple[set[frozenset[object]], set[frozenset[object]]]:
    newest: dict[tuple[str, str], tuple[float, float]] = {}
    for origin in origins:
        if origin.id is not None:
            key = (origin.source, origin.id)
            newest[key] = max(newest.get(key, _age(origin)), _age(origin))
    current: set[frozenset[object]] = set()
    superseded: set[frozenset[object]] = set()
    for origin in origins:
        undated = origin.id is None or origin.modified is None  # nothing says that another one is later
        is_current = undated or _age(origin) == newest[(origin.source, origin.id or "")]
        (current if is_current else superseded).update(map(_meaning, origin.ranges))
    return current, superseded


def _age(origin: Origin) -> tuple[float, float]:
    return (_seconds(origin.modified), _seconds(origin.imported))


def _seconds(moment: datetime | None) -> float:
    return moment.timestamp() if moment else float("-inf")


def _meaning(span: Range) -> frozenset[object]:
    """Two ranges are the same when they have the same type and events, in whatever order."""
    return frozenset({span.type, *span.events})
