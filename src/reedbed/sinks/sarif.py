"""SARIF 2.1.0 (docs.oasis-open.org/sarif): a rule a vulnerability, a result a finding."""

from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import quote

from reedbed.model.exports import Finding, Head, Place, Source, named, release
from reedbed.model.inventory import Severity, Triage
from reedbed.sinks.streaming import array, encoded, given, opened

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

LEVEL = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFORMATION: "note",
    Severity.UNKNOWN: "warning",  # what is not known is not taken for low
}

SET_ASIDE = frozenset({Triage.NOT_AFFECTED, Triage.FALSE_POSITIVE, Triage.RISK_ACCEPTED, Triage.SUPPRESSED})


async def write(source: Source, head: Head) -> AsyncIterator[bytes]:
    """Write one log with one run. Reads the findings twice: for the rules, and for the results."""
    yield opened({"$schema": SCHEMA, "version": "2.1.0"}) + b',"runs":[{"tool":{"driver":'
    yield opened({"name": "Reedbed", "version": head.version}) + b',"rules":'
    async for chunk in array(_rules(source)):
        yield chunk
    yield b'}},"results":'
    async for chunk in array(_results(source)):
        yield chunk
    yield b',"properties":' + encoded({"asOf": head.as_of, "query": head.query}) + b"}]}\n"


async def _rules(source: Source) -> AsyncIterator[Sequence[dict[str, Any]]]:
    before = None
    async for some in source.findings(texts=True):
        rules = []
        for finding in some:
            if finding.vulnerability != before:
                rules.append(_rule(finding))
            before = finding.vulnerability
        yield rules


def _rule(finding: Finding) -> dict[str, Any]:
    text = finding.advisory
    rated = finding.cvss3_score
    properties = given(
        [
            ("tags", ["security", *text.cwe]),
            ("security-severity", f"{rated:.1f}" if rated is not None else None),
        ]
    )
    said = text.summary or text.description
    return given(
        [
            ("id", finding.vulnerability),
            ("shortDescription", {"text": said.splitlines()[0][:200]} if said.strip() else None),
            ("fullDescription", {"text": text.description or text.summary} if said else None),
            ("properties", properties),
        ]
    )


async def _results(source: Source) -> AsyncIterator[Sequence[dict[str, Any]]]:
    async for some in source.findings():
        yield [_result(finding) for finding in some]


def _result(finding: Finding) -> dict[str, Any]:
    return given(
        [
            ("ruleId", finding.vulnerability),
            ("level", LEVEL[finding.severity]),
            ("kind", "fail"),
            ("message", {"text": _message(finding)}),
            ("locations", [_location(finding, place) for place in finding.places]),
            ("partialFingerprints", {"reedbedFinding/v1": finding.id}),
            ("suppressions", [_suppression(finding)] if finding.triage in SET_ASIDE else None),
            ("properties", _properties(finding)),
        ]
    )


def _message(finding: Finding) -> str:
    mended = f"; upgrade to {finding.fix_version}" if finding.fix_version else ""
    where = f"{finding.repository}/{finding.path}"
    return f"{finding.severity.word}: {finding.title} of {where}{mended}"


def _location(finding: Finding, place: Place) -> dict[str, Any]:
    package = (
        release(finding.component, place.version) or f"{named(finding.component)} {place.version}".strip()
    )
    return {
        "physicalLocation": {"artifactLocation": {"uri": f"oci://{quote(place.vendor_id, safe='/:@')}"}},
        "logicalLocations": [{"fullyQualifiedName": package, "kind": "package"}],
    }


def _suppression(finding: Finding) -> dict[str, Any]:
    why = ": ".join(filter(None, (finding.triage.value, finding.justification, finding.note)))
    return {"kind": "external", "justification": why}  # without a status it is accepted


def _properties(finding: Finding) -> dict[str, Any]:
    return given(
        [
            ("severity", finding.severity.word),
            ("score", finding.score),
            ("epss", finding.epss),
            ("kev", finding.kev_added),
            ("applicability", finding.applicability),
            ("status", finding.status),
            ("issue", finding.issue),
            ("firstFound", finding.first_found_at),
        ]
    )
