from typing import Any

import pytest

from jfrog_standin.access import User
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.permissions import Grant
from jfrog_standin.server import Running
from standin.conftest import Client

POLICIES = "/xray/api/v2/policies"
WATCHES = "/xray/api/v2/watches"
INDEXED = "/xray/api/v1/binMgr/default/repos"


def policy(name: str = "block-malware", **criteria: Any) -> dict[str, Any]:
    rule = {
        "name": "malware",
        "priority": 1,
        "criteria": criteria or {"malicious_package": True},
        "actions": {"block_download": {"active": True, "unscanned": False}, "fail_build": True},
    }
    return {"name": name, "type": "security", "description": "", "rules": [rule]}


def watch(name: str = "reedbed", *, policies: tuple[str, ...] = ("block-malware",)) -> dict[str, Any]:
    resource = {"type": "repository", "bin_mgr_id": "default", "name": "npm-local", "filters": []}
    return {
        "general_data": {"name": name, "description": "", "active": True},
        "project_resources": {"resources": [resource | {"repo_type": "local"}]},
        "assigned_policies": [{"name": entry, "type": "security"} for entry in policies],
        "watch_recipients": [],
    }


@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_a_policy_is_created_read_listed_replaced_and_deleted(ask: Client, version: str) -> None:
    base = f"/xray/api/{version}/policies"

    created = await ask("POST", base, json=policy())
    shown = await ask("GET", f"{base}/block-malware")
    replaced = await ask("PUT", f"{base}/block-malware", json=policy("other", min_severity="High"))
    listed = await ask("GET", base)
    deleted = await ask("DELETE", f"{base}/block-malware")
    gone = await ask("GET", f"{base}/block-malware")

    assert [answer.status for answer in (created, replaced, deleted, gone)] == [201, 200, 200, 404]
    assert "info" in created.json
    assert shown.json == policy()
    assert listed.json == [policy("block-malware", min_severity="High")]


async def test_a_policy_that_exists_is_409(ask: Client) -> None:
    await ask("POST", POLICIES, json=policy())

    again = await ask("POST", POLICIES, json=policy())

    assert again.status == 409
    assert set(again.json) == {"error"}


@pytest.mark.parametrize(
    "criteria",
    [
        {"malicious_package": True, "min_severity": "High"},
        {"malicious_package": True, "fix_version_dependant": True},
        {"min_severity": "High", "cvss_range": {"from": 7.0, "to": 10.0}},
        {"package_name": "lodash", "package_versions": ["[1.0]"]},
        {"package_name": "lodash", "package_type": "npm", "package_versions": ["[1.0"]},
        {"cvss_range": "high"},
        {"min_severity": "Catastrophic"},
    ],
)
async def test_criteria_that_exclude_each_other_or_say_nothing_are_400(
    ask: Client, criteria: dict[str, Any]
) -> None:
    refused = await ask("POST", POLICIES, json=policy(**criteria))

    assert refused.status == 400


async def test_a_policy_without_rules_or_name_is_400(ask: Client) -> None:
    no_rules = await ask("POST", POLICIES, json={"name": "a", "type": "security", "rules": []})
    no_name = await ask("POST", POLICIES, json=policy(""))
    no_type = await ask("POST", POLICIES, json=policy() | {"type": "mood"})

    assert [answer.status for answer in (no_rules, no_name, no_type)] == [400, 400, 400]


async def test_an_assigned_policy_cannot_be_deleted_until_its_watch_is(ask: Client) -> None:
    await ask("POST", POLICIES, json=policy())
    await ask("POST", WATCHES, json=watch())

    refused = await ask("DELETE", f"{POLICIES}/block-malware")
    await ask("DELETE", f"{WATCHES}/reedbed")
    deleted = await ask("DELETE", f"{POLICIES}/block-malware")

    assert (refused.status, deleted.status) == (400, 200)


async def test_a_policy_is_assigned_to_watches_that_exist(ask: Client) -> None:
    await ask("POST", POLICIES, json=policy())
    await ask("POST", WATCHES, json=watch(policies=()))

    body = {"watches": ["reedbed", "nobody"]}
    assigned = await ask("POST", "/xray/api/v1/policies/block-malware/assign", json=body)
    shown = await ask("GET", f"{WATCHES}/reedbed")

    assert assigned.status == 200
    assert assigned.json["result"]["nobody"] == "Watch was not found"
    assert shown.json["assigned_policies"] == [{"name": "block-malware", "type": "security"}]


