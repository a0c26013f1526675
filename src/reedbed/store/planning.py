"""Changes of a plan that is still being made. Nothing acts on them before the whole plan is there."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Integer,
    Select,
    String,
    Table,
    and_,
    case,
    delete,
    func,
    literal,
    null,
    select,
    type_coerce,
)

from reedbed.model.ledger import Action, Change, Flagged, HoldRule
from reedbed.store.approvals import APPROVALS
from reedbed.store.changes import CHANGES
from reedbed.store.columns import KEY, METADATA, Json, Utc, Word
from reedbed.store.dialects import merge, upsert
from reedbed.store.holds import Rules, bits

PLANNING = Table(
    "planning",
    METADATA,
    Column("platform", KEY, ForeignKey("platforms.name", ondelete="CASCADE"), primary_key=True),
    Column("package", KEY, primary_key=True),
    Column("action", Word(Action), nullable=False),
    Column("flagged", Json(Flagged), nullable=False),
    Column("fingerprint", String, nullable=False),
    Column("unblocks", Boolean, nullable=False),
    Column("held", Rules, nullable=False),
    Column("run_id", String, nullable=False),
    Column("planned_at", Utc, nullable=False),
)
_ROW = PLANNING.c

PLANNED_FIELDS = ("action", "flagged", "fingerprint", "unblocks", "held", "run_id", "planned_at")
MANY = 10_000
"""Rows after which the planner's picture of a table is wrong. PostgreSQL would look again only a minute
later, and until then scan the table for every page of a plan: 190 ms instead of 20.
"""

NEW_START = ("planned_at", "next_attempt_at", "attempts", "reason")


def stage(
    connection: Connection, platform: str, run_id: str, changes: Sequence[Change], *, now: datetime
) -> None:
    """Put changes of a plan aside. What waits in the outbox stays there, and is carried out, meanwhile."""
    merge(connection, PLANNING, [_row(platform, run_id, change, now) for change in changes])


def discard(connection: Connection, platform: str) -> None:
    """Forget what an interrupted plan put aside."""
    connection.execute(delete(PLANNING).where(_ROW.platform == platform))


def commit(connection: Connection, platform: str, run_id: str, *, holds: Collection[HoldRule] = ()) -> int:
    """Move a whole plan into the outbox, each change queued or held; give their number.

    `holds` are rules that hold a direction of the plan as a whole: `MANY_UNBLOCKS` every change that frees
    a release, `MANY_BLOCKS` every other one. What a person has approved of exactly this change does not
    hold it. A change takes the place of the one that waited for its package; where it is the same, the
    attempts that failed, their reason and the wait are kept.
    """
    moving = upsert(connection, CHANGES).from_select(_COLUMNS, _moved(platform, run_id, holds))
    new = moving.excluded
    same = and_(CHANGES.c.fingerprint == new.fingerprint, CHANGES.c.action == new.action)
    kept = {name: case((same, CHANGES.c[name]), else_=new[name]) for name in NEW_START}
    taken = {name: new[name] for name in PLANNED_FIELDS if name not in NEW_START}
    statement = moving.on_conflict_do_update(index_elements=["platform", "package"], set_=taken | kept)
    connection.execute(statement)
    aside = delete(PLANNING).where(_ROW.platform == platform, _ROW.run_id == run_id)
    moved = connection.execute(aside).rowcount
    if moved >= MANY:
        connection.exec_driver_sql(f"ANALYZE {CHANGES.name}")
    return moved


_COLUMNS = ["platform", "package", *PLANNED_FIELDS, "next_attempt_at", "attempts", "reason", "tried"]


def _moved(platform: str, run_id: str, holds: Collection[HoldRule]) -> Select[Any]:
    fields = [_held(holds) if name == "held" else _ROW[name] for name in PLANNED_FIELDS]
    fresh = (_ROW.planned_at, literal(0), null(), literal(value=False))
    return select(_ROW.platform, _ROW.package, *fields, *fresh).where(
        _ROW.platform == platform, _ROW.run_id == run_id
    )


def _held(holds: Collection[HoldRule]) -> ColumnElement[int]:
    """The bits of the rules that hold a change, less those of its approvals."""
    whole = case(
        (_ROW.unblocks, bits({HoldRule.MANY_UNBLOCKS}.intersection(holds))),
        else_=bits({HoldRule.MANY_BLOCKS}.intersection(holds)),
    )
    met = type_coerce(_ROW.held, Integer).bitwise_or(whole)
    return met.bitwise_and(_approved().bitwise_not())


def _approved() -> ColumnElement[int]:
    bits_of_rules = func.sum(type_coerce(APPROVALS.c.rule, Integer), type_=Integer)
    query = select(func.coalesce(bits_of_rules, 0)).where(
        APPROVALS.c.platform == _ROW.platform,
        APPROVALS.c.package == _ROW.package,
        APPROVALS.c.fingerprint == _ROW.fingerprint,
        APPROVALS.c.action == _ROW.action,
    )
    return query.scalar_subquery()


def _row(platform: str, run_id: str, change: Change, now: datetime) -> dict[str, Any]:
    return {
        "platform": platform,
        "package": str(change.flagged.package),
        "action": change.action,
        "flagged": change.flagged,
        "fingerprint": change.fingerprint,
        "unblocks": change.unblocks,
        "held": change.held,
        "run_id": run_id,
        "planned_at": now,
    }
