"""Runs an AQL query over what is stored, and cuts and filters the rows in the order that AQL does. Pure."""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from fnmatch import translate
from itertools import islice
from operator import eq, ge, gt, le, lt, ne
from typing import Any

import msgspec

from jfrog_standin.artifactory.aql_fields import DOMAIN_FIELDS, ITEM_FIELDS, Answer, Operator, Value, answer
from jfrog_standin.artifactory.aql_language import (
    Comparison,
    Criterion,
    Either,
    Every,
    OneProperty,
    PropertyComparison,
    Query,
)
from jfrog_standin.artifactory.storage import Item, Storage

Row = dict[str, Any]
Holds = Callable[[Item], bool]
PairHolds = Callable[[str, str], bool]

HARD_LIMIT = "AQL query reached the search hard limit, results are trimmed."


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a query."""

    rows: list[Row]
    range: dict[str, Any]


def evaluate(query: Query, storage: Storage, *, may_read: Callable[[Item], bool], max_rows: int) -> Found:
    """Find, sort, cut, and only then leave out what the caller may not read, so that pages come back short.

    `range.total` and `range.end_pos` are the rows of this answer, not the matches.
    """
    matches = _sorted(query, _matches(query, storage), storage)
    rows = ((item, row) for item in matches for row in _rows(query, item, storage))
    wanted = min(max_rows, query.limit if query.limit is not None else max_rows)
    cut = list(islice(rows, query.offset, query.offset + wanted + 1))
    shown = [(item, row) for item, row in cut[:wanted] if may_read(item)]
    found = _joined(shown) if query.multiplies else [row for _, row in shown]
    trimmed = len(cut) > wanted and (query.limit is None or query.limit > max_rows)
    asked: dict[str, Any] = {} if query.limit is None else {"limit": query.limit}
    notified = {"limit": max_rows, "notification": HARD_LIMIT} if trimmed else {}
    counted = {"start_pos": query.offset, "end_pos": len(found), "total": len(found)}
    return Found(rows=found, range={**counted, **asked, **notified})


def _matches(query: Query, storage: Storage) -> Iterator[Item]:
    holds = _compile(query.criterion, storage)
    every_type = _mentions_type(query.criterion)
    for key in _storage_keys(query.criterion, storage):
        for item in storage.items(key):
            if (every_type or not item.is_folder) and holds(item):
                yield item


def _storage_keys(criterion: Every, storage: Storage) -> list[str]:
    """The keys that the query can match at all: those that `repo` must equal, else every one."""
    required = [keys for part in criterion.parts if (keys := _required_keys(part, storage)) is not None]
    every = storage.storage_keys()
    return [key for key in every if all(key in keys for keys in required)]


def _required_keys(part: Criterion, storage: Storage) -> set[str] | None:
    match part:
        case Every(parts=parts):
            found = [keys for each in parts if (keys := _required_keys(each, storage)) is not None]
            return set.intersection(*found) if found else None
        case Comparison(field="repo", operator="$eq", value=str(key)):
            return _keys_of(key, storage)
    return None


def _keys_of(key: str, storage: Storage) -> set[str]:
    """A virtual repository's key stands for the keys that its members' files are kept under."""
    repository = storage.repositories.get(key)
    if repository is not None and repository.rclass == "virtual":
        return {member.storage_key for member in storage.members(key)}
    return {key}


def _mentions_type(criterion: Criterion) -> bool:
    """Without a word about `type` a query finds files only."""
    match criterion:
        case Comparison(field=field):
            return field == "type"
        case PropertyComparison():
            return False
    return any(_mentions_type(part) for part in criterion.parts)


def _compile(criterion: Criterion, storage: Storage) -> Holds:
    match criterion:
        case Comparison():
            return _comparison(criterion, storage)
        case PropertyComparison():
            return _property(criterion)
        case Every(parts=parts):
            each = [_compile(part, storage) for part in parts]
            return lambda item: all(holds(item) for holds in each)
        case Either(parts=parts):
            either = [_compile(part, storage) for part in parts]
            return lambda item: any(holds(item) for holds in either)
        case OneProperty(parts=parts):
            pairs = [_pair(part) for part in parts]
            return lambda item: any(all(holds(*pair) for holds in pairs) for pair in _pairs(item))


def _comparison(criterion: Comparison, storage: Storage) -> Holds:
    field = criterion.field
    if field == "type" and criterion.value == "any":
        return lambda _: True
    if field == "repo" and criterion.operator in {"$eq", "$ne"} and isinstance(criterion.value, str):
        keys, wanted = _keys_of(criterion.value, storage), criterion.operator == "$eq"
        return lambda item: (item.repo in keys) == wanted
    test = _test(criterion.operator, criterion.value, storage.now())
    if field in DOMAIN_FIELDS:
        of_statistics = DOMAIN_FIELDS[field]
        return lambda item: test(of_statistics(storage.statistics(item)))
    if field == "virtual_repos":
        return lambda item: any(test(key) for key in _virtuals(item, storage))
    of_item = ITEM_FIELDS[field]
    return lambda item: test(of_item(item))


def _property(criterion: PropertyComparison) -> Holds:
    """`$ne` and `$nmatch` hold when no such property says otherwise, so also when there is none."""
    holds = _pair(criterion)
    if criterion.operator not in {"$ne", "$nmatch"}:
        return lambda item: any(holds(*pair) for pair in _pairs(item))
    name = criterion.name
    return lambda item: all(holds(*pair) for pair in _pairs(item) if name in {"*", pair[0]})


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


def _pairs(item: Item) -> Iterator[tuple[str, str]]:
    return ((name, value) for name, values in item.properties.items() for value in values)


def _test(operator: Operator, value: Value, now: datetime | None) -> Callable[[Any], bool]:
    """Compare a stored value; nothing is below, above or like a value that is not there."""
    if isinstance(value, timedelta) and now is not None:
        return _time_test(operator, value, now)
    if operator in {"$match", "$nmatch"}:
        pattern = re.compile(translate(str(value).replace("[", "[[]")))  # only * and ? are special
        wanted = operator == "$match"
        return lambda stored: (stored is not None and pattern.match(str(stored)) is not None) == wanted
    compare = _COMPARED[operator]
    if operator in {"$eq", "$ne"}:
        return lambda stored: compare(stored, value)
    return lambda stored: stored is not None and value is not None and compare(stored, value)


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


def _sorted(query: Query, matches: Iterator[Item], storage: Storage) -> Iterable[Item]:
    if not query.sort or query.multiplies:
        return matches

    def key(item: Item) -> tuple[Any, ...]:
        values = [_value(field, item, storage) for field in query.sort]
        return tuple((value is not None, value) for value in values)

    return sorted(matches, key=key, reverse=query.descending)


def _value(field: str, item: Item, storage: Storage) -> str | int | datetime | None:
    if field in DOMAIN_FIELDS:
        return DOMAIN_FIELDS[field](storage.statistics(item))
    return ITEM_FIELDS[field](item)


def _rows(query: Query, item: Item, storage: Storage) -> Iterator[Row]:
    """One row an item, or with all properties included one for each of them, as the join has it."""
    row: Row = {field: _answer(field, item, storage) for field in query.fields}
    if query.statistics:
        row["stats"] = [_statistics(item, storage)]
    if query.properties is None:
        yield row
        return
    shown = [
        {"key": key, "value": value}
        for key, value in _pairs(item)
        if not query.properties or key in query.properties or "*" in query.properties
    ]
    if query.multiplies and shown:
        for pair in shown:
            yield {**row, "properties": [pair]}
    else:
        yield {**row, "properties": shown} if shown else row


def _answer(field: str, item: Item, storage: Storage) -> Answer:
    return _virtuals(item, storage) if field == "virtual_repos" else answer(ITEM_FIELDS[field](item))


def _virtuals(item: Item, storage: Storage) -> list[str]:
    owner = storage.owner(item.repo)
    return [
        repository.key
        for repository in storage.repositories.values()
        if repository.rclass == "virtual" and owner in storage.members(repository.key)
    ]


def _statistics(item: Item, storage: Storage) -> dict[str, Answer]:
    statistics = storage.statistics(item)
    shown = {name.removeprefix("stat."): answer(read(statistics)) for name, read in DOMAIN_FIELDS.items()}
    return {name: value for name, value in shown.items() if value is not None}


def _joined(rows: list[tuple[Item, Row]]) -> list[Row]:
    """The rows of one item, which stand together, as one result with all their properties."""
    joined: list[Row] = []
    last: Item | None = None
    for item, row in rows:
        if last is item and "properties" in row:
            joined[-1]["properties"].extend(row["properties"])
        else:
            joined.append(row)
        last = item
    return joined
