"""The test of a registry: each row of the seed's troubleshooting is told apart, with what to do."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from inventory.homes import platform_of
from jfrog_standin.access import User
from jfrog_standin.artifactory.packages import add_go, add_npm, add_pypi
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.permissions import Grant
from jfrog_standin.server import Running, running
from jfrog_standin.settings import StandIn
from reedbed.jfrog.exchange import Answer, Call, failure_of
from reedbed.jfrog.package_repository import Verdict, read_failure
from reedbed.jfrog.session import Patience
from reedbed.jobs import now_utc
from reedbed.model.checks import Check, Outcome
from reedbed.model.registry import Endpoint, Manager, Registry
from reedbed.remedy.registry.checks import NETWORK, TLS, TOKEN, check, passed

ONCE = Patience(attempts=1)
NPM, PYPI, GO = Manager


@pytest.fixture
async def standin() -> AsyncIterator[Running]:
    async with running(StandIn()) as server:
        storage = server.platform.artifactory
        for kind in ("npm", "pypi", "go"):
            for key in (f"{kind}-local", f"{kind}-private"):
                storage.add(Repository(key=key, package_type=kind))
            virtual = Repository(
                key=f"{kind}-virtual", rclass="virtual", package_type=kind, members=(f"{kind}-local",)
            )
            storage.add(virtual)
        add_npm(storage, "npm-local", "@acme/here", "1.0.0")
        add_npm(storage, "npm-private", "hidden", "1.0.0")
        add_pypi(storage, "pypi-local", "here", "1.0")
        add_go(storage, "go-local", "example.com/Here", "v1.0.0")
        yield server


def registry(standin: Running, **keys: str) -> Registry:
    """A registry of the stand-in: its virtual repositories unless others are given."""
    base, keys = f"{standin.url}/artifactory", keys or {kind: f"{kind}-virtual" for kind in Manager}
    endpoints = {
        Manager(kind): Endpoint(manager=Manager(kind), base=base, repository=key)
        for kind, key in keys.items()
    }
    return Registry(name="prod", endpoints=endpoints, ca_file=platform_of(standin).ca_file)


async def checked(
    standin: Running, of: Registry | None = None, *, token: str = "", **packages: Sequence[str]
) -> dict[str, Check]:
    asked = {Manager(kind): names for kind, names in packages.items()}
    made = await check(
        of or registry(standin),
        token or standin.admin_token,
        now=now_utc,
        packages=asked,
        patience=ONCE,
    )
    return {each.name: each for each in made}


def reader(standin: Running, *grants: Grant, expires_in_s: int | None = None) -> str:
    """Give the token of somebody who may only do what is granted."""
    access = standin.platform.access
    access.add_user(User(name="alice", password="x", grants=grants))
    return access.issue("alice", expires_in_s=expires_in_s).access_token


async def test_all_is_well_for_somebody_who_may_only_read(standin: Running) -> None:
    made = await checked(standin, token=reader(standin, Grant()))

    assert passed(list(made.values()))
    assert list(made)[:3] == [NETWORK, TLS, TOKEN]
    assert {name for name in made if ": " in name} == {
        *("npm: Repository", "npm: Reading", "npm: Advisories"),
        *("PyPI: Repository", "PyPI: Reading", "PyPI: Upload Times"),
        *("Go: Repository", "Go: Reading"),
    }
    assert {each.code for each in made.values()} <= {"", "INDEX_WITHOUT_TIMES"}
    assert "preferred" in made["npm: Repository"].evidence


async def test_an_administrators_token_is_more_than_is_needed(standin: Running) -> None:
    made = await checked(standin)

    assert (made[TOKEN].outcome, made[TOKEN].code) == (Outcome.WARNED, "AUTH_ADMIN")


async def test_nothing_is_written_in_jfrog(standin: Running) -> None:
    await checked(standin, npm=["@acme/here"], pypi=["nobody-has-it"])

    wrote = {(each.method, each.path) for each in standin.platform.log.entries() if each.method != "GET"}
    assert wrote <= {("POST", "/artifactory/api/npm/npm-virtual/-/npm/v1/security/advisories/bulk")}


@pytest.mark.parametrize(
    ("keys", "name", "code", "said"),
    [
        ({"npm": "nowhere"}, "npm: Repository", "REGISTRY_NOT_SEEN", "npm-local, npm-private, npm-virtual"),
        ({"npm": "pypi-virtual"}, "npm: Repository", "REGISTRY_TYPE", "npm-virtual"),
        ({"npm": "npm-local"}, "npm: Repository", "REGISTRY_NOT_VIRTUAL", "npm-virtual"),
        ({"go": "go-local"}, "Go: Repository", "REGISTRY_NOT_VIRTUAL", "go-virtual"),
    ],
)
async def test_a_wrong_repository_is_told_with_those_that_could_be_meant(
    keys: dict[str, str], name: str, code: str, said: str, standin: Running
) -> None:
    made = await checked(standin, registry(standin, **keys))

    assert made[name].code == code
    assert said in made[name].fix
    assert passed(list(made.values())) is (code == "REGISTRY_NOT_VIRTUAL")


async def test_a_password_in_a_tokens_place_is_told(standin: Running) -> None:
    made = await checked(standin, token="hunter2")

    assert made["npm: Repository"].code == "AUTH_401"
    assert "not a password" in made["npm: Repository"].fix
    assert "hunter2" not in msgspec.json.encode(list(made.values())).decode()


async def test_an_expired_token_is_told_without_asking(standin: Running) -> None:
    token = reader(standin, Grant(), expires_in_s=60)
    later = datetime.now(UTC) + timedelta(days=1)

    made = await check(registry(standin), token, now=lambda: later, patience=ONCE)

    assert {each.name: each.code for each in made}[TOKEN] == "AUTH_EXPIRED"
    assert "reedbed registry rotate prod" in {each.name: each.fix for each in made}[TOKEN]


async def test_a_token_that_may_not_read_is_told(standin: Running) -> None:
    made = await checked(standin, token=reader(standin, Grant(repo="pypi-*")))

    assert not passed(list(made.values()))
    assert made["npm: Repository"].code or made["npm: Reading"].code in ("AUTH_403", "REGISTRY_NOT_SEEN")
    assert made["PyPI: Reading"].outcome is Outcome.PASSED


async def test_a_ca_file_that_is_not_there_is_told_and_nothing_is_asked(standin: Running) -> None:
    made = await checked(standin, msgspec.structs.replace(registry(standin), ca_file="/nowhere/ca.pem"))

    assert made[TLS].outcome is Outcome.FAILED
    assert "PEM file" in made[TLS].fix
    assert {each.outcome for each in made.values() if ": " in each.name} == {Outcome.SKIPPED}
    assert standin.platform.log.entries() == []


async def test_packages_that_are_there_are_found_in_any_spelling(standin: Running) -> None:
    made = await checked(standin, npm=["@acme/here"], pypi=["HERE"], go=["example.com/Here"])

    assert "1 version" in made["npm: @acme/here"].evidence
    assert "2 files" in made["PyPI: HERE"].evidence
    assert "1 version" in made["Go: example.com/Here"].evidence


@pytest.mark.parametrize(
    ("package", "code", "said"),
    [
        ("nobody-has-it", "PACKAGE_MISSING", "published"),
        ("hidden", "PACKAGE_ELSEWHERE", "a member of npm-virtual"),
    ],
)
async def test_a_package_that_is_missing_is_told_from_one_that_is_elsewhere(
    package: str, code: str, said: str, standin: Running
) -> None:
    made = (await checked(standin, npm=[package]))[f"npm: {package}"]

    assert (made.outcome, made.code) == (Outcome.FAILED, code)
    assert said in made.fix


CURATION = (
    "Package left-pad:1.0.0 download was blocked by JFrog Packages Curation service due to the following "
    "policies violated {no-copyleft,License,has GPL,use another},{too-young,Age,3 days,wait}"
)
XRAY = (
    "Artifact download request rejected: left-pad was not downloaded due to the download blocking "
    "policy configured in Xray for npm-local."
)


@pytest.mark.parametrize(
    ("body", "verdict", "policies"),
    [
        (CURATION, Verdict.BLOCKED_BY_CURATION, ("no-copyleft", "too-young")),
        (XRAY, Verdict.BLOCKED_BY_XRAY, ()),
        ("Forbidden", Verdict.FORBIDDEN, ()),
    ],
)
def test_a_block_is_no_missing_permission(body: str, verdict: Verdict, policies: tuple[str, ...]) -> None:
    answer = Answer(
        status=403,
        headers={"Content-Type": "application/json"},
        body=msgspec.json.encode({"errors": [{"status": 403, "message": body}]}),
        received_at=now_utc(),
    )
    failure = failure_of(Call(method="GET", route="/api/npm/npm-virtual/left-pad", doing="look"), answer)

    assert failure
    assert (read_failure(failure).verdict, read_failure(failure).policies) == (verdict, policies)
