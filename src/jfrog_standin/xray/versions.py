"""Version intervals as Xray writes them, and the order of versions of each package type. All pure.

Notation: the `package_versions` text of Xray's policy criteria: `[1.0]` one version, `(,)` all of them,
`[1.0,2.0)` half open, `(,2.0)` and `[2.0,)` open-ended.
"""

import re
from itertools import zip_longest

import msgspec
import nodesemver
from packaging.version import InvalidVersion, Version


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of versions; an end that is None is open."""

    lower: str | None
    upper: str | None
    lower_included: bool
    upper_included: bool


_BRACKETS = re.compile(r"([\[(])\s*([^\s,\[\]()]*)\s*(?:(,)\s*([^\s,\[\]()]*)\s*)?([\])])")


def parse_interval(text: str) -> Interval:
    """Read one bracketed interval.

    Raises:
        ValueError: no brackets, nothing between them, or a single version in round ones.
    """
    match = _BRACKETS.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no version range in brackets")
    opening, first, comma, second, closing = match.groups()
    if comma:
        return Interval(
            lower=first or None,
            upper=second or None,
            lower_included=opening == "[",
            upper_included=closing == "]",
        )
    if not first or opening + closing != "[]":
        raise ValueError(f"{text!r} names no version")
    return Interval(lower=first, upper=first, lower_included=True, upper_included=True)


def is_interval(text: str) -> bool:
    """Can `parse_interval` read this?"""
    try:
        parse_interval(text)
    except ValueError:
        return False
    return True


def contains(interval: Interval, version: str, package_type: str) -> bool:
    """Is a version in the interval, by the order of its package type?"""
    if interval.lower is not None:
        above = compare(version, interval.lower, package_type)
        if above < 0 or (above == 0 and not interval.lower_included):
            return False
    if interval.upper is not None:
        above = compare(version, interval.upper, package_type)
        if above > 0 or (above == 0 and not interval.upper_included):
            return False
    return True


def compare(left: str, right: str, package_type: str) -> int:
    """Order two versions: negative, zero or positive.

    npm and Go by semantic versioning (Go with or without its `v`: whether Xray wants it is not known),
    PyPI by PEP 440, all else, and whatever its own rules can't read, number by number.
    """
    match package_type:
        case "npm" | "go":
            return _semver(left.removeprefix("v"), right.removeprefix("v"))
        case "pypi":
            return _pep440(left, right)
    return _natural(left, right)


def _semver(left: str, right: str) -> int:
    try:
        return int(nodesemver.compare(left, right, loose=False))
    except ValueError:
        return _natural(left, right)


def _pep440(left: str, right: str) -> int:
    try:
        first, second = Version(left), Version(right)
    except InvalidVersion:
        return _natural(left, right)
    return (first > second) - (first < second)


_PIECE = re.compile(r"([0-9]+)|([^0-9.\-_+~]+)")
_NOTHING = (
    1,
    0,
    "",
)  # where one version has no more pieces: “1.0” is “1.0.0”, and “1.0-rc” comes before both


def _natural(left: str, right: str) -> int:
    for first, second in zip_longest(_pieces(left), _pieces(right), fillvalue=_NOTHING):
        if first != second:
            return 1 if first > second else -1
    return 0


def _pieces(version: str) -> list[tuple[int, int, str]]:
    return [(1, int(number), "") if number else (0, 0, word) for number, word in _PIECE.findall(version)]
