"""One report or analysis of SafeDep's, read into what it says."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from reedbed.feeds.osv_record import unusable
from reedbed.feeds.safedep_wire import AnalysedPackage, AnalysedVersion, Analysis, Report, decode, name_of
from reedbed.model.advisory import (
    LONGEST_SUMMARY,
    Advisory,
    Confidence,
    Statement,
    Verdict,
    Withdrawal,
)
from reedbed.model.ecosystem import PackageType
from reedbed.model.purl import purl
from reedbed.model.text import hidden, one_line, visible
from reedbed.model.versions import EVERY, Clause, Exactly, version, versions

EDITION = "1"
"""Raised by a release that reads records differently, so that every feed is read anew then."""

PACKAGE_TYPES = {
    "ECOSYSTEM_NPM": PackageType.NPM,
    "ECOSYSTEM_PYPI": PackageType.PYPI,
    "ECOSYSTEM_MAVEN": PackageType.MAVEN,
    "ECOSYSTEM_GO": PackageType.GO,
    "ECOSYSTEM_NUGET": PackageType.NUGET,
    "ECOSYSTEM_RUBYGEMS": PackageType.RUBYGEMS,
    "ECOSYSTEM_CARGO": PackageType.CARGO,
    "ECOSYSTEM_PACKAGIST": PackageType.COMPOSER,
    "ECOSYSTEM_GITHUB_ACTIONS": PackageType.GITHUB_ACTIONS,
    "ECOSYSTEM_VSCODE": PackageType.VSCODE,
    "ECOSYSTEM_PUB": PackageType.PUB,
}
VERDICTS = {
    "THREAT_VERDICT_MALICIOUS": Verdict.MALICIOUS,
    "THREAT_VERDICT_SUSPICIOUS": Verdict.SUSPICIOUS,
}
CONFIDENCES = {
    "THREAT_CONFIDENCE_HUMAN_VERIFIED": Confidence.HUMAN_VERIFIED,
    "THREAT_CONFIDENCE_AUTOMATED": Confidence.AUTOMATED,
}

ALL_VERSIONS = "0"
LONGEST_ID = 128
MOST_NOTES = 20

CLOCKS_DIFFER = timedelta(days=2)
"""A record that is dated further ahead than clocks ever differ is taken as said now: dated as it is, it
would stand against every correction until then."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What one record says, and the moment by which its service orders it, where it gives one."""

    says: tuple[Statement, ...]
    at: datetime | None = None  # UTC


def read_report(data: bytes, *, feed: str, now: datetime) -> Reading:
    """Read the bytes of a report of the Threat Intel feed. Never raises."""
    try:
        report = decode(data, Report)
        report_id = _id(report.report_id)
        at = _utc(report.updated_at)
        modified = _modified(at or _utc(report.published_at), now)
    except ValueError as error:
        return Reading(says=(unusable(feed, name_of(data), f"the report can't be read: {error}"),))
    try:
        said: Statement = _said(report, report_id, modified, feed)
    except ValueError as error:
        said = unusable(feed, report_id, str(error))
    return Reading(says=(said,), at=at)


def read_analysis(data: bytes, *, feed: str, now: datetime) -> Reading:
    """Read the bytes of an analysis of the older list. Never raises.

    Malware is an advisory. What a person has looked at and cleared is a withdrawal of that analysis. No
    malware, and not verified, says nothing: most analyses are so, and one whose fields are left out looks so.
    """
    try:
        analysis = decode(data, Analysis)
        analysis_id = _id(analysis.analysis_id)
        at = _utc(analysis.created_at)
        if not (analysis.is_malware or analysis.is_verified):
            return Reading(says=(), at=at)
        modified = _modified(at, now)
    except ValueError as error:
        return Reading(says=(unusable(feed, name_of(data), f"the analysis can't be read: {error}"),))
    if not analysis.is_malware:
        return Reading(says=(Withdrawal(feed=feed, id=analysis_id, modified=modified),), at=at)
    try:
        said: Statement = _analysed(analysis, analysis_id, modified, feed)
    except ValueError as error:
        said = unusable(feed, analysis_id, str(error))
    return Reading(says=(said,), at=at)


