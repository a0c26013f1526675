"""The connection test: every cause is told apart by a code of its own, with what to do."""

import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from inventory.homes import connected, home, platform_of
from jfrog_standin.access import User
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.faults import Fault, Params
from jfrog_standin.permissions import Grant
from jfrog_standin.seeding.seed import Seed
from jfrog_standin.server import Running, running
from jfrog_standin.settings import Certificate, StandIn
from reedbed.errors import SettingsError
from reedbed.inventory.connection.checks import (
    AUTHORISATION,
    CREDENTIAL,
    DATA,
    FIVE,
    NETWORK,
    TLS,
    check,
    passed,
)
from reedbed.inventory.connection.probes import NEEDS
from reedbed.inventory.connection.scope import DEFAULT_STREAMS, Scope
from reedbed.jfrog.session import Patience
from reedbed.jobs import now_utc
from reedbed.model.checks import Check, Outcome
from reedbed.model.inventory import Stream
from reedbed.model.platform import Platform
from reedbed.store import platforms
from reedbed.store.inventory import connections as store
from reedbed.store.inventory.connections import State
from reedbed.wiring.parts import Parts

ONCE = Patience(attempts=1)


@pytest.fixture
async def standin() -> AsyncIterator[Running]:
    async with running(StandIn(seeded=Seed(images=6, small_kb=1, large_kb=1))) as server:
        yield server


@pytest.fixture
async def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Parts]:
    async with home(tmp_path, monkeypatch) as parts:
        yield parts


async def checked(
    standin: Running,
    *,
    token: str = "",
    platform: Platform | None = None,
    streams: tuple[Stream, ...] = DEFAULT_STREAMS,
) -> dict[str, Check]:
    made = await check(
        platform or platform_of(standin),
        token or standin.admin_token,
        streams,
        now=now_utc,
        rotate="reedbed connection rotate prod",
        patience=ONCE,
    )
    return {each.name: each for each in made}


def reader(standin: Running, *grants: Grant) -> str:
    """Give the token of somebody who may only do what is granted."""
    standin.platform.access.add_user(User(name="alice", password="x", grants=grants))
    return standin.platform.access.issue("alice").access_token


async def test_all_is_well(standin: Running) -> None:
    made = await checked(standin)

    assert list(made)[:5] == list(FIVE)
    assert passed(list(made.values()))
    assert {each.code for each in made.values()} == {"", "XRAY_NOT_INDEXED", "AUTH_ADMIN"}
    assert all(each.evidence for each in made.values())
    assert all(bool(each.fix) == bool(each.code) for each in made.values())
    assert "layers; Xray knows" in made[DATA].evidence


async def test_a_token_that_may_only_read_is_enough(standin: Running) -> None:
    made = await checked(standin, token=reader(standin, Grant()))

    assert passed(list(made.values()))
    assert made["Least Privilege"].outcome is Outcome.PASSED


async def test_nothing_is_written_in_jfrog(standin: Running) -> None:
    await checked(standin, streams=tuple(Stream))

    reads = {("POST", "/artifactory/api/search/aql"), ("POST", "/xray/api/v1/violations")}
    reads |= {("POST", f"/xray/api/v{version}/summary/artifact") for version in (1, 2)}
    seen = {(entry.method, entry.path) for entry in standin.platform.log.entries()}
    assert {each for each in seen if each[0] != "GET"} <= reads


# The rows of the seed's troubleshooting table, and the like


def _down(standin: Running) -> Platform:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        return platform_of(standin, url=f"https://127.0.0.1:{closed.getsockname()[1]}")


WRONG: dict[str, tuple[Callable[[Running], Platform], str, str, str]] = {
    "a name that nobody has": (
        lambda standin: platform_of(standin, url="https://nowhere.invalid"),
        *(NETWORK, "NET_DNS", "DNS"),
    ),
    "a port where nobody listens": (_down, NETWORK, "NET_REFUSED", "JFrog is running"),
    "a proxy that is not there": (
        lambda standin: msgspec.structs.replace(
            platform_of(standin), proxy=_down(standin).url.replace("https", "http")
        ),
        *(NETWORK, "NET_PROXY", "proxy"),
    ),
    "an authority that is not known": (
        lambda standin: msgspec.structs.replace(platform_of(standin), ca_file=None),
        *(TLS, "TLS_UNKNOWN_CA", "CA file"),
    ),
    "a CA file that is not there": (
        lambda standin: msgspec.structs.replace(platform_of(standin), ca_file="/no/such/ca.pem"),
        *(TLS, "TLS_CA_FILE", "CA file"),
    ),
}


