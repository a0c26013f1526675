"""Versions and intervals of versions, in the bracket notation that Maven began and Xray took over.

`[1.0]` is one version, `[1.0,2.0)` an interval, `(,2.0]` one without a lower end, `(,)` every version.
"""

from collections.abc import Iterable
from typing import NewType

import msgspec
from msgspec.structs import replace

from reedbed.model.ecosystem import RULES, PackageType, Rules
from reedbed.model.text import hidden

Version = NewType("Version", str)
"""A version that `version` has read: it can stand between brackets without changing their meaning."""

LONGEST_VERSION = 256


def version(text: str) -> Version:
    """Check a version that a stranger wrote.

    Raises:
        ValueError: it is empty, too long, or holds a bracket, comma, white space or hidden character.
    """
    if not text:
        raise ValueError("the version is empty")
    if len(text) > LONGEST_VERSION:
        raise ValueError(f"the version has {len(text)} characters, more than {LONGEST_VERSION}")
    for character in text:
        if character in "[](),":
            raise ValueError(f"the version holds {character!r}, which the notation uses")
        if character.isspace():
            raise ValueError("the version holds white space")
    if invisible := hidden(text):
        raise ValueError(f"the version holds the invisible character {invisible}")
    return Version(text)


class Exactly(msgspec.Struct, frozen=True, order=True, tag=True):
    """One version."""

    version: Version

    def __str__(self) -> str:
        return f"[{self.version}]"


class Between(msgspec.Struct, frozen=True, tag=True):
    """An interval; an end of None is open to infinity.

    Raises:
        ValueError: both ends are the same version.
    """

    lower: Version | None = None
    upper: Version | None = None
    lower_closed: bool = False
    upper_closed: bool = False

    def __post_init__(self) -> None:
        if self.lower is not None and self.lower == self.upper:
            raise ValueError(f"the interval from {self.lower} to itself is one version, or none")
        if (self.lower is None and self.lower_closed) or (self.upper is None and self.upper_closed):
            raise ValueError("an end at infinity cannot be closed")

    def __str__(self) -> str:
        left = "[" if self.lower_closed else "("
        right = "]" if self.upper_closed else ")"
        return f"{left}{self.lower or ''},{self.upper or ''}{right}"


Clause = Exactly | Between
EVERY = Between()


class Versions(msgspec.Struct, frozen=True):
    """At least one clause; a version is meant when any clause holds it. Sorted, without repeats.

    Make one with `versions`; equal sets of clauses are equal values.
    """

    clauses: tuple[Clause, ...]

    def __post_init__(self) -> None:
        if not self.clauses:
            raise ValueError("no version is named; that never means all")
        if self.clauses != _tidy(self.clauses):
            raise ValueError("the clauses are not sorted and distinct")

    def __or__(self, other: "Versions") -> "Versions":
        return versions((*self.clauses, *other.clauses))

    def __str__(self) -> str:
        return " ".join(map(str, self.clauses))

    @property
    def wide(self) -> bool:
        """Whether it holds versions that nobody has named, those to come included."""
        return any(isinstance(clause, Between) for clause in self.clauses)


def versions(clauses: Iterable[Clause]) -> Versions:
    """Sort clauses and drop repeats; beside `(,)` no other clause means anything.

    Raises:
        ValueError: there is no clause.
    """
    return Versions(_tidy(clauses))


def _tidy(clauses: Iterable[Clause]) -> tuple[Clause, ...]:
    distinct = set(clauses)
    if len(distinct) == 1:
        return tuple(distinct)
    return (EVERY,) if EVERY in distinct else tuple(sorted(distinct, key=str))


def parse_clause(text: str) -> Clause:
    """Read `[1.0]`, `[1.0,2.0)`, `(,)` and the like; `parse_clause(str(clause)) == clause`.

    Raises:
        ValueError: it is not in the notation.
    """
    left, inside, right = text[:1], text[1:-1], text[-1:]
    if left not in {"[", "("} or right not in {"]", ")"} or len(text) < 3:
        raise ValueError(f"{text!r} is not in bracket notation, as [1.0], [1.0,2.0) or (,)")
    if "," not in inside:
        if (left, right) != ("[", "]"):
            raise ValueError(f"{text!r} names one version, which stands in square brackets")
        return Exactly(version(inside))
    lower, _, upper = inside.partition(",")
    return Between(
        lower=version(lower) if lower else None,
        upper=version(upper) if upper else None,
        lower_closed=left == "[",
        upper_closed=right == "]",
    )


def without(affected: Versions, released: str, package_type: PackageType) -> Versions | None:
    """Take one version out; None: nothing is left. Every other version stays as it was.

    An interval is cut in two. One of which it is not known whether it holds the version stays whole.
    """
    kept = [part for clause in affected.clauses for part in _less(clause, released, package_type)]
    return versions(kept) if kept else None


def _less(clause: Clause, released: str, package_type: PackageType) -> list[Clause]:
    if not _in(clause, released, package_type):
        return [clause]
    if isinstance(clause, Exactly):
        return []
    cut = version(released)
    below = replace(clause, upper=cut, upper_closed=False) if clause.lower != cut else None
    above = replace(clause, lower=cut, lower_closed=False) if clause.upper != cut else None
    return [part for part in (below, above) if part is not None]


def holds(clauses: Versions, candidate: str, package_type: PackageType) -> bool | None:
    """Say whether a release is meant; None where this ecosystem's order is not known here."""
    answers = [_in(clause, candidate, package_type) for clause in clauses.clauses]
    return True if True in answers else None if None in answers else False


def _in(clause: Clause, candidate: str, package_type: PackageType) -> bool | None:
    rules = RULES[package_type]
    if isinstance(clause, Exactly):
        return _same(clause.version, candidate, rules)
    if clause == EVERY:
        return True
    try:
        return _between(clause, candidate, rules.order)
    except ValueError:
        return None


def _same(named: Version, candidate: str, rules: Rules) -> bool:
    if not rules.version_spellings(candidate).isdisjoint(rules.version_spellings(named)):
        return True
    try:
        return bool(rules.order and rules.order(candidate) == rules.order(named))  # 1.0 and 1.0.0.0 of PyPI
    except ValueError:
        return False


def _between(clause: Between, candidate: str, order: object) -> bool | None:
    if not callable(order):
        return None
    at = order(candidate)
    if clause.lower is not None:
        low = order(clause.lower)
        if at < low or (at == low and not clause.lower_closed):
            return False
    if clause.upper is not None:
        high = order(clause.upper)
        if at > high or (at == high and not clause.upper_closed):
            return False
    return True
