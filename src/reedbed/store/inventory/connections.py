"""Connections: which platform is read, what of it, when, and with which token."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    Select,
    Table,
    Text,
    delete,
    insert,
    select,
)
from sqlalchemy import Connection as Sql
from sqlalchemy import update as change

from reedbed.errors import SettingsError
from reedbed.model.checks import Check, Outcome
from reedbed.store.columns import KEY, METADATA, Json, Utc, Word, storable
from reedbed.store.dialects import upsert
from reedbed.store.inventory import counts
from reedbed.store.rows import structs
from reedbed.store.vault import Vault

KEEP_TESTS = 20
"""Of a connection: so many are looked back at."""


class State(StrEnum):
    """Whether a connection may run; how its last run ended is the run's."""

    DRAFT = "draft"  # its five checks have not passed with this configuration
    REGISTERED = "registered"
    PAUSED = "paused"


CONNECTIONS = Table(
    "connections",
    METADATA,
    Column("name", KEY, primary_key=True),
    Column("platform", KEY, ForeignKey("platforms.name"), nullable=False),
    Column("description", Text, nullable=False),
    Column("state", Word(State), nullable=False),
    Column("scope", Json(Any), nullable=False),  # `reedbed.inventory.scope.Scope`
    Column("schedule", Json(Any), nullable=False),  # `reedbed.inventory.schedule.Schedule`
    Column("revision", Integer, nullable=False),  # counts the changes, so that none overwrites another
    Column("sealed_token", Text),  # None: the platform's is used
    Column("token_expires_at", Utc),
    Column("proved_at", Utc),  # when the five checks passed with this platform, token and these streams
    Column("runs_from", Utc),  # moments of the schedule up to this one do not count
    Column("created_at", Utc, nullable=False),
    Column("changed_at", Utc, nullable=False),
)

