"""`reedbed auth` as a user runs it: where keys go, what is shown, and what is still missing."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from auth.login import login_at
from flow.household import Household
from flow.test_secrets import files_below, found_in, traces
from reedbed.jobs import now_utc
from reedbed.model.secret import Secret
from reedbed.store import logins, profiles
from reedbed.store.database import Database
from reedbed.store.profiles import Keeper
from reedbed.store.vault import Vault, new_key, read_keys
from safedep_standin.account import KEY
from safedep_standin.server import running
from safedep_standin.sign_in import DEVICE_CODE, TOKEN, SignIn

PASTED = "pasted-key.canary-0123456789"
TENANT = ("--tenant", "acme.safedep.io")


@pytest.fixture
async def household(tmp_path: Path) -> AsyncIterator[Household]:
    household = Household(tmp_path, "sqlite")
    household.write_settings("[log]", 'level = "debug"')
    yield household
    await household.clear()


@pytest.fixture
async def authority(household: Household) -> AsyncIterator[SignIn]:
    async with running() as standin:
        settings = login_at(standin.url)
        household.settings |= {
            "REEDBED_SAFEDEP_CLIENT_ID": settings.client_id,
            "REEDBED_SAFEDEP_DEVICE_CODE_URL": settings.device_code_url,
            "REEDBED_SAFEDEP_TOKEN_URL": settings.token_url,
            "REEDBED_SAFEDEP_CONTROL_URL": settings.control_url,
        }
        yield standin.sign_in


def _with_keychain(household: Household) -> Path:
    kept = household.folder / "keychain.json"
    household.settings |= {
        "PYTHON_KEYRING_BACKEND": "auth.file_keychain.FileKeychain",
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "FILE_KEYCHAIN": str(kept),
    }
    return kept


async def test_a_key_is_kept_encrypted_shown_by_its_end_and_forgotten(household: Household) -> None:
    said = [
        await household.run("auth", "status"),
        await household.run(
            "auth", "login", "--api-key", *TENANT, "--expires", "2020-01-02", send=f"{PASTED}\n"
        ),
        await household.run("auth", "status", "--json"),
        await household.run("auth", "logout"),
        await household.run("auth", "logout"),
    ]

    assert [each.code for each in said] == [1, 0, 0, 0, 1]
    login = json.loads(said[2].out)[0]
    assert (login["profile"], login["tenant"]) == ("default", "acme.safedep.io")
    assert login["kept_in"] == "the database, encrypted"
    assert login["key"] == "EXPIRED 2020-01-02: reedbed auth login"
    assert "revoke it" in said[3].err
    _no_trace(household, PASTED, said="".join(each.out + each.err for each in said))


async def test_the_keychain_is_taken_where_there_is_one(household: Household) -> None:
    kept = _with_keychain(household)

    await household.run("auth", "login", "--api-key", *TENANT, send=PASTED)
    in_keychain = json.loads(kept.read_text())
    shown = await household.run("auth", "status")
    moved = await household.run("auth", "login", "--api-key", "--no-keychain", send=PASTED)
    left = json.loads(kept.read_text())

    assert in_keychain == {"reedbed/profiles/default/api_key": PASTED}
    assert "the system's keychain" in shown.out
    assert moved.code == 0, moved.err
    assert left == {}


async def test_a_key_on_the_command_line_is_taken_with_a_warning(household: Household) -> None:
    command = ("auth", "login", *TENANT, "--api-key", "--api-key-value", PASTED, "--profile", "staging")

    logged_in = await household.run(*command)
    household.settings["SAFEDEP_PROFILE"] = "staging"
    logged_out = await household.run("auth", "logout")

    assert logged_in.code == 0
    assert "SAFEDEP_API_KEY" in logged_in.err
    assert logged_out.code == 0
    _no_trace(household, PASTED, said=logged_in.out + logged_in.err)


async def test_without_a_client_id_a_key_is_asked_for(household: Household) -> None:
    without = await household.run("auth", "login", *TENANT)
    household.settings["SAFEDEP_API_KEY"] = PASTED
    without_tenant = await household.run("auth", "login")
    with_key = await household.run("auth", "login", *TENANT)

    assert (without.code, without_tenant.code, with_key.code) == (1, 1, 0)
    assert "safedep.client_id is not set" in without.err
    assert "There is no API key" in without.err
    assert "--tenant acme.safedep.io" in without_tenant.err


async def test_the_environment_is_a_login(household: Household) -> None:
    household.settings |= {"SAFEDEP_API_KEY": PASTED, "SAFEDEP_TENANT_ID": "acme.safedep.io"}

    shown = await household.run("auth", "status")

    assert shown.code == 0
    assert "the environment" in shown.out
    assert PASTED not in shown.out


async def test_a_device_login_makes_the_api_key_that_the_feed_wants(
    household: Household, authority: SignIn
) -> None:
    authority.answers = ["authorization_pending"]

    logged_in = await household.run("auth", "login")
    shown = await household.run("auth", "status", "--json")

    assert logged_in.code == 0, logged_in.err
    assert "/activate?user_code=REED-BEDS" in logged_in.err
    login = json.loads(shown.out)[0]
    assert (login["tenant"], login["key_expires_at"]) == (
        "acme.safedep.example",
        "2027-02-20T00:00:00Z",
    )
    _no_trace(household, KEY, TOKEN, DEVICE_CODE, said=logged_in.err + shown.out)


async def test_a_device_login_without_a_key_says_what_is_missing(
    household: Household, authority: SignIn
) -> None:
    authority.control_status = 503

    logged_in = await household.run("auth", "login")

    assert logged_in.code == 1
    assert "The feed takes API keys only" in logged_in.err
    assert "reedbed auth login --api-key" in logged_in.err


async def test_of_several_tenants_one_is_to_be_named(household: Household, authority: SignIn) -> None:
    authority.tenants = ["acme.safedep.io", "other.safedep.io"]

    unnamed = await household.run("auth", "login")
    named = await household.run("auth", "login", "--tenant", "other.safedep.io")

    assert (unnamed.code, named.code) == (1, 0)
    assert "acme.safedep.io, other.safedep.io" in unnamed.err


def _no_trace(household: Household, *secrets: str, said: str) -> None:
    wanted = traces(*secrets)
    assert not [each for each in wanted if each in said.encode()]
    assert found_in(files_below(household.folder), wanted) == []


async def test_a_login_comes_back_with_every_key_of_the_vault(database: Database) -> None:
    old, new = new_key(), new_key()
    both = Vault(read_keys(Secret(f"{new},{old}"), source="test"))
    await logins.keep(
        database,
        Vault(read_keys(Secret(old), source="test")),
        name="default",
        tenant="acme.safedep.io",
        key=Secret(PASTED),
        expires_at=None,
        now=now_utc(),
        in_keychain=False,
    )

    assert await database.write(profiles.reseal_keys, both) == 1
    assert await database.write(profiles.reseal_keys, both) == 0

    found = await logins.find(database, Vault(read_keys(Secret(new), source="test")), "default")
    assert found == (Secret(PASTED), "acme.safedep.io")
    assert [each.keeper for each in await database.read(profiles.list_all)] == [Keeper.VAULT]
    assert await logins.find(database, both, "other") is None