def _said(report: Report, report_id: str, modified: datetime, feed: str) -> Statement:
    if report.withdrawn:
        return Withdrawal(feed=feed, id=report_id, modified=modified)
    verdict = VERDICTS.get(report.verdict or "")
    confidence = CONFIDENCES.get(report.confidence or "")
    if verdict is None:
        raise ValueError(f"the verdict {_named(report.verdict)} is not known: what was said before stands")
    if confidence is None:
        raise ValueError(
            f"the confidence {_named(report.confidence)} is not known: what was said before stands"
        )
    package = report.package
    spelling = (package.name if package else None) or ""
    notes: list[str] = []
    return Advisory(
        feed=feed,
        id=report_id,
        package=purl(_package_type(report.ecosystem), spelling),
        spelling=spelling,
        versions=versions(_clauses((package and package.versions) or (), notes)),
        summary=_summary(report.title or report.summary, spelling),
        url=None,  # a report has no page of its own, and its indicators are the attackers' addresses
        modified=modified,
        verdict=verdict,
        confidence=confidence,
        notes=tuple(notes[:MOST_NOTES]),
    )


def _analysed(analysis: Analysis, analysis_id: str, modified: datetime, feed: str) -> Advisory:
    target = (analysis.target and analysis.target.package_version) or AnalysedVersion()
    package = target.package or AnalysedPackage()
    spelling = package.name or ""
    if not target.version:
        raise ValueError("no version is named, and that never means all")
    clause = EVERY if target.version == ALL_VERSIONS else Exactly(version(target.version))
    return Advisory(
        feed=feed,
        id=analysis_id,
        package=purl(_package_type(package.ecosystem), spelling),
        spelling=spelling,
        versions=versions([clause]),
        summary=_summary(None, spelling),
        url=None,
        modified=modified,
        verdict=Verdict.MALICIOUS,
        confidence=Confidence.HUMAN_VERIFIED if analysis.is_verified else Confidence.AUTOMATED,
    )


def _clauses(named: Sequence[str], notes: list[str]) -> list[Clause]:
    """An empty list means every version; one of which nothing can be used never does."""
    if not named:
        return [EVERY]
    clauses = list(_exact(named, notes))
    if not clauses:
        raise ValueError("; ".join(notes[:MOST_NOTES]))
    return clauses


def _exact(named: Sequence[str], notes: list[str]) -> Iterator[Clause]:
    for text in named:
        try:
            yield Exactly(version(text))
        except ValueError as error:
            notes.append(f"version {visible(text[:40])} dropped: {error}")


def _id(text: str | None) -> str:
    if not text:
        raise ValueError("it has no id")
    if len(text) > LONGEST_ID or hidden(text):
        raise ValueError(f"an id has at most {LONGEST_ID} visible characters")
    return text


def _package_type(ecosystem: str | None) -> PackageType:
    known = PACKAGE_TYPES.get(ecosystem or "")
    if known is None:
        raise ValueError(f"the ecosystem {_named(ecosystem)} is not known, or not enforceable in Xray")
    return known


def _named(word: str | None) -> str:
    return visible(word[:60]) if word else "(none)"


def _summary(text: str | None, spelling: str) -> str:
    line = one_line((text or "")[: 4 * LONGEST_SUMMARY], limit=LONGEST_SUMMARY)
    return line or f"Reported by SafeDep: {spelling}"[:LONGEST_SUMMARY]


def _modified(at: datetime | None, now: datetime) -> datetime:
    if at is None:
        raise ValueError("it doesn't say when it was made or updated")
    return now if at > now + CLOCKS_DIFFER else at


def _utc(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError as error:  # the first or last day of the calendar, in another zone
        raise ValueError("its date is none") from error
