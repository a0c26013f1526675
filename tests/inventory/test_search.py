"""Queries against both databases, held against a plain evaluator over the same inventory in memory."""

import random
from contextlib import suppress
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from inventory.evaluator import Evaluator
from inventory.population import NOW, PATHS, REPOSITORIES, TAGS, VULNERABLE, WORDS, drawn, write
from reedbed.errors import Refused, SettingsError
from reedbed.model.query.errors import QueryError
from reedbed.model.query.read import read
from reedbed.model.query.tokens import GROUPS, TOKENS, Group, Kind, Token, View
from reedbed.model.query.tree import EVERYTHING
from reedbed.store.database import Database
from reedbed.store.search import pages
from reedbed.store.search.groups import BY, groups
from reedbed.store.search.limits import bounded
from reedbed.store.search.sorting import KEYS, read_sort

QUERIES = 50

VALUES = (*WORDS, *REPOSITORIES, *PATHS, *TAGS, *VULNERABLE, "alice", "al_ce", "amd64", "1.0", "MIT", "acme")
HOSTILE = ("%", "_", "'", "''; DROP TABLE assets; --", '" OR 1=1', "a*", "\\", "\\%", "NEAR(a b)", "\0", "é")


def _quoted(draw: random.Random, value: str) -> str:
    quote = draw.choice("\"'`")
    return quote + value.replace("\\", "\\\\").replace(quote, f"\\{quote}") + quote


def _keyword(draw: random.Random, token: Token) -> str:
    if token.words and draw.random() < 0.9:
        return draw.choice(token.words)
    value = draw.choice(HOSTILE if draw.random() < 0.2 else VALUES)
    if value.isalnum() and draw.random() < 0.5:
        return draw.choice((value, f"{value[:2]}*", f"*{value[-2:]}", f"*{value[1:]}*"))
    return _quoted(draw, value)


def _value(draw: random.Random, token: Token) -> str:
    match token.kind:
        case Kind.DATE:
            return draw.choice(
                ("now-1d", "now-3d", "2026-11-21", "now", "2026-11-19", '"2026-11-22T10:00:00Z"')
            )
        case Kind.SEVERITY:
            return draw.choice(("high", "low", "3", "unknown", "critical"))
        case Kind.BOOLEAN:
            return draw.choice(("yes", "no"))
        case Kind.NUMBER | Kind.SIZE | Kind.AGE:
            return draw.choice(("0", "1", "3", "9.1", "10", "90.5", "1000", "0.5"))
        case Kind.TEXT:
            value = draw.choice(HOSTILE if draw.random() < 0.1 else VALUES)
            return f"{value[:2]}*" if value.isalnum() and draw.random() < 0.3 else _quoted(draw, value)
    return _keyword(draw, token)


def _leaf(draw: random.Random, group: Group | None) -> str:
    token = draw.choice([each for each in TOKENS if group in (None, each.group)])
    name = token.name if group else token.full
    if draw.random() < 0.1:
        return f"{name} is {draw.choice(('', 'not '))}null"
    if draw.random() < 0.2:
        return f"{name}:[{', '.join(_value(draw, token) for _ in range(3))}]"
    if token.kind.ordered and draw.random() < 0.2:
        return f"{name}:{draw.choice('[(')}{_value(draw, token)} .. {_value(draw, token)}{draw.choice('])')}"
    sign = draw.choice((":", ">", "<", ">=", "<=")) if token.kind.ordered else ":"
    return f"{name}{sign}{_value(draw, token)}"


