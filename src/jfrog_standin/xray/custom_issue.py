"""A custom issue ("event") as a value: its shape on the wire, its rules, what it affects. All pure.

Shape: docs.jfrog.com/security/reference, create-issue-event and get-issue-events-v2; the values of type,
severity and package_type: the Terraform provider's xray_custom_issue.
"""

from collections.abc import Iterator
from itertools import chain
from typing import Any

import msgspec
from packaging.utils import canonicalize_name

from jfrog_standin.xray.versions import contains, is_interval, parse_interval

LONGEST_ID = 32  # field report (SafeDep's integration guide): a longer one is dropped; JFrog names no limit
TYPES = frozenset(("other", "performance", "security", "versions"))
SEVERITIES = ("unknown", "information", "low", "medium", "high", "critical")
"""From harmless to worst: the place is the rank."""

PACKAGE_TYPES = frozenset(
    (
        *("alpine", "bower", "cargo", "composer", "conan", "conda", "cran", "debian", "docker", "generic"),
        *("go", "gradle", "huggingface", "ivy", "maven", "npm", "nuget", "oci", "pypi", "rpm", "rubygems"),
        *("sbt", "terraformbe"),
    )
)

Versions = tuple[str, ...]


class VersionRanges(msgspec.Struct, frozen=True, kw_only=True):
    """Vulnerable versions with the versions that fix them."""

    vulnerable_versions: Versions | None = None
    fixed_versions: Versions | None = None


class Component(msgspec.Struct, frozen=True, kw_only=True):
    """A package by its bare name, and which versions are affected: any entry is enough."""

    id: str = ""
    vulnerable_versions: Versions | None = None
    fixed_versions: Versions | None = None
    vulnerable_ranges: tuple[VersionRanges, ...] | None = None

    def vulnerable(self) -> Versions:
        """The version ranges from both places: Xray mirrors each into the other."""
        nested = (entry for part in self.vulnerable_ranges or () for entry in part.vulnerable_versions or ())
        return tuple(dict.fromkeys((*(self.vulnerable_versions or ()), *nested)))

    def fixed(self) -> Versions | None:
        nested = (entry for part in self.vulnerable_ranges or () for entry in part.fixed_versions or ())
        return tuple(dict.fromkeys((*(self.fixed_versions or ()), *nested))) or None


class Cve(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A CVE with its scores as text: "7.5" or "7.5/CVSS:3.1/AV:N/…"."""

    cve: str | None = None
    cvss_v2: str | None = None
    cvss_v3: str | None = None


class Source(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    source_id: str
    name: str | None = None
    url: str | None = None


class CustomIssue(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent to create or replace a custom issue; every field may be missing, `missing` tells."""

    id: str = ""
    type: str = ""
    provider: str = ""
    package_type: str = ""
    severity: str = ""
    components: tuple[Component, ...] | None = None
    summary: str = ""
    description: str = ""
    cves: tuple[Cve, ...] | None = None
    sources: tuple[Source, ...] | None = None
    issue_kind: int = 0
    malicious_package: bool = False
    properties: dict[str, Any] | None = None

    @property
    def severity_rank(self) -> int:
        return severity_rank(self.severity)


REQUIRED = ("id", "type", "provider", "package_type", "severity", "components")


def missing(issue: CustomIssue) -> str | None:
    """Name the documented required fields that are absent: Xray says 400 then."""
    absent = [name for name in REQUIRED if not getattr(issue, name)]
    return f"Required fields are missing: {', '.join(absent)}" if absent else None


def broken_rule(issue: CustomIssue) -> str | None:
    """Say which further rule an issue breaks; whether Xray says so too, or drops it in silence, is a mode.

    The prefix and the provider are documented as not allowed. The rest is field report.
    """
    return next(chain(_broken_fields(issue), _broken_components(issue)), None)


def _broken_fields(issue: CustomIssue) -> Iterator[str]:
    if issue.id.lower().startswith("xray"):
        yield "Issue id must not start with Xray"
    if issue.provider.lower() == "jfrog":
        yield "Issue provider must not be JFrog"
    if len(issue.id) > LONGEST_ID:
        yield f"Issue id is longer than {LONGEST_ID} characters"
    if issue.type.lower() not in TYPES:
        yield f"Unknown issue type {issue.type}"
    if issue.severity.lower() not in SEVERITIES[1:]:
        yield f"Unknown severity {issue.severity}"
    if issue.package_type.lower() not in PACKAGE_TYPES:
        yield f"Unknown package type {issue.package_type}"


def _broken_components(issue: CustomIssue) -> Iterator[str]:
    for component in issue.components or ():
        if not component.id or "://" in component.id:
            yield f"Component id {component.id!r} is not a bare package name"
        if not component.vulnerable():
            yield f"Component {component.id} has no vulnerable versions"
        for entry in component.vulnerable():
            if not is_interval(entry):
                yield f"Invalid version range {entry!r}"


def severity_rank(word: str) -> int:
    """Rank a severity in any casing; a word that nobody knows ranks lowest."""
    return SEVERITIES.index(word.lower()) if word.lower() in SEVERITIES else 0


def normal_name(package_type: str, name: str) -> str:
    """Spell a package name as it is compared: PyPI's by PEP 503, all else to the letter.

    Whether Xray normalises PyPI names is not known; that two spellings are one package is PyPI's rule.
    """
    return canonicalize_name(name) if package_type == "pypi" else name


def normal_type(package_type: str) -> str:
    """Give a package type in the word of custom issues: policies say golang for go."""
    lowered = package_type.lower()
    return "go" if lowered == "golang" else lowered


def affects(issue: CustomIssue, package_type: str, name: str, version: str) -> bool:
    """Does an issue speak of this release?"""
    kind = normal_type(package_type)
    if normal_type(issue.package_type) != kind:
        return False
    return any(
        contains(parse_interval(entry), version, kind)
        for component in issue.components or ()
        if normal_name(kind, component.id) == normal_name(kind, name)
        for entry in component.vulnerable()
    )
