"""Counts of what a query asks for, by one thing: facets, and lists of components or coverage."""

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, case, func, select

from reedbed.errors import SettingsError
from reedbed.model.inventory import Severity
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
    table = FINDINGS if view is View.FINDINGS else ASSETS
    number = func.count().label("number")
    query = select(key.label("key"), number, *_worst(view)).select_from(table)
    with bounded(connection, seconds):
        ids = few(connection, node) if view is View.FINDINGS else None
        query = query.where(condition(node, view, connection.dialect.name, walking=ids is not None))
        for further in (among, None if ids is None else table.c.id.in_(ids)):
            query = query if further is None else query.where(further)
        rows = connection.execute(query.group_by(key).order_by(number.desc(), key).limit(limit)).all()
    return [
        Group(key=_shown(by, row.key), number=row.number, critical=row.critical or 0, high=row.high or 0)
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


def _worst(view: View) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    if view is View.ASSETS:
        return func.sum(_A.critical).label("critical"), func.sum(_A.high).label("high")
    return _count_of(Severity.CRITICAL, "critical"), _count_of(Severity.HIGH, "high")


def _count_of(severity: Severity, name: str) -> ColumnElement[Any]:
    return func.sum(case((_F.severity == int(severity), 1), else_=0)).label(name)


def _shown(by: str, key: Any) -> str | None:
    if key is None:
        return None
    return Severity(key).word if by == "severity" else str(key)
