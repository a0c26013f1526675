"""Finds the violations: which issues break which watch's policies at which indexed artifacts.

A real Xray looks at what arrives and, for what is there already, when `applyWatch` asks for it. Here the look
is taken whenever somebody asks for violations, so that a list is never behind; where a rule names a webhook,
also soon after an issue, a policy or a watch was written.
"""

from collections.abc import Iterator

import msgspec

from jfrog_standin.platform import Platform
from jfrog_standin.xray.alerts import announce, anybody_listens
from jfrog_standin.xray.artifacts import Artifact, indexed
from jfrog_standin.xray.enforcement import Release, applies, by_priority, looks_at
from jfrog_standin.xray.ignoring import Case
from jfrog_standin.xray.policy import Policy, Watch
from jfrog_standin.xray.violation import MatchedPolicy, Violation, key_of
from jfrog_standin.xray.xray import StoredIssue


def look(platform: Platform) -> None:
    """Bring the violations to what is true now, and tell webhooks of those that are new and count."""
    before = platform.xray.violations
    now = {violation.id: _older(before.get(violation.id), violation) for violation in _found(platform)}
    platform.xray.violations = now
    platform.xray.restored &= now.keys()
    fresh = [violation for key, violation in now.items() if key not in before and not violation.ignored_by]
    announce(platform, fresh)


def look_soon(platform: Platform) -> None:
    """Look in a moment, if anybody wants to be told without asking."""
    if anybody_listens(platform):
        platform.deliveries.soon(lambda: look(platform))


def _older(before: Violation | None, violation: Violation) -> Violation:
    """Keep when a violation was first seen: a change of its severity does not make it new."""
    return msgspec.structs.replace(violation, created=before.created) if before else violation


def _found(platform: Platform) -> Iterator[Violation]:
    watches = [stored.watch for stored in platform.xray.watches.values()]
    if not watches or not platform.xray.issues:
        return
    for artifact in indexed(platform.artifactory):
        for stored in platform.xray.affecting(artifact.release):
            for watch in watches:
                violation = _violation(platform, watch, stored, artifact)
                if violation is not None:
                    yield violation


def _violation(platform: Platform, watch: Watch, stored: StoredIssue, artifact: Artifact) -> Violation | None:
    """Give what a watch makes of an issue at an artifact; None: it looks elsewhere, or no rule applies."""
    if not looks_at(watch, artifact.release):
        return None
    matches, hiding = _judged(platform, watch, stored, artifact.release)
    if not matches:
        return None
    checksums = artifact.item.checksums
    return Violation(
        id=key_of(watch.name, stored.issue.id, artifact.release),
        watch=watch.name,
        issue=stored.issue,
        release=artifact.release,
        impacted=artifact.full_path,
        component=artifact.component,
        sha256=checksums.sha256 if checksums else "",
        sha1=checksums.sha1 if checksums else "",
        created=platform.clock.now(),
        matched=tuple(matches),
        ignored_by=hiding,
    )


def _judged(
    platform: Platform, watch: Watch, stored: StoredIssue, release: Release
) -> tuple[list[MatchedPolicy], str]:
    """Give the policies that are broken, and the id of an ignore rule if each of them is ignored."""
    counted: list[MatchedPolicy] = []
    hidden: list[MatchedPolicy] = []
    hiding = ""
    for assigned in watch.assigned_policies:
        policy = platform.xray.policies[assigned.name].policy
        match = _match(platform, policy, stored)
        if match is None:
            continue
        case = Case(watch=watch.name, policy=policy.name, issue=stored.issue, release=release)
        rule = platform.xray.ignoring(case)
        (counted if rule is None else hidden).append(match)
        hiding = hiding if rule is None else rule.id
    return (counted, "") if counted else (hidden, hiding)


def _match(platform: Platform, policy: Policy, stored: StoredIssue) -> MatchedPolicy | None:
    """Give the first rule of a policy that applies to an issue."""
    hazard = platform.xray.hazard(stored)
    rule = next((rule for rule in by_priority(policy) if applies(rule, hazard)), None)
    if rule is None:
        return None
    return MatchedPolicy(policy=policy.name, rule=rule.name, is_blocking=rule.actions.block_download.active)
