import base64
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jfrog_standin.access import Access, Caller, Group, Unknown, User
from jfrog_standin.clock import Clock
from jfrog_standin.permissions import LETTERS, Grant, parse_scopes
from jfrog_standin.server import Running
from jfrog_standin.settings import Switches
from standin.conftest import Client

TOKENS = "/access/api/v1/tokens"
POLICIES = "/xray/api/v2/policies"
REPOSITORIES = "/artifactory/api/system/version"  # anything of Artifactory that wants a user


@pytest.fixture
def alice(standin: Running) -> str:
    """A token of a user who may read, and nothing else."""
    standin.platform.access.add_user(User(name="alice", password="secret", grants=(Grant(),)))
    return standin.platform.access.issue("alice").access_token


def claims(jwt: str) -> dict[str, Any]:
    payload = jwt.split(".")[1]
    text = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    return msgspec.json.decode(text, type=dict[str, Any])


async def test_a_token_says_who_it_is_what_it_may_and_for_whom(ask: Client) -> None:
    wanted = {"username": "admin", "audience": "jfrt@* jfxr@*", "expires_in": "20000"}

    made = await ask("POST", TOKENS, data=wanted)

    inside = claims(made.json["access_token"])
    assert made.status == 200
    assert inside["sub"].endswith("/users/admin")
    assert inside["sub"].startswith("jfac@01")
    assert inside["scp"] == "applied-permissions/user"
    assert inside["aud"] == ["jfrt@*", "jfxr@*"]
    assert inside["exp"] - inside["iat"] == 20_000
    assert inside["jti"] == made.json["token_id"]
    assert made.json["token_type"] == "Bearer"


async def test_a_token_for_one_audience_that_never_expires_has_a_string_and_no_exp(ask: Client) -> None:
    made = await ask("POST", TOKENS, json={"expires_in": 0})

    inside = claims(made.json["access_token"])
    assert inside["aud"] == "*@*"
    assert "exp" not in inside
    assert "expires_in" not in made.json


async def test_a_reference_token_is_opaque_and_can_ask_about_itself(ask: Client) -> None:
    made = await ask("POST", TOKENS, json={"include_reference_token": True, "description": "for ci"})
    reference = made.json["reference_token"]

    shown = await ask("GET", f"{TOKENS}/me", token=reference)

    assert len(reference) == 64
    assert "." not in reference
    assert shown.json["token_id"] == made.json["token_id"]
    assert shown.json["description"] == "for ci"


async def test_a_short_lived_token_works_but_is_not_stored(ask: Client) -> None:
    made = await ask("POST", TOKENS, json={"expires_in": 600})
    token, token_id = made.json["access_token"], made.json["token_id"]

    works = await ask("GET", POLICIES, token=token)
    me = await ask("GET", f"{TOKENS}/me", token=token)
    revoked = await ask("DELETE", f"{TOKENS}/{token_id}")
    listed = await ask("GET", TOKENS)

    assert (works.status, me.status, revoked.status) == (200, 404, 404)
    assert token_id not in [entry["token_id"] for entry in listed.json["tokens"]]


async def test_a_revoked_token_is_no_longer_taken(ask: Client) -> None:
    made = await ask("POST", TOKENS, json={})
    token = made.json["access_token"]

    revoked = await ask("DELETE", f"{TOKENS}/revoke", json={"token": token})
    after = await ask("GET", f"{TOKENS}/me", token=token)

    assert revoked.status == 200
    assert after.status == 401
    assert after.json["errors"][0]["code"] == "UNAUTHORIZED"


async def test_an_expired_token_is_told_so_by_each_service_in_its_own_shape(
    ask: Client, standin: Running
) -> None:
    token = standin.platform.access.issue("admin", expires_in_s=-1).access_token

    artifactory = await ask("GET", REPOSITORIES, token=token)
    xray = await ask("GET", POLICIES, token=token)
    access = await ask("GET", TOKENS, token=token)

    message = "Token failed verification: expired"
    assert artifactory.json == {"errors": [{"status": 401, "message": message}]}
    assert artifactory.headers["WWW-Authenticate"].startswith("Basic")
    assert xray.status == 401
    assert set(xray.json) == {"error"}
    assert access.json["errors"][0] == {"code": "UNAUTHORIZED", "message": "Invalid token, expired"}


