import asyncio
from typing import Any

import msgspec
import pytest

from jfrog.flagged import AXIOS, ONE_OF_EACH
from jfrog.platforms import at, impatient
from jfrog_standin.access import User
from jfrog_standin.faults import Fault, Kind, Params
from jfrog_standin.permissions import Grant
from jfrog_standin.server import Running
from reedbed.errors import Refused, Unreachable, Unreadable
from reedbed.jfrog.custom_issue import IssueStyle, custom_issue
from reedbed.jfrog.session import JFrog, connect
from reedbed.jfrog.xray import Xray

ISSUE = custom_issue(AXIOS, IssueStyle())
EVENTS, V1, V2 = "/xray/api/v1/events", "/xray/api/v1/events/*", "/xray/api/v2/events/*"


@pytest.fixture
def xray(jfrog: JFrog) -> Xray:
    return Xray(jfrog)


def asked(standin: Running, method: str) -> int:
    counts = standin.platform.log.counts().items()
    return sum(n for route, n in counts if route.startswith(f"{method} ") and "/events" in route)


@pytest.mark.parametrize("name", ONE_OF_EACH)
async def test_an_issue_of_each_ecosystem_is_kept_as_it_was_sent(xray: Xray, name: str) -> None:
    issue = custom_issue(ONE_OF_EACH[name], IssueStyle())

    proof = await xray.put(issue)

    assert (proof.outcome, proof.malicious, proof.requests) == ("created", True, 3)


async def test_putting_an_issue_again_writes_nothing(xray: Xray, standin: Running) -> None:
    await xray.put(ISSUE)

    proof = await xray.put(ISSUE)

    assert (proof.outcome, proof.requests) == ("unchanged", 1)
    assert (asked(standin, "POST"), asked(standin, "PUT")) == (1, 0)


async def test_an_issue_that_has_changed_is_replaced(xray: Xray, standin: Running) -> None:
    await xray.put(ISSUE)
    every = custom_issue(msgspec.structs.replace(AXIOS, versions=ONE_OF_EACH["cargo"].versions), IssueStyle())

    proof = await xray.put(every)

    assert proof.outcome == "updated"
    assert standin.platform.xray.match("npm", "npm", "axios", "9.9.9", "x") is None  # no watch yet
    echo = await xray.issue(ISSUE.id)
    assert echo is not None
    assert echo.components is not None
    assert echo.components[0].versions() == {"(,)"}


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "truncated", "status"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
async def test_whatever_fails_in_passing_the_issue_is_there_once(
    xray: Xray, standin: Running, kind: Kind, method: str
) -> None:
    await xray.put(custom_issue(AXIOS, IssueStyle(issue_kind=0))) if method == "PUT" else None
    standin.platform.faults.add(
        Fault(kind=kind, method=method, path="/xray/*", count=2, params=Params(status=503))
    )

    proof = await xray.put(ISSUE)

    assert proof.malicious is True
    assert len(standin.platform.xray.issues) == 1


async def test_an_answer_that_was_lost_is_not_made_up_for_by_a_second_post(
    xray: Xray, standin: Running
) -> None:
    standin.platform.faults.add(Fault(kind="drop_after", method="POST", path=EVENTS, count=1))

    proof = await xray.put(ISSUE)

    assert proof.outcome == "created"
    assert asked(standin, "POST") == 1


async def test_two_that_create_the_same_issue_at_once_both_succeed(xray: Xray, standin: Running) -> None:
    standin.platform.switch(latency_ms=20)

    proofs = await asyncio.gather(xray.put(ISSUE), xray.put(ISSUE))

    assert [proof.issue_id for proof in proofs] == [ISSUE.id, ISSUE.id]
    assert list(standin.platform.xray.issues) == [ISSUE.id]


async def test_an_issue_that_xray_drops_in_silence_is_not_called_pushed(xray: Xray, standin: Running) -> None:
    standin.platform.faults.add(Fault(kind="silent_drop", method="POST"))

    with pytest.raises(Refused, match="dropped it in silence"):
        await xray.put(ISSUE)


