"""Counts of what a query asks for, by one thing: facets, and lists of components or coverage."""

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, case, func, select

from reedbed.errors import SettingsError
from reedbed.model.inventory import AssetClass, Severity
from reedbed.model.query.tokens import View, nearest
from reedbed.model.query.tree import Node
from reedbed.store.inventory.assets import ASSETS
from reedbed.store.inventory.counts import COUNTS, of_counts, told_by_counts
from reedbed.store.inventory.findings import FINDINGS
from reedbed.store.search.conditions import condition
from reedbed.store.search.drivers import narrowed
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
    others = [] if among is None else [among]
    with bounded(connection, seconds):
        of = _of_assets if view is View.ASSETS else _of_findings
        rows = connection.execute(of(connection, node, key, others).limit(limit)).all()
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


def _of_assets(
    connection: Connection, node: Node, key: ColumnElement[Any], others: list[Condition]
) -> Select[Any]:
    where = [condition(node, View.ASSETS, connection.dialect.name), *others]
    number = func.count().label("number")
    worst = (_worst(_A.critical).label("critical"), _worst(_A.high).label("high"))
    return select(key.label("key"), number, *worst).where(*where).group_by(key).order_by(number.desc(), key)


def _worst(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Sum what assets have; a repository's is what lies in it, and counts where only repositories do."""
    repository = _A.asset_class == AssetClass.REPOSITORY
    others = func.sum(case((repository, 0), else_=1))
    return case((others > 0, func.sum(case((repository, 0), else_=column))), else_=func.sum(column))


def _of_findings(
    connection: Connection, node: Node, key: ColumnElement[Any], others: list[Condition]
) -> Select[Any]:
    """Count in two steps: the first, by severity too, takes numbers that are kept where they say it all."""
    where = [condition(node, View.FINDINGS, connection.dialect.name), *others]
    if all(told_by_counts(each) for each in (key, *where)):
        kinds = _kinds(of_counts(key), COUNTS.c.severity, func.sum(COUNTS.c.number))
        kinds = kinds.where(*map(of_counts, where))
    else:
        kinds = _kinds(key, _F.severity, func.count())
        kinds = kinds.where(narrowed(connection, node, walking=False), *others)
    kind = kinds.subquery().c
    number = func.sum(kind.many).label("number")
    worst = (
        func.sum(case((kind.severity == int(each), kind.many), else_=0)).label(each.name.lower())
        for each in (Severity.CRITICAL, Severity.HIGH)
    )
    return select(kind.key, number, *worst).group_by(kind.key).order_by(number.desc(), kind.key)


def _kinds(key: ColumnElement[Any], severity: ColumnElement[int], many: ColumnElement[int]) -> Select[Any]:
    columns = (key.label("key"), severity.label("severity"), many.label("many"))
    return select(*columns).group_by(key, severity).having(many > 0)


def _shown(by: str, key: Any) -> str | None:
    if key is None:
        return None
    return Severity(key).word if by == "severity" else str(key)
