"""What an answer of Xray says, as a plan takes it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reedbed.inventory.findings.plan import Facts, Observed, Occurrence
from reedbed.inventory.records.moments import moment
from reedbed.model.identity import finding_id
from reedbed.model.inventory import Applicability, FindingType
from reedbed.model.ratings import score, severity
from reedbed.model.records import Found, VulnerabilityRecord

LONGEST_TITLE = 300


def observed(
    vulnerabilities: Sequence[VulnerabilityRecord],
    texts: Sequence[str],
    *,
    connection: str,
    scope: str,
    mapped: Iterable[Mapping[str, Any]] | None = None,
) -> tuple[Observed, ...]:
    """Take the vulnerabilities of one image in; two records of one finding are one.

    `texts` are the digests of their texts, in the same order; `mapped` what a transform map made of them.
    """
    by_id: dict[str, Observed] = {}
    shapes = mapped if mapped is not None else ({} for _ in vulnerabilities)
    for record, text, shape in zip(vulnerabilities, texts, shapes, strict=True):
        finding = finding_id(
            connection, scope, FindingType.VULNERABILITY, vulnerability_key(record), record.component
        )
        before = by_id.get(finding)
        by_id[finding] = Observed(
            finding=finding,
            facts=before.facts if before else _facts(record, text, dict(shape)),
            occurrences=_occurrences(record.found, before.occurrences if before else ()),
        )
    return tuple(by_id.values())


def vulnerability_key(record: VulnerabilityRecord) -> str:
    """The CVE, else Xray's id; old answers have issues with neither, which their dates tell apart."""
    return record.cve or record.issue_id or f"~{record.created or 'unnamed'}"


def _facts(record: VulnerabilityRecord, text: str, mapped: dict[str, Any]) -> Facts:
    key = vulnerability_key(record)
    package = record.component.partition(":")[2] or record.component
    return Facts(
        type=FindingType.VULNERABILITY,
        vulnerability=key,
        component=record.component,
        package_type=package_type(record.component),
        issue=record.issue_id,
        severity=severity(record.severity),
        source_severity=record.severity,
        title=f"{key} in {package}"[:LONGEST_TITLE],
        cvss3_score=score(record.cvss_v3),
        published_at=moment(record.created),
        text=text,
        mapped=mapped,
    )


def _occurrences(found: Iterable[Found], before: tuple[Occurrence, ...]) -> tuple[Occurrence, ...]:
    by_version = {each.version: each for each in before}
    for each in found:
        by_version[each.version or ""] = Occurrence(
            version=each.version or "",
            fixed_versions=each.fixed_versions,
            applicability=applicability(each.applicability),
            paths=each.paths,
            layer=each.layer,
        )
    return tuple(by_version[version] for version in sorted(by_version)) or (Occurrence(version=""),)


def package_type(purl: str) -> str:
    return purl[4:].partition("/")[0] if purl.startswith("pkg:") else ""


def applicability(word: str | None) -> Applicability | None:
    try:
        return Applicability(word) if word else None
    except ValueError:
        return None
