from collections.abc import Collection
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jfrog.flagged import AXIOS
from jfrog.platforms import at, impatient
from jfrog_standin.access import User
from jfrog_standin.artifactory.packages import add_npm
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.permissions import Grant
from jfrog_standin.server import Running
from reedbed.errors import Refused
from reedbed.jfrog.artifactory import Artifactory
from reedbed.jfrog.blocking import (
    POLICY,
    WATCH,
    Criterion,
    Index,
    PutPolicy,
    PutWatch,
    State,
    blocking_rule,
    extended,
    plan,
)
from reedbed.jfrog.custom_issue import IssueStyle, custom_issue
from reedbed.jfrog.enforcement import carry_out, planned, survey
from reedbed.jfrog.session import JFrog, connect
from reedbed.jfrog.watching import with_indexed
from reedbed.jfrog.wire import (
    Actions,
    Assigned,
    BlockDownload,
    Criteria,
    General,
    IndexedRepo,
    Indexing,
    Policy,
    Repo,
    Resource,
    Resources,
    Rule,
    Watch,
)
from reedbed.jfrog.xray import Xray

FLAG, BLOCK = Criteria(malicious_package=True), Actions(BlockDownload(True))
TARBALL = "axios/-/axios-1.14.1.tgz"


@pytest.fixture
def stocked(standin: Running) -> Running:
    storage = standin.platform.artifactory
    for key, indexed in (("npm-local", False), ("npm-other", True)):
        storage.add(Repository(key=key, package_type="npm", xray_index=indexed))
        add_npm(storage, key, "axios", "1.14.1")
    storage.add(Repository(key="npm-remote", rclass="remote", package_type="npm"))
    storage.add(Repository(key="npm", rclass="virtual", package_type="npm", members=("npm-local",)))
    return standin


@pytest.mark.parametrize("criterion", ["malicious", "severity"])
async def test_carrying_out_the_plan_makes_an_issue_a_block_and_its_removal_an_unblock(
    jfrog: JFrog, stocked: Running, criterion: Criterion
) -> None:
    stocked.platform.switch(malicious_flag="issue_kind" if criterion == "malicious" else "never")
    artifactory, xray = Artifactory(jfrog), Xray(jfrog)
    issue = custom_issue(AXIOS, IssueStyle())

    await carry_out(jfrog, await planned(jfrog, ["npm-local"], criterion))
    before = await artifactory.download("npm-local", TARBALL)
    await xray.put(issue)
    flagged = await artifactory.download("npm-local", TARBALL)
    elsewhere = await artifactory.download("npm-other", TARBALL)
    await xray.remove(issue.id)
    after = await artifactory.download("npm-local", TARBALL)

    assert [before.verdict, flagged.verdict, elsewhere.verdict, after.verdict] == [
        "served", "blocked", "served", "served"
    ]  # fmt: skip


async def test_a_plan_shows_its_steps_and_changes_nothing(jfrog: JFrog, stocked: Running) -> None:
    enforcement = await planned(jfrog, ["npm-local", "npm-remote"], "malicious")

    assert [str(step) for step in enforcement.steps] == [
        "have Xray index npm-local, npm-remote",
        "make the policy reedbed-block-malicious: block downloads of what Xray calls malicious",
        "make the watch reedbed: npm-local, npm-remote",
    ]
    assert not stocked.platform.xray.watches
    assert not stocked.platform.artifactory.repositories["npm-local"].xray_index


async def test_a_plan_carried_out_leaves_nothing_to_do_and_disturbs_nobody(
    jfrog: JFrog, stocked: Running
) -> None:
    await carry_out(jfrog, await planned(jfrog, ["npm-local"], "malicious"))
    await carry_out(jfrog, await planned(jfrog, ["npm-remote", "npm-local"], "malicious"))

    again = await planned(jfrog, ["npm-remote", "npm-local"], "malicious")

    assert again.steps == ()
    assert all(cover.blocks for cover in again.covers)
    assert stocked.platform.artifactory.repositories["npm-other"].xray_index
    resources = stocked.platform.xray.watches[WATCH].watch.project_resources.resources
    assert sorted(resource.name for resource in resources) == ["npm-local", "npm-remote"]


