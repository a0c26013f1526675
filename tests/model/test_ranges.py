import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.strategies import NUMBERS, ORIGINS, RANGES
from reedbed.model.ecosystem import PackageType
from reedbed.model.narrowing import Origin, narrow
from reedbed.model.ranges import Bound, Event, Range, intervals
from reedbed.model.versions import holds, versions

KEYS = {"i": Bound.INTRODUCED, "f": Bound.FIXED, "l": Bound.LAST_AFFECTED}


def _range(events: str, range_type: str = "SEMVER") -> Range:
    """`i:0 f:1.0.0` as a range."""
    pairs = [event.split(":", 1) for event in events.split()]
    return Range(range_type, tuple(Event(KEYS[key], at) for key, at in pairs))


@pytest.mark.parametrize(
    ("events", "notation"),
    [
        ("i:0", "(,)"),
        ("i:0.0.0", "(,)"),
        ("i:0.0.0-0", "(,)"),
        ("i:0 f:2.0.0", "(,2.0.0)"),
        ("i:0 l:2.0.0", "(,2.0.0]"),
        ("i:1.0.0", "[1.0.0,)"),
        ("i:1.0.0 f:2.0.0", "[1.0.0,2.0.0)"),
        ("i:1.0.0 l:2.0.0", "[1.0.0,2.0.0]"),
        ("i:1.0.0 l:1.0.0", "[1.0.0]"),
        ("i:1.0.0 f:1.1.0 i:2.0.0 f:2.1.0", "[1.0.0,1.1.0) [2.0.0,2.1.0)"),
        ("f:2.1.0 i:2.0.0 f:1.1.0 i:1.0.0", "[1.0.0,1.1.0) [2.0.0,2.1.0)"),
        ("i:9.0.0 f:10.0.0 i:0 f:2.0.0", "(,2.0.0) [9.0.0,10.0.0)"),
        ("i:0 f:1.0.0 i:1.0.0", "(,1.0.0) [1.0.0,)"),
    ],
)
def test_events_become_the_intervals_that_they_bound(events: str, notation: str) -> None:
    assert str(versions(intervals(_range(events), PackageType.NPM))) == notation


def test_outside_semver_the_long_zero_is_a_version() -> None:
    clauses = intervals(_range("i:0.0.0", "ECOSYSTEM"), PackageType.PYPI)

    assert str(versions(clauses)) == "[0.0.0,)"


def test_where_no_order_is_known_the_listed_order_must_do() -> None:
    listed = intervals(_range("i:1.0-beta f:1.0 i:2.0 f:2.0.1", "ECOSYSTEM"), PackageType.MAVEN)

    assert str(versions(listed)) == "[1.0-beta,1.0) [2.0,2.0.1)"
    with pytest.raises(ValueError, match="before it ended"):
        intervals(_range("i:1.0 i:2.0 f:1.5 f:2.5", "ECOSYSTEM"), PackageType.MAVEN)


@pytest.mark.parametrize(
    ("span", "why"),
    [
        (_range("i:0", "GIT"), "commits"),
        (_range("i:0", "LUNAR"), "type"),
        (_range("f:1.0.0"), "never begins"),
        (Range("SEMVER", ()), "never begins"),
        (_range("i:0 i:1.0.0"), "before it ended"),
        (_range("i:0 i:0"), "before it ended"),
        (_range("i:0 f:1.0.0 f:2.0.0"), "without having begun"),
        (_range("i:1.0.0 f:1.0.0"), "without having begun"),
        (_range("i:0 f:0"), "no npm version"),
        (_range("i:one f:two"), "no npm version"),
        (_range("i:1.0.0],[2.0.0"), "no npm version"),
    ],
)
def test_a_range_that_would_need_a_guess_is_refused(span: Range, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        intervals(span, PackageType.NPM)


@given(st.lists(RANGES, max_size=4), st.lists(ORIGINS, max_size=5), st.booleans())
def test_narrowing_only_removes_and_never_empties(
    ranges: list[Range], origins: list[Origin], has_versions: bool
) -> None:
    kept = narrow(ranges, origins, has_versions=has_versions)

    remaining = iter(ranges)
    assert all(span in remaining for span in kept)  # a subsequence: nothing new, nothing moved
    assert kept or has_versions or not ranges


@given(st.lists(RANGES, max_size=4), st.lists(ORIGINS, max_size=5), st.booleans())
def test_narrowing_twice_is_narrowing_once(
    ranges: list[Range], origins: list[Origin], has_versions: bool
) -> None:
    once = narrow(ranges, origins, has_versions=has_versions)

    assert narrow(once, origins, has_versions=has_versions) == once


@given(st.lists(RANGES, min_size=1, max_size=4), st.lists(ORIGINS, max_size=5), NUMBERS)
def test_narrowing_never_flags_a_release_that_was_not(
    ranges: list[Range], origins: list[Origin], candidate: str
) -> None:
    before = _flags(ranges, candidate)

    after = _flags(narrow(ranges, origins, has_versions=False), candidate)

    assert before or not after


def _flags(ranges: list[Range] | tuple[Range, ...], candidate: str) -> bool:
    for span in ranges:
        try:
            clauses = intervals(span, PackageType.NPM)
        except ValueError:
            continue
        if holds(versions(clauses), candidate, PackageType.NPM):
            return True
    return False
