"""Keeping what was landed within its budget, after a run. Acts.

Only versions of records that are not the newest are ever dropped, the oldest first: what maps and exports
are made of stays, however large it is.
"""

from datetime import datetime

from reedbed.inventory.run.keep_settings import Keep
from reedbed.store.database import Database
from reedbed.store.inventory import landed, streams

MB = 1_000_000


async def keep(db: Database, name: str, rules: Keep, *, run: str, now: datetime) -> landed.Dropped:
    """Drop what is too much of a connection's landed records, and tell that in the run's log."""
    dropped = await db.write(landed.drop_before, name, most=rules.landed_mb * MB)
    if dropped.records or dropped.left > rules.landed_mb * MB:
        await db.write(streams.tell, run, [_told(dropped, rules, now)])
    return dropped


def _told(dropped: landed.Dropped, rules: Keep, now: datetime) -> streams.RunEvent:
    left = f"{dropped.left / MB:,.0f} MB of landed records are kept, of {rules.landed_mb:,}"
    message = f"{dropped.records:,} older versions were dropped; {left}"
    if dropped.left > rules.landed_mb * MB:
        message += "; what stands now is more than the budget, and stays"
    return streams.RunEvent(at=now, level="info", code="landed-dropped", message=message)