CHECKS = Table(
    "connection_checks",
    METADATA,
    Column("connection", KEY, ForeignKey("connections.name", ondelete="CASCADE"), primary_key=True),
    Column("at", Utc, primary_key=True),
    Column("name", KEY, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("outcome", Word(Outcome), nullable=False),
    Column("code", KEY, nullable=False),  # a stable word for the cause; empty where all is well
    Column("evidence", Text, nullable=False),
    Column("fix", Text, nullable=False),
    Column("duration_s", Float, nullable=False),
    Index(None, "connection", "at"),
)


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `connections`, without its token."""

    name: str
    platform: str
    description: str = ""
    state: State = State.DRAFT
    scope: Any  # `reedbed.inventory.scope.Scope`, as JSON has it
    schedule: Any = {}  # `reedbed.inventory.schedule.Schedule`, likewise
    revision: int = 1
    token_expires_at: datetime | None = None
    proved_at: datetime | None = None
    runs_from: datetime | None = None
    created_at: datetime
    changed_at: datetime


_CONNECTION = tuple(CONNECTIONS.c[name] for name in Connection.__struct_fields__)
_CHECK = tuple(CHECKS.c[name] for name in Check.__struct_fields__)


def token_context(name: str) -> str:
    """Where a connection's own token is kept: what it is sealed for."""
    return f"connections/{name}/token"


def add(sql: Sql, connection: Connection, *, sealed_token: str | None) -> None:
    """Add a connection; without a token of its own it uses its platform's.

    Raises:
        SettingsError: there is one of this name.
    """
    adding = upsert(sql, CONNECTIONS).values(**msgspec.structs.asdict(connection), sealed_token=sealed_token)
    adding = adding.on_conflict_do_nothing(index_elements=["name"])
    if sql.execute(adding.returning(CONNECTIONS.c.name)).first() is None:
        raise SettingsError(
            f"Could not add the connection {connection.name}",
            why="there is one of this name",
            fix="Choose another name, or change that one with `reedbed connection edit`.",
        )


def get(sql: Sql, name: str) -> Connection:
    """Give a connection.

    Raises:
        SettingsError: there is none of this name.
    """
    found = structs(sql, select(*_CONNECTION).where(CONNECTIONS.c.name == name), Connection)
    if not found:
        raise _unknown(sql, name)
    return found[0]


def list_all(sql: Sql) -> list[Connection]:
    """List the connections by name."""
    return structs(sql, select(*_CONNECTION).order_by(CONNECTIONS.c.name), Connection)


def sealed_token(sql: Sql, name: str) -> str | None:
    """Give a connection's own token as it is stored; a vault opens it for `token_context(name)`."""
    found: str | None = sql.execute(
        select(CONNECTIONS.c.sealed_token).where(CONNECTIONS.c.name == name)
    ).scalar()
    return found


def update(sql: Sql, connection: Connection) -> Connection:
    """Change a connection that is still as it was read, and give it with its new revision. Its token stays.

    Raises:
        SettingsError: there is none of this name, or somebody has changed it meanwhile.
    """
    values = msgspec.structs.asdict(connection) | {"revision": connection.revision + 1}
    statement = change(CONNECTIONS).where(
        CONNECTIONS.c.name == values.pop("name"), CONNECTIONS.c.revision == connection.revision
    )
    if not sql.execute(statement.values(**values)).rowcount:
        get(sql, connection.name)
        raise SettingsError(
            f"Could not change the connection {connection.name}",
            why="somebody else has changed it meanwhile",
            fix="Look at it again with `reedbed connection show`, and repeat your change.",
        )
    return msgspec.structs.replace(connection, revision=connection.revision + 1)


def replace_token(sql: Sql, connection: Connection, sealed_token: str | None) -> Connection:
    """Put a token in the place of the old one, together with what else changes with it.

    Raises:
        SettingsError: as `update`.
    """
    changed = update(sql, connection)
    sql.execute(
        change(CONNECTIONS).where(CONNECTIONS.c.name == connection.name).values(sealed_token=sealed_token)
    )
    return changed


def unprove(sql: Sql, platform: str, *, now: datetime) -> list[str]:
    """Make drafts of the connections that use a platform's token, which has changed; give their names."""
    of_it = (CONNECTIONS.c.platform == platform, CONNECTIONS.c.sealed_token.is_(None))
    names = sql.execute(select(CONNECTIONS.c.name).where(*of_it).order_by(CONNECTIONS.c.name)).scalars().all()
    statement = change(CONNECTIONS).where(*of_it)
    sql.execute(
        statement.values(
            state=State.DRAFT, proved_at=None, changed_at=now, revision=CONNECTIONS.c.revision + 1
        )
    )
    return list(names)


def remove(sql: Sql, name: str) -> None:
    """Remove a connection with all that was read through it.

    Raises:
        SettingsError: there is none of this name.
    """
    if not sql.execute(delete(CONNECTIONS).where(CONNECTIONS.c.name == name)).rowcount:
        raise _unknown(sql, name)
    counts.forget(sql, name)


def reseal_tokens(sql: Sql, vault: Vault) -> int:
    """Encrypt every token with the vault's current key; give the number of those that another had sealed.

    Raises:
        SettingsError: the key of one is not in the vault; then none is changed.
    """
    query = select(CONNECTIONS.c.name, CONNECTIONS.c.sealed_token).where(
        CONNECTIONS.c.sealed_token.is_not(None)
    )
    resealed = 0
    for name, sealed in sql.execute(query.with_for_update()).all():
        anew = vault.reseal(sealed, context=token_context(name))
        if anew != sealed:
            sql.execute(change(CONNECTIONS).where(CONNECTIONS.c.name == name).values(sealed_token=anew))
            resealed += 1
    return resealed


# Tests


def save_test(sql: Sql, name: str, checks: Sequence[Check], *, at: datetime) -> None:
    """Keep what a test came to, and forget the oldest ones."""
    rows = [
        {"connection": name, "at": at, "position": place, **msgspec.structs.asdict(each)}
        for place, each in enumerate(checks)
    ]
    sql.execute(insert(CHECKS), [row | {"evidence": storable(str(row["evidence"]))} for row in rows])
    moments = select(CHECKS.c.at).where(CHECKS.c.connection == name).distinct().order_by(CHECKS.c.at.desc())
    kept = sql.execute(moments.limit(KEEP_TESTS)).scalars().all()
    sql.execute(delete(CHECKS).where(CHECKS.c.connection == name, CHECKS.c.at < kept[-1]))


def history(sql: Sql, name: str, *, limit: int = KEEP_TESTS) -> list[tuple[datetime, list[Check]]]:
    """List the tests of a connection, youngest first, each with its checks in order."""
    moments = select(CHECKS.c.at).where(CHECKS.c.connection == name).distinct().order_by(CHECKS.c.at.desc())
    return [
        (at, structs(sql, _checks_of(name).where(CHECKS.c.at == at), Check))
        for at in sql.execute(moments.limit(limit)).scalars().all()
    ]


def _checks_of(name: str) -> Select[Any]:
    return select(*_CHECK).where(CHECKS.c.connection == name).order_by(CHECKS.c.position)


def _unknown(sql: Sql, name: str) -> SettingsError:
    known = ", ".join(sql.execute(select(CONNECTIONS.c.name).order_by(CONNECTIONS.c.name)).scalars())
    return SettingsError(
        f"Could not find the connection {name}",
        why=f"no connection has that name; there are: {known or 'none yet'}",
        fix="Name one of those, or add it with `reedbed connection add`.",
    )
