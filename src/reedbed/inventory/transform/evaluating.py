"""Expressions made into closures: `read(record, one)`, where `one` is the one of what repeats, or None."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from reedbed.inventory.transform import values
from reedbed.inventory.transform.expression import (
    Call,
    Choice,
    Compared,
    Expression,
    Joined,
    Literal,
    Negated,
    Path,
    Table,
    write,
)
from reedbed.inventory.transform.functions import FUNCTIONS, Function, fits
from reedbed.inventory.transform.kinds import Base, Kind, joined, of_constant
from reedbed.inventory.transform.source import SourceModel, Unknown, find, nearest
from reedbed.inventory.transform.target import GIVEN_PATHS

Read = Callable[[Any, Any], Any]

TRUTH = Kind(Base.TRUTH)


class Wrong(ValueError):
    """An expression that can't be; the message says why."""


class Evaluated(msgspec.Struct, frozen=True, kw_only=True):
    """An expression that is ready to run."""

    read: Read
    kind: Kind
    paths: frozenset[str] = frozenset()
    of_record: bool = False  # it reads the record
    of_one: bool = False  # it reads what repeats
    shared: bool = True  # of what repeats it reads the advisory's text alone
    constant: bool = False


def evaluated(tree: Expression, model: SourceModel) -> Evaluated:
    """Make an expression ready.

    Raises:
        Wrong: it reads what is not there, or calls what is none, or with what can't be.
    """
    match tree:
        case Literal(value):
            return Evaluated(read=lambda _record, _one: value, kind=of_constant(value), constant=True)
        case Path():
            return _path(tree, model)
        case Table():
            raise Wrong("a table in {} can only be what map_value looks up in")
        case Call(name, arguments):
            return _call(name, arguments, model)
        case Choice(condition, then, otherwise):
            return _choice(condition, then, otherwise, model)
        case Compared() | Negated() | Joined():
            return _condition(tree, model)


def _condition(tree: Compared | Negated | Joined, model: SourceModel) -> Evaluated:
    match tree:
        case Compared(left, operator, right):
            return _compared(evaluated(left, model), operator, evaluated(right, model))
        case Negated(test):
            inner = evaluated(test, model)
            holds = inner.read
            return _over([inner], lambda record, one: not _true(holds(record, one)), TRUTH)
        case Joined(left, word, right):
            return _joined(evaluated(left, model), word, evaluated(right, model))


def _over(parts: Sequence[Evaluated], read: Read, kind: Kind) -> Evaluated:
    """Make what is evaluated of parts: it reads what they read."""
    return Evaluated(
        read=read,
        kind=kind,
        paths=frozenset().union(*(part.paths for part in parts)),
        of_record=any(part.of_record for part in parts),
        of_one=any(part.of_one for part in parts),
        shared=all(part.shared for part in parts),
    )


def _path(path: Path, model: SourceModel) -> Evaluated:
    if write(path) in GIVEN_PATHS:
        raise Wrong(f"{write(path)} is filled in when a finding is shown: it can only be read alone, by from")
    try:
        found = find(model, path)
    except Unknown as error:
        raise Wrong(f"{model.name} has no {write(path)}: {error}") from error
    read = found.read
    return Evaluated(
        read=(lambda _record, one: read(one)) if found.repeated else (lambda record, _one: read(record)),
        kind=found.kind,
        paths=frozenset({write(path)}),
        of_record=not found.repeated,
        of_one=found.repeated,
        shared=found.shared or not found.repeated,
    )


def _call(name: str, arguments: Sequence[Expression], model: SourceModel) -> Evaluated:
    function = FUNCTIONS.get(name)
    if function is None:
        raise Wrong(f"there is no function {name}; the nearest are {nearest(name, [*FUNCTIONS, 'if'])}")
    if len(arguments) < function.least or len(arguments) > (function.most or len(arguments)):
        raise Wrong(f"{name} is called with {len(arguments)} arguments: it is {function.signature}")
    asked = arguments[: function.fixed]
    constants = (
        [] if function.fixed is None else [_constant(each, function) for each in arguments[function.fixed :]]
    )
    parts = [evaluated(each, model) for each in asked]
    for position, part in enumerate(parts):
        if not fits(function, part.kind, position):
            raise Wrong(f"{name} takes {function.takes}, and argument {position + 1} is {part.kind}")
    try:
        made = function.made(*constants)
    except (ValueError, TypeError, AttributeError) as error:
        raise Wrong(f"{name}: {error}") from error
    kinds = [part.kind for part in parts]
    return _over(parts, _calling(function, made, parts), function.gives(kinds))


def _constant(argument: Expression, function: Function) -> Any:
    match argument:
        case Literal(value):
            return value
        case Table(entries):
            return dict(entries)
    raise Wrong(f"{function.signature} takes constants but for its first argument")


def _calling(function: Function, made: Callable[..., Any], parts: Sequence[Evaluated]) -> Read:
    reads = [part.read for part in parts]
    if not function.missing:
        return _of_each(made, reads[0]) if function.by_item else _of_present(made, reads[0])
    variable = [place for place, part in enumerate(parts) if not part.constant and function.needs_one]

    def call(record: Any, one: Any) -> Any:
        given = [read(record, one) for read in reads]
        if variable and all(values.empty(given[place]) for place in variable):
            return None
        return made(*given)

    return call


def _of_present(made: Callable[..., Any], read: Read) -> Read:
    def call(record: Any, one: Any) -> Any:
        value = read(record, one)
        return None if value is None else made(value)

    return call


def _of_each(made: Callable[..., Any], read: Read) -> Read:
    def call(record: Any, one: Any) -> Any:
        value = read(record, one)
        if isinstance(value, list):
            return [None if values.empty(each) else made(each) for each in value]
        return None if values.empty(value) else made(value)

    return call


def _choice(
    condition: Expression, then: Expression, otherwise: Expression | None, model: SourceModel
) -> Evaluated:
    parts = [evaluated(each, model) for each in (condition, then, otherwise) if each is not None]
    test, yes = parts[0].read, parts[1].read
    no: Read = parts[2].read if otherwise is not None else lambda _record, _one: None

    def choose(record: Any, one: Any) -> Any:
        return yes(record, one) if _true(test(record, one)) else no(record, one)

    return _over(parts, choose, joined([part.kind for part in parts[1:]]))


def _compared(left: Evaluated, operator: str, right: Evaluated) -> Evaluated:
    if left.kind.many or right.kind.many:
        raise Wrong("a list can't be compared: take first, min or max of it")

    def compare(record: Any, one: Any) -> bool:
        return values.compare(left.read(record, one), operator, right.read(record, one))

    return _over([left, right], compare, TRUTH)


def _joined(left: Evaluated, word: str, right: Evaluated) -> Evaluated:
    first, second = left.read, right.read
    if word == "and":
        return _over([left, right], lambda r, o: _true(first(r, o)) and _true(second(r, o)), TRUTH)
    return _over([left, right], lambda r, o: _true(first(r, o)) or _true(second(r, o)), TRUTH)


def _true(value: Any) -> bool:
    """Say whether a condition holds: what is there, and is not empty, and is not false, does."""
    return value is not False and not values.empty(value)
