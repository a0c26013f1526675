"""Ignore rules as values: their shape on the wire, and which issue at which artifact they cover. All pure.

Shape: IgnoreRulesV1Api of JFrog's merged OpenAPI and the Terraform provider's xray_ignore_rule; names of
filters come with hyphens and with underscores there, so both are taken. Not documented, so ours: that
filters of one kind are alternatives and all kinds must hold, that one objective of several is enough, and
what an artifact's name and path are compared with.
"""

from datetime import datetime
from typing import Any

import msgspec

from jfrog_standin.xray.custom_issue import CustomIssue, normal_name
from jfrog_standin.xray.enforcement import Release

ANY = "any"
OBJECTIVES = ("vulnerabilities", "cves", "licenses", "operational_risk", "exposures")
ELSEWHERE = (
    "projects",
    "builds",
    "release_bundles",
    "release_bundles_v2",
    "docker_layers",
    "git_repositories",
)
"""Scopes that hold no package file of a repository: a rule with one covers nothing that is imitated here."""

Names = tuple[str, ...] | None


class ComponentFilter(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    version: str = ""  # empty: every one


class ArtifactFilter(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    version: str = ""
    path: str = ""  # folder with its repository: "npm-local/left-pad/-/"


class IgnoreFilters(msgspec.Struct, frozen=True, kw_only=True):
    """Objectives, of which one at least is needed, and scopes that narrow them."""

    vulnerabilities: Names = None
    cves: Names = None
    licenses: Names = None
    operational_risk: Names = None
    exposures: dict[str, Any] | None = None
    policies: Names = None
    watches: Names = None
    components: tuple[ComponentFilter, ...] | None = None
    artifacts: tuple[ArtifactFilter, ...] | None = None
    projects: Names = None
    builds: tuple[Any, ...] | None = None
    release_bundles: tuple[Any, ...] | None = None
    release_bundles_v2: tuple[Any, ...] | None = None
    docker_layers: Names = None
    git_repositories: Names = None


class IgnoreRule(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent to create a rule."""

    notes: str = ""
    expires_at: datetime | None = None
    ignore_filters: IgnoreFilters = IgnoreFilters()

    def is_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """An issue that a watch and a policy of it would act on, at one artifact."""

    watch: str
    policy: str
    issue: CustomIssue
    release: Release


def broken_ignore_rule(rule: IgnoreRule) -> str | None:
    """Say why Xray would not take a rule."""
    if not any(getattr(rule.ignore_filters, name) for name in OBJECTIVES):
        return "At least one of vulnerabilities, licenses, cves, operational_risk and exposures is required"
    if rule.expires_at is not None and rule.expires_at.tzinfo is None:
        return "expires_at has no time zone"
    return None


def covers(rule: IgnoreRule, case: Case) -> bool:
    """Does a rule, expired or not, speak of a case?"""
    filters = rule.ignore_filters
    if any(getattr(filters, name) for name in ELSEWHERE):
        return False
    return _objective(filters, case.issue) and _scope(filters, case)


def _objective(filters: IgnoreFilters, issue: CustomIssue) -> bool:
    cves = {entry.cve for entry in issue.cves or () if entry.cve}
    return _names(filters.vulnerabilities, {issue.id}) or _names(filters.cves, cves)


def _names(wanted: Names, there: set[str]) -> bool:
    """Is one of the names wanted? The word for any stands for each there is."""
    return bool(there) and any(name.lower() == ANY or name in there for name in wanted or ())


def _scope(filters: IgnoreFilters, case: Case) -> bool:
    return all(
        (
            not filters.watches or _names(filters.watches, {case.watch}),
            not filters.policies or _names(filters.policies, {case.policy}),
            not filters.components or any(_is_component(entry, case) for entry in filters.components),
            not filters.artifacts or any(_is_artifact(entry, case) for entry in filters.artifacts),
        )
    )


def _is_component(entry: ComponentFilter, case: Case) -> bool:
    release = case.release
    return entry.version in {"", ANY, release.version} and _same_name(entry.name, release)


def _is_artifact(entry: ArtifactFilter, case: Case) -> bool:
    """By the file's name or the package's, and by the folder in its repository, where one is given."""
    release = case.release
    folder, _, file = release.path.rpartition("/")
    storage_key = release.repository.storage_key
    folders = {f"{key}/{folder}/" for key in (storage_key, release.repository.key)}
    return (
        (entry.name == file or _same_name(entry.name, release))
        and entry.version in {"", ANY, release.version}
        and entry.path.removeprefix("default/") in {"", ANY, *folders}
    )


def _same_name(name: str, release: Release) -> bool:
    """Compare with a package's name, bare or as a URI without version: "npm://left-pad"."""
    kind = release.package_type
    bare = name.removeprefix(f"{kind}://")
    return name == ANY or normal_name(kind, bare) == normal_name(kind, release.name)
