import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from jfrog.platforms import TIMEOUT_S, at, impatient
from jfrog_standin.access import User
from jfrog_standin.faults import Fault, Kind, Params
from jfrog_standin.permissions import Grant
from jfrog_standin.server import Running, running
from jfrog_standin.settings import Certificate, StandIn
from reedbed.jfrog.check import NAMES, PROBE_ID, Check, check
from reedbed.model.platform import Platform

ELSEWHERE = Params(location="https://sso.example/")


def now() -> datetime:
    return datetime.now(UTC)


async def looked(platform: Platform, token: str) -> dict[str, Check]:
    checks = await check(platform, token, now=now, patience=impatient(2))

    assert [each.name for each in checks] == list(NAMES)
    assert token not in repr(checks)
    assert all(each.fix and each.code and each.evidence for each in checks if each.status == "failed")
    return {each.name: each for each in checks}


def timeout_s(kind: Kind) -> float:
    """Give up soon only what never ends."""
    return 0.5 if kind == "hung" else TIMEOUT_S


def failures(checks: dict[str, Check]) -> list[tuple[str, str]]:
    return [(each.name, each.code) for each in checks.values() if each.status == "failed"]


async def test_a_platform_that_can_be_used_passes_every_check(standin: Running) -> None:
    checks = await looked(at(standin), standin.admin_token)

    assert {each.status for each in checks.values()} == {"ok"}
    assert checks["reach"].duration_ms > 0
    assert "of admin for *@*" in checks["token"].evidence


async def test_nothing_is_left_behind(standin: Running) -> None:
    await looked(at(standin), standin.admin_token)

    assert standin.platform.log.entries(method="POST", route="/xray/api/v1/events")
    assert not standin.platform.xray.issues


@pytest.mark.parametrize(
    ("fault", "path"),
    [
        ("drop_after", "/xray/api/v1/events"),
        ("silent_drop", "/xray/api/v1/events"),
        ("truncated", "/xray/api/v1/events"),
        ("hung", "/xray/api/v2/events/*"),
    ],
)
async def test_nothing_is_left_behind_when_it_fails_halfway(standin: Running, fault: Kind, path: str) -> None:
    standin.platform.faults.add(Fault(kind=fault, path=path, skip=1 if fault == "hung" else 0, count=2))

    await looked(at(standin, timeout_s=timeout_s(fault)), standin.admin_token)

    assert not standin.platform.xray.issues


async def test_nothing_is_left_behind_when_it_is_cancelled(standin: Running) -> None:
    standin.platform.faults.add(
        Fault(kind="slow", method="GET", path="/xray/api/v2/events/*", skip=1, count=1)
    )
    testing = asyncio.create_task(check(at(standin), standin.admin_token, now=now))
    async with asyncio.timeout(60):
        while PROBE_ID not in standin.platform.xray.issues:
            await asyncio.sleep(0.005)

    testing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await testing

    assert not standin.platform.xray.issues


async def test_what_a_killed_test_left_is_cleared_by_the_next(standin: Running) -> None:
    standin.platform.faults.add(Fault(kind="silent_drop", method="DELETE", count=1))
    first = await looked(at(standin), standin.admin_token)
    left = list(standin.platform.xray.issues)

    await looked(at(standin), standin.admin_token)

    assert failures(first) == [("xray-write", "write-not-proved")]
    assert left == [PROBE_ID]
    assert not standin.platform.xray.issues


# Each cause is told from the others


@pytest.mark.parametrize(
    ("certificate", "code"),
    [
        ("expired", "tls-certificate-expired"),
        ("unknown-ca", "tls-unknown-ca"),
        ("wrong-host", "tls-wrong-name"),
    ],
)
async def test_each_fault_of_a_certificate_is_told_apart(certificate: Certificate, code: str) -> None:
    async with running(StandIn(certificate=certificate)) as standin:
        checks = await looked(at(standin), standin.admin_token)

    assert failures(checks) == [("reach", code)]
    assert checks["xray-write"].status == "skipped"


async def test_tls_to_a_port_that_speaks_none_is_named() -> None:
    async with running(StandIn(certificate=None)) as standin:
        platform = at(standin, url=standin.url.replace("http://", "https://"))
        checks = await looked(platform, standin.admin_token)

    assert failures(checks) == [("reach", "tls-failed")]


async def test_a_name_that_does_not_exist_is_named(standin: Running) -> None:
    checks = await looked(at(standin, url="https://nowhere.invalid"), standin.admin_token)

    assert failures(checks) == [("reach", "name-not-found")]


async def test_a_port_where_nobody_listens_is_named(standin: Running) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    checks = await looked(at(standin, url=f"https://127.0.0.1:{port}"), standin.admin_token)

    assert failures(checks) == [("reach", "connection-refused")]


