"""How far each platform has been planned: the revision of the advisories, and under which settings."""

from datetime import datetime

import msgspec
from sqlalchemy import Column, Connection, ForeignKey, String, Table, delete, select

from reedbed.store.columns import KEY, METADATA, NUMBER, Utc
from reedbed.store.dialects import upsert
from reedbed.store.rows import structs

PLANNED = Table(
    "planned",
    METADATA,
    Column("platform", KEY, ForeignKey("platforms.name", ondelete="CASCADE"), primary_key=True),
    Column("revision", NUMBER, nullable=False),
    Column("settings", String, nullable=False),  # a digest of what else the plan depended on
    Column("planned_at", Utc, nullable=False),
    Column("left_out", NUMBER),  # flagged packages that do not matter here; None: not counted
)


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    platform: str
    revision: int
    settings: str
    planned_at: datetime
    left_out: int | None = None


def load(connection: Connection, platform: str) -> Planned | None:
    """How far a platform has been planned; None: not at all, so everything is to be looked at."""
    query = select(PLANNED).where(PLANNED.c.platform == platform)
    return next(iter(structs(connection, query, Planned)), None)


def save(
    connection: Connection,
    platform: str,
    *,
    revision: int,
    settings: str,
    now: datetime,
    left_out: int | None = None,
) -> None:
    """Note that every change up to a revision is in the outbox, in the transaction that put them there.

    A `left_out` of None leaves what was counted before.
    """
    saving = upsert(connection, PLANNED).values(
        platform=platform, revision=revision, settings=settings, planned_at=now, left_out=left_out
    )
    new = {name: saving.excluded[name] for name in ("revision", "settings", "planned_at")}
    if left_out is not None:
        new["left_out"] = saving.excluded.left_out
    connection.execute(saving.on_conflict_do_update(index_elements=["platform"], set_=new))


def left_out(connection: Connection) -> dict[str, int]:
    """How many flagged packages each platform's last plan has left out, where that was counted."""
    query = select(PLANNED.c.platform, PLANNED.c.left_out).where(PLANNED.c.left_out.is_not(None))
    return {row.platform: row.left_out for row in connection.execute(query)}


def forget(connection: Connection, platform: str) -> None:
    """Let the next plan look at everything."""
    connection.execute(delete(PLANNED).where(PLANNED.c.platform == platform))
