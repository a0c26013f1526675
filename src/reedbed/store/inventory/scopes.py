"""The findings of one scope, read for a plan and written after it.

The store knows nothing of plans: it gives and takes rows, which `inventory/` turns into a plan's values.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Integer,
    String,
    Table,
    and_,
    bindparam,
    exists,
    func,
    select,
    update,
)

from reedbed.model.inventory import (
    Applicability,
    AssetClass,
    Coverage,
    FindingType,
    Severity,
    Status,
    Triage,
)
from reedbed.store.columns import KEY, METADATA, Utc, storable_key
from reedbed.store.dialects import merge
from reedbed.store.inventory import presence, wording
from reedbed.store.inventory.assets import ASSETS, IMAGE_REFS
from reedbed.store.inventory.findings import FINDING_EVENTS, FINDINGS, OCCURRENCES
from reedbed.store.inventory.wording import Field
from reedbed.store.rows import slices, structs


class Scope(msgspec.Struct, frozen=True, order=True):
    """An image path in a repository of a connection."""

    connection: str
    repository: str
    path: str


class FindingRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a run may change of a finding."""

    id: str
    type: FindingType
    vulnerability: str
    component: str
    package_type: str
    issue: str
    status: Status
    severity: Severity
    source_severity: str
    applicability: Applicability | None
    fix_version: str | None
    title: str
    cvss3_score: float | None
    published_at: datetime | None
    images: int
    in_scope: bool
    text: str
    mapped: dict[str, Any]
    last_run: str


class OccurrenceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a finding's component in one image."""

    finding: str
    asset: str
    version: str
    fixed_versions: tuple[str, ...] = ()
    applicability: Applicability | None = None
    paths: tuple[str, ...] = ()
    layer: str | None = None


SCOPES = Table(
    "scopes",
    METADATA,
    Column("connection", KEY, ForeignKey("connections.name", ondelete="CASCADE"), primary_key=True),
    Column("repository", KEY, primary_key=True),
    Column("path", KEY, primary_key=True),
    Column("read_run", String, nullable=False),  # the newest that read all that it wanted to of this scope
    Column("read_at", Utc, nullable=False),
)


class ImageRow(msgspec.Struct, frozen=True, kw_only=True):
    """An image of a scope."""

    asset: str
    current: bool
    present: bool
    in_scope: bool
    coverage: Coverage | None


class EventRow(msgspec.Struct, frozen=True, kw_only=True):
    finding: str
    kind: str
    detail: Mapping[str, Any] = {}


def findings_of(connection: Connection, scope: Scope) -> list[FindingRow]:
    """Read the findings of a scope, over or not."""
    columns = [FINDINGS.c[name] for name in FindingRow.__struct_fields__]
    rows = connection.execute(select(*columns).where(_in(scope)).order_by(FINDINGS.c.id)).mappings()
    return [FindingRow(**{**row, "severity": Severity(row["severity"])}) for row in rows]


def occurrences_of(connection: Connection, scope: Scope) -> list[OccurrenceRow]:
    """Read what stands of a scope's findings; not what is gone."""
    columns = [OCCURRENCES.c[name] for name in OccurrenceRow.__struct_fields__]
    query = (
        select(*columns)
        .join(FINDINGS, FINDINGS.c.id == OCCURRENCES.c.finding)
        .where(_in(scope), OCCURRENCES.c.gone_at.is_(None))
    )
    return structs(connection, query, OccurrenceRow)


def images_of(connection: Connection, scope: Scope) -> list[ImageRow]:
    """Read the images that a scope has or had; an image with several tags is one.

    An index is none, nor is what is attached to an image: nothing is ever asked of them. An index that was
    not read yet is one, which holds the scope open: its images can't be told from those of no use any more.
    """
    refs, here = IMAGE_REFS.c, IMAGE_REFS.c.gone_at.is_(None)
    query = (
        select(
            refs.asset,
            _any(and_(refs.current, here)).label("current"),
            _any(here).label("present"),
            _any(and_(refs.in_scope, here)).label("in_scope"),
            ASSETS.c.coverage,
        )
        .join(ASSETS, ASSETS.c.id == refs.asset)
        .where(
            refs.connection == scope.connection,
            refs.repository == scope.repository,
            refs.path == scope.path,
            func.coalesce(ASSETS.c.coverage, Coverage.UNKNOWN) != Coverage.NOT_REQUESTED,
        )
        .group_by(refs.asset, ASSETS.c.coverage)
        .order_by(refs.asset)
    )
    rows = connection.execute(query)
    away = is_away(connection, scope)
    return [
        ImageRow(
            asset=row.asset,
            current=bool(row.current),
            present=bool(row.present),
            in_scope=bool(row.in_scope),
            coverage=Coverage.UNAVAILABLE if away else row.coverage,
        )
        for row in rows
    ]


