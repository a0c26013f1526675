"""The units of a run: parts of its reading that any worker may claim, each done once.

What a unit brought is written in the transaction that marks it as done. A claim that is not renewed ends:
then another worker does the unit again, which is harmless.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Integer,
    String,
    Table,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from reedbed.store.columns import KEY, METADATA, Json, Utc
from reedbed.store.inventory.scopes import Scope


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A scope, or some of its images: those with ids above `after` up to `upto`."""

    repository: str
    path: str
    after: str = ""
    upto: str = ""  # "": to the end

    def scope(self, connection: str) -> Scope:
        return Scope(connection, self.repository, self.path)

    def has(self, asset: str) -> bool:
        return self.after < asset and (not self.upto or asset <= self.upto)


UNITS = Table(
    "run_units",
    METADATA,
    Column("run", KEY, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("parts", Json(tuple[Part, ...]), nullable=False),
    Column("owner", String),
    Column("until", Utc),  # when the claim ends
    Column("done_at", Utc),
    Column("counts", Json(dict[str, int]), nullable=False),
)
_OF = UNITS.c


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    run: str
    number: int
    parts: tuple[Part, ...]


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far the units of a run are."""

    units: int
    done: int
    counts: dict[str, int]


def plan(connection: Connection, run: str, units: Sequence[Sequence[Part]]) -> None:
    """Put down the units of a run, once: a run that was broken off goes on with what it had."""
    if connection.execute(select(_OF.number).where(_OF.run == run).limit(1)).first() is not None:
        connection.execute(
            update(UNITS).where(_OF.run == run, _OF.done_at.is_(None)).values(owner=None, until=None)
        )
        return
    rows = [
        {"run": run, "number": number, "parts": tuple(parts), "counts": {}}
        for number, parts in enumerate(units)
    ]
    if rows:
        connection.execute(insert(UNITS), rows)


def claim(connection: Connection, run: str, owner: str, *, now: datetime, ttl_s: float) -> Unit | None:
    """Claim the next unit that nobody works on; None: there is none now."""
    free = (
        select(_OF.number)
        .where(_OF.run == run, _OF.done_at.is_(None), or_(_OF.until.is_(None), _OF.until < now))
        .order_by(_OF.number)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    statement = (
        update(UNITS)
        .where(_OF.run == run, _OF.number == free)
        .values(owner=owner, until=now + timedelta(seconds=ttl_s))
        .returning(_OF.run, _OF.number, _OF.parts)
    )
    row = connection.execute(statement).first()
    return Unit(run=row.run, number=row.number, parts=row.parts) if row else None


def renew(connection: Connection, run: str, owner: str, *, now: datetime, ttl_s: float) -> None:
    """Prolong the claims of a worker."""
    connection.execute(
        update(UNITS)
        .where(_OF.run == run, _OF.owner == owner, _OF.done_at.is_(None))
        .values(until=now + timedelta(seconds=ttl_s))
    )


def finish(connection: Connection, unit: Unit, counts: dict[str, int], *, now: datetime) -> bool:
    """Mark a unit as done; False where another worker had done it already, and nothing counts twice."""
    statement = (
        update(UNITS)
        .where(_OF.run == unit.run, _OF.number == unit.number, _OF.done_at.is_(None))
        .values(done_at=now, counts=counts, owner=None, until=None)
    )
    return connection.execute(statement).rowcount == 1


def progress(connection: Connection, run: str) -> Progress:
    """Sum up what the units of a run have done."""
    done: dict[str, int] = {}
    query = select(_OF.counts).where(_OF.run == run, _OF.done_at.is_not(None))
    ended = connection.execute(query).scalars().all()
    for counts in ended:
        for name, number in counts.items():
            done[name] = done.get(name, 0) + number
    units = connection.execute(select(func.count()).where(_OF.run == run)).scalar_one()
    return Progress(units=units, done=len(ended), counts=done)


def forget(connection: Connection, run: str) -> None:
    """Drop the units of a run that has ended; its streams have the sums."""
    connection.execute(delete(UNITS).where(_OF.run == run))


def wanting_hands(connection: Connection, *, now: datetime) -> list[str]:
    """List the runs that have units which nobody works on."""
    free = and_(_OF.done_at.is_(None), or_(_OF.until.is_(None), _OF.until < now))
    return list(connection.execute(select(_OF.run).where(free).distinct().order_by(_OF.run)).scalars())
