import re
from typing import Any

import pytest

from jfrog_standin.access import User
from jfrog_standin.faults import Fault
from jfrog_standin.permissions import Grant
from jfrog_standin.server import Running
from standin.conftest import Client

EVENTS = "/xray/api/v1/events"


def issue(**changes: Any) -> dict[str, Any]:
    return {
        "id": "RB-left-pad-evil",
        "type": "Security",
        "provider": "Reedbed",
        "package_type": "npm",
        "severity": "Critical",
        "summary": "left-pad-evil is malicious",
        "description": "It sends the environment away.",
        "components": [{"id": "left-pad-evil", "vulnerable_versions": ["[1.0.0]", "[1.0.1]"]}],
        "cves": [],
        "sources": [{"source_id": "MAL-2026-1"}],
        "issue_kind": 1,
    } | changes


async def read(ask: Client, issue_id: str = "RB-left-pad-evil") -> Any:
    return (await ask("GET", f"/xray/api/v2/events/{issue_id}")).json


async def test_an_issue_is_written_by_v1_and_read_back_by_v2(ask: Client) -> None:
    written = await ask("POST", EVENTS, json=issue())
    shown = await read(ask)

    assert written.status == 201
    assert written.json["type"] == shown["type"] == "security"
    assert written.json["components"][0]["fixed_versions"] is None
    assert shown["malicious_package"] is True
    assert shown["issue_kind"] == 1
    assert shown["leading_severity"] == {"severity": "Critical"}
    assert isinstance(shown["modified_time"], int)
    assert "cves" not in shown


async def test_times_have_nine_fractional_digits(ask: Client) -> None:
    written = await ask("POST", EVENTS, json=issue())

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", written.json["created"])


async def test_versions_are_mirrored_into_ranges_and_back(ask: Client) -> None:
    ranges = [{"vulnerable_versions": ["[2.0,3.0)"], "fixed_versions": ["3.0"]}]
    await ask("POST", EVENTS, json=issue())
    await ask("POST", EVENTS, json=issue(id="RB-2", components=[{"id": "a", "vulnerable_ranges": ranges}]))

    (flat,) = (await read(ask))["components"]
    (nested,) = (await read(ask, "RB-2"))["components"]

    assert flat["vulnerable_ranges"][0] == {
        "vulnerable_versions": ["[1.0.0]", "[1.0.1]"],
        "fixed_versions": None,
        "container_affected_cpes": None,
    }
    assert nested["vulnerable_versions"] == ["[2.0,3.0)"]
    assert nested["fixed_versions"] == ["3.0"]


async def test_the_same_id_again_is_400_and_not_409(ask: Client) -> None:
    await ask("POST", EVENTS, json=issue())

    again = await ask("POST", EVENTS, json=issue(summary="another"))

    assert again.status == 400
    assert "already exist" in again.json["error"]
    assert (await read(ask))["summary"] == "left-pad-evil is malicious"


@pytest.mark.parametrize("name", ["id", "type", "provider", "package_type", "severity", "components"])
@pytest.mark.parametrize("mode", ["strict", "silent"])
async def test_a_missing_required_field_is_400_in_both_modes(
    ask: Client, standin: Running, name: str, mode: str
) -> None:
    standin.platform.switch(mode=mode)
    body = issue()
    del body[name]

    refused = await ask("POST", EVENTS, json=body)

    assert refused.status == 400
    assert name in refused.json["error"]


BROKEN: list[dict[str, Any]] = [
    {"id": "x" * 33},
    {"id": "Xray-1"},
    {"provider": "jfrog"},
    {"type": "malware"},
    {"severity": "Catastrophic"},
    {"package_type": "gem"},
    {"components": [{"id": "npm://a", "vulnerable_versions": ["[1.0]"]}]},
    {"components": [{"id": "a", "vulnerable_versions": ["1.0.5"]}]},
    {"components": [{"id": "a", "vulnerable_versions": ["[]"]}]},
    {"components": [{"id": "a", "vulnerable_versions": []}]},
    {"components": [{"id": "", "vulnerable_versions": ["[1.0]"]}]},
    {"components": [{"id": "a", "vulnerable_ranges": [{"vulnerable_versions": ["1.0"]}]}]},
]