async def test_what_can_t_be_watched_is_said(jfrog: JFrog, stocked: Running) -> None:
    enforcement = await planned(jfrog, ["npm", "nowhere"], "malicious")

    assert enforcement.steps == ()
    assert "name its members" in enforcement.warnings[1] + enforcement.warnings[0]
    assert not any(cover.blocks for cover in enforcement.covers)


async def test_going_by_severity_is_warned_of(jfrog: JFrog, stocked: Running) -> None:
    enforcement = await planned(jfrog, ["npm-local"], "severity")

    assert enforcement.warnings == (
        "the policy goes by severity: releases with a critical CVE are blocked as well",
    )


async def test_a_missing_role_is_named(stocked: Running) -> None:
    stocked.platform.access.add_user(User(name="alice", password="x", grants=(Grant(),)))
    token = stocked.platform.access.issue("alice").access_token

    async with connect(at(stocked), token, patience=impatient()) as jfrog:
        with pytest.raises(Refused) as caught:
            await survey(jfrog)

    assert "Manage Resources" in caught.value.fix


# Pure

KEYS = st.sampled_from(["a", "b", "c", "d"])
RULES = st.builds(
    Rule,
    name=st.just("r"),
    priority=st.integers(1, 3),
    criteria=st.sampled_from(
        [
            *(FLAG, Criteria(min_severity="High"), Criteria()),
            Criteria(min_severity="Critical", fix_version_dependant=True),
        ]
    ),
    actions=st.builds(Actions, block_download=st.builds(BlockDownload, active=st.booleans())),
)
POLICIES = st.builds(
    Policy,
    name=st.sampled_from([POLICY, "theirs"]),
    type=st.just("security"),
    rules=st.lists(RULES, min_size=1, max_size=3).map(tuple),
)
RESOURCES = st.builds(
    Resource,
    type=st.sampled_from(["repository", "all-repos", "build"]),
    name=KEYS,
    filters=st.sampled_from([(), ({"type": "regex", "value": "x"},)]),
)
WATCHES = st.builds(
    Watch,
    general_data=st.builds(General, name=st.sampled_from([WATCH, "theirs"]), active=st.booleans()),
    project_resources=st.builds(Resources, resources=st.lists(RESOURCES, max_size=3).map(tuple)),
    assigned_policies=st.lists(
        st.builds(Assigned, name=st.sampled_from([POLICY, "theirs"]), type=st.just("security")), max_size=2
    ).map(tuple),
)


@st.composite
def states(draw: st.DrawFn) -> State:
    indexed = draw(st.sets(KEYS))
    watches = draw(st.lists(WATCHES, max_size=2, unique_by=lambda watch: watch.name))
    own = next((watch for watch in watches if watch.name == WATCH), None)
    return State(
        repositories=tuple(
            Repo(key=key, type="LOCAL" if key != "d" else "VIRTUAL", packageType="npm") for key in "abcd"
        ),
        indexing=Indexing(
            indexed_repos=tuple(IndexedRepo(name=key) for key in sorted(indexed)),
            non_indexed_repos=tuple(IndexedRepo(name=key) for key in "abc" if key not in indexed),
        ),
        policies=tuple(draw(st.lists(POLICIES, max_size=2, unique_by=lambda policy: policy.name))),
        watches=tuple(watches),
        own_watch=msgspec.to_builtins(own) if own else None,
    )


