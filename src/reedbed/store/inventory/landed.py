"""Landed records: what JFrog said, redacted, before anything was made of it. Two versions are kept."""

import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Select,
    String,
    Table,
    delete,
    func,
    select,
    tuple_,
)

from reedbed.store.columns import KEY, METADATA, Utc
from reedbed.store.dialects import merge, upsert
from reedbed.store.inventory import vulnerabilities
from reedbed.store.rows import slices

VERSIONS = 2
LEVEL = 1
"""Of zlib: answers of JFrog shrink to an eighth at any level, and the quickest costs a third of the best."""

LANDED = Table(
    "landed",
    METADATA,
    Column("connection", KEY, ForeignKey("connections.name", ondelete="CASCADE"), primary_key=True),
    Column("model", KEY, primary_key=True),  # a source model: repository, docker-image, …-vulnerability
    Column("native", KEY, primary_key=True),  # a repository's key, "repository/image@sha256:…"
    Column("digest", KEY, primary_key=True),  # of the canonical JSON, texts included
    Column("size", Integer, nullable=False),  # bytes of `body`; before it, so that sums do not read that
    Column("body", LargeBinary, nullable=False),  # zlib
    Column("run", String, nullable=False),  # that saw it last
    Column("first_at", Utc, nullable=False),
    Column("last_at", Utc, nullable=False),
    Index(None, "connection", "model", "last_at"),
)

TEXTS = Table(
    "landed_texts",
    METADATA,
    Column("digest", KEY, primary_key=True),
    Column("body", LargeBinary, nullable=False),  # zlib; the advisory's part of a vulnerability
)

BLOBS = Table(
    "landed_blobs",
    METADATA,
    Column("connection", KEY, ForeignKey("connections.name", ondelete="CASCADE"), primary_key=True),
    Column("digest", KEY, primary_key=True),  # of a manifest or a config blob: content that cannot change
    Column("body", LargeBinary, nullable=False),  # zlib, redacted
)


class Landing(msgspec.Struct, frozen=True, kw_only=True):
    """A record on its way in."""

    model: str
    native: str
    digest: str
    body: bytes  # canonical JSON


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    new: int = 0
    changed: int = 0
    unchanged: int = 0


def packed(body: bytes) -> bytes:
    return zlib.compress(body, LEVEL)


def land(connection: Connection, name: str, records: Sequence[Landing], *, run: str, now: datetime) -> Counts:
    """Keep records as they are now; of each also the version before, and none older."""
    if not records:
        return Counts()
    before = _digests(connection, name, records)
    merge(
        connection,
        LANDED,
        [
            {
                "connection": name,
                "model": each.model,
                "native": each.native,
                "digest": each.digest,
                "body": (body := packed(each.body)),
                "size": len(body),
                "run": run,
                "first_at": now,
                "last_at": now,
            }
            for each in records
        ],
        once=("body", "size", "first_at"),
    )
    _prune(connection, name, records)
    known = [before.get((each.model, each.native), set()) for each in records]
    unchanged = sum(each.digest in digests for each, digests in zip(records, known, strict=True))
    new = sum(not digests for digests in known)
    return Counts(new=new, unchanged=unchanged, changed=len(records) - new - unchanged)


def _digests(
    connection: Connection, name: str, records: Sequence[Landing]
) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    keys = [(each.model, each.native) for each in records]
    for some in slices(keys, 200):
        query = select(LANDED.c.model, LANDED.c.native, LANDED.c.digest).where(
            LANDED.c.connection == name, tuple_(LANDED.c.model, LANDED.c.native).in_(some)
        )
        for model, native, digest in connection.execute(query):
            found.setdefault((model, native), set()).add(digest)
    return found


def _prune(connection: Connection, name: str, records: Sequence[Landing]) -> None:
    for some in slices([(each.model, each.native) for each in records], 200):
        ranked = (
            select(LANDED.c.model, LANDED.c.native, LANDED.c.digest, _age().label("age"))
            .where(LANDED.c.connection == name, tuple_(LANDED.c.model, LANDED.c.native).in_(some))
            .subquery()
        )
        old = select(ranked.c.model, ranked.c.native, ranked.c.digest).where(ranked.c.age > VERSIONS)
        connection.execute(
            delete(LANDED).where(
                LANDED.c.connection == name, tuple_(LANDED.c.model, LANDED.c.native, LANDED.c.digest).in_(old)
            )
        )


