"""Policies and watches as values: their shape on the wire and the rules that they keep. All pure.

Source: the Policies and Watches pages of JFrog's merged OpenAPI, and the Terraform provider's resources.
"""

import re
from typing import Any, Literal

import msgspec

from jfrog_standin.xray.versions import is_interval

PolicyType = Literal["security", "license", "operational_risk"]


class CvssRange(msgspec.Struct, frozen=True, kw_only=True, rename={"lower": "from", "upper": "to"}):
    lower: float = 0.0
    upper: float = 10.0


class Criteria(msgspec.Struct, frozen=True, kw_only=True):
    """When a rule applies; one of the groups below, never two."""

    min_severity: str | None = None
    cvss_range: CvssRange | None = None
    vulnerability_ids: tuple[str, ...] | None = None
    malicious_package: bool | None = None
    exposures: dict[str, Any] | None = None
    package_name: str | None = None
    package_type: str | None = None
    package_versions: tuple[str, ...] | None = None
    fix_version_dependant: bool | None = None

    def chosen(self) -> list[str]:
        """Name the exclusive groups that are given; a package and its versions are one."""
        groups = {
            "min_severity": self.min_severity,
            "cvss_range": self.cvss_range,
            "vulnerability_ids": self.vulnerability_ids,
            "malicious_package": self.malicious_package,
            "exposures": self.exposures,
            "package_name": self.package_name,
        }
        return [name for name, value in groups.items() if value]

    def versions(self) -> list[str]:
        """Give the named package's version ranges in brackets; here a bare version is allowed for `[1.0]`."""
        entries = self.package_versions or ("(,)",)
        return [entry if entry[:1] in {"[", "("} else f"[{entry}]" for entry in entries]


class BlockDownload(msgspec.Struct, frozen=True, kw_only=True):
    active: bool = False
    unscanned: bool = False


class Actions(msgspec.Struct, frozen=True, kw_only=True):
    block_download: BlockDownload = BlockDownload()
    webhooks: tuple[str, ...] | None = None  # names


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    priority: int = 1
    criteria: Criteria = Criteria()
    actions: Actions = Actions()


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """Rules, of which the first that applies acts."""

    name: str = ""
    type: PolicyType = "security"
    rules: tuple[Rule, ...] = ()


class GeneralData(msgspec.Struct, frozen=True, kw_only=True):
    name: str = ""
    active: bool = True


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Narrows a resource; those that the stand-in can't imitate it refuses rather than ignores."""

    type: Literal["regex", "path-regex", "package-type"]
    value: str


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """What a watch looks at; only repositories matter to downloads."""

    type: str
    name: str = ""
    bin_mgr_id: str = "default"
    repo_type: str = ""
    filters: tuple[Filter, ...] | None = None


class ProjectResources(msgspec.Struct, frozen=True, kw_only=True):
    resources: tuple[Resource, ...] = ()


class AssignedPolicy(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    type: PolicyType = "security"


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """Resources and the policies that hold for them."""

    general_data: GeneralData = GeneralData()
    project_resources: ProjectResources = ProjectResources()
    assigned_policies: tuple[AssignedPolicy, ...] = ()

    @property
    def name(self) -> str:
        return self.general_data.name


ALL_SEVERITIES = "all severities"
LEAST_SEVERITIES = frozenset(("critical", "high", "medium", "low", ALL_SEVERITIES))
RESOURCE_TYPES = frozenset(
    (
        *("repository", "all-repos", "build", "all-builds", "project", "all-projects"),
        *("releaseBundle", "all-releaseBundles", "releaseBundleV2", "gitRepository"),
    )
)


def broken_policy(policy: Policy) -> str | None:
    """Say why Xray would not take a policy."""
    if not policy.name:
        return "Policy name is missing"
    if not policy.rules:
        return "Policy has no rules"
    return next((text for rule in policy.rules if (text := _broken_rule(rule))), None)


def _broken_rule(rule: Rule) -> str | None:
    chosen = rule.criteria.chosen()
    if len(chosen) > 1:
        return f"Rule {rule.name}: criteria {' and '.join(chosen)} are mutually exclusive"
    if rule.criteria.malicious_package and rule.criteria.fix_version_dependant:
        return f"Rule {rule.name}: malicious_package and fix_version_dependant are mutually exclusive"
    if rule.criteria.package_name and not rule.criteria.package_type:
        return f"Rule {rule.name}: package_name needs package_type"
    if (rule.criteria.min_severity or ALL_SEVERITIES).lower() not in LEAST_SEVERITIES:
        return f"Rule {rule.name}: unknown severity {rule.criteria.min_severity}"
    unreadable = [entry for entry in rule.criteria.versions() if not is_interval(entry)]
    return f"Rule {rule.name}: invalid version range {unreadable[0]!r}" if unreadable else None


def broken_watch(watch: Watch, policies: frozenset[str]) -> str | None:
    """Say why Xray would not take a watch; `policies` are the names of those there are."""
    if not watch.name:
        return "Watch name is missing"
    unknown = [entry.name for entry in watch.assigned_policies if entry.name not in policies]
    if unknown:
        return f"Policy {unknown[0]} was not found"
    for resource in watch.project_resources.resources:
        if resource.type not in RESOURCE_TYPES:
            return f"Unknown resource type {resource.type}"
        if any(not _is_pattern(entry) for entry in resource.filters or ()):
            return f"Resource {resource.name} has a filter that is no regular expression"
    return None


def _is_pattern(entry: Filter) -> bool:
    try:
        re.compile(entry.value)
    except re.error:
        return entry.type == "package-type"
    return True
