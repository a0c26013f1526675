"""Pages of findings and assets that a query asks for."""

from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import Connection, Select, select

from reedbed.model.inventory import (
    Applicability,
    AssetClass,
    Coverage,
    FindingType,
    Lifecycle,
    Severity,
    Status,
    Triage,
)
from reedbed.model.query.tokens import View
from reedbed.model.query.tree import Node
from reedbed.store.inventory.assets import ASSETS
from reedbed.store.inventory.findings import EPSS, FINDINGS, KEV
from reedbed.store.search.conditions import condition
from reedbed.store.search.drivers import narrowed
from reedbed.store.search.expressions import Condition
from reedbed.store.search.limits import bounded
from reedbed.store.search.sorting import INDEXED, KEYS, Sort, behind, ordered, place

LONGEST_S = 30.0
MOST_ROWS = 1_000

T = TypeVar("T")


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A finding as a list shows it."""

    id: str
    connection: str
    repository: str
    path: str
    type: FindingType
    vulnerability: str
    issue: str
    component: str
    package_type: str
    title: str
    severity: Severity
    applicability: Applicability | None
    status: Status
    triage: Triage
    fix_version: str | None
    images: int
    cvss3_score: float | None
    score: float | None
    epss: float | None
    known_exploited: bool
    published_at: datetime | None
    first_found_at: datetime
    last_found_at: datetime
    fixed_at: datetime | None


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """An asset as a list shows it."""

    id: str
    connection: str
    asset_class: AssetClass
    name: str
    vendor_id: str
    lifecycle: Lifecycle
    repository: str | None
    path: str | None
    tag: str | None
    manifest_digest: str | None
    architecture: str | None
    os: str | None
    size_bytes: int | None
    package_type: str | None
    repository_type: str | None
    project: str | None
    xray_indexed: bool | None
    base_image: str | None
    owner: str | None
    coverage: Coverage | None
    coverage_reason: str | None
    critical: int
    high: int
    medium: int
    low: int
    other: int
    score: float | None
    built_at: datetime | None
    uploaded_at: datetime | None
    scanned_at: datetime | None
    checked_at: datetime | None
    first_seen_at: datetime
    last_seen_at: datetime


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """Some rows, and where the next page begins; None: these are the last."""

    rows: list[T]
    next: str | None


def findings(
    connection: Connection,
    node: Node,
    *,
    among: Condition | None = None,
    sort: Sort,
    after: str | None = None,
    limit: int = 50,
    seconds: float = LONGEST_S,
) -> Page[Found]:
    """Give a page of the findings that a query asks for, `among` some.

    Raises:
        SettingsError: `after` is no place in this order.
        Refused: it took longer than `seconds`.
    """
    with bounded(connection, seconds):
        query = findings_query().where(narrowed(connection, node, walking=sort.name == INDEXED))
        if among is not None:
            query = query.where(among)
        return _page(connection, query, Found, sort=sort, after=after, limit=limit)


def assets(
    connection: Connection,
    node: Node,
    *,
    among: Condition | None = None,
    sort: Sort,
    after: str | None = None,
    limit: int = 50,
    seconds: float = LONGEST_S,
) -> Page[Item]:
    """Give a page of the assets that a query asks for, `among` those of a class.

    Raises:
        SettingsError: `after` is no place in this order.
        Refused: it took longer than `seconds`.
    """
    query = select(*(ASSETS.c[name] for name in Item.__struct_fields__))
    query = query.where(condition(node, View.ASSETS, connection.dialect.name))
    if among is not None:
        query = query.where(among)
    with bounded(connection, seconds):
        return _page(connection, query, Item, sort=sort, after=after, limit=limit)


_APART = frozenset({"epss", "known_exploited"})


def findings_query() -> Select[Any]:
    """Select the columns of `Found`."""
    own = [FINDINGS.c[name] for name in Found.__struct_fields__ if name not in _APART]
    exploited = select(KEV.c.cve).where(KEV.c.cve == FINDINGS.c.vulnerability).exists()
    epss = select(EPSS.c.score).where(EPSS.c.cve == FINDINGS.c.vulnerability).scalar_subquery()
    return select(*own, epss.label("epss"), exploited.label("known_exploited"))


def _page(
    connection: Connection, query: Select[Any], shape: type[T], *, sort: Sort, after: str | None, limit: int
) -> Page[T]:
    limit = max(1, min(limit, MOST_ROWS))
    if after is not None:
        query = query.where(behind(sort, after))
    query = query.add_columns(KEYS[sort.view][sort.name].label("sort_key"))
    found = connection.execute(query.order_by(*ordered(sort)).limit(limit + 1)).mappings().all()
    rows = found[:limit]
    more = len(found) > limit
    return Page(
        rows=[_row(shape, row) for row in rows],
        next=place(sort, rows[-1]["sort_key"], rows[-1]["id"]) if more else None,
    )


def rows_of(connection: Connection, query: Select[Any], shape: type[T]) -> list[T]:
    """Read rows of a query that selects the columns of `shape`."""
    return [_row(shape, row) for row in connection.execute(query).mappings()]


def _row(shape: type[T], row: Any) -> T:
    values = {name: row[name] for name in shape.__struct_fields__}  # type: ignore[attr-defined]
    if "severity" in values:
        values["severity"] = Severity(values["severity"])
    if "known_exploited" in values:
        values["known_exploited"] = bool(values["known_exploited"])
    return shape(**values)
