"""Deciding what a look at an image is worth. Pure: values in, values out.

Xray answers the same sentence of what is not indexed, not scanned yet and past its retention, and shows the
findings of a scan that is not through as if they were all. So its scan is asked after where its answer says
nothing, and where it has less than before: nothing is taken for gone by an answer that was not confirmed.
"""

import zlib
from collections.abc import Collection
from datetime import date

import msgspec

from reedbed.jfrog.scan_status import Told
from reedbed.jfrog.summary import Answer
from reedbed.model.inventory import Coverage

SETTLED = frozenset({Coverage.NOT_INDEXED, Coverage.UNSUPPORTED, Coverage.EXPIRED})
"""What seldom changes, while Xray goes on to say nothing."""

TURNS = 7
"""What was not scanned is asked after on one of so many days: once it is scanned, its answer says so."""

NOTHING_SAID = frozenset({Coverage.NOT_SCANNED, Coverage.UNKNOWN})
WAS_SCANNED = frozenset({Coverage.SCANNED, Coverage.PARTIAL, Coverage.EXPIRED})


class Before(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an image before a look at it."""

    coverage: Coverage | None = None
    reason: str | None = None
    places: frozenset[tuple[str, str, str]] = frozenset()  # vulnerability, component, version


def doubtful(
    answer: Answer, before: Before, has: Collection[tuple[str, str, str]], *, thorough: bool, turn: bool
) -> bool:
    """Say whether the scan should be asked after.

    `has` is what the answer has. What said nothing before, and says nothing again, is asked after in
    `thorough` runs alone, or when it is its `turn` if it may have been scanned since.
    """
    if answer.coverage in NOTHING_SAID:
        waits = before.coverage in SETTLED or (before.coverage is Coverage.NOT_SCANNED and not turn)
        return thorough or not waits
    if answer.coverage is not Coverage.SCANNED:
        return False
    return not before.places <= set(has) or (not has and before.coverage is not Coverage.SCANNED)


def its_turn(asset: str, today: date) -> bool:
    """Say whether this is the asset's day: each has one of seven, and on each day it is a seventh of them."""
    return zlib.crc32(asset.encode()) % TURNS == today.toordinal() % TURNS


def concluded(answer: Answer, told: Told | None, before: Before, *, indexed: bool | None) -> Answer:
    """Say what an answer is worth that was in doubt; `told` None: it could not be asked after any more.

    `indexed` says whether Xray indexes the repository; None: it does not tell.
    """
    if answer.coverage in NOTHING_SAID:
        coverage, reason = _silent(answer, told, before, indexed=indexed)
    else:
        coverage, reason = _confirmed(told)
    return msgspec.structs.replace(answer, coverage=coverage, reason=reason)


def _silent(
    answer: Answer, told: Told | None, before: Before, *, indexed: bool | None
) -> tuple[Coverage, str | None]:
    if indexed is False:
        return Coverage.NOT_INDEXED, "Xray does not index its repository"
    if told is None or not told.answered:
        return _unasked(before, answer.coverage, answer.reason or (told.reason if told else None))
    if told.coverage is Coverage.SCANNED:
        return Coverage.UNAVAILABLE, "Xray says that it is scanned, and tells nothing of it"
    if told.coverage is not None and told.coverage is not Coverage.NOT_SCANNED:
        return told.coverage, told.reason
    if before.coverage in WAS_SCANNED:
        return Coverage.EXPIRED, "Xray had scanned it, and has nothing of it any more"
    return Coverage.NOT_SCANNED, told.reason


def _unasked(before: Before, coverage: Coverage, reason: str | None) -> tuple[Coverage, str | None]:
    """What was learned by asking earlier stays, while the answer goes on to say nothing."""
    if before.coverage in SETTLED or before.coverage is Coverage.NOT_SCANNED:
        return before.coverage, before.reason or reason
    return coverage, reason


def _confirmed(told: Told | None) -> tuple[Coverage, str | None]:
    """An Xray that tells of no scan is believed; one that could not be asked is not, until it is."""
    if told is None or not told.answered:
        why = told.reason if told else "too many were in doubt"
        return Coverage.PARTIAL, f"it has less than before, and that was not confirmed: {why}"
    if told.coverage in (None, Coverage.SCANNED):
        return Coverage.SCANNED, None
    return told.coverage or Coverage.UNKNOWN, told.reason
