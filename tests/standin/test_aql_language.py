"""Properties of AQL's parser and evaluation, against a plain second opinion."""

import json
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from jfrog_standin.artifactory.aql_evaluate import evaluate
from jfrog_standin.artifactory.aql_language import AqlError, Query, read_query
from jfrog_standin.artifactory.ordering import Orders
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.artifactory.storage import Storage

NAMES = st.text(alphabet="ab.*?", min_size=1, max_size=4).filter(lambda name: name not in {".", ".."})
OPERATORS = st.sampled_from(["$eq", "$ne", "$gt", "$lt", "$gte", "$lte", "$match", "$nmatch"])
LEAVES = st.builds(lambda operator, value: {"name": {operator: value}}, OPERATORS, NAMES)
CRITERIA = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        lambda kind, parts: {kind: parts}, st.sampled_from(["$and", "$or"]), st.lists(inner, max_size=3)
    ),
    max_leaves=8,
)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@given(st.text(max_size=200))
def test_any_text_is_a_query_or_an_error(text: str) -> None:
    assert read_or_refuse(text) is not None


@given(st.text(alphabet='items.find()({}[]"$and:,or@x.limit012 \\', max_size=120))
def test_text_that_looks_like_a_query_is_one_or_an_error(text: str) -> None:
    assert read_or_refuse(f"items.find({text}") is not None


@given(CRITERIA, st.lists(NAMES, unique=True, max_size=6))
def test_exactly_the_items_that_the_criteria_mean_are_found(
    criteria: dict[str, Any], names: list[str]
) -> None:
    storage = Storage(now=lambda: NOW)
    storage.add(Repository(key="r"))
    for name in names:
        storage.put("r", name, name.encode(), by="alice")

    query = read_query(f'items.find({json.dumps(criteria)}).include("name")')
    found = evaluate(query, Orders(storage), may_read=lambda _: True, max_rows=100)

    assert sorted(row["name"] for row in found.rows) == sorted(
        name for name in names if _means(criteria, name)
    )


@given(st.lists(NAMES, unique=True, max_size=8), st.integers(0, 4), st.integers(1, 4))
def test_pages_put_together_are_the_whole_in_order(names: list[str], offset: int, size: int) -> None:
    storage = Storage(now=lambda: NOW)
    storage.add(Repository(key="r"))
    for name in names:
        storage.put("r", name, b"", by="alice")
    orders = Orders(storage)
    ordered = 'items.find({"repo":"r"}).include("name").sort({"$asc":["name"]})'

    pages: list[str] = []
    for start in range(offset, len(names), size):
        page = read_query(f"{ordered}.offset({start}).limit({size})")
        pages += [row["name"] for row in evaluate(page, orders, may_read=lambda _: True, max_rows=99).rows]

    assert pages == sorted(names)[offset:]


def read_or_refuse(text: str) -> Query | AqlError:
    """The query or its refusal; any other exception is a fault."""
    try:
        return read_query(text)
    except AqlError as error:
        return error


def _means(criteria: dict[str, Any], name: str) -> bool:
    """What criteria say of a name, told without the evaluation under test."""
    ((key, value),) = criteria.items()
    if key == "$and":
        return all(_means(part, name) for part in value)
    if key == "$or":
        return any(_means(part, name) for part in value)
    ((operator, wanted),) = value.items()
    like = fnmatchcase(name, wanted)
    outcomes: dict[str, bool] = {
        "$eq": name == wanted,
        "$ne": name != wanted,
        "$gt": name > wanted,
        "$lt": name < wanted,
        "$gte": name >= wanted,
        "$lte": name <= wanted,
        "$match": like,
        "$nmatch": not like,
    }
    return outcomes[operator]


@given(
    st.lists(st.tuples(NAMES, st.integers(0, 3)), unique_by=lambda pair: pair[0], max_size=12),
    st.integers(1, 4),
    st.booleans(),
)
def test_pages_by_key_are_the_whole_in_order(
    files: list[tuple[str, int]], size: int, descending: bool
) -> None:
    storage = Storage(now=lambda: NOW)
    storage.add(Repository(key="r"))
    for name, minute in files:
        storage.put("r", name, b"", by="alice", at=NOW + timedelta(minutes=minute))
    orders, seen = Orders(storage), list[tuple[str, str]]()
    after, way = ("$lt", "$desc") if descending else ("$gt", "$asc")

    for _ in range(len(files) + 1):
        criteria: dict[str, Any] = {"repo": "r"}
        if seen:
            updated, name = seen[-1]
            tie = {"updated": updated, "name": {after: name}}
            criteria["$or"] = [{"updated": {after: updated}}, tie]
        text = f'items.find({json.dumps(criteria)}).include("name","updated")'
        page = read_query(f'{text}.sort({{"{way}":["updated","name"]}}).limit({size})')
        rows = evaluate(page, orders, may_read=lambda _: True, max_rows=99).rows
        seen += [(row["updated"], row["name"]) for row in rows]

    expected = sorted(((minute, name) for name, minute in files), reverse=descending)
    assert [name for _, name in seen] == [name for _, name in expected]
