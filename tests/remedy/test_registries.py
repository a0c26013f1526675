"""Registries are kept only if they can be used, and a token stays until a better one was proved."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from inventory.homes import home, platform_of
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.server import Running, running
from jfrog_standin.settings import StandIn
from reedbed.errors import SettingsError
from reedbed.model.registry import Endpoint, Manager, Registry
from reedbed.store import registries as store
from reedbed.store.database import Database
from reedbed.wiring.parts import Parts, rotate_key

NPM, PYPI, GO = Manager
ELSEWHERE = Endpoint(manager=GO, base="https://other.example/artifactory", repository="go")


@pytest.fixture
async def standin() -> AsyncIterator[Running]:
    async with running(StandIn()) as server:
        server.platform.artifactory.add(Repository(key="npm-local", package_type="npm"))
        yield server


@pytest.fixture
async def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Parts]:
    async with home(tmp_path, monkeypatch) as parts:
        yield parts


def registry(standin: Running, key: str = "npm-local") -> Registry:
    npm = Endpoint(manager=NPM, base=f"{standin.url}/artifactory", repository=key)
    return Registry(name="prod", endpoints={NPM: npm}, ca_file=platform_of(standin).ca_file)


async def test_a_registry_that_can_not_be_used_is_not_stored(parts: Parts, standin: Running) -> None:
    tested = await parts.registries.add(registry(standin, "nowhere"), standin.admin_token, who="alice")

    assert not tested.kept
    assert await parts.db.read(store.list_all) == []


async def test_a_registry_comes_back_with_its_test_and_its_token(parts: Parts, standin: Running) -> None:
    tested = await parts.registries.add(registry(standin), standin.admin_token, who="alice")

    last = await parts.db.read(store.last_test, "prod")
    assert tested.kept
    assert await parts.registries.reach("prod") == (tested.registry, standin.admin_token)
    assert last.checks == tested.checks
    assert standin.admin_token not in await parts.db.read(store.sealed_token, "prod")


async def test_a_token_that_is_not_taken_leaves_the_old_one(parts: Parts, standin: Running) -> None:
    await parts.registries.add(registry(standin), standin.admin_token, who="alice")

    refused = await parts.registries.rotate("prod", "wrong", who="alice")
    other = standin.platform.access.issue("admin", scope="applied-permissions/admin").access_token
    taken = await parts.registries.rotate("prod", other, who="alice")

    assert (refused.kept, taken.kept) == (False, True)
    assert (await parts.registries.reach("prod"))[1] == other


async def test_urls_are_of_one_host_and_at_least_one(parts: Parts, standin: Running) -> None:
    await parts.registries.add(registry(standin), standin.admin_token, who="alice")

    with pytest.raises(SettingsError, match="several hosts"):
        await parts.registries.edit("prod", {GO: ELSEWHERE}, who="alice", test=False)
    with pytest.raises(SettingsError, match="at least one URL"):
        await parts.registries.edit("prod", {NPM: None}, who="alice", test=False)

    assert list((await parts.registries.reach("prod"))[0].endpoints) == [NPM]


async def test_a_manager_is_added_later_and_taken_away(parts: Parts, standin: Running) -> None:
    standin.platform.artifactory.add(Repository(key="go-local", package_type="go"))
    await parts.registries.add(registry(standin), standin.admin_token, who="alice")
    more = Endpoint(manager=GO, base=f"{standin.url}/artifactory", repository="go-local")

    added = await parts.registries.edit("prod", {GO: more}, who="alice")
    taken = await parts.registries.edit("prod", {NPM: None}, who="alice")

    assert (list(added.registry.endpoints), list(taken.registry.endpoints)) == ([NPM, GO], [GO])
    assert added.passed


async def test_a_new_key_seals_the_tokens_of_registries_anew(parts: Parts, standin: Running) -> None:
    await parts.registries.add(registry(standin), standin.admin_token, who="alice", test=False)
    before = await parts.db.read(store.sealed_token, "prod")

    rotated = await rotate_key(parts)

    assert rotated.resealed == 1
    assert await parts.db.read(store.sealed_token, "prod") != before


async def test_a_removed_registry_is_forgotten(parts: Parts, standin: Running) -> None:
    await parts.registries.add(registry(standin), standin.admin_token, who="alice", test=False)

    await parts.registries.remove("prod", who="alice")

    with pytest.raises(SettingsError, match="none yet"):
        await parts.registries.reach("prod")


async def test_a_registry_lies_alike_in_both_databases(database: Database) -> None:
    full = Registry(
        name="prod", endpoints={GO: ELSEWHERE}, ca_file="/etc/ca.pem", proxy="http://proxy.example:3128"
    )

    await database.write(store.add, full, sealed_token="sealed")
    with pytest.raises(SettingsError, match="one of this name"):
        await database.write(store.add, full, sealed_token="other")
    await database.write(store.update, msgspec.structs.replace(full, timeout_s=5.0))

    assert await database.read(store.get, "prod") == msgspec.structs.replace(full, timeout_s=5.0)
    assert await database.read(store.sealed_token, "prod") == "sealed"
