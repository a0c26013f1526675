"""The audit trail: who did what. Rows are only ever added."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Column, Connection, String, Table, Text, insert, select

from reedbed.store.columns import METADATA, NUMBER, Json, Utc, storable
from reedbed.store.rows import structs

AUDIT = Table(
    "audit",
    METADATA,
    Column("id", NUMBER, primary_key=True),
    Column("at", Utc, nullable=False),
    Column("who", String, nullable=False),
    Column("action", String, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Json(dict[str, Any]), nullable=False),
)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    at: datetime
    who: str
    action: str  # a verb and its object: "release change"
    subject: str  # a purl, a platform's name
    detail: Mapping[str, Any]


def append(
    connection: Connection,
    *,
    at: datetime,
    who: str,
    action: str,
    subject: str,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write down an act, in the transaction that carries it out."""
    connection.execute(
        insert(AUDIT).values(
            at=at, who=storable(who), action=action, subject=storable(subject), detail=dict(detail or {})
        )
    )


def page(connection: Connection, *, before: int | None = None, limit: int) -> list[Entry]:
    """List entries, youngest first, from the one before `before` on."""
    query = select(AUDIT).order_by(AUDIT.c.id.desc()).limit(limit)
    return structs(connection, query if before is None else query.where(AUDIT.c.id < before), Entry)
