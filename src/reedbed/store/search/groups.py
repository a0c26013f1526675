"""Counts of what a query asks for, by one thing: facets, and lists of components or coverage."""

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, case, func, select

from reedbed.errors import SettingsError
from reedbed.model.inventory import AssetClass, Severity
from reedbed.model.query.tokens import View, nearest
from reedbed.model.query.tree import Node
from reedbed.store.inventory.assets import ASSETS
from reedbed.store.inventory.findings import FINDINGS
from reedbed.store.search.conditions import condition
from reedbed.store.search.drivers import few
from reedbed.store.search.expressions import Condition
from reedbed.store.search.limits import bounded
from reedbed.store.search.pages import LONGEST_S

_F, _A = FINDINGS.c, ASSETS.c

BY: dict[View, dict[str, ColumnElement[Any]]] = {
    View.FINDINGS: {
        "severity": _F.severity,
        "status": _F.status,
        "triage": _F.triage,
        "applicability": _F.applicability,
        "type": _F.type,
        "package-type": _F.package_type,
        "repository": _F.repository,
        "image": _F.repository + "/" + _F.path,
        "cve": _F.vulnerability,
        "component": _F.component,
        "fix": _F.component + "@" + _F.fix_version,
        "connection": _F.connection,
    },
    View.ASSETS: {
        "class": _A.asset_class,
        "lifecycle": _A.lifecycle,
        "coverage": _A.coverage,
        "repository": _A.repository,
        "package-type": _A.package_type,
        "architecture": _A.architecture,
        "base-image": _A.base_image,
        "owner": _A.owner,
        "connection": _A.connection,
    },
}


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """What has one thing in common; None: what has no such thing."""

    key: str | None
    number: int
    critical: int  # findings; of assets the sum of their open ones
    high: int


def groups(
    connection: Connection,
    node: Node,
    view: View,
    by: str,
    *,
    among: Condition | None = None,
    limit: int = 50,
    seconds: float = LONGEST_S,
) -> list[Group]:
    """Count what a query asks for, the greatest groups first.

    Raises:
        SettingsError: rows of this view have no such thing.
        Refused: it took longer than `seconds`.
    """
    key = _key(view, by)
    with bounded(connection, seconds):
        ids = few(connection, node) if view is View.FINDINGS else None
        where = [condition(node, view, connection.dialect.name, walking=ids is not None)]
        where += [] if among is None else [among]
        where += [] if ids is None else [FINDINGS.c.id.in_(ids)]
        query = _of_assets(key, where) if view is View.ASSETS else _of_findings(by, key, where)
        rows = connection.execute(query.limit(limit)).all()
    return [
        Group(
            key=_shown(by, row.key),
            number=int(row.number),  # PostgreSQL sums to a decimal
            critical=int(row.critical or 0),
            high=int(row.high or 0),
        )
        for row in rows
    ]


def _key(view: View, by: str) -> ColumnElement[Any]:
    if by not in BY[view]:
        known = list(BY[view])
        raise SettingsError(
            f"Could not group by {by}",
            why=f"{view} are grouped by {', '.join(known)}",
            fix=f"Write --group-by {nearest(by, known)[0]}.",
        )
    return BY[view][by]


def _of_assets(key: ColumnElement[Any], where: list[Condition]) -> Select[Any]:
    number = func.count().label("number")
    worst = (_worst(_A.critical).label("critical"), _worst(_A.high).label("high"))
    return select(key.label("key"), number, *worst).where(*where).group_by(key).order_by(number.desc(), key)


def _worst(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Sum what assets have; a repository's is what lies in it, and counts where only repositories do."""
    repository = _A.asset_class == AssetClass.REPOSITORY
    others = func.sum(case((repository, 0), else_=1))
    return case((others > 0, func.sum(case((repository, 0), else_=column))), else_=func.sum(column))


def _of_findings(by: str, key: ColumnElement[Any], where: list[Condition]) -> Select[Any]:
    """Count in two steps: the first, over all rows, reads an index in its order wherever there is one."""
    names = _INDEXED if by in _INDEXED else ("severity",)
    columns = {"key": key, **{name: _F[name] for name in names if name != by}}
    counted = select(*(column.label(name) for name, column in columns.items()), func.count().label("many"))
    order = [_F[name] for name in names] if by in _INDEXED else [key, _F.severity]
    few_rows = counted.where(*where).group_by(*order).subquery()
    severity = few_rows.c.key if by == "severity" else few_rows.c.severity
    number = func.sum(few_rows.c.many).label("number")
    worst = (
        func.sum(case((severity == int(each), few_rows.c.many), else_=0)).label(each.name.lower())
        for each in (Severity.CRITICAL, Severity.HIGH)
    )
    found = select(few_rows.c.key, number, *worst).group_by(few_rows.c.key)
    return found.order_by(number.desc(), few_rows.c.key)


_INDEXED = ("repository", "status", "severity")


def _shown(by: str, key: Any) -> str | None:
    if key is None:
        return None
    return Severity(key).word if by == "severity" else str(key)
