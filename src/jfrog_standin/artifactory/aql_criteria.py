"""Turns AQL's criteria into functions that say of an item whether it meets them. Pure."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from fnmatch import translate
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from jfrog_standin.artifactory.aql_fields import DOMAIN_FIELDS, ITEM_FIELDS, Operator, Value
from jfrog_standin.artifactory.aql_language import (
    Comparison,
    Criterion,
    Either,
    Every,
    OneProperty,
    PropertyComparison,
)
from jfrog_standin.artifactory.storage import Item, Storage

Holds = Callable[[Item], bool]
PairHolds = Callable[[str, str], bool]


def compiled(criterion: Criterion, storage: Storage) -> Holds:
    """The function of a criterion; relative times are relative to now, when it is made."""
    match criterion:
        case Comparison():
            return _comparison(criterion, storage)
        case PropertyComparison():
            return _property(criterion)
        case Every(parts=parts):
            return _all([compiled(part, storage) for part in parts])
        case Either(parts=parts):
            either = [compiled(part, storage) for part in parts]
            return lambda item: any(holds(item) for holds in either)
        case OneProperty(parts=parts):
            pairs = [_pair(part) for part in parts]
            return lambda item: any(all(holds(*pair) for holds in pairs) for pair in pairs_of(item))


def _all(each: list[Holds]) -> Holds:
    """Met by what meets each. Loops are spelled out: a query over 100,000 items runs them as often."""
    if len(each) == 1:
        return each[0]

    def holds_all(item: Item) -> bool:
        for holds in each:  # noqa: SIM110 - a generator in all() takes twice as long
            if not holds(item):
                return False
        return True

    return holds_all


def _comparison(criterion: Comparison, storage: Storage) -> Holds:
    field = criterion.field
    if field == "type" and criterion.value == "any":
        return lambda _: True
    if field == "repo" and criterion.operator in {"$eq", "$ne"} and isinstance(criterion.value, str):
        keys, wanted = keys_of(criterion.value, storage), criterion.operator == "$eq"
        return lambda item: (item.repo in keys) == wanted
    test = _test(criterion.operator, criterion.value, storage.now())
    if field in DOMAIN_FIELDS:
        of_statistics = DOMAIN_FIELDS[field]
        return lambda item: test(of_statistics(storage.statistics(item)))
    if field == "virtual_repos":
        return lambda item: any(test(key) for key in virtuals(item, storage))
    of_item = ITEM_FIELDS[field]
    return lambda item: test(of_item(item))


def _property(criterion: PropertyComparison) -> Holds:
    """`$ne` and `$nmatch` hold when no such property says otherwise, so also when there is none."""
    holds = _pair(criterion)
    if criterion.operator not in {"$ne", "$nmatch"}:
        return lambda item: any(holds(*pair) for pair in pairs_of(item))
    name = criterion.name
    return lambda item: all(holds(*pair) for pair in pairs_of(item) if name in {"*", pair[0]})


def _pair(criterion: Criterion) -> PairHolds:
    """A criterion about one property, given by its name and one of its values."""
    match criterion:
        case PropertyComparison(name=name, part=part, operator=operator, value=value):
            test = _test(operator, value, None)
            if part == "key":
                return lambda key, _: test(key)
            return lambda key, given: name in {"*", key} and test(given)
        case Every(parts=parts):
            each = [_pair(part) for part in parts]
            return lambda key, given: all(holds(key, given) for holds in each)
        case Either(parts=parts) | OneProperty(parts=parts):
            either = [_pair(part) for part in parts]
            return lambda key, given: any(holds(key, given) for holds in either)
    return lambda *_: True  # a field of the item says nothing about a property


def pairs_of(item: Item) -> Iterator[tuple[str, str]]:
    return ((name, value) for name, values in item.properties.items() for value in values)


def _test(operator: Operator, value: Value, now: datetime | None) -> Callable[[Any], bool]:
    """Compare a stored value; nothing is below, above or like a value that is not there."""
    if isinstance(value, timedelta) and now is not None:
        return _time_test(operator, value, now)
    if operator in {"$match", "$nmatch"}:
        like = _like(str(value))
        wanted = operator == "$match"
        return lambda stored: (stored is not None and like(str(stored))) == wanted
    compare = _COMPARED[operator]
    if operator in {"$eq", "$ne"}:
        return lambda stored: compare(stored, value)
    return lambda stored: stored is not None and value is not None and compare(stored, value)


def _like(pattern: str) -> Callable[[str], bool]:
    """Match with `*` and `?`; the two commonest forms do without a regular expression."""
    literal = pattern.strip("*")
    if not {"*", "?"}.intersection(literal):
        if pattern == f"*{literal}":
            return lambda text: text.endswith(literal)
        if pattern == f"*{literal}*":
            return lambda text: literal in text
    matches = re.compile(translate(pattern.replace("[", "[[]"))).match  # its brackets are plain in AQL
    return lambda text: matches(text) is not None


_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "$eq": eq,
    "$ne": ne,
    "$gt": gt,
    "$gte": ge,
    "$lt": lt,
    "$lte": le,
}


def _time_test(operator: Operator, span: timedelta, now: datetime) -> Callable[[Any], bool]:
    try:
        since = now - span
    except OverflowError:  # longer ago than there are dates: everything is since, nothing is before
        return lambda stored: stored is not None and operator == "$last"
    if operator == "$last":
        return lambda stored: stored is not None and stored > since
    return lambda stored: stored is not None and stored < since


def keys_of(key: str, storage: Storage) -> set[str]:
    """A virtual repository's key stands for the keys that its members' files are kept under."""
    repository = storage.repositories.get(key)
    if repository is not None and repository.rclass == "virtual":
        return {member.storage_key for member in storage.members(key)}
    return {key}


def virtuals(item: Item, storage: Storage) -> list[str]:
    owner = storage.owner(item.repo)
    return [
        repository.key
        for repository in list(storage.repositories.values())  # others change them meanwhile
        if repository.rclass == "virtual" and owner in storage.members(repository.key)
    ]
