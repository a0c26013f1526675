"""The records whose newest form says nothing that we could act on, each with the reason."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Column, Connection, Table, Text, delete, func, select, tuple_

from reedbed.store.columns import KEY, METADATA, Utc
from reedbed.store.dialects import merge
from reedbed.store.rows import structs

UNUSABLE = Table(
    "unusable",
    METADATA,
    Column("feed", KEY, primary_key=True),
    Column("record", KEY, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("first_seen_at", Utc, nullable=False),
    Column("seen_at", Utc, nullable=False),
)


class Skipped(msgspec.Struct, frozen=True, kw_only=True):
    """A record that could not be used, and since when."""

    feed: str
    record: str
    reason: str
    first_seen_at: datetime
    seen_at: datetime


def save(connection: Connection, feed: str, reasons: Mapping[str, Sequence[str]], *, now: datetime) -> None:
    """Note why records cannot be used; several reasons of one record are joined."""
    rows = [
        {
            "feed": feed,
            "record": record,
            "reason": "; ".join(dict.fromkeys(why)),
            "first_seen_at": now,
            "seen_at": now,
        }
        for record, why in reasons.items()
    ]
    merge(connection, UNUSABLE, rows, once=["first_seen_at"])


def clear(connection: Connection, feed: str, records: Collection[str], *, before: datetime) -> None:
    """Forget reasons that were noted before a moment: a usable form of the record has come since."""
    connection.execute(
        delete(UNUSABLE).where(
            UNUSABLE.c.feed == feed, UNUSABLE.c.record.in_(records), UNUSABLE.c.seen_at < before
        )
    )


def page(
    connection: Connection, *, feed: str | None = None, after: tuple[str, str] | None = None, limit: int
) -> list[Skipped]:
    """List unusable records by (feed, record), from the one after `after` on."""
    query = select(UNUSABLE).order_by(UNUSABLE.c.feed, UNUSABLE.c.record).limit(limit)
    if feed is not None:
        query = query.where(UNUSABLE.c.feed == feed)
    if after is not None:
        query = query.where(tuple_(UNUSABLE.c.feed, UNUSABLE.c.record) > after)
    return structs(connection, query, Skipped)


def count(connection: Connection) -> dict[str, int]:
    """How many records of each feed cannot be used."""
    query = select(UNUSABLE.c.feed, func.count()).group_by(UNUSABLE.c.feed)
    return dict(connection.execute(query).all())
