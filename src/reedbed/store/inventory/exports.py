"""Findings and assets read in pages for exports: each page goes on behind the last."""

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec.structs import replace
from sqlalchemy import ColumnElement, Connection, Select, and_, func, literal, select, tuple_

from reedbed.model.exports import Asset, Finding, Place
from reedbed.model.inventory import Lifecycle, Severity, Status
from reedbed.store.columns import KEY
from reedbed.store.inventory.assets import ASSETS
from reedbed.store.inventory.findings import EPSS, FINDINGS, KEV, OCCURRENCES, TRIAGE
from reedbed.store.rows import slices

Condition = ColumnElement[bool]
"""What a query makes of `inventory_findings`, or of `assets`."""

OPEN = tuple(status for status in Status if status.open)

standing: Condition = and_(FINDINGS.c.status.in_(OPEN), FINDINGS.c.in_scope.is_not(False))
"""What is asked for where nobody asks for anything else: open, and not left out by filters.

Put as what it is not, for SQLite takes any index with a column that is something.
"""

present: Condition = ASSETS.c.lifecycle.in_((Lifecycle.PRESENT, Lifecycle.UNAVAILABLE))

_JOINED = frozenset(
    {"epss", "epss_percentile", "epss_as_of", "kev_added", "kev_due", "justification", "note"}
)
_APART = frozenset({"places", "advisory", "findings", "mapped"})


def findings(
    connection: Connection, where: Condition, *, after: Finding | None = None, limit: int = 500
) -> list[Finding]:
    """Read findings with their places, by vulnerability and id."""
    key = (FINDINGS.c.vulnerability, FINDINGS.c.id)
    query = _findings().where(where)
    if after is not None:
        query = query.where(tuple_(*key) > tuple_(literal(after.vulnerability, KEY), literal(after.id, KEY)))
    found = _read(connection, query.order_by(*key).limit(limit))
    at = places(connection, [each.id for each in found])
    return [replace(each, places=tuple(at.get(each.id, ()))) for each in found]


def _findings(*, mapped: bool = False) -> Select[Any]:
    own = [FINDINGS.c[name] for name in Finding.__struct_fields__ if name not in _JOINED | _APART]
    kev = (
        select(KEV.c.cve, func.min(KEV.c.added).label("kev_added"), func.min(KEV.c.due).label("kev_due"))
        .group_by(KEV.c.cve)
        .subquery()
    )
    return (
        select(
            *own,
            *([FINDINGS.c.mapped] if mapped else []),
            EPSS.c.score.label("epss"),
            EPSS.c.percentile.label("epss_percentile"),
            EPSS.c.as_of.label("epss_as_of"),
            kev.c.kev_added,
            kev.c.kev_due,
            TRIAGE.c.justification,
            TRIAGE.c.note,
        )
        .outerjoin(EPSS, EPSS.c.cve == FINDINGS.c.vulnerability)
        .outerjoin(kev, kev.c.cve == FINDINGS.c.vulnerability)
        .outerjoin(TRIAGE, TRIAGE.c.finding == FINDINGS.c.id)
    )


def _read(connection: Connection, query: Select[Any]) -> list[Finding]:
    rows = connection.execute(query).mappings().all()
    return [Finding(**{**row, "severity": Severity(row["severity"])}) for row in rows]


def places(
    connection: Connection, ids: Sequence[str], *, assets: Sequence[str] | None = None
) -> dict[str, list[Place]]:
    """Give where findings stand, by asset and version; with `assets` only in those."""
    found: dict[str, list[Place]] = {}
    for some in slices(ids):
        query = _places().where(OCCURRENCES.c.finding.in_(some))
        if assets is not None:
            query = query.where(OCCURRENCES.c.asset.in_(assets))
        order = (OCCURRENCES.c.finding, OCCURRENCES.c.asset, OCCURRENCES.c.version)
        for row in connection.execute(query.order_by(*order)).mappings().all():
            found.setdefault(row["finding"], []).append(Place(**row))
    return found


def _places() -> Select[Any]:
    return (
        select(
            OCCURRENCES.c.finding,
            OCCURRENCES.c.asset,
            ASSETS.c.name.label("asset_name"),
            ASSETS.c.vendor_id,
            ASSETS.c.registry,
            ASSETS.c.repository,
            ASSETS.c.path,
            ASSETS.c.tag,
            ASSETS.c.manifest_digest.label("digest"),
            OCCURRENCES.c.version,
            OCCURRENCES.c.fixed_versions,
            OCCURRENCES.c.applicability,
            OCCURRENCES.c.paths,
            OCCURRENCES.c.layer,
        )
        .join(ASSETS, ASSETS.c.id == OCCURRENCES.c.asset)
        .where(OCCURRENCES.c.gone_at.is_(None))
    )


def assets(
    connection: Connection, where: Condition, *, after: Asset | None = None, limit: int = 500
) -> list[Asset]:
    """Read assets by id, without their findings."""
    columns = [ASSETS.c[name] for name in Asset.__struct_fields__ if name != "findings"]
    query = select(*columns).where(where)
    if after is not None:
        query = query.where(ASSETS.c.id > after.id)
    rows = connection.execute(query.order_by(ASSETS.c.id).limit(limit)).mappings().all()
    return [Asset(**row) for row in rows]


def with_findings(connection: Connection, some: Sequence[Asset], where: Condition) -> list[Asset]:
    """Give assets their findings, each with its places there alone and with what maps made of it."""
    ids = [asset.id for asset in some]
    stands = select(OCCURRENCES.c.finding).where(
        OCCURRENCES.c.asset.in_(ids), OCCURRENCES.c.gone_at.is_(None)
    )
    query = _findings(mapped=True).where(where, FINDINGS.c.id.in_(stands)).order_by(FINDINGS.c.id)
    found = {each.id: each for each in _read(connection, query)}
    at = places(connection, sorted(found), assets=ids)
    return [replace(asset, findings=tuple(_in(asset, found.values(), at))) for asset in some]


def _in(asset: Asset, found: Iterable[Finding], at: dict[str, list[Place]]) -> Iterable[Finding]:
    for finding in found:
        here = tuple(place for place in at.get(finding.id, ()) if place.asset == asset.id)
        if here:
            yield replace(finding, places=here)
