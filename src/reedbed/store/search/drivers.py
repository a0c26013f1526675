"""Which few rows a query can be about, where one of its conditions says so.

Without it the databases would walk a million findings in their order to find the three that have some CVE;
or, the other way round, gather and sort half of a million to show the first fifty.
"""

from collections.abc import Sequence

from sqlalchemy import CompoundSelect, Connection, Select, func, select, union_all

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

Ids = Select[tuple[str]] | CompoundSelect[tuple[str]]

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


def few(connection: Connection, node: Node) -> Ids | None:
    """Select the ids of a few findings, at most `FEW`, among which all are that a query asks for."""
    best: tuple[int, Ids] | None = None
    for branches in _drivers(node, Dialect(connection.dialect.name))[:MOST_LOOKS]:
        ids = _together(branches)
        some = ids.limit(FEW + 1).subquery()
        found = connection.execute(select(func.count()).select_from(some)).scalar_one()
        if found <= FEW and (best is None or found < best[0]):
            best = (found, ids)
    return best[1] if best else None


def _together(branches: Sequence[Ids]) -> Ids:
    return union_all(*branches) if len(branches) > 1 else branches[0]


def _drivers(node: Node, on: Dialect) -> list[list[Select[tuple[str]]]]:
    """Give for each condition that has to hold, and that an index can answer, its branches."""
    parts = node.parts if isinstance(node, Every) else (node,)
    found = []
    for part in parts:
        found += _driver(part, on)
    return found


def _driver(node: Node, on: Dialect) -> list[list[Select[tuple[str]]]]:
    match node:
        case Every():
            return _drivers(node, on)
        case Free(test=test):
            words = [test] if test.adjacent else [Words(words=(word,)) for word in test.words]
            return [[_ids(each) for each in free_text(FINDINGS, word, on)] for word in words]
        case Compare():
            return _of_token(node, on)
        case Inside(group=group, part=part):
            found = _driver(part, on) if group in _INDEXED else []
            return [*found, [_by_assets(node, on)]] if group in _OF_ASSETS else found
        case Either(parts=parts):
            return _either(parts, on)
    return []


def _of_token(node: Compare, on: Dialect) -> list[list[Select[tuple[str]]]]:
    token, test = node.token, node.test
    if _is_indexed(token, test):
        return [[_ids(_indexed(token, test, on))]]
    if (token.group, token.name) in _LISTED:
        return [[_ids(_listed(token, test, on))]]
    return [[_by_assets(node, on)]] if token.group in _OF_ASSETS else []


def _listed(token: Token, test: Test, on: Dialect) -> Condition:
    column, field = _LISTED[token.group, token.name]
    values = select(WORDINGS.c.key).where(WORDINGS.c.field == field)
    return column.in_(values.where(compare(Plain(of=WORDINGS.c.key), test, on)))


def _by_assets(node: Node, on: Dialect) -> Select[tuple[str]]:
    """What stands in the assets that meet a condition; the finding's own scope is looked at afterwards."""
    held = select(ASSETS.c.id).where(condition(node, View.ASSETS, on.name))
    found = OCCURRENCES.c
    return select(found.finding).where(found.asset.in_(held), found.gone_at.is_(None))


def _either(parts: Sequence[Node], on: Dialect) -> list[list[Select[tuple[str]]]]:
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


def _ids(where: Condition) -> Select[tuple[str]]:
    return select(FINDINGS.c.id).where(where)
