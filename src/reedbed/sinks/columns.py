"""Findings and assets as flat rows, for tables."""

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from reedbed.model.exports import PRODUCT, VENDOR, Asset, Finding, Place, named

Kind = Literal["text", "number", "whole", "moment"]


class Column(msgspec.Struct, frozen=True):
    name: str
    kind: Kind
    of: Callable[[Any], Any]


def _of(name: str, kind: Kind = "text", *, called: str = "") -> Column:
    return Column(called or name, kind, lambda row: getattr(row, name))


def _distinct(finding: Finding, of: Callable[[Place], str | None]) -> str:
    return " ".join(sorted({value for place in finding.places if (value := of(place))}))


FINDING_COLUMNS = (
    _of("id"),
    _of("connection"),
    _of("type"),
    _of("vulnerability"),
    _of("issue"),
    _of("title"),
    Column("severity", "text", lambda finding: finding.severity.word),
    _of("cvss3_score", "number"),
    _of("score", "number"),
    _of("epss", "number"),
    _of("epss_percentile", "number"),
    _of("kev_added"),
    _of("kev_due"),
    _of("applicability"),
    _of("status"),
    _of("triage"),
    _of("justification"),
    _of("repository"),
    _of("path", called="image"),
    Column("component", "text", lambda finding: named(finding.component)),
    _of("component", called="purl"),
    _of("package_type"),
    Column("versions", "text", lambda finding: _distinct(finding, lambda place: place.version)),
    _of("fix_version"),
    _of("images", "whole"),
    Column("digests", "text", lambda finding: _distinct(finding, lambda place: place.digest)),
    _of("published_at", "moment"),
    _of("first_found_at", "moment"),
    _of("last_found_at", "moment"),
    _of("fixed_at", "moment"),
    _of("fixed_because"),
    Column("vendor", "text", lambda _: VENDOR),
    Column("product", "text", lambda _: PRODUCT),
)

ASSET_COLUMNS = (
    _of("id"),
    _of("connection"),
    _of("asset_class", called="class"),
    _of("name"),
    _of("vendor_id"),
    _of("lifecycle"),
    _of("registry"),
    _of("repository"),
    _of("path", called="image"),
    _of("tag"),
    _of("manifest_digest"),
    _of("architecture"),
    _of("os"),
    _of("size_bytes", "whole"),
    _of("built_at", "moment"),
    _of("uploaded_at", "moment"),
    _of("package_type"),
    _of("base_image"),
    _of("criticality", "whole"),
    _of("owner"),
    _of("coverage"),
    _of("coverage_reason"),
    _of("scanned_at", "moment"),
    _of("critical", "whole"),
    _of("high", "whole"),
    _of("medium", "whole"),
    _of("low", "whole"),
    _of("other", "whole"),
    _of("score", "number"),
    _of("first_seen_at", "moment"),
    _of("last_seen_at", "moment"),
    Column("source", "text", lambda _: VENDOR),
)


def columns_of(what: type[Finding] | type[Asset]) -> tuple[Column, ...]:
    return FINDING_COLUMNS if what is Finding else ASSET_COLUMNS


def values(row: Finding | Asset, columns: tuple[Column, ...]) -> list[Any]:
    return [column.of(row) for column in columns]
