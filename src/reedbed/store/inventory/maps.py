"""Transform maps that people made: named, and each version for ever as it was saved.

The maps that Reedbed comes with are part of the program, not of the database.
"""

import hashlib
from datetime import datetime

import msgspec
from sqlalchemy import Column, Connection, Integer, String, Table, Text, func, select

from reedbed.store.columns import KEY, METADATA, Utc
from reedbed.store.dialects import upsert
from reedbed.store.rows import structs

MAPS = Table(
    "transform_maps",
    METADATA,
    Column("name", KEY, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("source_model", String, nullable=False),
    Column("target_model", String, nullable=False),
    Column("parent_name", String),  # what it was cloned from, or last merged with, and in which version
    Column("parent_version", Integer),
    Column("text", Text, nullable=False),  # TOML
    Column("digest", String, nullable=False),  # SHA-256 of the text
    Column("created_at", Utc, nullable=False),
)


class SavedMap(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a map."""

    name: str
    version: int
    source_model: str
    target_model: str
    parent_name: str | None = None
    parent_version: int | None = None
    text: str
    digest: str
    created_at: datetime


def save(
    connection: Connection,
    *,
    name: str,
    source_model: str,
    target_model: str,
    parent: tuple[str, int] | None,
    text: str,
    now: datetime,
) -> SavedMap:
    """Save a text as the next version of a map. The newest version's own text, and parent, make none."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    last = newest(connection, name)
    if last and last.digest == digest and parent in (None, (last.parent_name, last.parent_version)):
        return last
    if parent is None and last and last.parent_name is not None and last.parent_version is not None:
        parent = (last.parent_name, last.parent_version)
    row = SavedMap(
        name=name,
        version=last.version + 1 if last else 1,
        source_model=source_model,
        target_model=target_model,
        parent_name=parent[0] if parent else None,
        parent_version=parent[1] if parent else None,
        text=text,
        digest=digest,
        created_at=now,
    )
    put = upsert(connection, MAPS).values(**msgspec.structs.asdict(row)).on_conflict_do_nothing()
    if connection.execute(put).rowcount == 0:  # another saved that version meanwhile
        return save(
            connection,
            name=name,
            source_model=source_model,
            target_model=target_model,
            parent=parent,
            text=text,
            now=now,
        )
    return row


def get(connection: Connection, name: str, version: int) -> SavedMap | None:
    found = structs(connection, select(MAPS).where(MAPS.c.name == name, MAPS.c.version == version), SavedMap)
    return found[0] if found else None


def newest(connection: Connection, name: str) -> SavedMap | None:
    query = select(MAPS).where(MAPS.c.name == name).order_by(MAPS.c.version.desc()).limit(1)
    return next(iter(structs(connection, query, SavedMap)), None)


def versions(connection: Connection, name: str) -> list[SavedMap]:
    """List the versions of a map, the newest first."""
    return structs(
        connection, select(MAPS).where(MAPS.c.name == name).order_by(MAPS.c.version.desc()), SavedMap
    )


def listed(connection: Connection) -> list[SavedMap]:
    """List the newest version of each map, by name."""
    last = select(MAPS.c.name, func.max(MAPS.c.version).label("version")).group_by(MAPS.c.name).subquery()
    query = (
        select(MAPS)
        .join(last, (MAPS.c.name == last.c.name) & (MAPS.c.version == last.c.version))
        .order_by(MAPS.c.name)
    )
    return structs(connection, query, SavedMap)