@asynccontextmanager
async def mute() -> AsyncIterator[int]:
    """Listen, accept, and never say a word."""
    writers: list[asyncio.StreamWriter] = []

    def accept(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        for writer in writers:
            writer.close()
        server.close()


async def test_a_port_that_never_answers_is_named(standin: Running) -> None:
    async with mute() as port:
        checks = await looked(
            at(standin, url=f"https://127.0.0.1:{port}", timeout_s=0.3), standin.admin_token
        )

    assert failures(checks) == [("reach", "timeout")]


@pytest.mark.parametrize(
    ("fault", "path", "failed"),
    [
        (Fault(kind="login_page"), "*", [("reach", "login-page")]),
        (Fault(kind="redirect"), "*", [("reach", "instance-asleep")]),
        (Fault(kind="redirect", params=ELSEWHERE), "*", [("reach", "redirect")]),
        (Fault(kind="status", params=Params(status=404)), "*", [("reach", "not-found")]),
        (Fault(kind="status", params=Params(status=503)), "*", [("reach", "server-error")]),
        (Fault(kind="status", params=Params(status=429)), "*", [("reach", "busy")]),
        (Fault(kind="drop_before"), "*", [("reach", "connection-dropped")]),
        (Fault(kind="hung"), "*", [("reach", "timeout")]),
        (Fault(kind="login_page"), "/xray/*", [("xray", "xray-absent")]),
        (Fault(kind="truncated"), "/xray/api/v1/system/version", [("xray", "answer-truncated")]),
        (Fault(kind="silent_drop"), "/xray/api/v1/events", [("xray-write", "write-not-kept")]),
        (Fault(kind="login_page"), "/xray/api/v1/events*", [("xray-write", "write-not-proved")]),
    ],
)  # fmt: skip
async def test_each_fault_of_an_answer_is_told_apart(
    standin: Running, fault: Fault, path: str, failed: list[tuple[str, str]]
) -> None:
    standin.platform.faults.add(msgspec.structs.replace(fault, path=path))

    checks = await looked(at(standin, timeout_s=timeout_s(fault.kind)), standin.admin_token)

    assert failures(checks) == failed


async def test_an_instance_that_sleeps_and_one_without_xray_are_told_apart(standin: Running) -> None:
    standin.platform.switch(asleep=True)
    asleep = await looked(at(standin), standin.admin_token)
    standin.platform.switch(asleep=False, xray_missing=True)
    without = await looked(at(standin), standin.admin_token)

    assert failures(asleep) == [("reach", "instance-asleep")]
    assert failures(without) == [("xray", "xray-absent")]


def reader(standin: Running, **token: Any) -> str:
    standin.platform.access.add_user(User(name="alice", password="x", grants=(Grant(),)))
    return standin.platform.access.issue("alice", **token).access_token


def administrator(standin: Running, **token: Any) -> str:
    return standin.platform.access.issue("admin", scope="applied-permissions/admin", **token).access_token


def reference(standin: Running) -> str:
    issued = standin.platform.access.issue("admin", scope="applied-permissions/admin", reference=True)
    return str(issued.reference_token)


@pytest.mark.parametrize(
    ("token", "failed"),
    [
        (lambda _: "not.a.token", [("artifactory", "unauthorised"), ("xray-token", "unauthorised")]),
        (lambda _: "two words", [("token", "token-unusable")]),
        (
            lambda _: "AKCp8abc",
            [("token", "api-key"), ("artifactory", "unauthorised"), ("xray-token", "unauthorised")],
        ),
        (
            lambda standin: administrator(standin, expires_in_s=-60),
            [("token", "token-expired"), ("artifactory", "token-expired"), ("xray-token", "token-expired")],
        ),
        (lambda standin: administrator(standin, audience=["jfrt@*"]), [("xray-token", "no-xray-audience")]),
        (reader, [("xray-write", "no-xray-write-permission")]),
        (reference, []),
        (lambda standin: administrator(standin, expires_in_s=900), []),
    ],
)
async def test_each_fault_of_a_token_is_told_apart(
    standin: Running, token: Callable[[Running], str], failed: list[tuple[str, str]]
) -> None:
    checks = await looked(at(standin), token(standin))

    assert failures(checks) == failed


async def test_a_token_for_xray_alone_is_a_warning(standin: Running) -> None:
    checks = await looked(at(standin), administrator(standin, audience=["jfxr@*"]))

    assert failures(checks) == []
    assert checks["artifactory"].code == "no-artifactory-audience"
    assert "intel.ask_in_use" in checks["artifactory"].fix
    assert checks["xray-write"].status == "ok"


@pytest.mark.parametrize("days", [29, 6, 1])
async def test_an_expiry_that_comes_is_a_warning(standin: Running, days: int) -> None:
    expiring = administrator(standin, expires_in_s=int(timedelta(days=days).total_seconds()))

    lifetime = (await looked(at(standin), expiring))["token-lifetime"]

    assert (lifetime.status, lifetime.code) == ("ok", "token-expires-soon")
    assert f"in {days}.0 days" in lifetime.evidence
    assert lifetime.fix


async def test_the_expiry_of_a_reference_token_is_asked_from_the_platform(standin: Running) -> None:
    issued = standin.platform.access.issue("admin", expires_in_s=86_400 * 10, reference=True)

    lifetime = (await looked(at(standin), str(issued.reference_token)))["token-lifetime"]

    assert lifetime.code == "token-expires-soon"


async def test_an_address_or_a_ca_file_that_can_t_be_used_is_named(standin: Running) -> None:
    plain = await looked(at(standin, url="http://host.example"), standin.admin_token)
    no_ca = await looked(at(standin, ca_file="/nowhere.pem"), standin.admin_token)

    assert failures(plain) == [("address", "address")]
    assert failures(no_ca) == [("reach", "settings")]
