"""Runs an AQL query over what is stored, and cuts and filters the rows in the order that AQL does. Pure."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from heapq import merge
from itertools import islice
from typing import Any

import msgspec

from jfrog_standin.artifactory.aql_criteria import compiled, keys_of, pairs_of, virtuals
from jfrog_standin.artifactory.aql_fields import DOMAIN_FIELDS, ITEM_FIELDS, Answer, answer
from jfrog_standin.artifactory.aql_language import Comparison, Criterion, Every, PropertyComparison, Query
from jfrog_standin.artifactory.aql_span import span_of
from jfrog_standin.artifactory.ordering import Orders, Read, key_of
from jfrog_standin.artifactory.storage import Item, Storage

Row = dict[str, Any]

HARD_LIMIT = "AQL query reached the search hard limit, results are trimmed."


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a query."""

    rows: list[Row]
    range: dict[str, Any]


def evaluate(query: Query, orders: Orders, *, may_read: Callable[[Item], bool], max_rows: int) -> Found:
    """Find, sort, cut, and only then leave out what the caller may not read, so that pages come back short.

    `range.total` and `range.end_pos` are the rows of this answer, not the matches.
    """
    storage = orders.storage
    matches = _matches(query, orders)
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


def _matches(query: Query, orders: Orders) -> Iterable[Item]:
    """What meets the query, in the order asked for."""
    storage = orders.storage
    holds = compiled(query.criterion, storage)
    every_type = _mentions_type(query.criterion)

    def chosen(items: Iterable[Item]) -> Iterator[Item]:
        return (item for item in items if (every_type or not item.is_folder) and holds(item))

    keys = _storage_keys(query.criterion, storage)
    if not query.sort or query.multiplies:
        return (item for key in keys for item in chosen(storage.items(key)))
    if DOMAIN_FIELDS.keys() & set(query.sort):  # statistics move without a trace, so no order of them is kept
        found = (item for key in keys for item in chosen(storage.items(key)))
        return sorted(found, key=key_of(_reads(query, storage)), reverse=query.descending)
    fields, span = _reads(query, storage), span_of(query.criterion, query.sort[0], storage.now())
    parts = [chosen(orders.within(key, fields, span, descending=query.descending)) for key in keys]
    return parts[0] if len(parts) == 1 else merge(*parts, key=key_of(fields), reverse=query.descending)


def _reads(query: Query, storage: Storage) -> list[tuple[str, Read]]:
    return [(name, partial(_value, name, storage=storage)) for name in query.sort]


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
            return keys_of(key, storage)
    return None


def _mentions_type(criterion: Criterion) -> bool:
    """Without a word about `type` a query finds files only."""
    match criterion:
        case Comparison(field=field):
            return field == "type"
        case PropertyComparison():
            return False
    return any(_mentions_type(part) for part in criterion.parts)


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
        for key, value in pairs_of(item)
        if not query.properties or key in query.properties or "*" in query.properties
    ]
    if query.multiplies and shown:
        for pair in shown:
            yield {**row, "properties": [pair]}
    else:
        yield {**row, "properties": shown} if shown else row


def _answer(field: str, item: Item, storage: Storage) -> Answer:
    return virtuals(item, storage) if field == "virtual_repos" else answer(ITEM_FIELDS[field](item))


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
