"""What exports are made of: findings with their places, and assets with what is wrong with them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import quote, unquote

import msgspec

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

VENDOR = "JFrog"
PRODUCT = "JFrog Artifactory & Xray"
"""As the seed's query names it."""


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """What an advisory says, in its source's words."""

    summary: str = ""
    description: str = ""
    cwe: tuple[str, ...] = ()
    cvss_v3: str | None = None  # "9.8/CVSS:3.1/AV:N/…", or a bare number
    references: tuple[str, ...] = ()
    provider: str = ""
    remediation: str = ""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a finding's component in one asset."""

    finding: str
    asset: str
    asset_name: str
    vendor_id: str  # host/repository/image@sha256:…
    registry: str | None
    repository: str | None
    path: str | None
    tag: str | None
    digest: str | None
    version: str  # "" where it is not known
    fixed_versions: tuple[str, ...] = ()
    applicability: Applicability | None = None
    paths: tuple[str, ...] = ()
    layer: str | None = None


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A finding as it is read for people and programs: with EPSS and KEV as they are now."""

    id: str
    connection: str
    repository: str
    path: str
    type: FindingType
    vulnerability: str
    component: str  # the purl without a version, or "~name"
    package_type: str
    issue: str
    title: str
    severity: Severity
    source_severity: str
    cvss3_score: float | None
    applicability: Applicability | None
    status: Status
    triage: Triage
    justification: str | None  # a VEX word, where a person or a statement gave one
    note: str | None
    fix_version: str | None
    published_at: datetime | None
    first_found_at: datetime
    last_found_at: datetime
    last_confirmed_at: datetime | None
    fixed_at: datetime | None
    fixed_because: str | None
    reopened_at: datetime | None
    images: int
    score: float | None
    epss: float | None
    epss_percentile: float | None
    epss_as_of: str | None
    kev_added: str | None
    kev_due: str | None
    text: str = ""  # the digest of the advisory's words
    mapped: Mapping[str, Any] = {}
    places: tuple[Place, ...] = ()
    advisory: Text = Text()


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """An asset, and what is wrong with it where that is asked for."""

    id: str
    connection: str
    asset_class: AssetClass
    vendor_id: str
    name: str
    lifecycle: Lifecycle
    registry: str | None
    repository: str | None
    path: str | None
    tag: str | None
    manifest_digest: str | None
    config_digest: str | None
    architecture: str | None
    os: str | None
    size_bytes: int | None
    built_at: datetime | None
    uploaded_at: datetime | None
    package_type: str | None
    repository_type: str | None
    description: str | None
    base_image: str | None
    criticality: int | None
    owner: str | None
    coverage: Coverage | None
    coverage_reason: str | None
    scanned_at: datetime | None
    critical: int
    high: int
    medium: int
    low: int
    other: int
    score: float | None
    first_seen_at: datetime
    last_seen_at: datetime
    mapped: Mapping[str, Any] = {}
    findings: tuple[Finding, ...] = ()  # each with the places in this asset alone


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What a document says of itself."""

    as_of: datetime
    version: str  # of Reedbed
    query: str = ""


class Source(Protocol):
    """Where a sink draws from, some at a time, as often as it likes."""

    def findings(self, *, texts: bool = False) -> AsyncIterator[Sequence[Finding]]:
        """Give findings with their places, those about one vulnerability together."""
        ...

    def assets(self, *, details: bool = False) -> AsyncIterator[Sequence[Asset]]:
        """Give assets by id; with `details` also their findings, what maps made of both, and texts."""
        ...


def release(component: str, version: str) -> str | None:
    """Write a component in a version as a purl; None: what JFrog called it could not be read as one."""
    if not component.startswith("pkg:"):
        return None
    path, question, qualifiers = component.partition("?")
    return f"{path}@{quote(version, safe='.-_~+')}{question}{qualifiers}" if version else component


def named(component: str) -> str:
    """The name of a component as people know it: `lodash`, `@scope/name`, `debian/openssl`."""
    return unquote(component.partition("?")[0].partition("/")[2]) or component.removeprefix("~")


def image_purl(place: Place | Asset) -> str | None:
    """Write an image as a purl of type oci (package-url/purl-spec, oci): by digest, with where it is."""
    digest = place.digest if isinstance(place, Place) else place.manifest_digest
    if not (digest and place.path):
        return None
    name = place.path.rpartition("/")[2].lower()
    where = "/".join(filter(None, (place.registry, place.repository, place.path)))
    tag = f"&tag={quote(place.tag, safe='.-_~')}" if place.tag else ""
    version = quote(digest, safe=".-_~")
    return f"pkg:oci/{quote(name, safe='.-_~')}@{version}?repository_url={quote(where, safe='/.-_~')}{tag}"
