"""Leases: what only one owner may do at a time, and until when it is theirs."""

from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Column, Connection, String, Table, delete, or_, select, update

from reedbed.store.columns import KEY, METADATA, Utc
from reedbed.store.dialects import upsert
from reedbed.store.rows import structs

LEASES = Table(
    "leases",
    METADATA,
    Column("name", KEY, primary_key=True),
    Column("owner", String, nullable=False),
    Column("taken_at", Utc, nullable=False),
    Column("until", Utc, nullable=False),
)


SKEW_S = 900.0
"""A lease that lasts that much longer than any that is given away comes from a clock that has jumped."""


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    owner: str
    taken_at: datetime
    until: datetime


def take(connection: Connection, name: str, owner: str, *, now: datetime, ttl_s: float) -> bool:
    """Take a lease that is free, or over, or this owner's already; say whether it is theirs now.

    An owner that comes back after a crash has its lease at once, so no two tasks may go by one owner's name.
    Who asks must want it for about as long as its holder: one that lasts much longer counts as over.
    """
    longest = now + timedelta(seconds=ttl_s + SKEW_S)
    taking = upsert(connection, LEASES).values(
        name=name, owner=owner, taken_at=now, until=now + timedelta(seconds=ttl_s)
    )
    statement = taking.on_conflict_do_update(
        index_elements=["name"],
        set_={key: taking.excluded[key] for key in ("owner", "taken_at", "until")},
        where=or_(LEASES.c.until <= now, LEASES.c.until > longest, LEASES.c.owner == owner),
    )
    return connection.execute(statement.returning(LEASES.c.name)).first() is not None


def renew(connection: Connection, name: str, owner: str, *, now: datetime, ttl_s: float) -> bool:
    """Prolong a lease; False where another owner has taken it over, and this one must stop."""
    statement = (
        update(LEASES)
        .where(LEASES.c.name == name, LEASES.c.owner == owner)
        .values(until=now + timedelta(seconds=ttl_s))
    )
    return connection.execute(statement).rowcount == 1


def release(connection: Connection, name: str, owner: str) -> bool:
    """Give a lease back; False where it was this owner's no more."""
    statement = delete(LEASES).where(LEASES.c.name == name, LEASES.c.owner == owner)
    return connection.execute(statement).rowcount == 1


def holder(connection: Connection, name: str, *, now: datetime) -> Lease | None:
    """Who holds a lease now."""
    query = select(LEASES).where(LEASES.c.name == name, LEASES.c.until > now)
    return next(iter(structs(connection, query, Lease)), None)
