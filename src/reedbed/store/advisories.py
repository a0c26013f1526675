"""What the feeds say: the newest statement of each record about each package."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import Boolean, Column, Connection, Index, Select, Table, Text, func, select

from reedbed.model.advisory import Advisory, Confidence, Standing, Statement, Verdict
from reedbed.model.ecosystem import PackageType
from reedbed.model.purl import Purl
from reedbed.model.versions import Versions
from reedbed.store import revisions, unusable, withdrawals
from reedbed.store.columns import KEY, METADATA, NUMBER, Json, Utc, Word, storable_key
from reedbed.store.dialects import merge
from reedbed.store.fold import Counts, Fold, Kept, Key
from reedbed.store.rows import slices
from reedbed.store.withdrawals import WITHDRAWALS

ADVISORIES = Table(
    "advisories",
    METADATA,
    Column("feed", KEY, primary_key=True),
    Column("record", KEY, primary_key=True),  # the feed's own id
    Column("package", KEY, primary_key=True),  # the purl
    Column("package_type", Word(PackageType), nullable=False),
    Column("package_name", KEY, nullable=False),
    Column("spelling", Text, nullable=False),
    Column("versions", Json(Versions), nullable=False),
    Column("summary", Text, nullable=False),
    Column("url", Text),
    Column("modified", Utc, nullable=False),
    Column("verdict", Word(Verdict), nullable=False),
    Column("confidence", Word(Confidence), nullable=False),
    Column("notes", Json(tuple[str, ...]), nullable=False),
    Column("digest", sa.String, nullable=False),  # of all that it says but `modified`
    Column("live", Boolean, nullable=False),  # false: its feed has taken the record back since
    Column("revision", NUMBER, nullable=False),  # of the save that last changed what holds
    Column("first_seen_at", Utc, nullable=False),
    Column("changed_at", Utc, nullable=False),
    Index(None, "package", "revision"),
)
_OF = ADVISORIES.c
_STANDING = tuple(
    column for column in _OF if column.name not in {"digest", "revision", "first_seen_at", "changed_at"}
)
_ORDER = (_OF.package, _OF.feed, _OF.record)

BATCH = 2_000
"""Statements to save in one transaction. More hold other writers up on SQLite."""

COUNTER = "advisories"


class Stated(msgspec.Struct, frozen=True, kw_only=True):
    """A statement as it is kept."""

    advisory: Advisory
    live: bool  # its feed has not taken it back
    revision: int
    first_seen_at: datetime
    changed_at: datetime

    @property
    def place(self) -> tuple[str, str, str]:
        """Where it stands in `page`: what to give as `after` to go on behind it."""
        return str(self.advisory.package), self.advisory.feed, self.advisory.id


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    feed: str
    verdict: Verdict
    confidence: Confidence
    live: bool
    statements: int


def save(connection: Connection, statements: Sequence[Statement], *, feed: str, now: datetime) -> Counts:
    """Take in what a feed says; `fold.py` tells what becomes of it. Give about `BATCH` at a time.

    Give one `now` for a whole run: a record that has usable and unusable parts in it is then listed as such.

    Raises:
        ValueError: a statement is another feed's.
    """
    if any(statement.feed != feed for statement in statements):
        raise ValueError(f"not all statements are of the feed {feed!r}")
    revision = revisions.grow(connection, COUNTER)
    counts = Counts()
    for batch in slices(statements, BATCH):
        counts += _save_batch(connection, batch, feed=feed, now=now, revision=revision)
    return counts


def touch(connection: Connection, keys: Collection[str]) -> None:
    """Have the next plan look at some purls again, though no feed said anything new."""
    revision = revisions.grow(connection, COUNTER)
    for some in slices(list(keys), BATCH):
        connection.execute(sa.update(ADVISORIES).where(_OF.package.in_(some)).values(revision=revision))


def latest_revision(connection: Connection) -> int:
    """Which save was the last; 0 before the first."""
    return revisions.latest(connection, COUNTER)


def changed_packages(
    connection: Connection, *, after_revision: int, after_key: str = "", limit: int
) -> list[str]:
    """List the purls about which anything changed since a revision, from the one after `after_key` on."""
    query = (
        select(_OF.package)
        .where(_OF.revision > after_revision, _OF.package > after_key)
        .distinct()
        .order_by(_OF.package)
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def standings(connection: Connection, keys: Collection[str]) -> dict[str, list[Standing]]:
    """Give every statement about some purls, by feed and record, those that were taken back included."""
    found: dict[str, list[Standing]] = {}
    for batch in slices(list(keys), BATCH):
        query = select(*_STANDING).where(_OF.package.in_(batch)).order_by(*_ORDER)
        for row in connection.execute(query).all():
            standing = Standing(_advisory(row), withdrawn=not row.live)
            found.setdefault(row.package, []).append(standing)
    return found


def get(connection: Connection, feed: str, record: str) -> list[Stated]:
    """Give what a record says, one statement for each package that it names or ever named."""
    query = select(ADVISORIES).where(_OF.feed == feed, _OF.record == storable_key(record))
    return _stated(connection, query.order_by(_OF.package))


def page(
    connection: Connection,
    *,
    feed: str | None = None,
    package_type: PackageType | None = None,
    verdict: Verdict | None = None,
    live: bool | None = None,
    named: str | None = None,
    after: tuple[str, str, str] | None = None,
    limit: int,
) -> list[Stated]:
    """List statements by (purl, feed, record), from the one after `after` on; `named` is part of a name."""
    wanted = {_OF.feed: feed, _OF.package_type: package_type, _OF.verdict: verdict, _OF.live: live}
    query = select(ADVISORIES).where(
        *(column == value for column, value in wanted.items() if value is not None)
    )
    if named is not None:
        query = query.where(_OF.package_name.icontains(named, autoescape=True))
    if after is not None:
        query = query.where(sa.tuple_(*_ORDER) > after)
    return _stated(connection, query.order_by(*_ORDER).limit(limit))


def doubtful(connection: Connection, *, feed: str | None = None, limit: int) -> list[Stated]:
    """List live statements of the kind that does not block unasked: suspicious, or verified by no person."""
    query = select(ADVISORIES).where(
        _OF.live,
        sa.or_(_OF.verdict != Verdict.MALICIOUS, _OF.confidence != Confidence.HUMAN_VERIFIED),
    )
    if feed is not None:
        query = query.where(_OF.feed == feed)
    return _stated(connection, query.order_by(*_ORDER).limit(limit))


def tally(connection: Connection) -> list[Tally]:
    """Count the statements of each feed by verdict, confidence and whether they live."""
    by = (_OF.feed, _OF.verdict, _OF.confidence, _OF.live)
    query = select(*by, func.count().label("statements")).group_by(*by).order_by(*by)
    return [Tally(**row) for row in connection.execute(query).mappings()]


def packages(connection: Connection) -> dict[PackageType, int]:
    """Count the packages of each type of which a statement lives."""
    number = func.count(_OF.package.distinct()).label("number")
    query = select(_OF.package_type, number).where(_OF.live).group_by(_OF.package_type)
    return {row.package_type: row.number for row in connection.execute(query)}


def _save_batch(
    connection: Connection, statements: Sequence[Statement], *, feed: str, now: datetime, revision: int
) -> Counts:
    records = {storable_key(statement.id) for statement in statements}
    ended = withdrawals.load(connection, feed, records)
    fold = Fold(revision=revision, now=now, kept=_kept(connection, feed, records), ended=ended)
    for statement in statements:
        fold.add(statement)
    merge(
        connection,
        ADVISORIES,
        [_row(package, *row, now=now) for (_, package), row in fold.rows.items()],
        once=["first_seen_at"],
    )
    withdrawals.save(connection, feed, fold.withdrawn)
    _end(connection, feed, fold.withdrawn, revision=revision, now=now)
    unusable.clear(connection, feed, fold.usable, before=now)
    unusable.save(connection, feed, fold.reasons, now=now)
    return fold.counts


def _kept(connection: Connection, feed: str, records: Collection[str]) -> dict[Key, Kept]:
    kept = (_OF.digest, _OF.modified, _OF.live, _OF.revision, _OF.changed_at)
    query = select(_OF.record, _OF.package, *kept).where(_OF.feed == feed, _OF.record.in_(records))
    return {
        (record, package): Kept(digest=digest, modified=modified, live=live, revision=revision, changed_at=at)
        for record, package, digest, modified, live, revision, at in connection.execute(query)
    }


def _end(connection: Connection, feed: str, records: Iterable[str], *, revision: int, now: datetime) -> None:
    """Mark the rows that a withdrawal has ended; a younger statement about another package lives on."""
    taken_back = (
        select(WITHDRAWALS.c.modified)
        .where(WITHDRAWALS.c.feed == _OF.feed, WITHDRAWALS.c.record == _OF.record)
        .scalar_subquery()
    )
    connection.execute(
        sa.update(ADVISORIES)
        .where(_OF.feed == feed, _OF.record.in_(records), _OF.live, _OF.modified <= taken_back)
        .values(live=False, revision=revision, changed_at=now)
    )


def _row(package: str, advisory: Advisory, kept: Kept, *, now: datetime) -> dict[str, Any]:
    return {
        "feed": advisory.feed,
        "record": advisory.id,
        "package": package,
        "package_type": advisory.package.type,
        "package_name": advisory.package.name,
        "spelling": advisory.spelling,
        "versions": advisory.versions,
        "summary": advisory.summary,
        "url": advisory.url,
        "modified": kept.modified,
        "verdict": advisory.verdict,
        "confidence": advisory.confidence,
        "notes": advisory.notes,
        "digest": kept.digest,
        "live": kept.live,
        "revision": kept.revision,
        "first_seen_at": now,
        "changed_at": kept.changed_at,
    }


def _advisory(row: Any) -> Advisory:
    return Advisory(
        feed=row.feed,
        id=row.record,
        package=Purl(row.package_type, row.package_name),
        spelling=row.spelling,
        versions=row.versions,
        summary=row.summary,
        url=row.url,
        modified=row.modified,
        verdict=row.verdict,
        confidence=row.confidence,
        notes=row.notes,
    )


def _stated(connection: Connection, query: Select[Any]) -> list[Stated]:
    return [
        Stated(
            advisory=_advisory(row),
            live=row.live,
            revision=row.revision,
            first_seen_at=row.first_seen_at,
            changed_at=row.changed_at,
        )
        for row in connection.execute(query)
    ]
