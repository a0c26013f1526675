"""The records that a feed has taken back, known to us or not."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Column, Connection, Table, select

from reedbed.store.columns import KEY, METADATA, Utc
from reedbed.store.dialects import merge

WITHDRAWALS = Table(
    "withdrawals",
    METADATA,
    Column("feed", KEY, primary_key=True),
    Column("record", KEY, primary_key=True),
    Column("modified", Utc, nullable=False),  # statements that are not younger do not live
)


def load(connection: Connection, feed: str, records: Collection[str]) -> dict[str, datetime]:
    """When each of some records was last taken back, by the feed's own clock."""
    query = select(WITHDRAWALS.c.record, WITHDRAWALS.c.modified).where(
        WITHDRAWALS.c.feed == feed, WITHDRAWALS.c.record.in_(records)
    )
    return dict(connection.execute(query).all())


def save(connection: Connection, feed: str, withdrawn: Mapping[str, datetime]) -> None:
    rows = [{"feed": feed, "record": record, "modified": at} for record, at in withdrawn.items()]
    merge(connection, WITHDRAWALS, rows)
