"""Open findings of assets, by severity: images have their own, repositories those of what lies in them."""

from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from reedbed.model.inventory import AssetClass, Severity, Status
from reedbed.store.inventory.assets import ASSETS, COUNTED
from reedbed.store.inventory.counts import COUNTS
from reedbed.store.inventory.findings import FINDINGS, OCCURRENCES

OPEN = [status for status in Status if status.open]

Numbers = dict[str, dict[str, int]]
"""By asset, by column."""


def count_findings(connection: Connection, name: str) -> None:
    """Count the open findings of a connection's assets anew."""
    numbers = _of_images(connection, name) | _of_repositories(connection, name)
    connection.execute(update(ASSETS).where(ASSETS.c.connection == name).values(dict.fromkeys(COUNTED, 0)))
    rows = [{"of": id_, **{f"n_{key}": many for key, many in by.items()}} for id_, by in numbers.items()]
    if rows:
        values: dict[str, Any] = {key: bindparam(f"n_{key}") for key in COUNTED}
        connection.execute(update(ASSETS).where(ASSETS.c.id == bindparam("of")).values(values), rows)


def _of_images(connection: Connection, name: str) -> Numbers:
    many = func.count(FINDINGS.c.id.distinct())
    query = (
        select(OCCURRENCES.c.asset, FINDINGS.c.severity, many)
        .join(OCCURRENCES, OCCURRENCES.c.finding == FINDINGS.c.id)
        .where(FINDINGS.c.connection == name, FINDINGS.c.status.in_(OPEN), OCCURRENCES.c.gone_at.is_(None))
        .group_by(OCCURRENCES.c.asset, FINDINGS.c.severity)
    )
    numbers: Numbers = {}
    for asset, severity, number in connection.execute(query):
        _add(numbers, asset, severity, number)
    return numbers


def _of_repositories(connection: Connection, name: str) -> Numbers:
    own = (ASSETS.c.connection == name, ASSETS.c.asset_class == AssetClass.REPOSITORY)
    keys = {
        row.native: row.id for row in connection.execute(select(ASSETS.c.native, ASSETS.c.id).where(*own))
    }
    query = (
        select(COUNTS.c.repository, COUNTS.c.severity, func.sum(COUNTS.c.number))
        .where(COUNTS.c.connection == name, COUNTS.c.status.in_(OPEN))
        .group_by(COUNTS.c.repository, COUNTS.c.severity)
    )
    numbers: Numbers = {}
    for repository, severity, number in connection.execute(query):
        if repository in keys:
            _add(numbers, keys[repository], severity, int(number))  # PostgreSQL sums to a decimal
    return numbers


def _add(numbers: Numbers, asset: str, severity: int, number: int) -> None:
    column = _COLUMN.get(severity, "other")
    numbers.setdefault(asset, dict.fromkeys(COUNTED, 0))[column] += number


_COLUMN: dict[int, str] = {
    Severity.CRITICAL: "critical",
    Severity.HIGH: "high",
    Severity.MEDIUM: "medium",
    Severity.LOW: "low",
}