def carried_out(state: State, keys: Collection[str], criterion: Criterion) -> State:
    """Give the state after a plan, as Xray would have it."""
    for step in plan(state, keys, criterion).steps:
        match step:
            case Index():
                state = msgspec.structs.replace(state, indexing=with_indexed(state.indexing, step.keys))
            case PutPolicy():
                others = tuple(policy for policy in state.policies if policy.name != POLICY)
                state = msgspec.structs.replace(state, policies=(*others, step.policy))
            case PutWatch():
                body: dict[str, Any] = step.body or msgspec.to_builtins(step.watch)
                others_ = tuple(watch for watch in state.watches if watch.name != WATCH)
                state = msgspec.structs.replace(
                    state, watches=(*others_, msgspec.convert(body, Watch)), own_watch=body
                )
    return state


@given(states(), st.sets(KEYS), st.sampled_from(["malicious", "severity"]))
def test_a_plan_carried_out_covers_all_and_leaves_an_empty_plan(
    state: State, keys: set[str], criterion: Criterion
) -> None:
    after = carried_out(state, keys, criterion)

    again = plan(after, keys, criterion)

    assert again.steps == ()
    assert all(cover.blocks or cover.problem for cover in again.covers)
    before = {repo.name for repo in state.indexing.indexed_repos or ()}
    assert before <= {repo.name for repo in after.indexing.indexed_repos or ()}


@pytest.mark.parametrize(
    ("rules", "criterion", "blocks"),
    [
        ([Rule(criteria=FLAG, actions=BLOCK)], "malicious", True),
        ([Rule(criteria=FLAG, actions=BLOCK)], "severity", False),
        ([Rule(criteria=Criteria(min_severity="all severities"), actions=BLOCK)],
         "severity", True),
        ([Rule(criteria=FLAG, actions=Actions(BlockDownload(True, False, 7)))],
         "malicious", False),
        ([Rule(criteria=Criteria(min_severity="High"), actions=BLOCK, priority=2),
          Rule(criteria=FLAG, actions=Actions(), priority=1)], "malicious", False),
        ([Rule(criteria=None, actions=None)], "malicious", False),
    ],
)  # fmt: skip
def test_only_the_first_rule_that_fits_decides(rules: list[Rule], criterion: Criterion, blocks: bool) -> None:
    assert (blocking_rule(Policy(name="p", rules=tuple(rules)), criterion) is not None) is blocks


def test_a_watch_that_was_switched_off_is_said_to_be_switched_on() -> None:
    off = Watch(general_data=General(name=WATCH, active=False))
    state = State(
        repositories=(Repo(key="npm", type="LOCAL", packageType="npm"),),
        indexing=Indexing(indexed_repos=(IndexedRepo(name="npm"),)),
        policies=(),
        watches=(off,),
        own_watch=msgspec.to_builtins(off),
    )

    enforcement = plan(state, ["npm"], "malicious")

    assert "the watch reedbed was switched off; it is switched on again" in enforcement.warnings


def test_what_others_put_into_our_watch_stays() -> None:
    body = {
        "general_data": {"name": WATCH, "description": "changed by alice", "active": False, "tag": 1},
        "project_resources": {"resources": [{"type": "build", "name": "ci"}], "note": "x"},
        "assigned_policies": [{"name": "licences", "type": "license"}],
        "watch_recipients": ["alice@example.com"],
    }
    new = Watch(
        project_resources=Resources(resources=(Resource(type="repository", name="npm", repo_type="local"),)),
        assigned_policies=(Assigned(name=POLICY, type="security"),),
    )

    grown = extended(body, new)

    assert grown["watch_recipients"] == ["alice@example.com"]
    assert grown["general_data"] == {
        "name": WATCH,
        "description": "changed by alice",
        "active": True,
        "tag": 1,
    }
    assert [entry["name"] for entry in grown["project_resources"]["resources"]] == ["ci", "npm"]
    assert [entry["name"] for entry in grown["assigned_policies"]] == ["licences", POLICY]
    assert grown["project_resources"]["resources"][1]["filters"] == ()
