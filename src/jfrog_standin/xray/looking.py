"""Finds the violations: which issues break which watch's policies at which indexed artifacts.

A real Xray looks at what arrives and, for what is there already, when `applyWatch` asks for it. Here the look
is taken whenever somebody asks for violations, so that a list is never behind; where a rule names a webhook,
also soon after an issue, a policy or a watch was written.
"""

from collections.abc import Iterator

import msgspec

from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.platform import Platform
from jfrog_standin.xray.alerts import announce, anybody_listens
from jfrog_standin.xray.artifacts import indexed
from jfrog_standin.xray.custom_issue import CustomIssue
from jfrog_standin.xray.enforcement import Hazard, Release, applies, by_priority, looks_at, may_look_at
from jfrog_standin.xray.ignoring import Case
from jfrog_standin.xray.lookup import artifacts_in, as_custom, indexed_repository
from jfrog_standin.xray.policy import Policy, Watch
from jfrog_standin.xray.scan import TOLD
from jfrog_standin.xray.scanned import IMAGES, ScannedArtifact
from jfrog_standin.xray.violation import MatchedPolicy, Violation, key_of


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where an issue was found."""

    release: Release
    impacted: str
    component: str
    sha256: str
    sha1: str


def look(platform: Platform) -> None:
    """Bring the violations to what is true now, and tell webhooks of those that are new and count."""
    seen = _seen(platform)
    if platform.xray.looked_at == seen:
        return
    platform.xray.looked_at = seen
    before = platform.xray.violations
    now = {violation.id: _older(before.get(violation.id), violation) for violation in _found(platform)}
    platform.xray.violations = now
    platform.xray.restored &= now.keys()
    fresh = [violation for key, violation in now.items() if key not in before and not violation.ignored_by]
    announce(platform, fresh)


def _seen(platform: Platform) -> tuple[object, ...]:
    """All that violations depend on: while it stays the same, they do."""
    xray, storage, now = platform.xray, platform.artifactory, platform.clock.now()
    return (
        platform.switches,
        tuple((key, storage.revision(key)) for key in storage.storage_keys()),
        tuple(storage.repositories.values()),
        platform.world.day if platform.world is not None else None,
        xray.scans_revision,
        tuple(xray.issues.values()),
        tuple(xray.policies.values()),
        tuple(xray.watches.values()),
        tuple(stored for stored in xray.ignore_rules.values() if not stored.rule.is_expired(now)),
        tuple(sorted(xray.restored)),
    )


def look_soon(platform: Platform) -> None:
    """Look in a moment, if anybody wants to be told without asking."""
    if anybody_listens(platform):
        platform.deliveries.soon(lambda: look(platform))


def _older(before: Violation | None, violation: Violation) -> Violation:
    """Keep when a violation was first seen: a change of its severity does not make it new."""
    return msgspec.structs.replace(violation, created=before.created) if before else violation


def _found(platform: Platform) -> Iterator[Violation]:
    watches = [stored.watch for stored in platform.xray.watches.values()]
    if watches and platform.xray.issues:
        yield from _in_packages(platform, watches)
    if watches:
        yield from _in_images(platform, watches)


def _in_images(platform: Platform, watches: list[Watch]) -> Iterator[Violation]:
    """What is in the images of the watched repositories; of many images this takes a while."""
    for key in platform.artifactory.storage_keys():
        repository = indexed_repository(platform, key)
        if repository is None or repository.package_type not in IMAGES:
            continue
        anywhere = Release(
            repository=repository, package_type=repository.package_type, name="", version="", path=""
        )
        looking = [watch for watch in watches if may_look_at(watch, anywhere)]
        for artifact in artifacts_in(platform, key) if looking else ():
            yield from _in_image(platform, looking, repository, artifact)


def _in_image(
    platform: Platform, watches: list[Watch], repository: Repository, artifact: ScannedArtifact
) -> Iterator[Violation]:
    release = Release(
        repository=repository,
        package_type=artifact.kind,
        name=artifact.name,
        version=artifact.version,
        path=artifact.path,
    )
    for issue in artifact.issues if artifact.status in TOLD else ():
        place = Place(
            release=release,
            impacted=f"default/{artifact.repo}/{artifact.path}",
            component=issue.hits[0].component.uri if issue.hits else artifact.component,
            sha256=artifact.sha256,
            sha1=artifact.sha1,
        )
        for watch in watches:
            violation = _violation(platform, watch, as_custom(issue), place)
            if violation is not None:
                yield violation


def _in_packages(platform: Platform, watches: list[Watch]) -> Iterator[Violation]:
    for artifact in indexed(platform.artifactory):
        checksums = artifact.item.checksums
        place = Place(
            release=artifact.release,
            impacted=artifact.full_path,
            component=artifact.component,
            sha256=checksums.sha256 if checksums else "",
            sha1=checksums.sha1 if checksums else "",
        )
        for stored in platform.xray.affecting(artifact.release):
            for watch in watches:
                violation = _violation(platform, watch, stored.issue, place)
                if violation is not None:
                    yield violation


def _violation(platform: Platform, watch: Watch, issue: CustomIssue, place: Place) -> Violation | None:
    """Give what a watch makes of an issue at an artifact; None: it looks elsewhere, or no rule applies."""
    if not looks_at(watch, place.release):
        return None
    matches, hiding = _judged(platform, watch, issue, place.release)
    if not matches:
        return None
    return Violation(
        id=key_of(watch.name, issue.id, place.release),
        watch=watch.name,
        issue=issue,
        release=place.release,
        impacted=place.impacted,
        component=place.component,
        sha256=place.sha256,
        sha1=place.sha1,
        created=platform.clock.now(),
        matched=tuple(matches),
        ignored_by=hiding,
    )


def _judged(
    platform: Platform, watch: Watch, issue: CustomIssue, release: Release
) -> tuple[list[MatchedPolicy], str]:
    """Give the policies that are broken, and the id of an ignore rule if each of them is ignored."""
    counted: list[MatchedPolicy] = []
    hidden: list[MatchedPolicy] = []
    hiding = ""
    for assigned in watch.assigned_policies:
        policy = platform.xray.policies[assigned.name].policy
        match = _match(platform, policy, issue)
        if match is None:
            continue
        case = Case(watch=watch.name, policy=policy.name, issue=issue, release=release)
        rule = platform.xray.ignoring(case)
        (counted if rule is None else hidden).append(match)
        hiding = hiding if rule is None else rule.id
    return (counted, "") if counted else (hidden, hiding)


def _match(platform: Platform, policy: Policy, issue: CustomIssue) -> MatchedPolicy | None:
    """Give the first rule of a policy that applies to an issue."""
    hazard = Hazard(issue=issue, malicious=platform.xray.is_malicious(issue))
    rule = next((rule for rule in by_priority(policy) if applies(rule, hazard)), None)
    if rule is None:
        return None
    return MatchedPolicy(policy=policy.name, rule=rule.name, is_blocking=rule.actions.block_download.active)
