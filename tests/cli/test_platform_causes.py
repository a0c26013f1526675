"""`platform add` and `platform test` tell the causes apart, each with what to do."""

import json
import socket
from typing import Any

import pytest

from flow.household import Household
from jfrog_standin.access import User
from jfrog_standin.faults import Fault
from jfrog_standin.permissions import Grant
from jfrog_standin.server import Running
from reedbed.cli.exit import Exit


async def failed(
    household: Household, standin: Running, *, url: str = "", token: str = "", ca: bool = True
) -> dict[str, dict[str, Any]]:
    """Try to add a platform; give the checks that failed, by their cause."""
    authority = ("--ca-file", str(standin.ca_path)) if ca else ()
    command = ("platform", "add", "prod", url or standin.url, *authority, "--timeout-s", "5", "--json")

    finished = await household.run(*command, send=f"{token or standin.admin_token}\n")

    checks = json.loads(finished.out)
    assert finished.code == Exit.FAILED, finished
    assert "was not stored" in finished.err
    assert all(each["fix"] for each in checks if each["status"] == "failed")
    return {each["code"]: each for each in checks if each["status"] == "failed"}


async def test_a_name_that_nobody_has(household: Household, standin: Running) -> None:
    causes = await failed(household, standin, url="https://nowhere.invalid")

    assert "no such host: nowhere.invalid" in causes["name-not-found"]["evidence"]
    assert "DNS" in causes["name-not-found"]["fix"]


async def test_a_port_where_nobody_listens(household: Household, standin: Running) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    causes = await failed(household, standin, url=f"https://127.0.0.1:{port}")

    assert "JFrog is running" in causes["connection-refused"]["fix"]


async def test_an_authority_that_is_not_known(household: Household, standin: Running) -> None:
    causes = await failed(household, standin, ca=False)

    assert "--ca-file" in causes["tls-unknown-ca"]["fix"]


async def test_a_token_that_is_wrong(household: Household, standin: Running) -> None:
    causes = await failed(household, standin, token="wrong-token")

    assert causes.keys() == {"unauthorised"}
    assert "access token" in causes["unauthorised"]["fix"]


async def test_a_token_that_may_only_read(household: Household, standin: Running) -> None:
    standin.platform.access.add_user(User(name="alice", password="x", grants=(Grant(),)))
    token = standin.platform.access.issue("alice").access_token

    causes = await failed(household, standin, token=token)

    assert causes.keys() == {"no-xray-write-permission"}
    assert "Manage Xray Metadata" in causes["no-xray-write-permission"]["fix"]


async def test_an_expired_token(household: Household, standin: Running) -> None:
    expired = standin.platform.access.issue("admin", scope="applied-permissions/admin", expires_in_s=-60)

    causes = await failed(household, standin, token=expired.access_token)

    assert causes.keys() == {"token-expired"}


async def test_a_platform_without_xray(household: Household, standin: Running) -> None:
    standin.platform.switch(xray_missing=True, login_page=False)

    causes = await failed(household, standin)

    assert causes.keys() == {"xray-absent"}


async def test_a_login_page_in_front(household: Household, standin: Running) -> None:
    standin.platform.faults.add(Fault(kind="login_page"))

    causes = await failed(household, standin)

    assert "HTML page" in causes["login-page"]["evidence"]


async def test_an_instance_that_sleeps(household: Household, standin: Running) -> None:
    standin.platform.switch(asleep=True)

    causes = await failed(household, standin)

    assert "browser" in causes["instance-asleep"]["fix"]


@pytest.mark.parametrize("stored", ["good", "bad"])
async def test_a_stored_platform_is_tested_as_a_new_one_is(
    household: Household, standin: Running, stored: str
) -> None:
    token = standin.admin_token if stored == "good" else "wrong-token"
    add = ("platform", "add", "prod", standin.url, "--ca-file", str(standin.ca_path), "--no-test")
    await household.run(*add, send=token)

    finished = await household.run("platform", "test", "prod")

    assert finished.code == (Exit.DONE if stored == "good" else Exit.FAILED)
    assert ("fix: " in finished.out) == (stored == "bad")
    assert token not in finished.out + finished.err