@pytest.mark.parametrize("what", list(WRONG))
async def test_the_way_is_told_apart(standin: Running, what: str) -> None:
    make, name, code, fix = WRONG[what]

    made = await checked(standin, platform=make(standin))

    assert (made[name].outcome, made[name].code) == (Outcome.FAILED, code), made[name]
    assert fix in made[name].fix
    after = list(made)[list(made).index(name) + 1 :]
    assert {made[each].outcome for each in after} == {Outcome.SKIPPED}
    assert not passed(list(made.values()))


@pytest.mark.parametrize(
    ("certificate", "code"),
    [("expired", "TLS_EXPIRED"), ("unknown-ca", "TLS_UNKNOWN_CA"), ("wrong-host", "TLS_WRONG_NAME")],
)
async def test_certificates_are_told_apart(certificate: Certificate, code: str) -> None:
    async with running(StandIn(certificate=certificate)) as standin:
        made = await checked(standin)

    assert (made[NETWORK].outcome, made[TLS].outcome) == (Outcome.PASSED, Outcome.FAILED)
    assert made[TLS].code == code


TOKENS: dict[str, tuple[Callable[[Running], str], str]] = {
    "wrong": (lambda _: "a-token-that-nobody-gave", "AUTH_401"),
    "of two lines": (lambda _: "two\nlines", "AUTH_NO_TOKEN"),
    "an API key": (lambda _: "AKCp8" + "x" * 60, "AUTH_API_KEY"),
    "expired": (
        lambda standin: (
            standin.platform.access.issue(
                "admin", scope="applied-permissions/admin", expires_in_s=-60
            ).access_token
        ),
        "AUTH_EXPIRED",
    ),
}


@pytest.mark.parametrize("what", list(TOKENS))
async def test_tokens_are_told_apart(standin: Running, what: str) -> None:
    make, code = TOKENS[what]

    made = await checked(standin, token=make(standin))

    assert (made[CREDENTIAL].outcome, made[CREDENTIAL].code) == (Outcome.FAILED, code)
    assert make(standin) not in str(made)
    if code in {"AUTH_401", "AUTH_EXPIRED"}:
        assert "`reedbed connection rotate prod`" in made[CREDENTIAL].fix


async def test_a_token_that_ends_soon_is_a_warning(standin: Running) -> None:
    ending = standin.platform.access.issue(
        "admin", scope="applied-permissions/admin", expires_in_s=5 * 86_400
    )

    made = await checked(standin, token=ending.access_token)

    assert (made[CREDENTIAL].outcome, made[CREDENTIAL].code) == (Outcome.WARNED, "AUTH_EXPIRES_SOON")
    assert passed(list(made.values()))


ANSWERS: dict[str, tuple[Fault, str, str]] = {
    "a login page": (Fault(kind="login_page"), CREDENTIAL, "AUTH_LOGIN_PAGE"),
    "a trial that sleeps": (Fault(kind="redirect"), CREDENTIAL, "AUTH_ASLEEP"),
    "a redirect": (
        Fault(kind="redirect", params=Params(location="https://elsewhere.example/")),
        *(CREDENTIAL, "AUTH_REDIRECT"),
    ),
    "a server that fails": (Fault(kind="status", params=Params(status=503)), CREDENTIAL, "HTTP_5XX"),
    "a server that is busy": (Fault(kind="status", params=Params(status=429)), CREDENTIAL, "HTTP_429"),
    "an answer that is cut off": (
        Fault(kind="truncated", path="/artifactory/api/system/version"),
        *(CREDENTIAL, "ANSWER_CUT_OFF"),
    ),
    "AQL that is refused": (
        Fault(kind="status", path="*/search/aql", params=Params(status=403)),
        *(AUTHORISATION, "AUTH_403"),
    ),
    "Xray that refuses": (
        Fault(kind="status", path="/xray/api/*/summary/*", params=Params(status=403)),
        *(AUTHORISATION, "AUTH_403"),
    ),
    "a manifest that is refused": (
        Fault(kind="status", path="*/manifests/*", params=Params(status=403)),
        *(DATA, "AUTH_403"),
    ),
}


@pytest.mark.parametrize("what", list(ANSWERS))
async def test_answers_are_told_apart(standin: Running, what: str) -> None:
    fault, name, code = ANSWERS[what]
    standin.platform.faults.add(fault)

    made = await checked(standin)

    assert (made[name].outcome, made[name].code) == (Outcome.FAILED, code), made[name]
    assert made[name].fix


SWITCHES: dict[str, tuple[dict[str, Any], str, str, Outcome]] = {
    "no Xray": ({"xray_missing": True}, AUTHORISATION, "XRAY_ABSENT", Outcome.FAILED),
    "an old Xray": ({"summary_v2": False}, "Versions", "XRAY_V1_ONLY", Outcome.WARNED),
    "a clock that is ahead": ({"clock_skew_s": 300.0}, "Clock Skew", "CLOCK_SKEW", Outcome.WARNED),
}


