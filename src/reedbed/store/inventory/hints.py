"""Hints that wait to be looked at, and those that were: so that the same one again is known as such."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Integer,
    Table,
    and_,
    delete,
    func,
    or_,
    select,
    tuple_,
    update,
)

from reedbed.model.hints import Hint, everything
from reedbed.store.columns import KEY, METADATA, Utc
from reedbed.store.dialects import merge
from reedbed.store.rows import slices

HINTS = Table(
    "hints",
    METADATA,
    Column("connection", KEY, ForeignKey("connections.name", ondelete="CASCADE"), primary_key=True),
    Column("repository", KEY, primary_key=True),  # all three empty: look at everything
    Column("path", KEY, primary_key=True),
    Column("tag", KEY, primary_key=True),
    Column("event", KEY, nullable=False),
    Column("delivery", KEY, nullable=False),  # SHA-256 of the body that told it last
    Column("first_at", Utc, nullable=False),  # since when it waits
    Column("told_at", Utc, nullable=False),
    Column("times", Integer, nullable=False),  # that it was told, ever
    Column("waiting", Boolean, nullable=False),
    Column("run", KEY, nullable=False),  # that looks at it; empty: none does
    Column("taken", Integer, nullable=False),  # `times`, when that run took it
)
_OF = HINTS.c
_PLACE = (_OF.repository, _OF.path, _OF.tag)

MOST_WAITING = 2_000
"""Of a connection; where more wait, everything is looked at instead."""

STALE = timedelta(days=7)
"""So long a hint waits at most, for a connection that never runs."""


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """What waits of a connection."""

    number: int
    since: datetime


def take_in(
    connection: Connection,
    name: str,
    hints: Sequence[Hint],
    *,
    delivery: str,
    now: datetime,
    remember: timedelta,
) -> bool:
    """Let hints wait; False: this very delivery was the last that told of each of these places, not long ago.

    So a delivery that comes again does nothing, and one that says the same after something else was said
    (pushed, deleted, pushed again) is news.
    """
    _forget(connection, name, now=now, remember=remember)
    known = _known(connection, name, hints)
    recent = [known.get(_key(hint)) for hint in hints]
    if hints and all(told is not None and told == delivery for told in recent):
        return False
    wanting = _crowded(connection, name, hints)
    _save(connection, name, wanting, delivery=delivery, now=now)
    return True


def _known(connection: Connection, name: str, hints: Sequence[Hint]) -> dict[tuple[str, str, str], str]:
    """Give which delivery told of places last."""
    found: dict[tuple[str, str, str], str] = {}
    for some in slices([_key(hint) for hint in hints], 400):
        query = select(*_PLACE, _OF.delivery).where(_OF.connection == name, tuple_(*_PLACE).in_(some))
        found |= {(row.repository, row.path, row.tag): row.delivery for row in connection.execute(query)}
    return found


def _crowded(connection: Connection, name: str, hints: Sequence[Hint]) -> Sequence[Hint]:
    """Give the hints, or the one for everything where too many would wait."""
    waiting = select(func.count()).where(_OF.connection == name, _OF.waiting.is_(True))
    if hints and connection.execute(waiting).scalar_one() + len(hints) > MOST_WAITING:
        return [everything(hints[0].event)]
    return hints


def _save(connection: Connection, name: str, hints: Iterable[Hint], *, delivery: str, now: datetime) -> None:
    rows = [
        {
            "connection": name,
            **msgspec.structs.asdict(hint),
            "delivery": delivery,
            "first_at": now,
            "told_at": now,
            "times": 0,
            "waiting": True,
            "run": "",
            "taken": 0,
        }
        for hint in hints
    ]
    answered = and_(_OF.connection == name, _OF.waiting.is_(False))
    for some in slices(rows, 400):
        places = [(row["repository"], row["path"], row["tag"]) for row in some]
        again = update(HINTS).where(answered, tuple_(*_PLACE).in_(places))
        connection.execute(again.values(first_at=now))
        merge(connection, HINTS, some, once=["first_at", "times", "run", "taken"])
        counted = update(HINTS).where(_OF.connection == name, tuple_(*_PLACE).in_(places))
        connection.execute(counted.values(times=_OF.times + 1))


def waiting(connection: Connection) -> dict[str, Waiting]:
    """Say what waits, by connection; what a run has taken waits until the run has ended well."""
    query = (
        select(_OF.connection, func.count().label("number"), func.min(_OF.first_at).label("since"))
        .where(_OF.waiting.is_(True))
        .group_by(_OF.connection)
    )
    return {row.connection: Waiting(number=row.number, since=row.since) for row in connection.execute(query)}


def take(connection: Connection, name: str, *, run: str) -> list[Hint]:
    """Take what waits for a run; one that was broken off gets what it had, which its plan was made with."""
    mine = and_(_OF.connection == name, _OF.waiting.is_(True), _OF.run == run)
    query = select(*_PLACE, _OF.event).where(mine).order_by(*_PLACE)
    if not (rows := connection.execute(query).all()):
        free = and_(_OF.connection == name, _OF.waiting.is_(True))
        connection.execute(update(HINTS).where(free).values(run=run, taken=_OF.times))
        rows = connection.execute(query).all()
    return [Hint(*row) for row in rows]


def answer(connection: Connection, name: str, *, run: str, now: datetime) -> int:
    """End the wait of what a run has looked at, but of what was told again meanwhile; give how many ended."""
    mine = and_(_OF.connection == name, _OF.run == run)
    told_again = update(HINTS).where(mine, _OF.times > _OF.taken)
    connection.execute(told_again.values(first_at=now, run=""))
    return connection.execute(update(HINTS).where(mine).values(waiting=False, run="")).rowcount


def drop(connection: Connection, name: str) -> None:
    """Forget all hints of a connection."""
    connection.execute(delete(HINTS).where(_OF.connection == name))


def _forget(connection: Connection, name: str, *, now: datetime, remember: timedelta) -> None:
    old = or_(
        and_(_OF.waiting.is_(False), _OF.told_at < now - remember),
        and_(_OF.waiting.is_(True), _OF.told_at < now - STALE),
    )
    connection.execute(delete(HINTS).where(_OF.connection == name, old))


def _key(hint: Hint) -> tuple[str, str, str]:
    return hint.repository, hint.path, hint.tag
