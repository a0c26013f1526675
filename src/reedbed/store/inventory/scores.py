"""What scores are made of, read from the store, and scores written back."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, exists, func, or_, select, update

from reedbed.model.inventory import Applicability, Severity, Status
from reedbed.store.inventory.assets import ASSETS
from reedbed.store.inventory.findings import EPSS, FINDINGS, KEV, OCCURRENCES

OPEN = tuple(status for status in Status if status.open)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a finding that its score depends on, and its score until now."""

    id: str
    severity: Severity
    cvss3_score: float | None
    applicability: Applicability | None
    images: int
    text: str
    score: float | None
    epss_percentile: float | None
    kev: bool
    criticality: int | None


def page(connection: Connection, *, after: str = "", run: str | None = None, limit: int = 2_000) -> list[Row]:
    """Read findings by id; with `run` those that it saw, and those that were never scored."""
    own = ("id", "severity", "cvss3_score", "applicability", "images", "text", "score")
    criticality = (
        select(func.max(ASSETS.c.criticality))
        .join(OCCURRENCES, OCCURRENCES.c.asset == ASSETS.c.id)
        .where(OCCURRENCES.c.finding == FINDINGS.c.id, OCCURRENCES.c.gone_at.is_(None))
        .scalar_subquery()
    )
    query = (
        select(
            *(FINDINGS.c[name] for name in own),
            EPSS.c.percentile.label("epss_percentile"),
            exists().where(KEV.c.cve == FINDINGS.c.vulnerability).label("kev"),
            criticality.label("criticality"),
        )
        .outerjoin(EPSS, EPSS.c.cve == FINDINGS.c.vulnerability)
        .where(FINDINGS.c.id > after)
        .order_by(FINDINGS.c.id)
        .limit(limit)
    )
    if run is not None:
        query = query.where(or_(FINDINGS.c.last_run == run, FINDINGS.c.score.is_(None)))
    rows = connection.execute(query).mappings().all()
    return [Row(**{**row, "severity": Severity(row["severity"]), "kev": bool(row["kev"])}) for row in rows]


def save(connection: Connection, scores: Mapping[str, float]) -> None:
    """Write findings' scores."""
    rows = [{"of": finding, "is": score} for finding, score in scores.items()]
    if rows:
        connection.execute(
            update(FINDINGS).where(FINDINGS.c.id == bindparam("of")).values(score=bindparam("is")), rows
        )


class Sum(msgspec.Struct, frozen=True, kw_only=True):
    """The scores of one asset's open findings."""

    asset: str
    score: float | None  # the asset's until now
    highest: float | None
    total: float | None


def sums(connection: Connection, *, after: str = "", run: str | None = None, limit: int = 500) -> list[Sum]:
    """Add up the open findings of assets, by asset, none too; with `run` of those that it saw."""
    wanted = select(ASSETS.c.id, ASSETS.c.score).where(ASSETS.c.id > after)
    if run is not None:
        wanted = wanted.where(ASSETS.c.last_run == run)
    some = connection.execute(wanted.order_by(ASSETS.c.id).limit(limit)).all()
    distinct = (
        select(OCCURRENCES.c.asset, FINDINGS.c.id, FINDINGS.c.score)
        .join(FINDINGS, FINDINGS.c.id == OCCURRENCES.c.finding)
        .where(
            OCCURRENCES.c.asset.in_([row.id for row in some]),
            OCCURRENCES.c.gone_at.is_(None),
            FINDINGS.c.status.in_(OPEN),
            FINDINGS.c.in_scope.is_(True),
        )
        .distinct()
        .subquery()
    )
    by_asset: dict[str, Any] = {
        row.asset: row
        for row in connection.execute(
            select(
                distinct.c.asset,
                func.max(distinct.c.score).label("highest"),
                func.sum(distinct.c.score).label("total"),
            ).group_by(distinct.c.asset)
        )
    }
    return [
        Sum(
            asset=row.id,
            score=row.score,
            highest=found.highest if (found := by_asset.get(row.id)) else None,
            total=found.total if found else None,
        )
        for row in some
    ]


def save_assets(connection: Connection, scores: Sequence[tuple[str, float | None]]) -> None:
    """Write assets' scores: (asset, score)."""
    rows = [{"of": asset, "is": score} for asset, score in scores]
    if rows:
        connection.execute(
            update(ASSETS).where(ASSETS.c.id == bindparam("of")).values(score=bindparam("is")), rows
        )
