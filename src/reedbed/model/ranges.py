"""Ranges as OSV writes them: events along the line of versions, and the intervals that they bound.

Source: ossf.github.io/osv-schema, `affected[].ranges[].events`.
"""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Any

import msgspec

from reedbed.model.ecosystem import RULES, PackageType
from reedbed.model.versions import Between, Clause, Exactly, Version, version


class Bound(StrEnum):
    # In the order in which they take effect at one and the same version.
    FIXED = "fixed"
    INTRODUCED = "introduced"
    LAST_AFFECTED = "last_affected"


_TAKES_EFFECT = {bound: place for place, bound in enumerate(Bound)}


class Event(msgspec.Struct, frozen=True, order=True):
    bound: Bound
    at: str  # a version; for `introduced`, "0" is before every version


class Range(msgspec.Struct, frozen=True):
    type: str  # SEMVER, ECOSYSTEM or GIT
    events: tuple[Event, ...]


FROM_THE_FIRST = Event(Bound.INTRODUCED, "0")

BEGINNING = frozenset({"0", "0.0.0", "0.0.0-0"})
"""How records write “from the first version on”; the longer two in SEMVER ranges alone."""


def intervals(span: Range, package_type: PackageType) -> tuple[Clause, ...]:
    """Turn the events of one range into intervals, one for each introduction and its end.

    Raises:
        ValueError: the range cannot be expressed, or read without guessing; the message says why.
    """
    if span.type == "GIT":
        raise ValueError("a range of commits names no versions")
    if span.type not in {"SEMVER", "ECOSYSTEM"}:
        raise ValueError("the range is of a type that the OSV format does not have")
    if not any(event.bound is Bound.INTRODUCED for event in span.events):
        raise ValueError("the range never begins")
    return tuple(_pairs(_sorted(span, package_type)))


def _sorted(span: Range, package_type: PackageType) -> Sequence[Event]:
    events = [_from_beginning(event, span.type) for event in span.events]
    order = RULES[package_type].order
    if order is None:  # listed order is all there is; `_pairs` refuses it where it does not alternate
        return events

    def place(event: Event) -> tuple[Any, ...]:
        return (order(event.at), _TAKES_EFFECT[event.bound])

    try:
        beginnings = [event for event in events if event == FROM_THE_FIRST]
        return beginnings + sorted((event for event in events if event != FROM_THE_FIRST), key=place)
    except ValueError as error:
        raise ValueError(f"the range holds what is no {package_type} version: {error}") from error


def _from_beginning(event: Event, range_type: str) -> Event:
    if event.bound is Bound.INTRODUCED and range_type == "SEMVER" and event.at in BEGINNING:
        return FROM_THE_FIRST
    return event


def _pairs(events: Iterable[Event]) -> Iterator[Clause]:
    begun: str | None = None
    for event in events:
        if event.bound is Bound.INTRODUCED:
            if begun is not None:
                raise ValueError(f"the range begins at {event.at} before it ended")
            begun = event.at
        elif begun is None:
            raise ValueError(f"the range ends at {event.at} without having begun")
        else:
            yield _interval(begun, event)
            begun = None
    if begun is not None:
        lower = _lower(begun)
        yield Between(lower=lower, lower_closed=lower is not None)


def _interval(begun: str, end: Event) -> Clause:
    lower, upper, closed = _lower(begun), version(end.at), end.bound is Bound.LAST_AFFECTED
    if lower == upper and closed:
        return Exactly(upper)
    return Between(lower=lower, upper=upper, lower_closed=lower is not None, upper_closed=closed)


def _lower(begun: str) -> Version | None:
    return None if begun == "0" else version(begun)
