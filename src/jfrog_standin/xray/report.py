"""A report's rows, of each of its kinds, and which of them its filters let through. All pure.

Shape: ReportsV1Api and ReportsV2Api of JFrog's OpenAPI, and the unified exports that public readers are
tested with. The path of a row omits the `default/` that summaries have, and the impacted artifact is a URI.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, Literal

import msgspec

from jfrog_standin.xray.bundle import package_type
from jfrog_standin.xray.custom_issue import severity_rank
from jfrog_standin.xray.scan import Hit, ScanIssue
from jfrog_standin.xray.scanned import ScannedArtifact

Kind = Literal["vulnerabilities", "violations", "licenses", "operationalRisks", "exposures"]


class Between(msgspec.Struct, frozen=True, kw_only=True):
    start: datetime | None = None
    end: datetime | None = None

    def holds(self, at: datetime) -> bool:
        return (self.start is None or at >= self.start) and (self.end is None or at <= self.end)


class Scores(msgspec.Struct, frozen=True, kw_only=True):
    min_score: float = 0.0
    max_score: float = 10.0


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """All that are given must hold; names may have `*`."""

    vulnerable_component: str = ""
    impacted_artifact: str = ""
    has_remediation: bool | None = None
    cve: str = ""
    issue_id: str = ""
    severities: tuple[str, ...] = ()
    cvss_score: Scores | None = None
    published: Between = Between()
    scan_date: Between = Between()


class Flawed(msgspec.Struct, frozen=True, kw_only=True):
    """One row of vulnerabilities: an issue at a component of an artifact."""

    artifact: ScannedArtifact
    issue: ScanIssue
    hit: Hit


def flawed(artifacts: Iterable[ScannedArtifact], filters: Filters) -> Iterator[Flawed]:
    """Give what the filters let through."""
    for artifact in artifacts:
        if not filters.scan_date.holds(artifact.at) or not _like(
            artifact.component, filters.impacted_artifact
        ):
            continue
        for issue in artifact.issues:
            if _is_wanted(filters, issue):
                for hit in issue.hits:
                    if _fits(filters, hit):
                        yield Flawed(artifact=artifact, issue=issue, hit=hit)


def _is_wanted(filters: Filters, issue: ScanIssue) -> bool:
    words = {word.lower() for word in filters.severities}
    limits = filters.cvss_score
    return (
        (not words or issue.severity.lower() in words)
        and filters.issue_id in {"", issue.id}
        and (not filters.cve or any(entry.cve == filters.cve for entry in issue.cves))
        and (limits is None or limits.min_score <= _worst(issue, "cvss_v3") <= limits.max_score)
        and filters.published.holds(datetime.fromisoformat(issue.created))
    )


def _fits(filters: Filters, hit: Hit) -> bool:
    fixed = filters.has_remediation
    return (fixed is None or bool(hit.fixed_versions) == fixed) and _like(
        hit.component.uri, filters.vulnerable_component
    )


def _like(text: str, pattern: str) -> bool:
    return not pattern or fnmatchcase(text, f"*{pattern}*")


ORDERS: Mapping[str, Any] = {
    "severity": lambda row: severity_rank(row.issue.severity),
    "summary": lambda row: row.issue.summary,
    "published": lambda row: row.issue.created,
    "artifact_scan_time": lambda row: row.artifact.at,
    "vulnerable_component": lambda row: row.hit.component.uri,
    "impacted_artifact": lambda row: row.artifact.component,
    "issue_id": lambda row: row.issue.id or "",
}


def row_v1(row: Flawed) -> dict[str, Any]:
    """Write a row as the first version has it."""
    path = f"{row.artifact.repo}/{row.artifact.path}"
    return _of_issue(row) | {
        "vulnerable_component": row.hit.component.uri,
        "impacted_artifact": row.artifact.component,
        "impact_path": [row.artifact.component, row.hit.component.uri],
        "path": path,
        "component_physical_path": row.hit.component.path,
    }


def row_v2(row: Flawed) -> dict[str, Any]:
    """Write a row as the second version has it: in lists, of one each."""
    first = row_v1(row)
    names = {
        "vulnerable_component": "vulnerable_components",
        "impacted_artifact": "impacted_artifacts",
        "path": "paths",
    }
    return {names.get(name, name): [value] if name in names else value for name, value in first.items()}


def _of_issue(row: Flawed) -> dict[str, Any]:
    issue, result = row.issue, row.hit.applicability
    return {
        "cves": [_cve(entry) for entry in issue.cves],
        "cvss2_max_score": _worst(issue, "cvss_v2"),
        "cvss3_max_score": _worst(issue, "cvss_v3"),
        "summary": issue.summary,
        "severity": issue.severity,
        "severity_source": "CVSS V3 from NVD",
        "fixed_versions": [f"[{version}]" for version in row.hit.fixed_versions],
        "published": issue.created.partition(".")[0].rstrip("Z") + "Z",
        "artifact_scan_time": f"{row.artifact.at:%Y-%m-%dT%H:%M:%SZ}",
        "issue_id": issue.id,
        "package_type": package_type(row.hit.component.kind),
        "provider": issue.provider,
        "description": issue.description or issue.summary,
        "references": [f"https://nvd.example/{entry.cve}" for entry in issue.cves if entry.cve],
        "project_keys": [],
        "applicability": None,
        "applicability_result": result or "",
    }


def _cve(entry: Any) -> dict[str, Any]:
    shown: dict[str, Any] = {"cve": entry.cve} if entry.cve else {}
    for name in ("cvss_v2", "cvss_v3"):
        score, _, vector = (getattr(entry, name) or "").partition("/")
        if score:
            shown |= {f"{name}_score": _float(score), f"{name}_vector": vector}
    return shown


def _worst(issue: ScanIssue, name: str) -> float:
    return max((_float((getattr(entry, name) or "").partition("/")[0]) for entry in issue.cves), default=0.0)


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def license_rows(artifacts: Iterable[ScannedArtifact]) -> Iterator[dict[str, Any]]:
    """Write a row for each licence of each component."""
    for artifact in artifacts:
        for component in artifact.components:
            for entry in component.licenses:
                yield {
                    "license": entry.name,
                    "full_name": entry.full_name,
                    "component": component.uri,
                    "artifact": artifact.component,
                    "path": f"{artifact.repo}/{artifact.path}",
                    "artifact_scan_time": f"{artifact.at:%Y-%m-%dT%H:%M:%SZ}",
                    "unknown": entry.name == "Unknown",
                    "unrecognized": False,
                    "custom": False,
                }


def risk_rows(artifacts: Iterable[ScannedArtifact]) -> Iterator[dict[str, Any]]:
    """Write a row for each operational risk."""
    for artifact in artifacts:
        for bundle in artifact.bundles:
            for risk in bundle.scan.risks:
                shown: dict[str, Any] = msgspec.to_builtins(risk)
                yield shown | {
                    "component": shown.pop("component_id"),
                    "artifact": artifact.component,
                    "path": f"{artifact.repo}/{artifact.path}",
                    "scan_date": f"{artifact.at:%Y-%m-%dT%H:%M:%SZ}",
                }
