"""Streams: how far a run came in each, and what each connection's stream knows from run to run."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Literal

import msgspec
from sqlalchemy import Boolean, Column, Connection, ForeignKey, Integer, String, Table, Text, func, select

from reedbed.model.inventory import Stream
from reedbed.store.columns import KEY, METADATA, NUMBER, Json, Utc, Word, storable
from reedbed.store.dialects import merge, upsert
from reedbed.store.rows import structs
from reedbed.store.runs import Fault


class Phase(StrEnum):
    WAITING = "waiting"
    LISTING = "listing"
    READING = "reading"  # details, findings
    RECONCILING = "reconciling"
    ENDED = "ended"
    ERRORED = "errored"


RUN_STREAMS = Table(
    "run_streams",
    METADATA,
    Column("run", KEY, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("stream", Word(Stream), primary_key=True),
    Column("phase", Word(Phase), nullable=False),
    Column("counts", Json(dict[str, int]), nullable=False),
    Column("watermark", Text),  # that the stream reached; kept for the next run only where it ended
    Column("complete", Boolean, nullable=False),  # everything was listed, nothing was trimmed or refused
    Column("gaps", Integer, nullable=False),  # items without a conclusive answer
    Column("error", Json(Fault)),
    Column("changed_at", Utc, nullable=False),
)

MARKS = Table(
    "stream_marks",
    METADATA,
    Column("connection", KEY, ForeignKey("connections.name", ondelete="CASCADE"), primary_key=True),
    Column("stream", Word(Stream), primary_key=True),
    Column("watermark", Text),
    Column("complete_run", String),  # the newest that was complete: only such a one closes anything
    Column("complete_at", Utc),
    Column("scope_digest", String, nullable=False),  # of the scope that it was read with
)

RUN_EVENTS = Table(
    "run_events",
    METADATA,
    Column("run", KEY, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("number", NUMBER, primary_key=True),
    Column("at", Utc, nullable=False),
    Column("level", String, nullable=False),
    Column("code", String, nullable=False),
    Column("stream", Word(Stream)),
    Column("item", Text),
    Column("message", Text, nullable=False),
)


class RunStream(msgspec.Struct, frozen=True, kw_only=True):
    run: str
    stream: Stream
    phase: Phase
    counts: dict[str, int]
    watermark: str | None
    complete: bool
    gaps: int
    error: Fault | None
    changed_at: datetime


def save(connection: Connection, of: RunStream) -> None:
    """Write how far a run came in a stream."""
    merge(connection, RUN_STREAMS, [msgspec.structs.asdict(of)])


def of_run(connection: Connection, run: str) -> dict[Stream, RunStream]:
    """Read how far a run came, in the order of the streams."""
    rows = structs(connection, select(RUN_STREAMS).where(RUN_STREAMS.c.run == run), RunStream)
    found = {row.stream: row for row in rows}
    return {stream: found[stream] for stream in Stream if stream in found}


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """What a connection's stream knows from run to run."""

    connection: str
    stream: Stream
    watermark: str | None = None
    complete_run: str | None = None
    complete_at: datetime | None = None
    scope_digest: str = ""


def mark(connection: Connection, name: str, stream: Stream) -> Mark:
    """Read what is known of a stream; of one that never ended nothing."""
    query = select(MARKS).where(MARKS.c.connection == name, MARKS.c.stream == stream)
    found = structs(connection, query, Mark)
    return found[0] if found else Mark(connection=name, stream=stream)


def save_mark(connection: Connection, of: Mark) -> None:
    """Keep what the next run begins with."""
    merge(connection, MARKS, [msgspec.structs.asdict(of)])


class RunEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a person who reads a run's log should know."""

    at: datetime
    level: Literal["info", "warning", "error"]
    code: str  # a stable word
    stream: Stream | None = None
    item: str | None = None  # a repository, an image
    message: str


LONGEST_LOG = 10_000
"""Events of a run that are kept: a platform that refuses every image must not fill the disk."""


def tell(connection: Connection, run: str, events: Sequence[RunEvent]) -> None:
    """Append to a run's log."""
    told = select(func.coalesce(func.max(RUN_EVENTS.c.number), 0)).where(RUN_EVENTS.c.run == run)
    last = connection.execute(told).scalar_one()
    rows = [
        {"run": run, "number": number, **msgspec.structs.asdict(event), "message": storable(event.message)}
        for number, event in enumerate(events, start=last + 1)
        if number <= LONGEST_LOG
    ]
    if rows:
        connection.execute(upsert(connection, RUN_EVENTS).on_conflict_do_nothing(), rows)


def told_of(connection: Connection, run: str) -> dict[str, int]:
    """Count what a run's log has of warnings and errors, by code, the most first."""
    many = func.count().label("many")
    query = select(RUN_EVENTS.c.code, many).where(RUN_EVENTS.c.run == run, RUN_EVENTS.c.level != "info")
    rows = connection.execute(query.group_by(RUN_EVENTS.c.code).order_by(many.desc(), RUN_EVENTS.c.code))
    return {row.code: row.many for row in rows}


def log_of(connection: Connection, run: str, *, limit: int) -> list[RunEvent]:
    """Read a run's log, oldest first."""
    columns = [RUN_EVENTS.c[name] for name in RunEvent.__struct_fields__]
    query = select(*columns).where(RUN_EVENTS.c.run == run).order_by(RUN_EVENTS.c.number).limit(limit)
    return structs(connection, query, RunEvent)