async def test_time_passing_ends_a_token(ask: Client, standin: Running) -> None:
    token = standin.platform.access.issue("admin", expires_in_s=60).access_token
    before = await ask("GET", POLICIES, token=token)

    standin.platform.switch(clock_skew_s=61.0)
    after = await ask("GET", POLICIES, token=token)

    assert (before.status, after.status) == (200, 401)


async def test_a_token_for_artifactory_alone_is_refused_by_xray(ask: Client, standin: Running) -> None:
    token = standin.platform.access.issue("admin", audience=("jfrt@*",)).access_token

    artifactory = await ask("GET", REPOSITORIES, token=token)
    xray = await ask("GET", POLICIES, token=token)

    assert (artifactory.status, xray.status) == (200, 401)


async def test_a_token_of_another_platform_is_refused(ask: Client) -> None:
    bad = await ask("GET", REPOSITORIES, token="eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.")

    assert bad.status == 401
    assert bad.json["errors"][0]["message"] == "Props Authentication Token not found"


async def test_a_user_makes_tokens_for_themselves_and_no_more_than_they_may(ask: Client, alice: str) -> None:
    own = await ask("POST", TOKENS, token=alice, json={})
    others = await ask("POST", TOKENS, token=alice, json={"username": "admin"})
    admin = await ask("POST", TOKENS, token=alice, json={"scope": "applied-permissions/admin"})
    group = await ask("POST", TOKENS, token=alice, json={"scope": "applied-permissions/groups:ops"})

    assert [answer.status for answer in (own, others, admin, group)] == [200, 403, 403, 403]


async def test_a_user_sees_only_their_own_tokens(ask: Client, alice: str, standin: Running) -> None:
    listed = await ask("GET", TOKENS, token=alice)
    foreign = standin.platform.access.issue("admin").token.token_id
    shown = await ask("GET", f"{TOKENS}/{foreign}", token=alice)

    assert [entry["subject"].rpartition("/")[2] for entry in listed.json["tokens"]] == ["alice"]
    assert shown.status == 403


async def test_a_refresh_token_makes_a_new_token_once(ask: Client) -> None:
    first = await ask("POST", TOKENS, json={"refreshable": True})
    body = {"grant_type": "refresh_token", "refresh_token": first.json["refresh_token"]}

    second = await ask("POST", TOKENS, json=body)
    third = await ask("POST", TOKENS, json=body)
    old = await ask("GET", POLICIES, token=first.json["access_token"])

    assert second.status == 200
    assert second.json["token_id"] != first.json["token_id"]
    assert (third.status, old.status) == (400, 401)


@pytest.mark.parametrize(
    "fields",
    [
        {"scope": "x" * 501},
        {"description": "x" * 1025},
        {"username": "x" * 256},
        {"audience": "x" * 256},
        {"scope": "everything"},
        {"scope": "artifact:npm-local:z"},
        {"expires_in": -1},
        {"expires_in": "soon"},
    ],
)
async def test_a_token_request_beyond_the_limits_is_refused(ask: Client, fields: dict[str, Any]) -> None:
    refused = await ask("POST", TOKENS, json=fields)

    assert refused.status == 400
    assert refused.json["errors"][0]["code"] == "BAD_REQUEST"


async def test_basic_takes_a_password_and_a_token_of_that_user(ask: Client, alice: str) -> None:
    by_password = await ask("GET", REPOSITORIES, basic=("alice", "secret"))
    by_token = await ask("GET", REPOSITORIES, basic=("alice", alice))
    someone_else = await ask("GET", REPOSITORIES, basic=("admin", alice))
    wrong = await ask("GET", REPOSITORIES, basic=("alice", "guess"))

    assert [answer.status for answer in (by_password, by_token, someone_else, wrong)] == [200, 200, 401, 401]
    assert wrong.json["errors"][0]["message"] == "Bad credentials"


