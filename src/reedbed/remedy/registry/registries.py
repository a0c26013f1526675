"""Registries: added after their test, changed, given new tokens. The token goes no further than a session."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection as Sql

from reedbed.errors import SettingsError
from reedbed.jfrog.token import read_token
from reedbed.model.checks import Check
from reedbed.model.registry import Endpoint, Manager, Registry
from reedbed.remedy.registry import checks
from reedbed.store import audit
from reedbed.store import registries as store
from reedbed.store.database import Database
from reedbed.store.vault import Vault


class Tested(msgspec.Struct, frozen=True, kw_only=True):
    """A registry, and what its test came to; `kept` says whether it is stored like that."""

    registry: Registry
    checks: list[Check]
    kept: bool = True

    @property
    def passed(self) -> bool:
        return checks.passed(self.checks)


class Registries:
    """Guards that a registry is stored only if it can be used, or if somebody says so."""

    def __init__(self, db: Database, vault: Vault, *, now: Callable[[], datetime]) -> None:
        self._db = db
        self._vault = vault
        self._now = now

    async def add(self, registry: Registry, token: str, *, who: str, test: bool = True) -> Tested:
        """Test a registry, and store it if the test passes, or untested.

        Raises:
            SettingsError: its name is taken.
        """
        made = await self._checked(registry, token) if test else []
        registry = _with_expiry(registry, token)
        if not checks.passed(made):
            return Tested(registry=registry, checks=made, kept=False)
        sealed = self._vault.seal(token, context=store.token_context(registry.name))

        def write(sql: Sql) -> None:
            store.add(sql, registry, sealed_token=sealed)
            self._note(sql, registry, made, who=who, action="add registry")

        await self._db.write(write)
        return Tested(registry=registry, checks=made)

    async def test(self, name: str, *, packages: Mapping[Manager, Sequence[str]]) -> Tested:
        """Test a registry as it is stored, and remember what came of it.

        Raises:
            SettingsError: there is none of this name, its token can't be decrypted, or a package is of a
                manager that it has no URL for.
        """
        registry, token = await self.reach(name)
        if missing := set(packages) - set(registry.endpoints):
            raise SettingsError(
                "Could not look the packages up",
                why=f"{name} has no URL for {', '.join(sorted(missing))}",
                fix=f"Give it one with `reedbed registry edit {name}`.",
            )
        made = await checks.check(registry, token, now=self._now, packages=packages)
        if not packages:
            await self._db.write(store.save_test, name, made, at=self._now())
        return Tested(registry=registry, checks=made)

    async def edit(
        self, name: str, changes: Mapping[Manager, Endpoint | None], *, who: str, test: bool = True
    ) -> Tested:
        """Set or take away URLs, after a test of what comes of it; where that fails nothing is changed.

        Raises:
            SettingsError: there is none of this name, no URL would be left, or they would be of two hosts.
        """
        before, token = await self.reach(name)
        endpoints = {key: each for key, each in {**before.endpoints, **changes}.items() if each is not None}
        after = _changed(before, endpoints)
        made = await self._checked(after, token) if test else []
        if not checks.passed(made):
            return Tested(registry=after, checks=made, kept=False)

        def write(sql: Sql) -> None:
            store.update(sql, after)
            self._note(sql, after, made, who=who, action="edit registry")

        await self._db.write(write)
        return Tested(registry=after, checks=made)

    async def rotate(self, name: str, token: str, *, who: str, test: bool = True) -> Tested:
        """Give a registry a new token after testing it; where that fails the old one stays.

        Raises:
            SettingsError: there is none of this name.
        """
        registry = _with_expiry(await self._db.read(store.get, name), token)
        made = await self._checked(registry, token) if test else []
        if not checks.passed(made):
            return Tested(registry=registry, checks=made, kept=False)
        sealed = self._vault.seal(token, context=store.token_context(name))

        def write(sql: Sql) -> None:
            store.replace_token(sql, registry, sealed)
            self._note(sql, registry, made, who=who, action="rotate token of registry")

        await self._db.write(write)
        return Tested(registry=registry, checks=made)

    async def remove(self, name: str, *, who: str) -> None:
        """Forget a registry and its token.

        Raises:
            SettingsError: there is none of this name.
        """

        def write(sql: Sql) -> None:
            store.remove(sql, name)
            audit.append(sql, at=self._now(), who=who, action="remove registry", subject=name)

        await self._db.write(write)

    async def reach(self, name: str) -> tuple[Registry, str]:
        """Give a registry, and its token in the clear.

        Raises:
            SettingsError: there is none of this name, or its token can't be decrypted.
        """
        registry = await self._db.read(store.get, name)
        sealed = await self._db.read(store.sealed_token, name)
        return registry, self._vault.open(sealed, context=store.token_context(name)).reveal()

    async def _checked(self, registry: Registry, token: str) -> list[Check]:
        return await checks.check(registry, token, now=self._now)

    def _note(self, sql: Sql, registry: Registry, made: Sequence[Check], *, who: str, action: str) -> None:
        audit.append(sql, at=self._now(), who=who, action=action, subject=registry.name)
        if made:
            store.save_test(sql, registry.name, made, at=self._now())


def _with_expiry(registry: Registry, token: str) -> Registry:
    return msgspec.structs.replace(registry, token_expires_at=read_token(token).expires_at)


def _changed(registry: Registry, endpoints: Mapping[Manager, Endpoint]) -> Registry:
    try:
        return msgspec.structs.replace(registry, endpoints=endpoints)
    except ValueError as error:
        raise SettingsError(
            f"Could not change the registry {registry.name}",
            why=str(error),
            fix="Keep at least one URL, all of one host; for another host add another registry.",
        ) from error
