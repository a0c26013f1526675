"""CycloneDX 1.6 (cyclonedx.org/docs/1.6/json): a vulnerability disclosure report, or with analyses a VEX.

Images are components of type container, packages components inside them; each finding is a vulnerability
that affects some of those.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from reedbed.model.exports import PRODUCT, Asset, Finding, Head, Place, Source, image_purl, named, release
from reedbed.model.inventory import Severity, Status, Triage
from reedbed.sinks.streaming import array, given, opened

SEVERITY = {
    Severity.CRITICAL: "critical",
    Severity.HIGH: "high",
    Severity.MEDIUM: "medium",
    Severity.LOW: "low",
    Severity.INFORMATION: "info",
    Severity.UNKNOWN: "unknown",
}

STATE = {
    Triage.OPEN: "in_triage",
    Triage.IN_REVIEW: "in_triage",
    Triage.AFFECTED: "exploitable",
    Triage.NOT_AFFECTED: "not_affected",
    Triage.FALSE_POSITIVE: "false_positive",
    Triage.RISK_ACCEPTED: "exploitable",
    Triage.SUPPRESSED: "in_triage",  # a rule that hides says nothing about what is so
}

JUSTIFICATION = {
    "component_not_present": "code_not_present",
    "vulnerable_code_not_present": "code_not_present",
    "vulnerable_code_not_in_execute_path": "code_not_reachable",
    "inline_mitigations_already_exist": "protected_by_mitigating_control",
}
"""OpenVEX's words as CycloneDX's, where there is one that says the same."""

LONGEST_VERSION = 1_024
"""Characters that the schema allows."""

METHOD = {"CVSS:3.1": "CVSSv31", "CVSS:3.0": "CVSSv3"}


async def write(source: Source, head: Head, *, vex: bool) -> AsyncIterator[bytes]:
    """Write one BOM. Reads twice: assets for the components, findings for the vulnerabilities."""
    yield opened(_head(head, vex=vex)) + b',"components":'
    async for chunk in array(_components(source)):
        yield chunk
    yield b',"vulnerabilities":'
    async for chunk in array(_vulnerabilities(source, vex=vex)):
        yield chunk
    yield b"}\n"


def _head(head: Head, *, vex: bool) -> dict[str, Any]:
    kind = "vex" if vex else "vdr"
    name = f"reedbed:{kind}:{head.as_of.isoformat()}:{head.query}"
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, name)}",
        "version": 1,
        "metadata": {
            "timestamp": head.as_of,
            "tools": {"components": [{"type": "application", "name": "reedbed", "version": head.version}]},
            "properties": [{"name": "reedbed:query", "value": head.query}],
        },
    }


async def _components(source: Source) -> AsyncIterator[Sequence[dict[str, Any]]]:
    async for some in source.assets(details=True):
        yield [_image(asset) for asset in some if asset.findings]


def _image(asset: Asset) -> dict[str, Any]:
    packages = {
        ref(finding, place): _package(finding, place)
        for finding in asset.findings
        for place in finding.places
    }
    return given(
        [
            ("type", "container"),
            ("bom-ref", asset.id),
            ("name", asset.name),
            ("version", asset.manifest_digest),
            ("purl", image_purl(asset)),
            ("components", [packages[each] for each in sorted(packages)]),
        ]
    )


def _package(finding: Finding, place: Place) -> dict[str, Any]:
    return given(
        [
            ("type", "library"),
            ("bom-ref", ref(finding, place)),
            ("name", named(finding.component)),
            ("version", place.version[:LONGEST_VERSION]),
            ("purl", release(finding.component, place.version)),
        ]
    )


def ref(finding: Finding, place: Place) -> str:
    """Name a package in an image: two images with the same package are two components."""
    return f"{place.asset}/{finding.component}@{place.version}"


async def _vulnerabilities(source: Source, *, vex: bool) -> AsyncIterator[Sequence[dict[str, Any]]]:
    async for some in source.findings(texts=True):
        yield [_vulnerability(finding, vex=vex) for finding in some]


def _vulnerability(finding: Finding, *, vex: bool) -> dict[str, Any]:
    text = finding.advisory
    return given(
        [
            ("bom-ref", finding.id),
            ("id", finding.vulnerability),
            ("source", {"name": PRODUCT}),
            ("ratings", [_rating(finding)]),
            ("cwes", cwes(text.cwe)),
            ("description", text.summary or text.description),
            ("recommendation", _recommendation(finding)),
            ("published", finding.published_at),
            ("analysis", _analysis(finding) if vex else None),
            ("affects", [_affected(finding, place) for place in finding.places]),
            ("properties", _properties(finding)),
        ]
    )


def _rating(finding: Finding) -> dict[str, Any]:
    _, _, vector = (finding.advisory.cvss_v3 or "").partition("/")
    method = METHOD.get(vector.partition("/")[0])
    return given(
        [
            ("score", finding.cvss3_score),
            ("severity", SEVERITY[finding.severity]),
            ("method", method or "other"),
            ("vector", vector if method else None),
        ]
    )


def cwes(words: Iterable[str]) -> list[int]:
    """Read the numbers of weaknesses; `NVD-CWE-noinfo` has none."""
    numbers = (word.upper().removeprefix("CWE-") for word in words)
    return sorted(
        {int(each) for each in numbers if each.isascii() and each.isdecimal() and len(each) < 10} - {0}
    )


def _recommendation(finding: Finding) -> str | None:
    if finding.fix_version:
        return f"Upgrade {named(finding.component)} to {finding.fix_version}."
    return finding.advisory.remediation or None


def _analysis(finding: Finding) -> dict[str, Any]:
    fixed = finding.status is Status.FIXED
    response = ["will_not_fix"] if finding.triage is Triage.RISK_ACCEPTED else None
    return given(
        [
            ("state", "resolved" if fixed else STATE[finding.triage]),
            ("justification", None if fixed else JUSTIFICATION.get(finding.justification or "")),
            ("response", None if fixed else response),
            ("detail", finding.fixed_because if fixed else finding.note),
        ]
    )


def _affected(finding: Finding, place: Place) -> dict[str, Any]:
    version = place.version[:LONGEST_VERSION]
    known = [{"version": version, "status": "affected"}] if version else None
    return given([("ref", ref(finding, place)), ("versions", known)])


def _properties(finding: Finding) -> list[dict[str, str]]:
    told = {
        "reedbed:score": finding.score,
        "reedbed:epss": finding.epss,
        "reedbed:kev": finding.kev_added,
        "reedbed:applicability": finding.applicability,
        "reedbed:issue": finding.issue or None,
    }
    return [{"name": name, "value": str(value)} for name, value in told.items() if value is not None]
