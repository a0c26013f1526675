"""Reports and analyses as SafeDep's services write them, with what a caller leaves unsaid filled in."""

from datetime import UTC, datetime, timedelta
from typing import Any

Record = dict[str, Any]


def report(report_id: str, name: str, *, updated_at: datetime, **more: Any) -> Record:
    """Make a report about an npm package's 1.0.0, malicious and verified; None leaves a field out."""
    made = {
        "reportId": report_id,
        "verdict": "THREAT_VERDICT_MALICIOUS",
        "confidence": "THREAT_CONFIDENCE_HUMAN_VERIFIED",
        "title": f"{name} steals tokens",
        "ecosystem": "ECOSYSTEM_NPM",
        "publishedAt": stamp(updated_at - timedelta(days=30)),
        "updatedAt": stamp(updated_at),
        "package": {"purl": f"pkg:npm/{name}", "name": name, "versions": ["1.0.0"]},
        **more,
    }
    return _said(made)


def analysis(
    analysis_id: str, name: str, *, created_at: datetime, version: str = "1.0.0", **more: Any
) -> Record:
    """Make an analysis of an npm package; `isMalware` and `isVerified` are left out unless they are given."""
    package = {"ecosystem": "ECOSYSTEM_NPM", "name": name}
    made = {
        "analysisId": analysis_id,
        "target": {"packageVersion": {"package": package, "version": version}},
        "createdAt": stamp(created_at),
        **more,
    }
    return _said(made)


def _said(made: Record) -> Record:
    return {field: value for field, value in made.items() if value is not None}


def stamp(at: datetime) -> str:
    """Write a moment as protobuf's JSON does, in UTC with its fraction."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def moment(text: str) -> datetime:
    """Read a moment; what has none comes after all others."""
    return datetime.fromisoformat(text) if text else datetime.max.replace(tzinfo=UTC)