@pytest.mark.parametrize("changes", BROKEN)
async def test_strict_mode_refuses_what_breaks_a_rule(ask: Client, changes: dict[str, Any]) -> None:
    refused = await ask("POST", EVENTS, json=issue(**changes))

    assert refused.status == 400
    assert set(refused.json) == {"error"}


@pytest.mark.parametrize("changes", BROKEN)
async def test_silent_mode_says_201_to_it_and_keeps_nothing(
    ask: Client, standin: Running, changes: dict[str, Any]
) -> None:
    standin.platform.switch(mode="silent")
    body = issue(**changes)

    accepted = await ask("POST", EVENTS, json=body)
    shown = await ask("GET", f"/xray/api/v2/events/{body['id']}")

    assert accepted.status == 201
    assert accepted.json["id"] == body["id"]
    assert shown.status == 404


async def test_put_replaces_the_whole_issue_and_needs_no_id_in_the_body(ask: Client) -> None:
    created = await ask("POST", EVENTS, json=issue())
    body = issue(components=[{"id": "left-pad-evil", "vulnerable_versions": ["(,)"]}], sources=None)
    del body["id"]

    replaced = await ask("PUT", f"{EVENTS}/RB-left-pad-evil", json=body)
    shown = await read(ask)

    assert replaced.status == 200
    assert shown["components"][0]["vulnerable_versions"] == ["(,)"]
    assert shown["sources"] == []
    assert shown["created"] == created.json["created"]
    assert shown["edited"] == shown["modified"] != created.json["modified"]


async def test_put_of_an_unknown_issue_is_404_or_creates_it_by_a_switch(
    ask: Client, standin: Running
) -> None:
    missing = await ask("PUT", f"{EVENTS}/RB-left-pad-evil", json=issue())
    standin.platform.switch(put_creates=True)
    created = await ask("PUT", f"{EVENTS}/RB-left-pad-evil", json=issue())

    assert (missing.status, created.status) == (404, 200)
    assert (await read(ask))["id"] == "RB-left-pad-evil"


async def test_put_does_not_take_another_id_in_the_body(ask: Client) -> None:
    await ask("POST", EVENTS, json=issue())

    refused = await ask("PUT", f"{EVENTS}/RB-left-pad-evil", json=issue(id="RB-2"))

    assert refused.status == 400


async def test_a_deleted_issue_is_gone(ask: Client) -> None:
    await ask("POST", EVENTS, json=issue())

    deleted = await ask("DELETE", f"{EVENTS}/RB-left-pad-evil")
    shown = await ask("GET", "/xray/api/v2/events/RB-left-pad-evil")
    again = await ask("DELETE", f"{EVENTS}/RB-left-pad-evil")

    said = "Vulnerability with id RB-left-pad-evil has been successfully deleted"
    assert deleted.json == {"info": said}
    assert (shown.status, again.status) == (404, 404)
    assert shown.json == {"error": "Failed to get vulnerability RB-left-pad-evil"}


async def test_there_is_no_list_and_no_v2_write(ask: Client) -> None:
    listed = await ask("GET", EVENTS)
    listed_v2 = await ask("GET", "/xray/api/v2/events")
    written_v2 = await ask("POST", "/xray/api/v2/events", json=issue())

    assert all(answer.status in {404, 405} for answer in (listed, listed_v2, written_v2))


async def test_v1_shows_an_issue_in_its_old_flat_shape(ask: Client) -> None:
    await ask("POST", EVENTS, json=issue())

    shown = (await ask("GET", f"{EVENTS}/RB-left-pad-evil")).json

    assert shown["source_id"] == "MAL-2026-1"
    assert shown["updated"] == "0001-01-01T00:00:00Z"
    assert "issue_kind" not in shown


