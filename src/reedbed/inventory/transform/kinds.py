"""What values rows have: checked when a map is compiled, and again where only a record can tell."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import msgspec


class Base(StrEnum):
    TEXT = "text"
    WHOLE = "a whole number"
    NUMBER = "a number"
    TRUTH = "true or false"
    MOMENT = "a moment"  # ISO 8601 text in UTC, as `to_datetime` gives it
    SCALAR = "one value"  # any of those above
    ANY = "anything"


class Kind(msgspec.Struct, frozen=True):
    """The kind of a value; `many`: a list of such."""

    base: Base
    many: bool = False

    def __str__(self) -> str:
        if self.base is Base.ANY:
            return self.base.value
        return f"a list, each {self.base.value}" if self.many else self.base.value


ANY = Kind(Base.ANY)
TEXT = Kind(Base.TEXT)

TAKES: dict[Base, frozenset[Base]] = {
    Base.TEXT: frozenset({Base.TEXT, Base.MOMENT}),
    Base.WHOLE: frozenset({Base.WHOLE}),
    Base.NUMBER: frozenset({Base.NUMBER, Base.WHOLE}),
    Base.TRUTH: frozenset({Base.TRUTH}),
    Base.MOMENT: frozenset({Base.MOMENT}),
    Base.SCALAR: frozenset({Base.TEXT, Base.MOMENT, Base.WHOLE, Base.NUMBER, Base.TRUTH, Base.SCALAR}),
    Base.ANY: frozenset(Base),
}
"""What a target of each kind takes."""


def suits(value: Kind, target: Kind) -> bool:
    """Say whether a value of one kind may always be written to a target of another."""
    if target.base is Base.ANY:
        return True
    return value.many == target.many and value.base in TAKES[target.base]


def may_suit(value: Kind, target: Kind) -> bool:
    """Say whether some value of one kind may be written to a target of another: a record tells which."""
    if suits(value, target):
        return True
    return (
        value.base in (Base.ANY, Base.SCALAR)
        and target.base is not Base.MOMENT
        and (value.base is Base.ANY or value.many == target.many)
    )


def joined(kinds: "list[Kind]") -> Kind:
    """Give the kind that covers several."""
    first = kinds[0]
    if all(kind == first for kind in kinds):
        return first
    if len({kind.many for kind in kinds}) > 1:
        return ANY
    bases = {kind.base for kind in kinds}
    for base in (Base.NUMBER, Base.TEXT, Base.SCALAR):
        if bases <= TAKES[base]:
            return Kind(base, first.many)
    return ANY


def of_constant(value: object) -> Kind:
    """Give the kind of a constant of TOML or of an expression."""
    match value:
        case bool():
            return Kind(Base.TRUTH)
        case int():
            return Kind(Base.WHOLE)
        case float():
            return Kind(Base.NUMBER)
        case str():
            return TEXT
        case [*items] if items and all(isinstance(each, str | int | float | bool) for each in items):
            return Kind(joined([of_constant(each) for each in items]).base, many=True)
        case _:
            return ANY


Test = Callable[[Any], bool]

_TESTS: dict[Base, Test] = {
    Base.TEXT: lambda value: isinstance(value, str),
    Base.WHOLE: lambda value: isinstance(value, int) and not isinstance(value, bool),
    Base.NUMBER: lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    Base.TRUTH: lambda value: isinstance(value, bool),
    Base.MOMENT: lambda value: isinstance(value, str),
    Base.SCALAR: lambda value: isinstance(value, str | int | float | bool),
    Base.ANY: lambda _value: True,
}


def test_of(kind: Kind) -> Test:
    """Give what tells whether a value is of a kind."""
    test = _TESTS[kind.base]
    if not kind.many:
        return test
    return lambda value: isinstance(value, list) and all(each is None or test(each) for each in value)
