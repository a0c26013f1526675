"""Violations as values: their id, their shape on the wire, and the search among them. All pure.

Shape and quirks: ViolationsV1Api of JFrog's merged OpenAPI and jfrog/fluent-plugin-jfrog-siem. Not
documented, so ours: the ids, what `name_contains` looks at, and `comp_id`.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlencode

import msgspec

from jfrog_standin.xray.custom_issue import CustomIssue, severity_rank
from jfrog_standin.xray.enforcement import Release

INTERNAL = "http://localhost:8046"
"""The host that stands in `violation_details_url`: Xray's own view of itself, of no use to a client."""


class MatchedPolicy(msgspec.Struct, frozen=True, kw_only=True):
    policy: str
    rule: str
    is_blocking: bool


class Violation(msgspec.Struct, frozen=True, kw_only=True):
    """An issue at one artifact that breaks the policies of one watch."""

    id: str
    watch: str
    issue: CustomIssue
    release: Release
    impacted: str  # "default/npm-local/left-pad/-/left-pad-1.0.0.tgz"
    component: str  # "npm://left-pad:1.0.0"
    sha256: str
    sha1: str
    created: datetime
    matched: tuple[MatchedPolicy, ...]
    ignored_by: str = ""  # id of the ignore rule that hides it

    @property
    def severity(self) -> str:
        return self.issue.severity.capitalize()


def key_of(watch: str, issue_id: str, release: Release) -> str:
    """Give the id of a violation, which is the same each time it is found."""
    facts = (watch, issue_id, release.repository.storage_key, release.path)
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:24]


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """An artifact of a search."""

    repo: str
    path: str


class Resources(msgspec.Struct, frozen=True, kw_only=True):
    """What a search is narrowed to; nothing but artifacts has violations here."""

    artifacts: tuple[Place, ...] | None = None


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """All that are given must hold."""

    name_contains: str = ""
    include_details: bool = False
    violation_type: Literal["Security", "License", "Operational_Risk"] | None = None
    watch_name: str = ""
    min_severity: str = ""
    created_from: datetime | None = None
    created_until: datetime | None = None
    issue_id: str = ""
    cve_id: str = ""
    resources: Resources | None = None


class Pagination(msgspec.Struct, frozen=True, kw_only=True):
    """`offset` is the number of the page, from 1; not a count of rows."""

    order_by: str = "created"
    direction: Literal["asc", "desc"] = "asc"
    limit: int = 25
    offset: int = 1


class Search(msgspec.Struct, frozen=True, kw_only=True):
    filters: Filters = Filters()
    pagination: Pagination = Pagination()


ORDERS: Mapping[str, Callable[[Violation], Any]] = {
    "created": lambda violation: violation.created,
    "updated": lambda violation: violation.created,  # nothing moves it
    "summary": lambda violation: violation.issue.summary,
    "severity": lambda violation: severity_rank(violation.severity),
    "type": lambda violation: violation.issue.type,
    "watcher_name": lambda violation: violation.watch,
    "issue_id": lambda violation: violation.issue.id,
}


def wanted(filters: Filters, violation: Violation) -> bool:
    """Does a violation pass the filters? Times are compared by whole seconds, as Xray does."""
    issue, created = violation.issue, violation.created.replace(microsecond=0)
    name = filters.name_contains
    return all(
        (
            filters.violation_type in {None, "Security"},
            filters.watch_name in {"", violation.watch},
            filters.issue_id in {"", issue.id},
            not filters.cve_id or any(entry.cve == filters.cve_id for entry in issue.cves or ()),
            severity_rank(violation.severity) >= severity_rank(filters.min_severity),
            name in violation.component or name in violation.impacted,
            filters.created_from is None or created >= filters.created_from,
            filters.created_until is None or created <= filters.created_until,
            _is_at(filters.resources, violation),
        )
    )


def _is_at(resources: Resources | None, violation: Violation) -> bool:
    if resources is None:
        return True
    places = {f"default/{place.repo}/{place.path}" for place in resources.artifacts or ()}
    return violation.impacted in places


# The shapes of an answer


def listed(violation: Violation, *, details: bool) -> dict[str, Any]:
    """Show a violation in a list, with an address that only Xray itself can reach."""
    query = {"comp_id": violation.id, "issue_id": violation.issue.id, "watch_id": violation.watch}
    shown = _common(violation) | {
        "violation_details_url": f"{INTERNAL}/xray/api/v1/violations?{urlencode(query)}",
        "applicability": None,
    }
    return shown | _details(violation) if details else shown


def detailed(violation: Violation) -> dict[str, Any]:
    """Show all of one violation."""
    return _common(violation) | _details(violation)


def ignored(violation: Violation, rule: Mapping[str, Any]) -> dict[str, Any]:
    """Show one that an ignore rule hides, with the rule."""
    return detailed(violation) | {"ignore_rule_info": rule, "applicability": None}


def _common(violation: Violation) -> dict[str, Any]:
    return {
        "description": violation.issue.description or violation.issue.summary,
        "severity": violation.severity,
        "type": "Security",
        "infected_components": [violation.component],
        "created": stamp(violation.created),
        "watch_name": violation.watch,
        "issue_id": violation.issue.id,
        "impacted_artifacts": [violation.impacted],
    }


def _details(violation: Violation) -> dict[str, Any]:
    return {
        "violation_id": violation.id,
        "summary": violation.issue.summary,
        "provider": violation.issue.provider,
        "matched_policies": violation.matched,
        "properties": [
            {"cve": entry.cve, "cvss_v2": entry.cvss_v2, "cvss_v3": entry.cvss_v3}
            for entry in violation.issue.cves or ()
        ],
    }


def stamp(at: datetime) -> str:
    """Write a time by the second: "2026-01-02T03:04:05Z"."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