@pytest.mark.parametrize("what", list(SWITCHES))
async def test_platforms_are_told_apart(standin: Running, what: str) -> None:
    changes, name, code, outcome = SWITCHES[what]
    standin.platform.switch(**changes)

    made = await checked(standin)

    assert (made[name].outcome, made[name].code) == (outcome, code), made[name]


async def test_a_token_for_artifactory_alone_says_so(standin: Running) -> None:
    narrow = standin.platform.access.issue("admin", scope="applied-permissions/admin", audience=["jfrt@*"])

    made = await checked(standin, token=narrow.access_token)

    assert made[AUTHORISATION].code == "AUTH_AUDIENCE"
    assert made["Permission: docker-images"].outcome is Outcome.PASSED
    assert made["Permission: vulnerabilities"].outcome is Outcome.FAILED
    assert "jfxr" in made["Permission: vulnerabilities"].fix


async def test_without_xray_repositories_and_images_can_still_be_read(standin: Running) -> None:
    standin.platform.switch(xray_missing=True)

    made = await checked(standin, streams=(Stream.REPOSITORIES, Stream.IMAGES))

    assert passed(list(made.values()))


async def test_a_token_that_sees_nothing_is_told_before_a_run_finds_nothing(standin: Running) -> None:
    made = await checked(standin, token=reader(standin, Grant(repo="no-such-repository")))

    assert (made[DATA].outcome, made[DATA].code) == (Outcome.FAILED, "DATA_NO_REPOSITORIES")


async def test_a_platform_without_images_is_a_warning() -> None:
    async with running(StandIn()) as empty:
        empty.platform.artifactory.add(Repository(key="docker-local", rclass="local", package_type="docker"))

        made = await checked(empty)

    assert (made[DATA].outcome, made[DATA].code) == (Outcome.WARNED, "DATA_NO_IMAGES")


def test_every_stream_says_what_it_needs() -> None:
    assert NEEDS.keys() == set(Stream)
    assert all(need.permission and need.endpoints for need in NEEDS.values())


# What is kept of it


async def test_a_failed_test_leaves_a_draft_and_a_passed_one_lets_it_be_enabled(
    parts: Parts, standin: Running
) -> None:
    fault = standin.platform.faults.add(Fault(kind="status", path="*/search/aql", params=Params(status=403)))
    added = await connected(parts, standin)
    with pytest.raises(SettingsError) as caught:
        await parts.connections.enable("prod", who="alice")

    standin.platform.faults.remove(fault)
    tested = await parts.connections.test("prod")
    enabled = await parts.connections.enable("prod", who="alice")

    assert (added.connection.state, tested.connection.state) == (State.DRAFT, State.DRAFT)
    assert "Authorization Scope Check: AUTH_403" in caught.value.why
    assert enabled.state is State.REGISTERED
    history = await parts.db.read(store.history, "prod")
    assert [passed(checks) for _, checks in history] == [True, False]


async def test_more_streams_or_another_platform_make_a_draft_and_fewer_streams_do_not(
    parts: Parts, standin: Running
) -> None:
    await connected(parts, standin)

    fewer = await parts.connections.edit("prod", who="alice", scope=Scope(streams=(Stream.REPOSITORIES,)))
    more = await parts.connections.edit("prod", who="alice", scope=Scope())

    assert (fewer.state, more.state) == (State.REGISTERED, State.DRAFT)


async def test_a_rotated_token_is_tested_before_it_is_taken(parts: Parts, standin: Running) -> None:
    await connected(parts, standin)

    refused = await parts.connections.rotate("prod", "a-token-that-nobody-gave", who="alice")
    after_refusal = await parts.connections.reach("prod")
    fresh = reader(standin, Grant())
    taken = await parts.connections.rotate("prod", fresh, who="alice")

    assert (refused.passed, taken.passed) == (False, True)
    assert after_refusal[1] == standin.admin_token
    assert (await parts.connections.reach("prod"))[1] == fresh
    assert taken.connection.state is State.REGISTERED


async def test_a_token_goes_to_no_platform_but_the_one_that_it_was_given_for(
    parts: Parts, standin: Running
) -> None:
    await connected(parts, standin)
    other = Platform(name="other", url="https://other.example", shielded=False)
    sealed = parts.vault.seal("other's token", context=platforms.token_context("other"))
    await parts.db.write(platforms.add, other, sealed_token=sealed)

    moved = await parts.connections.edit("prod", who="alice", platform=other)

    assert moved.state is State.DRAFT
    assert await parts.connections.reach("prod") == (other, "other's token")


async def test_an_address_is_not_taken_for_a_platform_that_only_has_its_name(
    parts: Parts, standin: Running
) -> None:
    elsewhere = Platform(name="prod", url="https://elsewhere.example")
    await parts.db.write(platforms.add, elsewhere, sealed_token="sealed")

    with pytest.raises(SettingsError, match="one of this name"):
        await connected(parts, standin)

    assert await parts.db.read(store.list_all) == []
