"""Connections: added, tested, enabled, changed. Until its five checks have passed, one is a draft."""

from collections.abc import Callable
from datetime import datetime

import msgspec
from sqlalchemy import Connection as Sql

from reedbed.errors import SettingsError
from reedbed.inventory.connection import checks
from reedbed.inventory.connection.schedule import Schedule
from reedbed.inventory.connection.scope import Scope
from reedbed.jfrog.access import token_expiry
from reedbed.jfrog.causes import ROTATE
from reedbed.model.checks import Check
from reedbed.model.platform import NAME, Platform
from reedbed.store import audit, platforms
from reedbed.store.database import Database
from reedbed.store.inventory import connections as store
from reedbed.store.inventory.connections import Connection, State
from reedbed.store.vault import Vault


class Tested(msgspec.Struct, frozen=True, kw_only=True):
    """A connection, and what its test came to."""

    connection: Connection
    checks: list[Check]

    @property
    def passed(self) -> bool:
        return checks.passed(self.checks)


class New(msgspec.Struct, frozen=True, kw_only=True):
    """A connection that is to be added."""

    name: str
    platform: Platform
    description: str = ""
    scope: Scope = Scope()
    token: str | None = None  # None: the platform's

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ValueError(f"a connection's name is of a-z, 0-9 and -, at most 63 long; not {self.name!r}")