async def test_an_api_key_works_only_while_they_are_switched_on(ask: Client, standin: Running) -> None:
    standin.platform.access.add_user(User(name="alice", api_key="AKCp123"))
    header = {"X-JFrog-Art-Api": "AKCp123"}

    off = await ask("GET", REPOSITORIES, token=None, headers=header)
    standin.platform.switch(api_keys=True)
    by_header = await ask("GET", REPOSITORIES, token=None, headers=header)
    by_password = await ask("GET", REPOSITORIES, basic=("alice", "AKCp123"))
    by_bearer = await ask("GET", REPOSITORIES, token="AKCp123")

    statuses = [answer.status for answer in (off, by_header, by_password, by_bearer)]
    assert statuses == [401, 200, 200, 401]


async def test_anonymous_reads_artifactory_if_switched_on_and_never_xray(
    ask: Client, standin: Running
) -> None:
    off = await ask("GET", REPOSITORIES, token=None)
    standin.platform.switch(anonymous=True)
    on = await ask("GET", REPOSITORIES, token=None)
    xray = await ask("GET", POLICIES, token=None)

    assert (off.status, on.status, xray.status) == (401, 200, 401)


def test_a_caller_may_what_user_groups_and_scope_grant_together(standin: Running) -> None:
    access = standin.platform.access
    access.add_group(Group(name="npm team", grants=(Grant(repo="npm-*", actions=frozenset({"deploy"})),)))
    access.add_user(User(name="alice", groups=("npm team",), grants=(Grant(repo="pypi-local"),)))
    as_user = access.identify(f"Bearer {access.issue('alice').access_token}")
    scope = 'artifact:go-local/team/*:r,x applied-permissions/groups:"npm team"'
    as_scoped = access.identify(f"Bearer {access.issue('alice', scope=scope).access_token}")

    assert isinstance(as_user, Caller)
    assert isinstance(as_scoped, Caller)
    assert as_user.may("deploy", "npm-local")
    assert as_user.may("deploy", "npm-remote-cache")
    assert as_user.may("read", "pypi-local", "a/b.whl")
    assert not as_user.may("read", "go-local")
    assert not as_user.manage_xray_metadata
    assert as_scoped.may("read", "go-local", "team/x")
    assert not as_scoped.may("read", "go-local", "other/x")
    assert not as_scoped.may("read", "pypi-local")
    assert as_scoped.may("deploy", "npm-local")
    assert as_scoped.manage_xray_metadata


@given(st.one_of(st.text(max_size=60), st.text(max_size=60).map("Basic {}".format)), st.text(max_size=20))
def test_no_header_lets_anybody_in_by_accident_or_breaks_the_door(authorization: str, api_key: str) -> None:
    clock = Clock(lambda: 0.0)
    access = Access(clock=clock, switches=lambda: Switches(api_keys=True), admin_password="password")

    assert isinstance(access.identify(authorization, api_key), Unknown)
    assert isinstance(access.identify(f"Bearer {authorization}", api_key), Unknown)


@pytest.mark.parametrize(
    "header", ["Basic \udcff", "Bearer \udcff.\udcff.x", "Basic /w==", "Digest x", "\udcff"]
)
def test_headers_of_broken_bytes_are_refused(standin: Running, header: str) -> None:
    assert isinstance(standin.platform.access.identify(header, "\udcff"), Unknown)


NAMES = st.text("abcdefghij-_.0123456789", min_size=1, max_size=20)


@given(NAMES, st.text("abc/:*.", max_size=20), st.lists(st.sampled_from(sorted(LETTERS)), min_size=1))
def test_an_artifact_scope_is_read_back_as_written(repo: str, path: str, letters: list[str]) -> None:
    scopes = parse_scopes(f"artifact:{repo}/{path}:{','.join(letters)}")

    assert scopes.grants == (
        Grant(repo=repo, path=path or "*", actions=frozenset(LETTERS[letter] for letter in letters)),
    )


@given(st.text(max_size=60))
def test_any_scope_text_is_read_or_refused(text: str) -> None:
    try:
        scopes = parse_scopes(text)
    except ValueError:
        return

    assert not scopes.admin or "applied-permissions/admin" in text
