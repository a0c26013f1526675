"""Which repositories a custom issue would be blocked in, and what is missing in the others. Pure.

A download is refused when all of this holds: its repository is indexed; a watch that is on names it; the
watch has a policy; and of the policy's rules the first whose criterion fits has an active block.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from reedbed.jfrog.wire import (
    Actions,
    Assigned,
    BlockDownload,
    Criteria,
    General,
    Indexing,
    Policy,
    Repo,
    Resource,
    Resources,
    Rule,
    Watch,
)

POLICY = "reedbed-block-malicious"
WATCH = "reedbed"

Criterion = Literal["malicious", "severity"]
"""What a rule goes by: Xray's malicious flag; or severity Critical, which takes critical CVEs with it."""


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What a platform has of all that is needed, read at one time."""

    repositories: tuple[Repo, ...]
    indexing: Indexing
    policies: tuple[Policy, ...]
    watches: tuple[Watch, ...]
    own_watch: dict[str, Any] | None  # the watch `reedbed` with every field, if there is one


class Cover(msgspec.Struct, frozen=True, kw_only=True):
    """How far one repository is covered."""

    key: str
    kind: str  # local, remote, federated, virtual; "" where there is no such repository
    indexed: bool = False
    blocked_by: tuple[str, ...] = ()  # "watch / policy / rule", each of which would do
    problem: str | None = None  # why nothing can be done for it

    @property
    def blocks(self) -> bool:
        return self.indexed and bool(self.blocked_by)


class PutPolicy(msgspec.Struct, frozen=True, kw_only=True):
    policy: Policy
    replaces: bool

    def __str__(self) -> str:
        verb = "change" if self.replaces else "make"
        rules = self.policy.rules or ()
        return f"{verb} the policy {self.policy.name}: block downloads of {_in_words(rules[0])}"


class PutWatch(msgspec.Struct, frozen=True, kw_only=True):
    watch: Watch
    body: dict[str, Any] | None  # what it is to be with all fields; None: it is new
    adds: tuple[str, ...]  # repositories

    def __str__(self) -> str:
        verb = "make" if self.body is None else "extend"
        return f"{verb} the watch {self.watch.name}: {', '.join(self.adds)}"


class Index(msgspec.Struct, frozen=True, kw_only=True):
    keys: tuple[str, ...]

    def __str__(self) -> str:
        return f"have Xray index {', '.join(self.keys)}"


Step = PutPolicy | PutWatch | Index


class Enforcement(msgspec.Struct, frozen=True, kw_only=True):
    """What there is, and the steps in order that cover what can be; carried out, no step is left."""

    covers: tuple[Cover, ...]
    steps: tuple[Step, ...]
    warnings: tuple[str, ...]


def plan(state: State, keys: Collection[str], criterion: Criterion) -> Enforcement:
    """Find what is missing for these repositories to block by this criterion, and nothing beyond that."""
    covers = tuple(cover(state, key, criterion) for key in sorted(set(keys)))
    open_keys = [c.key for c in covers if not c.problem and not c.blocked_by]
    not_indexed = tuple(c.key for c in covers if not c.problem and not c.indexed)
    steps: list[Step] = []
    if not_indexed:
        steps.append(Index(keys=not_indexed))
    if open_keys:
        steps += _guard(state, [c for c in covers if c.key in open_keys], criterion)
    return Enforcement(covers=covers, steps=tuple(steps), warnings=tuple(_warnings(state, covers, steps)))


def cover(state: State, key: str, criterion: Criterion) -> Cover:
    """Say how far one repository is covered now."""
    kinds = {repo.key: repo.type.lower() for repo in state.repositories}
    if key not in kinds:
        return Cover(
            key=key, kind="", problem="there is no such repository, or the token's user may not see it"
        )
    if kinds[key] == "virtual":
        return Cover(key=key, kind="virtual", problem="Xray watches no virtual repository: name its members")
    return Cover(
        key=key,
        kind=kinds[key],
        indexed=any(repo.name == key for repo in state.indexing.indexed_repos or ()),
        blocked_by=tuple(_guards(state, key, criterion)),
    )


def _guards(state: State, key: str, criterion: Criterion) -> Iterable[str]:
    policies = {policy.name: policy for policy in state.policies}
    for watch in state.watches:
        if not watch.general_data.active or not _looks_at(watch, key):
            continue
        for assigned in watch.assigned_policies or ():
            rule = blocking_rule(policies.get(assigned.name), criterion)
            if rule is not None:
                yield f"{watch.name} / {assigned.name} / {rule.name}"


def _looks_at(watch: Watch, key: str) -> bool:
    """A resource with a filter looks at a part of it only, which is not enough."""
    resources = watch.project_resources.resources if watch.project_resources else ()
    return any(
        not resource.filters and (resource.type == "all-repos" or _names(resource, key))
        for resource in resources or ()
    )


def _names(resource: Resource, key: str) -> bool:
    return resource.type == "repository" and resource.name == key


def blocking_rule(policy: Policy | None, criterion: Criterion) -> Rule | None:
    """Find the rule by which a policy blocks a custom issue of severity Critical; None: it does not.

    Of the rules whose criterion fits, only the first by priority acts; a grace period is no block.
    """
    for rule in sorted((policy.rules if policy else None) or (), key=lambda rule: rule.priority):
        if rule.criteria is not None and _fits(rule.criteria, criterion):
            block = rule.actions.block_download if rule.actions else None
            return rule if block and block.active and not block.grace_period_days else None
    return None


def _fits(criteria: Criteria, criterion: Criterion) -> bool:
    if criteria.fix_version_dependant or criteria.applicable_cves_only:
        return False  # malware has neither a fix nor a CVE
    if criteria.min_severity:
        return True  # every severity is at most Critical, "All Severities" included
    return criterion == "malicious" and bool(criteria.malicious_package)


# What to make


def _guard(state: State, missing: Sequence[Cover], criterion: Criterion) -> list[Step]:
    steps: list[Step] = []
    own = next((policy for policy in state.policies if policy.name == POLICY), None)
    if blocking_rule(own, criterion) is None:
        steps.append(PutPolicy(policy=own_policy(criterion), replaces=own is not None))
    steps.append(_put_watch(state.own_watch, missing))
    return steps


def own_policy(criterion: Criterion) -> Policy:
    """Write the policy that blocks by a criterion, and does nothing else: no mail, no failed build."""
    malicious = Criteria(malicious_package=True, fix_version_dependant=False)
    rule = Rule(
        name="block",
        priority=1,
        criteria=malicious if criterion == "malicious" else Criteria(min_severity="Critical"),
        actions=Actions(block_download=BlockDownload(active=True, unscanned=False)),
    )
    text = "Made by Reedbed: blocks downloads that its custom issues flag."
    return Policy(name=POLICY, type="security", description=text, rules=(rule,))


def _put_watch(body: dict[str, Any] | None, missing: Sequence[Cover]) -> PutWatch:
    resources = tuple(Resource(type="repository", name=c.key, repo_type=c.kind, filters=()) for c in missing)
    watch = Watch(
        general_data=General(name=WATCH, description="Made by Reedbed.", active=True),
        project_resources=Resources(resources=resources),
        assigned_policies=(Assigned(name=POLICY, type="security"),),
    )
    adds = tuple(c.key for c in missing)
    return PutWatch(watch=watch, body=None if body is None else extended(body, watch), adds=adds)


def extended(body: Mapping[str, Any], with_watch: Watch) -> dict[str, Any]:
    """Add to a watch's body the resources and policies of another; all that it has besides stays.

    A resource that named one of the repositories with a filter gives way to the one without.
    """
    new = msgspec.to_builtins(with_watch)
    resources, policies = new["project_resources"]["resources"], new["assigned_policies"]
    names = {entry["name"] for entry in resources}
    there = (body.get("project_resources") or {}).get("resources") or []
    kept = [entry for entry in there if entry.get("name") not in names or entry.get("type") != "repository"]
    assigned = body.get("assigned_policies") or []
    known = {entry.get("name") for entry in assigned}
    return {
        **body,
        "general_data": {**(body.get("general_data") or {}), "name": WATCH, "active": True},
        "project_resources": {**(body.get("project_resources") or {}), "resources": [*kept, *resources]},
        "assigned_policies": [*assigned, *(entry for entry in policies if entry["name"] not in known)],
    }


def _warnings(state: State, covers: Iterable[Cover], steps: Iterable[Step]) -> Iterable[str]:
    for each in covers:
        if each.problem:
            yield f"{each.key}: {each.problem}"
    for step in steps:
        if isinstance(step, PutPolicy) and "Critical" in str(step):
            yield "the policy goes by severity: releases with a critical CVE are blocked as well"
        if isinstance(step, PutWatch) and any(
            w.name == WATCH and not w.general_data.active for w in state.watches
        ):
            yield f"the watch {WATCH} was switched off; it is switched on again"


def _in_words(rule: Rule) -> str:
    by_flag = rule.criteria is not None and rule.criteria.malicious_package
    return "what Xray calls malicious" if by_flag else "whatever has an issue of severity Critical"