class Connections:
    """Guards that nothing is read, and nothing scheduled, through a connection that was not proved."""

    def __init__(self, db: Database, vault: Vault, *, now: Callable[[], datetime]) -> None:
        self._db = db
        self._vault = vault
        self._now = now

    async def reach(self, name: str) -> tuple[Platform, str]:
        """Give a connection's platform, and the token in the clear, which goes no further than a session.

        Raises:
            SettingsError: there is no such connection, or its token can't be decrypted.
        """
        connection = await self._db.read(store.get, name)
        platform = await self._db.read(platforms.get, connection.platform)
        own = await self._db.read(store.sealed_token, name)
        if own is not None:
            return platform, self._vault.open(own, context=store.token_context(name)).reveal()
        sealed = await self._db.read(platforms.sealed_token, platform.name)
        return platform, self._vault.open(sealed, context=platforms.token_context(platform.name)).reveal()

    async def add(self, new: New, *, test: bool = True) -> Tested:
        """Store a connection, after its test: enabled where the five checks pass, else as a draft.

        A platform that is not stored yet is stored with it, under the connection's name; its token is then
        the platform's too.

        Raises:
            SettingsError: its name, or the platform's, is taken.
        """
        token = new.token or await self._token_of(new.platform)
        expires_at = await token_expiry(new.platform, token) if new.token else None
        made = await self._checked(new, token) if test else []
        proved = checks.passed(made)
        now = self._now()
        connection = Connection(
            name=new.name,
            platform=new.platform.name,
            description=new.description,
            state=State.REGISTERED if proved else State.DRAFT,
            scope=msgspec.to_builtins(new.scope),
            proved_at=now if proved else None,
            runs_from=now,
            token_expires_at=expires_at,
            created_at=now,
            changed_at=now,
        )
        await self._db.write(self._add, connection, new, made)
        return Tested(connection=connection, checks=made)

    async def _checked(self, new: New, token: str) -> list[Check]:
        own = f"reedbed connection rotate {new.name}"
        rotate = own if new.token else f"{ROTATE} {new.platform.name}"
        return await checks.check(new.platform, token, new.scope.streams, now=self._now, rotate=rotate)

    async def _token_of(self, platform: Platform) -> str:
        sealed = await self._db.read(platforms.sealed_token, platform.name)
        return self._vault.open(sealed, context=platforms.token_context(platform.name)).reveal()

    def _add(self, sql: Sql, connection: Connection, new: New, made: list[Check]) -> None:
        known = {each.name: each.url for each in platforms.list_all(sql)}
        if new.token and known.get(new.platform.name) != new.platform.url:
            context = platforms.token_context(new.platform.name)
            platform = msgspec.structs.replace(new.platform, token_expires_at=connection.token_expires_at)
            platforms.add(sql, platform, sealed_token=self._vault.seal(new.token, context=context))
        context = store.token_context(new.name)
        own = self._vault.seal(new.token, context=context) if new.token else None
        store.add(sql, connection, sealed_token=own)
        if made:
            store.save_test(sql, connection.name, made, at=connection.created_at)

    async def test(self, name: str) -> Tested:
        """Test a connection as it is stored, and remember what came of it; it enables nothing."""
        connection = await self._db.read(store.get, name)
        platform, token = await self.reach(name)
        scope = scope_of(connection)
        rotate = await self.rotation(name)
        made = await checks.check(platform, token, scope.streams, now=self._now, rotate=rotate)
        expires_at = await token_expiry(platform, token)
        connection = await self._db.write(self._note_test, connection, made, expires_at, self._now())
        return Tested(connection=connection, checks=made)

    def _note_test(
        self, sql: Sql, connection: Connection, made: list[Check], expires_at: datetime | None, now: datetime
    ) -> Connection:
        store.save_test(sql, connection.name, made, at=now)
        if store.sealed_token(sql, connection.name) is None:
            platforms.note_expiry(sql, connection.platform, expires_at)
            expires_at = None
        proved_at = now if checks.passed(made) else connection.proved_at
        changed = msgspec.structs.replace(connection, proved_at=proved_at, token_expires_at=expires_at)
        return store.update(sql, changed)

    async def rotation(self, name: str) -> str:
        """Name the command that replaces the token which a connection uses.

        Raises:
            SettingsError: there is no such connection.
        """
        connection = await self._db.read(store.get, name)
        own = await self._db.read(store.sealed_token, name)
        return f"reedbed connection rotate {name}" if own else f"{ROTATE} {connection.platform}"

    async def enable(self, name: str, *, who: str) -> Connection:
        """Let a connection run; one that was proved and is a draft no more.

        Raises:
            SettingsError: its five checks have not passed with this platform, token and these streams.
        """
        connection = await self._db.read(store.get, name)
        await self._check_proved(connection)
        return await self._switch(connection, State.REGISTERED, who=who, action="enable connection")

    async def pause(self, name: str, *, who: str) -> Connection:
        """Begin no run of its schedule any more, until it is resumed; a live run goes on to its end.

        Raises:
            SettingsError: it is a draft, which does not run anyway.
        """
        connection = await self._db.read(store.get, name)
        await self._check_proved(connection)
        return await self._switch(connection, State.PAUSED, who=who, action="pause connection")

    async def _check_proved(self, connection: Connection) -> None:
        if connection.proved_at is None:
            raise not_proved(connection, await self._db.read(store.history, connection.name, limit=1))

    async def _switch(self, connection: Connection, state: State, *, who: str, action: str) -> Connection:
        """Change the state; what was missed until now stays missed."""
        changed = msgspec.structs.replace(connection, state=state, runs_from=self._now())
        return await self._save(changed, who=who, action=action)

    async def edit(
        self,
        name: str,
        *,
        who: str,
        description: str | None = None,
        platform: Platform | None = None,
        scope: Scope | None = None,
    ) -> Connection:
        """Change what a connection is; with another platform or more streams it is a draft again.

        With another platform it uses that one's token: its own was given for the one before, and goes to no
        other.

        Raises:
            SettingsError: somebody has changed it meanwhile.
        """
        before = await self._db.read(store.get, name)
        after = before
        if description is not None:
            after = msgspec.structs.replace(after, description=description)
        if scope is not None:
            after = msgspec.structs.replace(after, scope=msgspec.to_builtins(scope))
        if platform is not None and platform.name != before.platform:
            after = msgspec.structs.replace(after, platform=platform.name, token_expires_at=None)
        more = set(scope_of(after).streams) - set(scope_of(before).streams)
        if more or after.platform != before.platform:
            after = msgspec.structs.replace(after, state=State.DRAFT, proved_at=None)
        forget = after.platform != before.platform
        return await self._save(after, who=who, action="edit connection", forget_token=forget)

    async def schedule(self, name: str, wanted: Schedule, *, who: str) -> Connection:
        """Say when a connection runs from now on.

        Raises:
            SettingsError: it is a draft.
        """
        connection = await self._db.read(store.get, name)
        await self._check_proved(connection)
        changed = msgspec.structs.replace(
            connection, schedule=msgspec.to_builtins(wanted), runs_from=self._now()
        )
        return await self._save(changed, who=who, action="schedule connection")

    async def rotate(self, name: str, token: str, *, who: str, test: bool = True) -> Tested:
        """Give a connection a token of its own, after testing it: where that fails the old one stays.

        Untested, the new one is taken as it is, and the connection is a draft.

        Raises:
            SettingsError: somebody has changed the connection meanwhile.
        """
        connection = await self._db.read(store.get, name)
        platform = await self._db.read(platforms.get, connection.platform)
        streams = scope_of(connection).streams
        rotate = f"reedbed connection rotate {name}"
        made = await checks.check(platform, token, streams, now=self._now, rotate=rotate) if test else []
        if test and not checks.passed(made):
            return Tested(connection=connection, checks=made)
        now, expires_at = self._now(), await token_expiry(platform, token)
        changed = msgspec.structs.replace(
            connection,
            proved_at=now if test else None,
            state=connection.state if test else State.DRAFT,
            token_expires_at=expires_at,
            changed_at=now,
        )
        sealed = self._vault.seal(token, context=store.token_context(name))

        def write(sql: Sql) -> Connection:
            audit.append(sql, at=now, who=who, action="rotate token of connection", subject=name)
            if made:
                store.save_test(sql, name, made, at=now)
            return store.replace_token(sql, changed, sealed)

        return Tested(connection=await self._db.write(write), checks=made)

    async def remove(self, name: str, *, who: str) -> None:
        """Forget a connection, and all that was read through it.

        Raises:
            SettingsError: there is none of this name.
        """

        def write(sql: Sql) -> None:
            audit.append(sql, at=self._now(), who=who, action="remove connection", subject=name)
            store.remove(sql, name)

        await self._db.write(write)

    async def _save(
        self, changed: Connection, *, who: str, action: str, forget_token: bool = False
    ) -> Connection:
        now = self._now()
        changed = msgspec.structs.replace(changed, changed_at=now)

        def write(sql: Sql) -> Connection:
            audit.append(sql, at=now, who=who, action=action, subject=changed.name)
            return store.replace_token(sql, changed, None) if forget_token else store.update(sql, changed)

        return await self._db.write(write)


def scope_of(connection: Connection) -> Scope:
    """Read what a connection reads."""
    return msgspec.convert(connection.scope, Scope)


def not_proved(connection: Connection, history: list[tuple[datetime, list[Check]]]) -> SettingsError:
    """Say why a draft is one."""
    name, why = connection.name, "it was not tested as it is now"
    fix = f"Mend that, then `reedbed connection test {name}` and `reedbed connection enable {name}`."
    if connection.proved_at is not None:
        why = "it has passed its checks, and was not enabled since"
        fix = f"Run `reedbed connection enable {name}`."
    elif history and (failed := checks.blocking(history[0][1])):
        why = "; ".join(f"{each.name}: {each.code}: {each.evidence}" for each in failed)
    return SettingsError(
        f"The connection {name} is a draft, which can't be enabled, scheduled or run", why=why, fix=fix
    )