@pytest.mark.parametrize(
    ("flag", "kind", "sent", "read_back"),
    [
        ("issue_kind", 1, False, True),
        ("issue_kind", 0, True, False),
        ("as_sent", 0, True, True),
        ("as_sent", 1, False, False),
        ("never", 1, True, False),
    ],
)
async def test_a_switch_says_what_makes_an_issue_malicious(
    ask: Client, standin: Running, *, flag: str, kind: int, sent: bool, read_back: bool
) -> None:
    standin.platform.switch(malicious_flag=flag)

    await ask("POST", EVENTS, json=issue(issue_kind=kind, malicious_package=sent))

    assert (await read(ask))["malicious_package"] is read_back


async def test_who_may_only_read_can_read_issues_and_not_write_them(ask: Client, standin: Running) -> None:
    standin.platform.access.add_user(User(name="alice", grants=(Grant(),)))
    token = standin.platform.access.issue("alice").access_token
    await ask("POST", EVENTS, json=issue())

    posted = await ask("POST", EVENTS, token=token, json=issue(id="RB-2"))
    put = await ask("PUT", f"{EVENTS}/RB-left-pad-evil", token=token, json=issue())
    deleted = await ask("DELETE", f"{EVENTS}/RB-left-pad-evil", token=token)
    shown = await ask("GET", "/xray/api/v2/events/RB-left-pad-evil", token=token)

    assert [answer.status for answer in (posted, put, deleted, shown)] == [403, 403, 403, 200]
    assert set(posted.json) == {"error"}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b'"text"'])
async def test_what_is_no_json_object_is_415(ask: Client, body: bytes) -> None:
    refused = await ask("POST", EVENTS, data=body)

    assert refused.status == 415
    assert refused.json == {"error": "Failed to parse json."}


@pytest.mark.parametrize("changes", [{"components": "a"}, {"id": 7}, {"issue_kind": "one"}, {"cves": [1]}])
async def test_a_field_of_the_wrong_type_is_400(ask: Client, changes: dict[str, Any]) -> None:
    refused = await ask("POST", EVENTS, json=issue(**changes))

    assert refused.status == 400


async def test_hostile_text_comes_back_as_it_was_sent(ask: Client) -> None:
    name = "a\u202egnp.\x00\x1b[31m'\"<script>" + "\u4e2d" * 3_000

    await ask("POST", EVENTS, json=issue(summary=name, components=[issue()["components"][0] | {"id": name}]))

    shown = await read(ask)
    assert shown["summary"] == name
    assert shown["components"][0]["id"] == name


async def test_a_silent_drop_answers_as_usual_and_forgets_each_kind_of_write(
    ask: Client, standin: Running
) -> None:
    await ask("POST", EVENTS, json=issue())
    standin.platform.faults.add(Fault(kind="silent_drop"))

    posted = await ask("POST", EVENTS, json=issue(id="RB-2"))
    put = await ask("PUT", f"{EVENTS}/RB-left-pad-evil", json=issue(summary="changed"))
    deleted = await ask("DELETE", f"{EVENTS}/RB-left-pad-evil")

    assert [answer.status for answer in (posted, put, deleted)] == [201, 200, 200]
    assert [kept["summary"] for kept in (await ask.control("GET", "/issues")).json] == [issue()["summary"]]


async def test_jfrogs_own_issues_are_read_and_never_written(ask: Client) -> None:
    malicious, ordinary = await read(ask, "XRAY-900001"), await read(ask, "XRAY-900002")

    replaced = await ask("PUT", f"{EVENTS}/XRAY-900001", json=issue(id="XRAY-900001"))
    deleted = await ask("DELETE", f"{EVENTS}/XRAY-900001")

    assert (malicious["provider"], malicious["malicious_package"]) == ("JFrog", True)
    assert (ordinary["issue_kind"], ordinary["malicious_package"]) == (1, False)
    assert (replaced.status, deleted.status) == (404, 404)
