"""Exemptions: what a person has un-blocked for a while, against what the feeds say."""

from collections.abc import Collection
from datetime import datetime

import msgspec
from sqlalchemy import Column, Connection, String, Table, Text, insert, or_, select, update

from reedbed.store.columns import KEY, METADATA, Utc, storable
from reedbed.store.rows import slices, structs

EXEMPTIONS = Table(
    "exemptions",
    METADATA,
    Column("id", KEY, primary_key=True),  # sorts by the time of its making
    Column("package", KEY, nullable=False, index=True),  # the purl
    Column("version", String),  # None: every version
    Column("reason", Text, nullable=False),
    Column("made_by", String, nullable=False),
    Column("made_at", Utc, nullable=False),
    Column("until", Utc, nullable=False),
    Column("ended_at", Utc),  # None: it holds
)
_ROW = EXEMPTIONS.c

KEYS_A_QUERY = 1_000


class Exemption(msgspec.Struct, frozen=True, kw_only=True):
    """A package, or one version of it, that is not blocked until a moment, on every platform."""

    id: str
    package: str
    version: str | None
    reason: str
    made_by: str
    made_at: datetime
    until: datetime
    ended_at: datetime | None = None


def add(connection: Connection, exemption: Exemption) -> None:
    row = msgspec.structs.asdict(exemption)
    row |= {"reason": storable(exemption.reason), "made_by": storable(exemption.made_by)}
    connection.execute(insert(EXEMPTIONS).values(**row))


def of_packages(connection: Connection, keys: Collection[str]) -> dict[str, list[Exemption]]:
    """Give the exemptions of some purls that hold."""
    found: dict[str, list[Exemption]] = {}
    for some in slices(list(keys), KEYS_A_QUERY):
        query = select(EXEMPTIONS).where(_ROW.package.in_(some), _ROW.ended_at.is_(None))
        for each in structs(connection, query.order_by(_ROW.id), Exemption):
            found.setdefault(each.package, []).append(each)
    return found


def end(connection: Connection, *, now: datetime, package: str | None = None) -> list[Exemption]:
    """End the exemptions whose time is over, and every one of `package` if one is named; give these."""
    over = _ROW.until <= now if package is None else or_(_ROW.until <= now, _ROW.package == package)
    ending = structs(connection, select(EXEMPTIONS).where(_ROW.ended_at.is_(None), over), Exemption)
    for some in slices([each.id for each in ending], KEYS_A_QUERY):
        connection.execute(update(EXEMPTIONS).where(_ROW.id.in_(some)).values(ended_at=now))
    return ending


def holding(connection: Connection) -> list[Exemption]:
    """List what is un-blocked now, what ends first at the top."""
    query = select(EXEMPTIONS).where(_ROW.ended_at.is_(None)).order_by(_ROW.until, _ROW.id)
    return structs(connection, query, Exemption)