async def test_a_watch_is_created_read_listed_replaced_and_deleted(ask: Client) -> None:
    await ask("POST", POLICIES, json=policy())
    changed = watch() | {"general_data": {"name": "reedbed", "active": False}}

    created = await ask("POST", WATCHES, json=watch())
    again = await ask("POST", WATCHES, json=watch())
    replaced = await ask("PUT", f"{WATCHES}/reedbed", json=changed)
    listed = await ask("GET", WATCHES)
    deleted = await ask("DELETE", f"{WATCHES}/reedbed")
    gone = await ask("GET", f"{WATCHES}/reedbed")

    statuses = [answer.status for answer in (created, again, replaced, deleted, gone)]
    assert statuses == [201, 409, 200, 200, 404]
    assert listed.json == [changed]
    assert gone.json == {"error": "Watch was not found"}


async def test_a_watch_on_nothing_known_is_400(ask: Client) -> None:
    await ask("POST", POLICIES, json=policy())
    odd = watch()
    odd["project_resources"]["resources"][0]["type"] = "planet"
    pattern = watch()
    pattern["project_resources"]["resources"][0]["filters"] = [{"type": "regex", "value": "("}]
    filtered = watch()
    filtered["project_resources"]["resources"][0]["filters"] = [{"type": "mime-type", "value": "a"}]

    unknown_policy = await ask("POST", WATCHES, json=watch(policies=("nothing",)))
    answers = [await ask("POST", WATCHES, json=body) for body in (odd, pattern, filtered)]

    assert [answer.status for answer in (unknown_policy, *answers)] == [400] * 4


async def test_applying_a_watch_is_accepted(ask: Client) -> None:
    await ask("POST", POLICIES, json=policy())
    await ask("POST", WATCHES, json=watch())

    applied = await ask("POST", "/xray/api/v1/applyWatch", json={"watch_names": ["reedbed"]})
    unknown = await ask("POST", "/xray/api/v1/applyWatch", json={"watch_names": ["nobody"]})
    nameless = await ask("POST", "/xray/api/v1/applyWatch", json={})

    assert (applied.status, unknown.status, nameless.status) == (202, 404, 400)


async def test_roles_decide_who_writes_policies_watches_and_indexing(ask: Client, standin: Running) -> None:
    access = standin.platform.access
    access.add_user(User(name="alice", grants=(Grant(),)))
    access.add_user(User(name="carol", roles=frozenset({"manage_policies"})))
    reader, writer = access.issue("alice").access_token, access.issue("carol").access_token

    read = await ask("GET", POLICIES, token=reader)
    refused = [
        await ask("POST", POLICIES, token=reader, json=policy()),
        await ask("POST", WATCHES, token=writer, json=watch()),
        await ask("GET", INDEXED, token=reader),
        await ask("PUT", INDEXED, token=writer, json={"indexed_repos": []}),
    ]
    written = await ask("POST", POLICIES, token=writer, json=policy())

    assert (read.status, written.status) == (200, 201)
    assert [answer.status for answer in refused] == [403] * 4


async def test_the_indexed_repositories_are_exactly_those_of_the_last_put(
    ask: Client, standin: Running
) -> None:
    storage = standin.platform.artifactory
    before = {key: found for key, found in storage.repositories.items() if found.xray_index}
    storage.add(Repository(key="npm-a", package_type="npm", xray_index=True))
    storage.add(Repository(key="npm-b", rclass="remote", package_type="npm"))
    storage.add(Repository(key="npm-all", rclass="virtual", package_type="npm", members=("npm-a",)))

    body = {"indexed_repos": [{"name": "npm-b", "type": "remote", "pkg_type": "Npm"}]}
    put = await ask("PUT", INDEXED, json=body)
    shown = (await ask("GET", INDEXED)).json
    unknown = await ask("PUT", INDEXED, json={"indexed_repos": [{"name": "nowhere"}]})

    assert (put.status, unknown.status) == (200, 404)
    assert shown["indexed_repos"] == body["indexed_repos"]
    assert {entry["name"] for entry in shown["non_indexed_repos"]} >= {"npm-a", *before}
    assert not storage.repositories["npm-a"].xray_index
