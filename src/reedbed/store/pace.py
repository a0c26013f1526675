"""The pace of requests to a platform, shared by all processes and machines."""

from datetime import datetime, timedelta

from sqlalchemy import Column, Connection, ForeignKey, Table, select, update

from reedbed.store.columns import KEY, METADATA, Utc
from reedbed.store.dialects import upsert

PACE = Table(
    "pace",
    METADATA,
    Column("platform", KEY, ForeignKey("platforms.name", ondelete="CASCADE"), primary_key=True),
    Column("free_from", Utc, nullable=False),  # every slot before it has been given away
)

AHEAD_S = 1.0
"""How far ahead slots are given away: what a process that dies or is cancelled wastes at most."""

SKEW_S = 60.0
"""A first free slot that much later than any we give away comes from a clock that has jumped."""


def lease_slots(
    connection: Connection, platform: str, n: int, now: datetime, per_second: float
) -> tuple[int, datetime]:
    """Take up to `n` slots of the shared budget: (how many, when the first of them begins).

    Each slot is `1 / per_second` long, and the slots follow one another; send one request in each. None
    are given where all of the next second are taken: ask again at the moment that is returned.
    """
    free_from = max(_locked(connection, platform, now), now)
    slot = timedelta(seconds=1 / per_second)
    if free_from > now + timedelta(seconds=AHEAD_S + SKEW_S) + slot:
        free_from = now
    open_slots = int((now + timedelta(seconds=AHEAD_S) - free_from) / slot)
    granted = min(n, max(open_slots, 1 if free_from == now else 0))
    if granted == 0:
        return 0, min(free_from, free_from + slot - timedelta(seconds=AHEAD_S))
    connection.execute(
        update(PACE).where(PACE.c.platform == platform).values(free_from=free_from + granted * slot)
    )
    return granted, free_from


def _locked(connection: Connection, platform: str, now: datetime) -> datetime:
    """Read a platform's row, made where it is missing, and let nobody else read it before this commits."""
    making = upsert(connection, PACE).values(platform=platform, free_from=now)
    connection.execute(making.on_conflict_do_nothing(index_elements=["platform"]))
    query = select(PACE.c.free_from).where(PACE.c.platform == platform).with_for_update()
    found: datetime = connection.execute(query).scalar_one()
    return found