def _any(condition: ColumnElement[bool]) -> ColumnElement[Any]:
    return func.max(condition.cast(Integer))


def is_away(connection: Connection, scope: Scope) -> bool:
    """Say whether a scope's repository can't be read now."""
    away = presence.away(scope.connection).where(ASSETS.c.native == scope.repository)
    return connection.execute(away).first() is not None


def page(
    connection: Connection,
    name: str,
    *,
    of: AssetClass = AssetClass.IMAGE,
    after: Scope | None = None,
    limit: int = 500,
) -> list[Scope]:
    """List the scopes of a connection that have or had images, or package files, by repository and path."""
    refs = IMAGE_REFS.c
    is_of = exists().where(ASSETS.c.id == refs.asset, ASSETS.c.asset_class == of)
    query = select(refs.repository, refs.path).where(refs.connection == name, is_of).distinct()
    if after is not None:
        further = and_(refs.repository == after.repository, refs.path > after.path)
        query = query.where((refs.repository > after.repository) | further)
    rows = connection.execute(query.order_by(refs.repository, refs.path).limit(limit))
    return [Scope(name, row.repository, row.path) for row in rows]


def sized(
    connection: Connection,
    name: str,
    *,
    of: AssetClass = AssetClass.IMAGE,
    run: str,
    after: Scope | None = None,
    limit: int = 1_000,
) -> list[tuple[Scope, int]]:
    """List the scopes of a connection, and how many assets of each a run wants to read."""
    some = page(connection, name, of=of, after=after, limit=limit)
    if not some:
        return []
    refs = IMAGE_REFS.c
    query = (
        select(refs.repository, refs.path, func.count(refs.asset.distinct()))
        .join(ASSETS, ASSETS.c.id == refs.asset)
        .where(
            refs.connection == name,
            refs.gone_at.is_(None),
            ASSETS.c.due_run == run,
            refs.repository >= some[0].repository,
            refs.repository <= some[-1].repository,
        )
        .group_by(refs.repository, refs.path)
    )
    sizes = {(repository, path): size for repository, path, size in connection.execute(query)}
    return [(scope, sizes.get((scope.repository, scope.path), 0)) for scope in some]


def save_findings(
    connection: Connection, scope: Scope, rows: Sequence[FindingRow], *, found: datetime, now: datetime
) -> None:
    """Write findings, new (`found` then) or changed; what people and earlier runs said of them stays."""
    fresh = {
        "triage": Triage.OPEN,
        "first_found_at": found,
        "last_found_at": now,
        "reopened": 0,
    }
    place = {"connection": scope.connection, "repository": scope.repository, "path": scope.path}
    values = [
        {**msgspec.structs.asdict(row), "title": storable_key(row.title), **place, **fresh} for row in rows
    ]
    merge(connection, FINDINGS, values, once=list(fresh))
    _learn(connection, scope, rows, titles=[row["title"] for row in values])


def _learn(
    connection: Connection, scope: Scope, rows: Sequence[FindingRow], *, titles: Sequence[str]
) -> None:
    """Keep the words that these findings are found by."""
    wording.learn_names(connection, [scope.repository, scope.path, *(row.vulnerability for row in rows)])
    wording.learn(connection, Field.TITLE, {title: title for title in titles})
    wording.learn_components(connection, {row.component for row in rows})