def _query(draw: random.Random, depth: int = 0, group: Group | None = None) -> str:
    chance = draw.random()
    if depth > 3 or chance < 0.4:
        return _leaf(draw, group)
    if chance < 0.5 and group is None:
        within = draw.choice(list(GROUPS))
        return f"{within}:({_query(draw, depth + 1, within)})"
    if chance < 0.55 and group is Group.CONTAINER:
        below = draw.choice((Group.LAYERS, Group.LABELS))
        return f"{below.rpartition('.')[2]}:({_query(draw, depth + 1, below)})"
    if chance < 0.6 and group is None:
        return draw.choice(('"open ssl"', "zlib", "open app", "cve", '"1.2.3 zlib"'))
    if chance < 0.75:
        return f"NOT ({_query(draw, depth + 1, group)})"
    joining = draw.choice((" AND ", " OR "))
    return "(" + joining.join(_query(draw, depth + 1, group) for _ in range(draw.choice((2, 3)))) + ")"


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(n, marks=pytest.mark.soak) for n in range(2, 30))])
async def test_random_queries_find_what_a_plain_evaluator_finds(database: Database, seed: int) -> None:
    population = drawn(seed)
    await database.write(write, population)
    evaluator, draw = Evaluator(population), random.Random(seed)

    wrong, read_in_all, found_in_all = [], 0, 0
    for _ in range(QUERIES):
        text = _query(draw)
        with suppress(QueryError):
            node = read(text, now=NOW)
            read_in_all += 1
            for view in View:
                found = await _ask(database, text, view)
                expected = evaluator.ask(node, view)
                found_in_all += len(expected)
                if found != expected:
                    wrong.append((view.value, text, len(found), len(expected)))

    assert not wrong, "\n".join(map(str, wrong))
    assert read_in_all > QUERIES / 2
    assert found_in_all > QUERIES


@pytest.mark.parametrize("view", View)
async def test_pages_in_every_order_have_each_row_once(database: Database, view: View) -> None:
    await database.write(write, drawn(0))
    page: Any = pages.findings if view is View.FINDINGS else pages.assets
    every = await _ask(database, "", view)

    for name in KEYS[view]:
        for way in ("asc", "desc"):
            sort, seen, after = read_sort(view, f"{name}:{way}"), [], None
            for _ in range(50):
                found = await database.read(page, EVERYTHING, sort=sort, after=after, limit=7)
                seen += [row.id for row in found.rows]
                if (after := found.next) is None:
                    break

            assert sorted(seen) == sorted(every), str(sort)


@pytest.mark.parametrize(
    "after", ["x", "é", "W10", "WyJzZXZlcml0eTphc2MiLDEsIngiXQ", "WyJzZXZlcml0eTpkZXNjIiwieCIsIngiXQ"]
)
async def test_a_place_that_is_none_is_refused(database: Database, after: str) -> None:
    with pytest.raises(SettingsError, match="--after"):
        await database.read(pages.findings, EVERYTHING, sort=read_sort(View.FINDINGS, None), after=after)


async def test_counts_by_each_thing_add_up(database: Database) -> None:
    await database.write(write, drawn(1))

    for view in View:
        number = len(await _ask(database, "", view))
        for by in BY[view]:
            found = await database.read(groups, EVERYTHING, view, by, limit=1000)
            assert sum(each.number for each in found) == number, by


async def test_a_query_that_takes_too_long_is_ended(database: Database) -> None:
    with pytest.raises(Refused, match="longer than"):
        await database.read(_count_for_ever)

    assert await database.read(lambda connection: connection.execute(sa.select(1)).scalar_one()) == 1


def _count_for_ever(connection: Connection) -> None:
    step = sa.select(sa.literal(1, sa.BigInteger).label("n")).cte("step", recursive=True)
    step = step.union_all(sa.select(step.c.n + sa.literal(1, sa.BigInteger)).where(step.c.n >= 0))
    with bounded(connection, 0.1):
        connection.execute(sa.select(sa.func.count()).select_from(step)).scalar_one()


async def test_the_longest_queries_that_there_can_be_are_answered(database: Database) -> None:
    await database.write(write, drawn(0))
    for text in (
        " OR ".join(["cve:a*"] * 900),
        " AND ".join(["software.name:zz"] * 100),
        f"container.tag:[{', '.join(['zz'] * 1000)}]",
        "NOT (" * 60 + "container.tag:zz" + ")" * 60,
    ):
        await _ask(database, text, View.FINDINGS)


async def _ask(database: Database, text: str, view: View) -> set[str]:
    node, sort = read(text, now=NOW), read_sort(view, None)
    if view is View.FINDINGS:
        found = await database.read(pages.findings, node, sort=sort, limit=1000)
        return {each.id for each in found.rows}
    items = await database.read(pages.assets, node, sort=sort, limit=1000)
    return {each.id for each in items.rows}
