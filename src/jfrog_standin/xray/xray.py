"""What one Xray holds: custom issues, policies, watches, ignore rules; and when an issue begins to block."""

import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from jfrog_standin.artifactory.repository import CACHE, Repository
from jfrog_standin.clock import Clock
from jfrog_standin.settings import Switches
from jfrog_standin.xray.bundle import Bundle
from jfrog_standin.xray.custom_issue import CustomIssue, affects, normal_name, normal_type
from jfrog_standin.xray.enforcement import Hazard, Match, Release, blocked
from jfrog_standin.xray.ignoring import Case, IgnoreRule, covers
from jfrog_standin.xray.known_issues import KNOWN
from jfrog_standin.xray.policy import Policy, Watch
from jfrog_standin.xray.scan import Scan
from jfrog_standin.xray.scanned import Findings, ScanSource
from jfrog_standin.xray.violation import Violation, key_of
from jfrog_standin.xray.webhook import Webhook


class StoredIssue(msgspec.Struct, frozen=True, kw_only=True):
    """A custom issue with its times; a time is text with nine fractional digits, as Go prints it."""

    issue: CustomIssue
    created: str
    modified: str
    modified_s: int  # Unix seconds
    edited: bool
    written_at: float  # monotonic seconds, for the indexing delay


class StoredPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A policy, and the body as it was sent, which is what reading it gives back."""

    policy: Policy
    body: dict[str, Any]


class StoredWatch(msgspec.Struct, frozen=True, kw_only=True):
    watch: Watch
    body: dict[str, Any]


class StoredIgnoreRule(msgspec.Struct, frozen=True, kw_only=True):
    """An ignore rule with what Xray adds to it; its filters are shown as they were sent."""

    id: str
    author: str
    created: datetime
    rule: IgnoreRule
    body: dict[str, Any]


CLEAN = Findings(status="DONE", at=None)


class Xray:
    """The state behind /xray; `repositories` are Artifactory's own, whose index flag is the one truth."""

    def __init__(
        self,
        *,
        repositories: dict[str, Repository],
        clock: Clock,
        switches: Callable[[], Switches],
    ) -> None:
        self.repositories = repositories
        self.issues: dict[str, StoredIssue] = {}
        self.policies: dict[str, StoredPolicy] = {}
        self.watches: dict[str, StoredWatch] = {}
        self.ignore_rules: dict[str, StoredIgnoreRule] = {}
        self.webhooks: dict[str, Webhook] = {}
        self.violations: dict[str, Violation] = {}  # by their id
        self.looked_at: tuple[object, ...] = ()  # what `violations` were made from
        self.scans_revision = 0  # another one after each change of what is said of contents
        self.restored: set[str] = set()  # ids of violations that no ignore rule hides any more
        self.seeded: ScanSource | None = None
        self._findings: dict[str, Findings] = {}  # SHA-256 → what somebody said was found
        self._clock = clock
        self._switches = switches
        self._ids: dict[tuple[str, str], set[str]] = {}  # (package type, name) → issue ids
        self._polls: Counter[str] = Counter()

    # Custom issues

    def keep(self, issue: CustomIssue) -> StoredIssue:
        """Store an issue, over one with the same id."""
        stored = self.stamped(issue)
        self.forget(issue.id)
        self.issues[issue.id] = stored
        for key in _keys(issue):
            self._ids.setdefault(key, set()).add(issue.id)
        return stored

    def stamped(self, issue: CustomIssue) -> StoredIssue:
        """Give an issue the times that storing it now would give, without storing it."""
        now, before = self._clock.now(), self.issues.get(issue.id)
        stamp = f"{now:%Y-%m-%dT%H:%M:%S.%f}{time.time_ns() % 1000:03}Z"
        return StoredIssue(
            issue=issue,
            created=before.created if before else stamp,
            modified=stamp,
            modified_s=int(now.timestamp()),
            edited=before is not None,
            written_at=time.monotonic(),
        )

    def forget(self, issue_id: str) -> StoredIssue | None:
        """Remove an issue; None: there was none."""
        stored = self.issues.pop(issue_id, None)
        for key in _keys(stored.issue) if stored else ():
            self._ids[key].discard(issue_id)
        self._polls.pop(issue_id, None)
        return stored

    def is_malicious(self, issue: CustomIssue) -> bool:
        """Tell what `malicious_package` reads back as: what decides it on a real Xray is contradictory."""
        match self._switches().malicious_flag:
            case "issue_kind":
                return issue.issue_kind == 1
            case "as_sent":
                return issue.malicious_package
        return False

    def about(self, vulnerability: str) -> list[CustomIssue]:
        """Find the issues that have an id, or speak of a CVE; JFrog's own ones too."""
        issues = [*KNOWN.values(), *(stored.issue for stored in self.issues.values())]
        return [
            issue
            for issue in issues
            if vulnerability == issue.id or any(entry.cve == vulnerability for entry in issue.cves or ())
        ]

    # Scans

    def put_scan(self, sha256: str, scan: Scan) -> None:
        """Say what Xray finds in a content, from now on."""
        self.scans_revision += 1
        self._findings[sha256.removeprefix("sha256:")] = Findings(
            status=scan.status, at=scan.at, bundles=(Bundle(scan),)
        )

    def forget_scan(self, sha256: str) -> None:
        """Take back what `put_scan` said."""
        self.scans_revision += 1
        self._findings.pop(sha256.removeprefix("sha256:"), None)

    def scan_anew(self, sha256: str, bundles: tuple[Bundle, ...]) -> None:
        """Scan a content at once, whatever stood in the way of that before."""
        self.scans_revision += 1
        self._findings[sha256] = Findings(status="DONE", at=self._clock.now(), bundles=bundles)

    def findings_of(self, sha256: str) -> Findings:
        """Tell what was found in a content; one that nobody spoke of was scanned, and is clean."""
        seeded = self.seeded.findings_of(sha256) if self.seeded is not None else None
        return self._findings.get(sha256) or seeded or CLEAN

    # Ignore rules

    def ignoring(self, case: Case) -> StoredIgnoreRule | None:
        """Find the rule in force that takes an issue away from a watch's policy at an artifact.

        JFrog says that rules apply to future scans. A download is judged anew each time, so here a rule
        holds from the next one on.
        """
        if key_of(case.watch, case.issue.id, case.release) in self.restored:
            return None
        now = self._clock.now()
        rules = (stored for stored in self.ignore_rules.values() if not stored.rule.is_expired(now))
        return next((stored for stored in rules if covers(stored.rule, case)), None)

    # Downloads

    def block(self, repo_key: str, package_type: str, name: str, version: str, path: str) -> str | None:
        """Give the message of the 403 that a download gets, or None to let it through.

        `repo_key` is the local repository, the remote or its cache that the file comes from.
        Text as users quote it: github.com/sobolevn/git-secret/issues/801.
        """
        if self.match(repo_key, package_type, name, version, path) is None:
            return None
        return (
            f"Artifact download request rejected: {path} was not downloaded due to the download "
            f"blocking policy configured in Xray for {repo_key}."
        )

    def match(self, repo_key: str, package_type: str, name: str, version: str, path: str) -> Match | None:
        """Find the watch, policy and rule that refuse a download."""
        repository = self._owner(repo_key)
        if repository is None or self._switches().xray_missing:
            return None
        kind = normal_type(package_type)
        release = Release(repository=repository, package_type=kind, name=name, version=version, path=path)

        def ignored(watch: Watch, policy: Policy, hazard: Hazard) -> bool:
            case = Case(watch=watch.name, policy=policy.name, issue=hazard.issue, release=release)
            return self.ignoring(case) is not None

        effective = [found for found in self.affecting(release) if self._in_effect(found)]
        return blocked(
            release,
            [self.hazard(stored) for stored in effective],
            watches=[stored.watch for stored in self.watches.values()],
            policies={key: stored.policy for key, stored in self.policies.items()},
            ignored=ignored,
        )

    def affecting(self, release: Release) -> list[StoredIssue]:
        """Give the custom issues about a release, by id."""
        kind = release.package_type
        ids = self._ids.get((kind, normal_name(kind, release.name)), ())
        found = (self.issues[issue_id] for issue_id in sorted(ids))
        return [stored for stored in found if affects(stored.issue, kind, release.name, release.version)]

    def hazard(self, stored: StoredIssue) -> Hazard:
        return Hazard(issue=stored.issue, malicious=self.is_malicious(stored.issue))

    def _in_effect(self, stored: StoredIssue) -> bool:
        switches = self._switches()
        self._polls[stored.issue.id] += 1
        waited_ms = (time.monotonic() - stored.written_at) * 1_000
        enough_polls = self._polls[stored.issue.id] > switches.indexing_delay_polls
        return enough_polls and waited_ms >= switches.indexing_delay_ms

    def _owner(self, repo_key: str) -> Repository | None:
        found = self.repositories.get(repo_key)
        return found if found is not None else self.repositories.get(repo_key.removesuffix(CACHE))


def _keys(issue: CustomIssue) -> set[tuple[str, str]]:
    kind = normal_type(issue.package_type)
    return {(kind, normal_name(kind, component.id)) for component in issue.components or ()}
