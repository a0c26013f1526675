"""The rows of the outbox: at most one change waits for a package."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Select,
    String,
    Table,
    Text,
    or_,
    select,
    type_coerce,
)

from reedbed.model.ledger import Action, Change, Flagged, HoldRule
from reedbed.store.columns import KEY, METADATA, Json, Utc, Word
from reedbed.store.holds import BITS, Rules
from reedbed.store.rows import slices

CHANGES = Table(
    "changes",
    METADATA,
    Column("platform", KEY, ForeignKey("platforms.name", ondelete="CASCADE"), primary_key=True),
    Column("package", KEY, primary_key=True),
    Column("action", Word(Action), nullable=False),
    Column("flagged", Json(Flagged), nullable=False),
    Column("fingerprint", String, nullable=False),
    Column("unblocks", Boolean, nullable=False),
    Column("held", Rules, nullable=False),  # the rules that hold it still; with none it is queued
    Column("run_id", String, nullable=False),
    Column("planned_at", Utc, nullable=False),
    Column("next_attempt_at", Utc, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("reason", Text),  # why the last attempt failed
    Column("tried", Boolean, nullable=False),  # Xray may hold this change, or one that it took the place of
    Column("lease_owner", String),
    Column("leased_until", Utc),
    Index(None, "platform", "held", "next_attempt_at", "package"),
)


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A change in the outbox; `change.held` names the rules that hold it, and with none it is queued."""

    change: Change
    run_id: str
    planned_at: datetime
    next_attempt_at: datetime
    attempts: int  # that failed
    reason: str | None  # why the last of them did
    leased_until: datetime | None

    @property
    def package(self) -> str:
        return str(self.change.flagged.package)


def queued() -> ColumnElement[bool]:
    return CHANGES.c.held == ()


def waiting_by_themselves(connection: Connection, platform: str, keys: Collection[str]) -> set[str]:
    """Give the purls whose change is due, may be in Xray, or waits for a person who is asked about it.

    The others are held with their whole run, for being too many: nobody has looked at each of them.
    """
    alone = type_coerce(CHANGES.c.held, Integer).bitwise_and(BITS[HoldRule.MANY_BLOCKS]) == 0
    found: set[str] = set()
    for some in slices(sorted(keys)):
        query = select(CHANGES.c.package).where(
            CHANGES.c.platform == platform, CHANGES.c.package.in_(some), or_(alone, CHANGES.c.tried)
        )
        found.update(connection.execute(query).scalars())
    return found


def change_of(row: Any) -> Change:
    return Change(
        action=row.action,
        flagged=row.flagged,
        fingerprint=row.fingerprint,
        unblocks=row.unblocks,
        held=row.held,
    )


def waiting(connection: Connection, query: Select[Any]) -> list[Waiting]:
    return [
        Waiting(
            change=change_of(row),
            run_id=row.run_id,
            planned_at=row.planned_at,
            next_attempt_at=row.next_attempt_at,
            attempts=row.attempts,
            reason=row.reason,
            leased_until=row.leased_until,
        )
        for row in connection.execute(query)
    ]
