"""Which few rows a query can be about, where one of its conditions says so.

Without it the databases would walk a million findings in their order to find the three that have some CVE;
or, the other way round, gather and sort half of a million to show the first fifty.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    and_,
    func,
    literal_column,
    select,
    union_all,
)

from reedbed.model.query.tokens import Group, Token, View
from reedbed.model.query.tree import Affix, Compare, Either, Every, Free, Inside, Node, OneOf, Test, Words
from reedbed.store.inventory.assets import ASSETS
from reedbed.store.inventory.findings import FINDINGS, OCCURRENCES
from reedbed.store.inventory.wording import WORDINGS, Field
from reedbed.store.search.columns import finding_columns
from reedbed.store.search.conditions import condition, free_text
from reedbed.store.search.expressions import Condition, Dialect, Plain, compare
from reedbed.store.search.reach import ways

FEW = 4_000
"""Rows that are gathered and sorted faster than an order is walked for them."""

MOST_LOOKS = 6
"""Conditions that are tried as the narrow one: each costs a look."""

Rows = Select[Any] | CompoundSelect[Any]
"""Rows of findings, by what finds them again."""

_INDEXED = {
    Group.FINDING: ("cveId", "vendorFindingId", "externalFindingId", "title", "description"),
    Group.SOFTWARE: ("name",),
    Group.CONTAINER: ("name",),
    Group.REPOSITORY: ("key",),
}
"""Tokens whose columns have an index."""

_LISTED = {
    (Group.CONTAINER, "repository"): (FINDINGS.c.repository, Field.NAME),
    (Group.SOFTWARE, "purl"): (FINDINGS.c.component, Field.COMPONENT),
}
"""Tokens whose distinct values are listed with the words: few enough to be looked through."""

_OF_ASSETS = (Group.ASSET, Group.CONTAINER, Group.TAG, Group.LAYERS, Group.LABELS, Group.ATTRIBUTES)


def narrowed(connection: Connection, node: Node, *, walking: bool) -> Condition:
    """Give the condition on findings: among the few that it can be about, where one part of it says so.

    `walking` says that rows come in an order that an index has, which no other index shall be taken for.
    SQLite shall take none for more than a few: it looks rows up one by one, slower than it reads the table.
    """
    on = Dialect(connection.dialect.name)
    rows = _few(connection, node, on)
    alone = walking or rows is not None or on.name == "sqlite"
    held = condition(node, View.FINDINGS, on.name, walking=alone)
    return held if rows is None else and_(_row(on).in_(rows), held)


def _few(connection: Connection, node: Node, on: Dialect) -> Rows | None:
    """Select at most `FEW` findings, among which all are that a query asks for."""
    best: tuple[int, Rows] | None = None
    for branches in _drivers(node, on)[:MOST_LOOKS]:
        rows = _together(branches)
        some = rows.limit(FEW + 1).subquery()
        found = connection.execute(select(func.count()).select_from(some)).scalar_one()
        if found <= FEW and (best is None or found < best[0]):
            best = (found, rows)
    return best[1] if best else None


def _row(on: Dialect) -> ColumnElement[Any]:
    """Name what finds a finding. SQLite's indexes hold the row's number, and not the id."""
    return literal_column(f"{FINDINGS.name}.rowid") if on.name == "sqlite" else FINDINGS.c.id


def _together(branches: Sequence[Rows]) -> Rows:
    return union_all(*branches) if len(branches) > 1 else branches[0]


def _drivers(node: Node, on: Dialect) -> list[list[Select[Any]]]:
    """Give for each condition that has to hold, and that an index can answer, its branches."""
    parts = node.parts if isinstance(node, Every) else (node,)
    found = []
    for part in parts:
        found += _driver(part, on)
    return found


def _driver(node: Node, on: Dialect) -> list[list[Select[Any]]]:
    match node:
        case Every():
            return _drivers(node, on)
        case Free(test=test):
            words = [test] if test.adjacent else [Words(words=(word,)) for word in test.words]
            return [[_rows(each, on) for each in free_text(FINDINGS, word, on)] for word in words]
        case Compare():
            return _of_token(node, on)
        case Inside(group=group, part=part):
            found = _driver(part, on) if group in _INDEXED else []
            return [*found, [_by_assets(node, on)]] if group in _OF_ASSETS else found
        case Either(parts=parts):
            return _either(parts, on)
    return []


def _of_token(node: Compare, on: Dialect) -> list[list[Select[Any]]]:
    token, test = node.token, node.test
    if _is_indexed(token, test):
        return [[_rows(_indexed(token, test, on), on)]]
    if (token.group, token.name) in _LISTED:
        return [[_rows(_listed(token, test, on), on)]]
    return [[_by_assets(node, on)]] if token.group in _OF_ASSETS else []


def _listed(token: Token, test: Test, on: Dialect) -> Condition:
    column, field = _LISTED[token.group, token.name]
    values = select(WORDINGS.c.key).where(WORDINGS.c.field == field)
    return column.in_(values.where(compare(Plain(of=WORDINGS.c.key), test, on)))


def _by_assets(node: Node, on: Dialect) -> Select[Any]:
    """What stands in the assets that meet a condition; the finding's own scope is looked at afterwards."""
    held = select(ASSETS.c.id).where(condition(node, View.ASSETS, on.name))
    found = OCCURRENCES.join(FINDINGS, FINDINGS.c.id == OCCURRENCES.c.finding)
    stands = (OCCURRENCES.c.asset.in_(held), OCCURRENCES.c.gone_at.is_(None))
    return select(_row(on)).select_from(found).where(*stands)


def _either(parts: Sequence[Node], on: Dialect) -> list[list[Select[Any]]]:
    each = [_driver(part, on) for part in parts]
    if len(parts) > 20 or not all(each):
        return []
    return [[branch for found in each for branch in found[0]]]


def _is_indexed(token: Token, test: Test) -> bool:
    if token.name not in _INDEXED.get(token.group, ()):
        return False
    tests = test.tests if isinstance(test, OneOf) else (test,)
    return not any(isinstance(each, Affix) and each.before for each in tests)


def _indexed(token: Token, test: Test, on: Dialect) -> Condition:
    columns = finding_columns(FINDINGS)
    if token.group is not Group.FINDING:
        columns = {**ways(token.group, FINDINGS, of_finding=True)[0].own}
    return compare(columns[token.name], test, on)


def _rows(where: Condition, on: Dialect) -> Select[Any]:
    return select(_row(on)).select_from(FINDINGS).where(where)
