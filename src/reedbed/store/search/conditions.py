"""A query as one SQL condition on rows of `assets` or `inventory_findings`. Values are always parameters."""

import msgspec
import sqlalchemy as sa
from sqlalchemy import FromClause, and_, or_, select

from reedbed.model.query.tokens import Group, View
from reedbed.model.query.tree import (
    Compare,
    Either,
    Every,
    Free,
    Inside,
    Missing,
    Node,
    Not,
    Words,
)
from reedbed.store.inventory.assets import ASSETS
from reedbed.store.inventory.findings import FINDINGS
from reedbed.store.inventory.wording import Field
from reedbed.store.search.expressions import Condition, Dialect, Worded, compare, joined, keys_with, missing
from reedbed.store.search.reach import Way, ways

TABLES = {View.ASSETS: ASSETS, View.FINDINGS: FINDINGS}


def condition(node: Node, view: View, dialect: str, *, walking: bool = False) -> Condition:
    """Compile a query for the rows of a view's table; `walking` where they come in their order."""
    return _Compiler(Dialect(dialect, walking), TABLES[view]).node(node, None)


def free_text(row: FromClause, test: Words, on: Dialect) -> list[Condition]:
    """Where a row has some words: in any of its texts, each condition by itself can use an index."""
    texts = [
        Worded(of=row.c[column], field=field)
        for column, field in (_FINDING_TEXTS if "vulnerability" in row.c else _ASSET_TEXTS)
    ]
    return [on.among(each.of, keys_with(test, each.field)) for each in texts]


_FINDING_TEXTS = (
    ("vulnerability", Field.NAME),
    ("vulnerability", Field.DESCRIPTION),
    ("title", Field.TITLE),
    ("component", Field.COMPONENT),
    ("path", Field.NAME),
    ("repository", Field.NAME),
)
_ASSET_TEXTS = (("name", Field.NAME), ("repository", Field.NAME), ("path", Field.NAME))


class _Compiler:
    """Goes through the tree. A condition may come out as null, which counts as false wherever it stands."""

    def __init__(self, on: Dialect, row: FromClause) -> None:
        self._on = on
        self._row = row

    def node(self, node: Node, way: Way | None) -> Condition:
        match node:
            case Every(parts=parts):
                return joined(and_, [self.node(part, way) for part in parts])
            case Either(parts=parts):
                return joined(or_, [self.node(part, way) for part in parts])
            case Not(part=part):
                return sa.type_coerce(self.node(part, way), sa.Boolean).is_not(sa.true())
            case Free(test=test):
                return self._free(test)
            case Inside(group=group, part=part):
                return self._inside(group, part, way)
            case Compare() | Missing():
                return self._leaf(node, way)

    def _free(self, test: Words) -> Condition:
        if test.adjacent:
            return or_(*free_text(self._row, test, self._on))
        each = [msgspec.structs.replace(test, words=(word,)) for word in dict.fromkeys(test.words)]
        return joined(and_, [or_(*free_text(self._row, word, self._on)) for word in each])

    def _leaf(self, node: Compare | Missing, way: Way | None) -> Condition:
        if way is not None:
            columns = {**way.others, **way.own}
            expression = columns[node.token.name]
            if isinstance(node, Missing):
                return missing(expression, self._on)
            return compare(expression, node.test, self._on)
        if isinstance(node, Missing):
            return self.node(Not(Inside(group=node.token.group, part=Not(node))), None)
        return self._inside(node.token.group, node, None)

    def _inside(self, group: Group, part: Node, within: Way | None) -> Condition:
        """One thing of a group meets the whole condition: an EXISTS, unless the row itself has it all."""
        if within is not None and within.asset is not None:
            found = ways(group, within.asset, of_finding=False)
        else:
            found = ways(group, self._row, of_finding=self._row is FINDINGS)
        return or_(*(self._by(way, part) for way in found))

    def _by(self, way: Way, part: Node) -> Condition:
        held = self.node(part, way)
        if way.guard is not None:
            held = and_(way.guard, held)
        if _enough(part, way):
            return held
        assert way.tables is not None
        assert way.on is not None
        found = select(sa.literal(1)).select_from(way.tables).where(way.on, held)
        return found.correlate_except(None).exists()


def _enough(part: Node, way: Way) -> bool:
    """Whether a row's own columns hold all that is asked for."""
    match part:
        case Every(parts=parts) | Either(parts=parts):
            return all(_enough(each, way) for each in parts)
        case Not(part=inner):
            return _enough(inner, way)
        case Compare(token=token) | Missing(token=token):
            return token.name in way.own
        case Inside():
            return not way.asset_is_other
        case Free():
            return True
