"""The workers, each with its heartbeat, so that the work of a dead one is taken over."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Column, ColumnElement, Connection, Integer, String, Table, and_, delete, or_, select

from reedbed.store.columns import KEY, METADATA, Utc
from reedbed.store.dialects import upsert
from reedbed.store.rows import structs

WORKERS = Table(
    "workers",
    METADATA,
    Column("id", KEY, primary_key=True),
    Column("host", String, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("version", String, nullable=False),
    Column("started_at", Utc, nullable=False),
    Column("beat_at", Utc, nullable=False),
)


SKEW_S = 60.0
"""A beat that much ahead of us comes from a clock that has jumped, and says nothing of life."""


class Worker(msgspec.Struct, frozen=True, kw_only=True):
    """A process that carries out runs. Its id is never used again."""

    id: str
    host: str
    pid: int
    version: str
    started_at: datetime
    beat_at: datetime


def beat(connection: Connection, worker: Worker) -> None:
    """Say that a worker lives, at its `beat_at`; the first beat makes the row."""
    beating = upsert(connection, WORKERS).values(**msgspec.structs.asdict(worker))
    connection.execute(
        beating.on_conflict_do_update(index_elements=["id"], set_={"beat_at": beating.excluded.beat_at})
    )


def alive(connection: Connection, now: datetime, younger_than_s: float) -> list[Worker]:
    """List the workers whose last beat is recent, by id."""
    beat_at, ahead = WORKERS.c.beat_at, now + timedelta(seconds=SKEW_S)
    return _listed(connection, and_(beat_at > now - timedelta(seconds=younger_than_s), beat_at <= ahead))


def dead(connection: Connection, now: datetime, older_than_s: float) -> list[Worker]:
    """List the workers that have not beaten for that long, or in a time that has not come yet, by id."""
    beat_at, ahead = WORKERS.c.beat_at, now + timedelta(seconds=SKEW_S)
    return _listed(connection, or_(beat_at <= now - timedelta(seconds=older_than_s), beat_at > ahead))


def forget(connection: Connection, ids: Sequence[str]) -> None:
    connection.execute(delete(WORKERS).where(WORKERS.c.id.in_(ids)))


def _listed(connection: Connection, which: ColumnElement[bool]) -> list[Worker]:
    return structs(connection, select(WORKERS).where(which).order_by(WORKERS.c.id), Worker)
