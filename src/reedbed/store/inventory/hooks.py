"""Hooks: who may tell a connection of changes, with which secret; and what came of the last deliveries."""

from datetime import datetime
from enum import StrEnum

import msgspec
from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    ForeignKeyConstraint,
    Integer,
    String,
    Table,
    Text,
    and_,
    delete,
    select,
    update,
)

from reedbed.errors import SettingsError
from reedbed.model.hints import Source
from reedbed.store.columns import KEY, METADATA, Utc, Word, storable
from reedbed.store.dialects import merge
from reedbed.store.inventory import hints
from reedbed.store.inventory.connections import CONNECTIONS
from reedbed.store.rows import structs
from reedbed.store.vault import Vault

KEEP = 50
"""Deliveries to a hook that are looked back at."""


class Outcome(StrEnum):
    """What came of a delivery."""

    ACCEPTED = "accepted"
    REPEATED = "repeated"  # it had come before, and did nothing
    REFUSED = "refused"


HOOKS = Table(
    "hooks",
    METADATA,
    Column("connection", KEY, primary_key=True),
    Column("source", Word(Source), primary_key=True),
    Column("sealed_secret", Text, nullable=False),
    Column("signed", Boolean, nullable=False),  # the secret signs what is sent, and is not sent itself
    Column("accepted", Integer, nullable=False),
    Column("repeated", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("last_at", Utc),  # of a delivery, whatever came of it
    ForeignKeyConstraint(["connection"], [CONNECTIONS.c.name], ondelete="CASCADE"),
)

DELIVERIES = Table(
    "hook_deliveries",
    METADATA,
    Column("connection", KEY, primary_key=True),
    Column("source", Word(Source), primary_key=True),
    Column("id", KEY, primary_key=True),  # sorts as time does
    Column("at", Utc, nullable=False),
    Column("outcome", Word(Outcome), nullable=False),
    Column("code", String, nullable=False),  # why it was refused, a stable word; else empty
    Column("event", String, nullable=False),
    Column("hints", Integer, nullable=False),  # images that it speaks of
    ForeignKeyConstraint(["connection", "source"], [HOOKS.c.connection, HOOKS.c.source], ondelete="CASCADE"),
)
_OF = HOOKS.c


class Hook(msgspec.Struct, frozen=True, kw_only=True):
    """A hook, without its secret."""

    connection: str
    source: Source
    signed: bool
    accepted: int = 0
    repeated: int = 0
    refused: int = 0
    created_at: datetime
    last_at: datetime | None = None


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one delivery; nothing that a stranger wrote."""

    id: str
    at: datetime
    outcome: Outcome
    code: str = ""
    event: str = ""
    hints: int = 0


def secret_context(connection: str, source: Source) -> str:
    """Where a hook's secret is kept: what it is sealed for."""
    return f"hooks/{connection}/{source}/secret"


def save(connection: Connection, hook: Hook, *, sealed_secret: str) -> None:
    """Make a hook, or give the one that there is another secret; its counts stay."""
    row = {**msgspec.structs.asdict(hook), "sealed_secret": sealed_secret}
    kept = ["accepted", "repeated", "refused", "created_at", "last_at"]
    merge(connection, HOOKS, [row], once=kept)


def list_all(connection: Connection, name: str | None = None) -> list[Hook]:
    """List the hooks, of one connection or of all."""
    query = select(*(_OF[field] for field in Hook.__struct_fields__)).order_by(_OF.connection, _OF.source)
    return structs(connection, query if name is None else query.where(_OF.connection == name), Hook)


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """A hook's secret as it is stored; a vault opens it for its `context`."""

    connection: str
    source: Source
    signed: bool
    sealed_secret: str

    @property
    def context(self) -> str:
        return secret_context(self.connection, self.source)


def sealed(connection: Connection) -> list[Sealed]:
    """List the secrets of all hooks."""
    query = select(*(_OF[field] for field in Sealed.__struct_fields__))
    return structs(connection, query.order_by(_OF.connection, _OF.source), Sealed)


def remove(connection: Connection, name: str, source: Source) -> None:
    """Take a hook away; with a connection's last one go the hints that wait.

    Raises:
        SettingsError: there is none.
    """
    if not connection.execute(delete(HOOKS).where(_OF.connection == name, _OF.source == source)).rowcount:
        raise SettingsError(
            f"Could not disable the hook of {name} for {source}",
            why="there is none",
            fix=f"Look at what there is with `reedbed connection hook show {name}`.",
        )
    if not list_all(connection, name):
        hints.drop(connection, name)


def record(connection: Connection, name: str, source: Source, delivery: Delivery) -> None:
    """Count a delivery and keep it, with those just before it. Of a hook that is gone nothing is kept."""
    counted = _OF[delivery.outcome.value]
    mine = and_(_OF.connection == name, _OF.source == source)
    counting = update(HOOKS).where(mine).values({counted: counted + 1, _OF.last_at: delivery.at})
    if not connection.execute(counting).rowcount:
        return
    row = {"connection": name, "source": source, **msgspec.structs.asdict(delivery)}
    merge(connection, DELIVERIES, [row | {"event": storable(delivery.event)}])
    kept = select(DELIVERIES.c.id).where(_deliveries(name, source)).order_by(DELIVERIES.c.id.desc())
    if oldest := connection.execute(kept.offset(KEEP - 1).limit(1)).scalar():
        connection.execute(delete(DELIVERIES).where(_deliveries(name, source), DELIVERIES.c.id < oldest))


def last(connection: Connection, name: str, source: Source, *, limit: int) -> list[Delivery]:
    """List the last deliveries to a hook, youngest first."""
    columns = [DELIVERIES.c[field] for field in Delivery.__struct_fields__]
    query = select(*columns).where(_deliveries(name, source)).order_by(DELIVERIES.c.id.desc())
    return structs(connection, query.limit(limit), Delivery)


def _deliveries(name: str, source: Source) -> ColumnElement[bool]:
    return and_(DELIVERIES.c.connection == name, DELIVERIES.c.source == source)


def reseal_secrets(connection: Connection, vault: Vault) -> int:
    """Encrypt every secret with the vault's current key; give the number of those that another had sealed."""
    resealed = 0
    for each in sealed(connection):
        anew = vault.reseal(each.sealed_secret, context=each.context)
        if anew != each.sealed_secret:
            mine = and_(_OF.connection == each.connection, _OF.source == each.source)
            connection.execute(update(HOOKS).where(mine).values(sealed_secret=anew))
            resealed += 1
    return resealed
