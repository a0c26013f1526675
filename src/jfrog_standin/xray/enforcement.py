"""Does a download have to be refused? A pure decision over issues, policies, watches and repositories.

What is documented: a watch on an indexed repository with a policy whose rule applies and whose action is
block_download. That a custom issue of a severity satisfies `min_severity` whatever its malicious flag,
is an inference.
"""

import re
from collections.abc import Callable, Iterable, Mapping

import msgspec

from jfrog_standin.artifactory.repository import CACHE, Repository
from jfrog_standin.xray.custom_issue import (
    CustomIssue,
    normal_name,
    normal_type,
    severity_rank,
)
from jfrog_standin.xray.policy import (
    ALL_SEVERITIES,
    Criteria,
    CvssRange,
    Filter,
    Policy,
    Resource,
    Rule,
    Watch,
)
from jfrog_standin.xray.versions import contains, parse_interval


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """The package version that is about to be downloaded, and from where."""

    repository: Repository  # local or remote; a cache's is its remote
    package_type: str
    name: str
    version: str
    path: str


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """Why a download is refused."""

    watch: str
    policy: str
    rule: str
    issue_id: str | None  # None: the rule itself names the package


class Hazard(msgspec.Struct, frozen=True, kw_only=True):
    """An issue that affects the release, with what Xray reads its flag as."""

    issue: CustomIssue
    malicious: bool


Ignored = Callable[[Watch, Policy, Hazard], bool]
"""Does an ignore rule take an issue away from a policy of a watch, for the release in question?"""


def blocked(
    release: Release,
    hazards: Iterable[Hazard],
    *,
    watches: Iterable[Watch],
    policies: Mapping[str, Policy],
    ignored: Ignored,
) -> Match | None:
    """Find the first watch, policy and rule that refuse a download, for an issue that is not ignored there.

    A rule that names the package itself is about no issue, so no ignore rule speaks of it.
    """
    if not release.repository.xray_index:
        return None
    relevant = list(hazards)
    for watch in watches:
        if not looks_at(watch, release):
            continue
        for assigned in watch.assigned_policies:
            policy = policies.get(assigned.name)
            if policy is None:
                continue
            counted = [hazard for hazard in relevant if not ignored(watch, policy, hazard)]
            match = _by_policy(watch, policy, release, counted)
            if match is not None:
                return match
    return None


def _by_policy(watch: Watch, policy: Policy, release: Release, hazards: list[Hazard]) -> Match | None:
    for rule in by_priority(policy):
        if not rule.actions.block_download.active:
            continue
        if names_package(rule.criteria, release):
            return Match(watch=watch.name, policy=policy.name, rule=rule.name, issue_id=None)
        hit = next((hazard for hazard in hazards if applies(rule, hazard)), None)
        if hit:
            return Match(watch=watch.name, policy=policy.name, rule=rule.name, issue_id=hit.issue.id)
    return None


def by_priority(policy: Policy) -> list[Rule]:
    """Give a policy's rules in the order in which they are tried."""
    return sorted(policy.rules, key=lambda rule: rule.priority)


def looks_at(watch: Watch, release: Release) -> bool:
    """Is the watch on, and one of its resources the release's repository?"""
    resources = watch.project_resources.resources
    return watch.general_data.active and any(_is_resource(entry, release) for entry in resources)


def may_look_at(watch: Watch, release: Release) -> bool:
    """Is a release's repository one that the watch looks into, whatever its filters say of paths?"""
    named = {entry.name.removesuffix(CACHE) for entry in watch.project_resources.resources}
    everywhere = any(entry.type == "all-repos" for entry in watch.project_resources.resources)
    return watch.general_data.active and (everywhere or release.repository.key in named)


def _is_resource(resource: Resource, release: Release) -> bool:
    key = release.repository.key
    named = resource.type == "repository" and resource.name.removesuffix(CACHE) == key.removesuffix(CACHE)
    filters = resource.filters or ()
    return (named or resource.type == "all-repos") and all(_fits(entry, release) for entry in filters)


def _fits(entry: Filter, release: Release) -> bool:
    match entry.type:
        case "package-type":
            return normal_type(entry.value) == normal_type(release.package_type)
        case "regex":
            return re.search(entry.value, release.path.rpartition("/")[2]) is not None
        case "path-regex":
            return re.search(entry.value, release.path) is not None


def applies(rule: Rule, hazard: Hazard) -> bool:
    """Does a rule's criterion hold for an issue? Criteria about licences and exposures never do."""
    criteria, issue = rule.criteria, hazard.issue
    if criteria.fix_version_dependant and not any(entry.fixed() for entry in issue.components or ()):
        return False
    if criteria.malicious_package:
        return hazard.malicious
    if criteria.min_severity:
        return issue.severity_rank >= _least(criteria.min_severity)
    if criteria.cvss_range:
        return any(_in(criteria.cvss_range, score) for score in _scores(issue))
    if criteria.vulnerability_ids:
        return bool({issue.id, *(entry.cve for entry in issue.cves or ())} & {*criteria.vulnerability_ids})
    return False


def names_package(criteria: Criteria, release: Release) -> bool:
    """Does the criterion name this very release?"""
    if not criteria.package_name or not criteria.package_type:
        return False
    kind = normal_type(criteria.package_type)
    if kind != normal_type(release.package_type):
        return False
    if normal_name(kind, criteria.package_name) != normal_name(kind, release.name):
        return False
    return any(contains(parse_interval(entry), release.version, kind) for entry in criteria.versions())


def _least(word: str) -> int:
    return 0 if word.lower() == ALL_SEVERITIES else severity_rank(word)


def _in(limits: CvssRange, score: float) -> bool:
    return limits.lower <= score <= limits.upper


def _scores(issue: CustomIssue) -> Iterable[float]:
    for entry in issue.cves or ():
        text = (entry.cvss_v3 or entry.cvss_v2 or "").partition("/")[0]
        if re.fullmatch(r"[0-9]{1,2}(\.[0-9]+)?", text):
            yield float(text)