async def test_an_update_that_xray_drops_in_silence_shows_its_differences(
    xray: Xray, standin: Running
) -> None:
    await xray.put(ISSUE)
    standin.platform.faults.add(Fault(kind="silent_drop", method="PUT"))
    every = custom_issue(msgspec.structs.replace(AXIOS, versions=ONE_OF_EACH["cargo"].versions), IssueStyle())

    with pytest.raises(Unreadable, match=r"versions of axios: lacks \(,\)"):
        await xray.put(every)


async def test_an_issue_that_xray_calls_invalid_is_refused_with_its_words(
    xray: Xray, standin: Running
) -> None:
    standin.platform.faults.add(Fault(kind="status", method="POST", params=Params(status=400)))

    with pytest.raises(Refused) as caught:
        await xray.put(ISSUE)

    assert caught.value.status == 400
    assert asked(standin, "POST") == 1


async def test_a_removed_issue_is_proved_to_be_gone(xray: Xray, standin: Running) -> None:
    await xray.put(ISSUE)

    first, second = await xray.remove(ISSUE.id), await xray.remove(ISSUE.id)

    assert (first, second) == (True, False)
    assert not standin.platform.xray.issues


async def test_a_removal_that_xray_forgets_is_not_called_done(xray: Xray, standin: Running) -> None:
    await xray.put(ISSUE)
    standin.platform.faults.add(Fault(kind="silent_drop", method="DELETE"))

    with pytest.raises(Unreadable, match="still shows it"):
        await xray.remove(ISSUE.id)


async def test_without_an_xray_nothing_counts_as_absent_or_gone(xray: Xray, standin: Running) -> None:
    standin.platform.switch(xray_missing=True)

    with pytest.raises(Refused):
        await xray.issue(ISSUE.id)
    with pytest.raises(Refused):
        await xray.remove(ISSUE.id)


async def test_a_read_only_token_is_refused_with_the_permission_it_lacks(standin: Running) -> None:
    standin.platform.access.add_user(User(name="alice", password="x", grants=(Grant(),)))
    token = standin.platform.access.issue("alice").access_token

    async with connect(at(standin), token, patience=impatient()) as jfrog:
        with pytest.raises(Refused) as caught:
            await Xray(jfrog).put(ISSUE)

    assert caught.value.status == 403
    assert "Manage Xray Metadata" in caught.value.fix


async def test_an_instance_that_stays_away_is_unreachable_and_nothing_is_lost(
    xray: Xray, standin: Running
) -> None:
    standin.platform.faults.add(Fault(kind="drop_before", path="/xray/*"))

    with pytest.raises(Unreachable):
        await xray.put(ISSUE)
    standin.platform.faults.clear()

    assert not standin.platform.xray.issues


@pytest.mark.parametrize(
    ("switches", "style", "malicious"),
    [
        ({"malicious_flag": "issue_kind"}, IssueStyle(), True),
        ({"malicious_flag": "issue_kind"}, IssueStyle(issue_kind=0), False),
        ({"malicious_flag": "as_sent"}, IssueStyle(malicious_flag=True), True),
        ({"malicious_flag": "never"}, IssueStyle(malicious_flag=True), False),
    ],
)
async def test_the_proof_says_whether_xray_calls_the_issue_malicious(
    xray: Xray, standin: Running, switches: dict[str, Any], style: IssueStyle, malicious: bool
) -> None:
    standin.platform.switch(**switches)

    proof = await xray.put(custom_issue(AXIOS, style))

    assert proof.malicious is malicious


@pytest.mark.parametrize("kind", ["extra_fields", "missing_fields"])
async def test_fields_that_come_or_go_do_not_stop_a_push(xray: Xray, standin: Running, kind: Kind) -> None:
    gone = ("modified_time", "leading_severity", "issue_kind", "malicious_package", "created")
    standin.platform.faults.add(
        Fault(kind=kind, params=Params(fields=gone if kind == "missing_fields" else ()))
    )

    proof = await xray.put(ISSUE)

    assert proof.outcome == "created"
    assert proof.malicious is (True if kind == "extra_fields" else None)
