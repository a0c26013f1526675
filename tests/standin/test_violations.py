from typing import Any
from urllib.parse import urlsplit

import pytest

from jfrog_standin.access import User
from jfrog_standin.artifactory import packages
from jfrog_standin.permissions import Grant
from jfrog_standin.server import Running
from standin.conftest import Client
from standin.flagged import IGNORE_RULES, VIOLATIONS, download, flag, ignore, violations

EVENTS = "/xray/api/v1/events"


async def test_a_flagged_indexed_and_watched_artifact_is_a_violation(standin: Running, ask: Client) -> None:
    await flag(standin, ask)

    found = await violations(ask)

    (row,) = found["violations"]
    assert found["total_violations"] == 1
    assert row["infected_components"] == ["npm://reed:1.0.0"]
    assert row["impacted_artifacts"] == ["default/npm-local/reed/-/reed-1.0.0.tgz"]
    assert (row["watch_name"], row["issue_id"]) == ("everywhere", "REED-1")
    assert (row["type"], row["severity"]) == ("Security", "Critical")
    assert "matched_policies" not in row


async def test_the_details_are_behind_an_address_with_an_internal_host(standin: Running, ask: Client) -> None:
    await flag(standin, ask)
    (row,) = (await violations(ask))["violations"]
    address = urlsplit(row["violation_details_url"])

    shown = await ask("GET", f"{address.path}?{address.query}")

    assert address.netloc == "localhost:8046"
    assert shown.json["matched_policies"] == [
        {"policy": "no-malware", "rule": "malware", "is_blocking": True}
    ]
    assert shown.json["violation_id"]


async def test_what_is_no_longer_true_is_no_violation_and_what_stays_keeps_its_time(
    standin: Running, ask: Client
) -> None:
    await flag(standin, ask)
    (before,) = (await violations(ask))["violations"]

    standin.platform.switch(clock_skew_s=3600)
    (same,) = (await violations(ask))["violations"]
    await ask("DELETE", f"{EVENTS}/REED-1")
    gone = await violations(ask)

    assert same["created"] == before["created"]
    assert gone == {"total_violations": 0, "violations": []}


async def test_offset_is_the_number_of_a_page_and_counts_from_one(standin: Running, ask: Client) -> None:
    await flag(standin, ask)
    for name in ("sedge", "rush"):
        packages.add_npm(standin.platform.artifactory, "npm-local", name, "1.0.0")
        await ask("POST", EVENTS, json=issue_about(name))

    pages = [
        await ask("POST", VIOLATIONS, json={"filters": {}, "pagination": pagination(number)})
        for number in (0, 1, 2, 3)
    ]

    ids = [[row["issue_id"] for row in page.json["violations"]] for page in pages]
    assert ids == [["REED-sedge", "REED-rush"], ["REED-sedge", "REED-rush"], ["REED-1"], []]
    assert {page.json["total_violations"] for page in pages} == {3}


def pagination(number: int) -> dict[str, Any]:
    return {"order_by": "issue_id", "direction": "desc", "limit": 2, "offset": number}


def issue_about(name: str) -> dict[str, Any]:
    return {
        "id": f"REED-{name}",
        "provider": "reed",
        "package_type": "npm",
        "type": "Security",
        "severity": "High",
        "issue_kind": 1,
        "components": [{"id": name, "vulnerable_versions": ["(,)"]}],
        "cves": [{"cve": "CVE-2026-1"}],
    }


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"watch_name": "everywhere"}, 1),
        ({"watch_name": "elsewhere"}, 0),
        ({"min_severity": "Critical"}, 1),
        ({"issue_id": "REED-1"}, 1),
        ({"issue_id": "REED-2"}, 0),
        ({"cve_id": "CVE-2026-1"}, 0),
        ({"violation_type": "License"}, 0),
        ({"name_contains": "reed"}, 1),
        ({"name_contains": "sedge"}, 0),
        ({"created_from": "2020-01-01T00:00:00Z"}, 1),
        ({"created_until": "2020-01-01T00:00:00+02:00"}, 0),
        ({"resources": {"artifacts": [{"repo": "npm-local", "path": "reed/-/reed-1.0.0.tgz"}]}}, 1),
        ({"resources": {"builds": [{"name": "a", "number": "1"}]}}, 0),
    ],
)
async def test_each_filter_narrows_the_search(
    standin: Running, ask: Client, filters: dict[str, Any], found: int
) -> None:
    await flag(standin, ask)

    answer = await violations(ask, **filters)

    assert answer["total_violations"] == found


@pytest.mark.parametrize(
    "body",
    [
        {"filters": {"created_from": "yesterday"}},
        {"filters": {"created_from": "2026-01-01T00:00:00"}},
        {"filters": {"violation_type": "Odd"}},
        {"pagination": {"order_by": "size"}},
        {"pagination": {"limit": 0}},
        {"pagination": {"offset": -1}},
    ],
)
async def test_a_search_for_nonsense_is_400(ask: Client, body: dict[str, Any]) -> None:
    assert (await ask("POST", VIOLATIONS, json=body)).status == 400


async def test_an_ignored_violation_stands_apart_until_it_is_restored(standin: Running, ask: Client) -> None:
    await flag(standin, ask)
    await ignore(ask)
    while_ignored = (await violations(ask))["total_violations"]
    by_watch = (await ask("GET", f"{VIOLATIONS}/ignored/everywhere")).json
    listed = (await ask("POST", f"{VIOLATIONS}/ignored", json={"policies": ["no-malware"]})).json

    restored = await ask(
        "POST", f"{VIOLATIONS}/restore", json={"ids": [by_watch["violations"][0]["violation_id"]]}
    )

    assert (while_ignored, by_watch["violations_count"], listed["total_count"]) == (0, 1, 1)
    assert by_watch["violations"][0]["ignore_rule_info"]["notes"] == "a test's"
    assert (restored.status, restored.body) == (200, b"")
    assert (await violations(ask))["total_violations"] == 1
    assert await download(ask) == 403


async def test_restoring_none_or_too_many_is_400(ask: Client) -> None:
    answers = [
        await ask("POST", f"{VIOLATIONS}/restore", json={"ids": ids}) for ids in ([], ["a"] * 501, None, "a")
    ]

    assert [answer.status for answer in answers] == [400] * 4


async def test_ignored_violations_are_for_who_manages_watches_and_others_for_who_may_read(
    standin: Running, ask: Client
) -> None:
    await flag(standin, ask)
    access = standin.platform.access
    access.add_user(User(name="alice", grants=(Grant(repo="pypi-local"),)))
    access.add_user(User(name="carol", grants=(Grant(repo="npm-local"),)))
    alice, carol = access.issue("alice").access_token, access.issue("carol").access_token

    hidden = await ask("POST", VIOLATIONS, json={}, token=alice)
    seen = await ask("POST", VIOLATIONS, json={}, token=carol)
    refused = [
        await ask("GET", f"{VIOLATIONS}/ignored/everywhere", token=carol),
        await ask("POST", f"{VIOLATIONS}/restore", json={"ids": ["a"]}, token=carol),
        await ask("GET", IGNORE_RULES, token=carol),
    ]

    assert (hidden.json["total_violations"], seen.json["total_violations"]) == (0, 1)
    assert [answer.status for answer in refused] == [403] * 3