class Dropped(msgspec.Struct, frozen=True, kw_only=True):
    """What dropping old versions came to."""

    records: int = 0
    left: int  # bytes of what is kept, packed


def drop_before(connection: Connection, name: str, *, most: int) -> Dropped:
    """Drop versions that are not the newest, the oldest first, until `most` bytes are left."""
    of = LANDED.c.connection == name
    left = connection.execute(select(func.coalesce(func.sum(LANDED.c.size), 0)).where(of)).scalar_one()
    keys = []
    for row in connection.execute(_before(name)) if left > most else ():
        if left <= most:
            break
        left -= row.size
        keys.append((row.model, row.native, row.digest))
    for some in slices(keys, 200):
        key = tuple_(LANDED.c.model, LANDED.c.native, LANDED.c.digest)
        connection.execute(delete(LANDED).where(of, key.in_(some)))
    return Dropped(records=len(keys), left=left)


def _before(name: str) -> Select[Any]:
    """The versions that are not the newest, the oldest first."""
    columns = [LANDED.c[each] for each in ("model", "native", "digest", "size", "last_at")]
    ranked = select(*columns, _age().label("age")).where(LANDED.c.connection == name).subquery()
    return select(ranked).where(ranked.c.age > 1).order_by(ranked.c.last_at, ranked.c.native, ranked.c.digest)


def _age() -> ColumnElement[int]:
    """How many versions of a record are newer than one, and itself."""
    return func.row_number().over(
        partition_by=(LANDED.c.model, LANDED.c.native),
        order_by=(LANDED.c.last_at.desc(), LANDED.c.digest),
    )


def newest(connection: Connection, name: str, model: str, natives: Collection[str]) -> dict[str, bytes]:
    """Give the newest landed body of each of some records, as canonical JSON."""
    found: dict[str, bytes] = {}
    for some in slices(sorted(natives), 500):
        query = (
            select(LANDED.c.native, LANDED.c.body)
            .where(LANDED.c.connection == name, LANDED.c.model == model, LANDED.c.native.in_(some))
            .order_by(LANDED.c.native, LANDED.c.last_at, LANDED.c.digest.desc())
        )
        found |= {native: zlib.decompress(body) for native, body in connection.execute(query)}
    return found


def natives(
    connection: Connection, name: str, model: str, *, after: str = "", limit: int, named: str = ""
) -> list[str]:
    """List the native names of landed records behind one, in order; `named` is how they begin."""
    query = (
        select(LANDED.c.native)
        .distinct()
        .where(
            LANDED.c.connection == name,
            LANDED.c.model == model,
            LANDED.c.native > after,
            LANDED.c.native.startswith(named, autoescape=True),
        )
        .order_by(LANDED.c.native)
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def save_texts(connection: Connection, texts: Mapping[str, bytes]) -> None:
    """Keep the texts of advisories, by their digests; those that are there already stay."""
    rows = [{"digest": digest, "body": packed(body)} for digest, body in sorted(texts.items())]
    if rows:
        connection.execute(upsert(connection, TEXTS).on_conflict_do_nothing(), rows)
        vulnerabilities.learn(connection, texts)


def texts(connection: Connection, digests: Iterable[str]) -> dict[str, bytes]:
    """Give texts of advisories by their digests."""
    found: dict[str, bytes] = {}
    for some in slices(sorted(set(digests)), 500):
        query = select(TEXTS.c.digest, TEXTS.c.body).where(TEXTS.c.digest.in_(some))
        found |= {digest: zlib.decompress(body) for digest, body in connection.execute(query)}
    return found


def save_blobs(connection: Connection, name: str, blobs: Mapping[str, bytes]) -> None:
    """Keep manifests and config blobs by their digests, for ever: such content cannot change."""
    rows = [{"connection": name, "digest": d, "body": packed(body)} for d, body in sorted(blobs.items())]
    if rows:
        connection.execute(upsert(connection, BLOBS).on_conflict_do_nothing(), rows)


def blobs(connection: Connection, name: str, digests: Iterable[str]) -> dict[str, bytes]:
    """Give manifests and config blobs by their digests; those that are not kept are missing."""
    found: dict[str, bytes] = {}
    for some in slices(sorted(set(digests)), 500):
        query = select(BLOBS.c.digest, BLOBS.c.body).where(
            BLOBS.c.connection == name, BLOBS.c.digest.in_(some)
        )
        found |= {digest: zlib.decompress(body) for digest, body in connection.execute(query)}
    return found
