"""What Xray found in one artifact, as values: components, and the issues that they have. All pure.

A test says with them what an image holds; a seeded platform makes them by the thousand. Shape of the parts:
docs.jfrog.com, artifact-summary_artifacts-v2; the words of applicability and of statuses: JFrog's OpenAPI.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec

ScanStatus = Literal[
    "DONE", "PARTIAL", "PENDING", "SCANNING", "FAILED", "NOT_SCANNED", "NOT_SUPPORTED", "EXPIRED"
]
"""As `artifact/status` has them; EXPIRED, a scan past Xray's retention, is ours and shown as NOT_SCANNED."""

TOLD: frozenset[ScanStatus] = frozenset(("DONE", "PARTIAL"))
"""Statuses of artifacts that a summary tells about."""

UNDER_WAY: frozenset[ScanStatus] = frozenset(("PENDING", "SCANNING"))

Severity = Literal["Critical", "High", "Medium", "Low", "Information", "Unknown"]

Applicability = Literal[
    "applicable",
    "not_applicable",
    "undetermined",
    "rescan_required",
    "upgrade_required",
    "not_scanned",
    "technology_unsupported",
    "not_covered",
]

SCHEMES: Mapping[str, str] = {"maven": "gav", "debian": "deb", "rubygems": "gem"}
"""Package types whose component ids begin with another word."""


class ScanCve(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A CVE of an issue; `cve` is absent where nobody has given it a number."""

    cve: str | None = None
    cwe: tuple[str, ...] | None = None
    cvss_v2: str | None = None
    cvss_v3: str | None = None  # "9.8/CVSS:3.1/AV:N/…", or a bare "5.9"
    cvss_v4: str | None = None


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why JFrog's researchers rate an issue as they do."""

    name: str
    description: str = ""
    is_positive: bool = False


class Research(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`extended_information` of an issue, which most have not."""

    short_description: str = ""
    full_description: str = ""
    jfrog_research_severity: str = ""
    jfrog_research_severity_reasons: tuple[Reason, ...] = ()
    remediation: str = ""


class License(msgspec.Struct, frozen=True, kw_only=True):
    name: str = "Unknown"
    full_name: str = "Unknown license"
    more_info_url: tuple[str, ...] = ()


class ScannedComponent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A package inside an artifact. `distribution` is what stands before an OS package's name: "3.12"."""

    kind: str  # package type in lower case: "npm", "alpine"
    name: str
    version: str
    distribution: str = ""
    layer: str = ""  # hexadecimal SHA-256 of the layer that brings it; "" for what has no layers
    path: str = ""  # where its file lies in the layer: "usr/lib/node_modules/a/package.json"
    licenses: tuple[License, ...] = ()

    @property
    def bare(self) -> str:
        """Its id without a scheme: "3.12:openssl:1.1.1k-r0"."""
        named = f"{self.name}:{self.version}"
        return f"{self.distribution}:{named}" if self.distribution else named

    @property
    def uri(self) -> str:
        return f"{SCHEMES.get(self.kind, self.kind)}://{self.bare}"

    @property
    def impacted(self) -> str:
        """The end of an impact path: its layer, then itself."""
        return f"sha256__{self.layer}.tar.gz/{self.bare}" if self.layer else self.bare


class Hit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A component that an issue is about, and what is known of it there."""

    component: ScannedComponent
    fixed_versions: tuple[str, ...] = ()
    applicability: Applicability | None = None


class ScanIssue(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An issue of Xray's database at the components of one artifact."""

    id: str | None  # "XRAY-124116"; None: an old export, which lacks it
    severity: Severity
    summary: str
    description: str = ""  # empty: as the summary
    cves: tuple[ScanCve, ...] = ()
    created: str = "2026-01-02T03:04:05.000Z"  # of the advisory, not of the scan
    provider: str = "JFrog"
    hits: tuple[Hit, ...] = ()
    research: Research | None = None


class Risk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An operational risk of a component."""

    component_id: str
    risk: str = "High"
    risk_reason: str = ""
    is_eol: bool = False
    eol_message: str = ""
    latest_version: str = ""
    newer_versions: int = 0
    cadence: float = 0
    commits: int = 0
    committers: int = 0
    released: str = ""


class Exposure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A secret, or a bad setting, that an advanced scan found in a file."""

    category: Literal["secrets", "iac", "services", "applications"] = "secrets"
    id: str = "EXP-1"
    severity: Severity = "High"
    description: str = ""
    abbreviation: str = ""
    file: str = ""
    line: int = 0
    cwe: str = ""
    outcomes: tuple[str, ...] = ()
    fix_cost: str = ""


class Scan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that Xray knows about the content of one artifact."""

    status: ScanStatus = "DONE"
    at: datetime | None = None  # None: when the artifact was stored
    components: tuple[ScannedComponent, ...] = ()  # beside those that the issues name
    issues: tuple[ScanIssue, ...] = ()
    risks: tuple[Risk, ...] = ()
    exposures: tuple[Exposure, ...] = ()

    def every_component(self) -> tuple[ScannedComponent, ...]:
        """The components with those that only an issue names, each once."""
        named = (hit.component for issue in self.issues for hit in issue.hits)
        return tuple(dict.fromkeys((*self.components, *named)))


class Counts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`sec_issues` of the Scans List; `critical` is absent where there is none."""

    critical: int | None = None
    high: int | None = None
    medium: int | None = None
    low: int | None = None
    total: int


def counted(severities: Counter[str]) -> Counts:
    """Count the issues by severity: high, medium and low always stand there."""
    return Counts(
        critical=severities["Critical"] or None,
        high=severities["High"],
        medium=severities["Medium"],
        low=severities["Low"],
        total=severities.total(),
    )