def touch(
    connection: Connection, findings: Iterable[str], *, confirmed: Iterable[str], run: str, now: datetime
) -> None:
    """Note that an answer of this run has these findings, and a conclusive one some of them."""
    for some, values in (
        (findings, {"last_found_at": now, "last_run": run}),
        (confirmed, {"last_confirmed_at": now}),
    ):
        rows = [{"of": each} for each in some]
        if rows:
            of = FINDINGS.c.id == bindparam("of")
            connection.execute(update(FINDINGS).where(of).values(values), rows)


def reopen(connection: Connection, findings: Sequence[str], *, now: datetime) -> None:
    """Note that findings that were fixed are back."""
    for some in slices(findings):
        connection.execute(
            update(FINDINGS)
            .where(FINDINGS.c.id.in_(some))
            .values(reopened_at=now, reopened=FINDINGS.c.reopened + 1)
        )


def take_back(connection: Connection, findings: Sequence[str]) -> None:
    """Forget when and why findings were over, which are back."""
    for some in slices(findings):
        connection.execute(
            update(FINDINGS).where(FINDINGS.c.id.in_(some)).values(fixed_at=None, fixed_because=None)
        )


def suppressed(connection: Connection, scope: Scope) -> set[str]:
    """Give the findings of a scope that a rule of the source hides."""
    query = select(FINDINGS.c.id).where(_in(scope), FINDINGS.c.triage == Triage.SUPPRESSED)
    return set(connection.execute(query).scalars())


def last_places(connection: Connection, findings: Sequence[str]) -> dict[str, set[tuple[str, str]]]:
    """Say where findings that are nowhere now were last: (asset, version)."""
    columns = (OCCURRENCES.c.finding, OCCURRENCES.c.asset, OCCURRENCES.c.version)
    age = func.rank().over(partition_by=OCCURRENCES.c.finding, order_by=OCCURRENCES.c.gone_at.desc())
    places: dict[str, set[tuple[str, str]]] = {}
    for some in slices(findings):
        gone = and_(OCCURRENCES.c.finding.in_(some), OCCURRENCES.c.gone_at.is_not(None))
        ranked = select(*columns, age.label("age")).where(gone).subquery()
        query = select(ranked.c.finding, ranked.c.asset, ranked.c.version).where(ranked.c.age == 1)
        for finding, asset, version in connection.execute(query):
            places.setdefault(finding, set()).add((asset, version))
    return places


def save_occurrences(connection: Connection, rows: Sequence[OccurrenceRow], *, now: datetime) -> None:
    """Write occurrences, new, changed or back again."""
    values = [
        {
            **msgspec.structs.asdict(row),
            "version": storable_key(row.version),
            "first_seen_at": now,
            "gone_at": None,
        }
        for row in rows
    ]
    merge(connection, OCCURRENCES, values, once=["first_seen_at"])


def end_occurrences(connection: Connection, gone: Sequence[tuple[str, str, str]], *, now: datetime) -> None:
    """Note that findings are no more in images: (finding, asset, version)."""
    statement = (
        update(OCCURRENCES)
        .where(
            OCCURRENCES.c.finding == bindparam("of"),
            OCCURRENCES.c.asset == bindparam("in_asset"),
            OCCURRENCES.c.version == bindparam("in_version"),
        )
        .values(gone_at=now)
    )
    if gone:
        connection.execute(statement, [{"of": f, "in_asset": a, "in_version": v} for f, a, v in gone])


def save_events(
    connection: Connection, events: Sequence[EventRow], *, run: str | None, now: datetime
) -> None:
    """Append to the history of findings; what a broken-off run had appended is not said twice."""
    values = [{**msgspec.structs.asdict(event), "run": run, "at": now} for event in events]
    merge(connection, FINDING_EVENTS, values)


def note_read(connection: Connection, scopes: Iterable[Scope], *, run: str, now: datetime) -> None:
    """Note that a run reads scopes. Whoever writes of one first lets the others wait until that is whole."""
    place = [{"connection": s.connection, "repository": s.repository, "path": s.path} for s in scopes]
    merge(connection, SCOPES, [{**each, "read_run": run, "read_at": now} for each in place])


def _in(scope: Scope) -> Any:
    return and_(
        FINDINGS.c.connection == scope.connection,
        FINDINGS.c.repository == scope.repository,
        FINDINGS.c.path == scope.path,
    )
