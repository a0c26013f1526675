"""One finding, or one image, with all that is known of it."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, and_, or_, select

from reedbed.model.inventory import Stream
from reedbed.store.inventory.assets import ASSETS, IMAGE_REFS, INDEX_CHILDREN
from reedbed.store.inventory.findings import FINDING_EVENTS, FINDINGS, OCCURRENCES, TRIAGE, VULNERABILITIES
from reedbed.store.inventory.landed import LANDED
from reedbed.store.inventory.streams import RUN_STREAMS
from reedbed.store.runs import RUNS
from reedbed.store.search.expressions import escaped
from reedbed.store.search.pages import Found, Item, findings_query, rows_of

MOST = 100


class Occurrence(msgspec.Struct, frozen=True, kw_only=True):
    """Where a finding stands, or stood."""

    asset: str
    name: str
    version: str
    fixed_versions: tuple[str, ...]
    applicability: str | None
    paths: tuple[str, ...]
    layer: str | None
    coverage: str | None  # how far the newest look at that image came
    checked_at: datetime | None
    first_seen_at: datetime
    gone_at: datetime | None


class Event(msgspec.Struct, frozen=True, kw_only=True):
    at: datetime
    kind: str
    run: str | None
    detail: dict[str, Any]


class OneFinding(msgspec.Struct, frozen=True, kw_only=True):
    """A finding, where it occurs, what happened to it, and what maps made of it."""

    finding: Found
    description: str
    fixed_because: str | None
    note: str | None  # of its triage
    occurrences: list[Occurrence]
    events: list[Event]
    mapped: dict[str, Any]


class Placement(msgspec.Struct, frozen=True, kw_only=True):
    """A tag that leads to an image, or led to it until `gone_at`."""

    repository: str
    path: str
    tag: str
    current: bool
    uploaded_at: datetime | None
    first_seen_at: datetime
    gone_at: datetime | None


class OneImage(msgspec.Struct, frozen=True, kw_only=True):
    """An image, where it is and was, what is wrong with it, and whether that can be trusted."""

    image: Item
    is_index: bool
    children: list[str]  # of an index: assets
    placements: list[Placement]
    findings: list[Found]  # the worst ones that stand
    repository_indexed: bool | None  # by Xray
    vulnerabilities_run: str | None  # how the newest run's stream of findings ended
    mapped: dict[str, Any]
    landed: list[str]  # keys of its landed records


def finding(connection: Connection, id_or_prefix: str) -> OneFinding | None:
    """Read a finding by its id, or by the only beginning of one."""
    found = FINDINGS.c
    some = or_(found.id == id_or_prefix, found.id.like(escaped(id_or_prefix) + "%", escape="\\"))
    rows = rows_of(connection, findings_query().where(some).order_by(found.id).limit(2), Found)
    exact = [row for row in rows if row.id == id_or_prefix] or rows
    if len(exact) != 1:
        return None
    one = exact[0]
    more = connection.execute(
        select(found.fixed_because, found.mapped, TRIAGE.c.note, VULNERABILITIES.c.description)
        .outerjoin(TRIAGE, TRIAGE.c.finding == found.id)
        .outerjoin(VULNERABILITIES, VULNERABILITIES.c.key == found.vulnerability)
        .where(found.id == one.id)
    ).one()
    return OneFinding(
        finding=one,
        description=more.description or "",
        fixed_because=more.fixed_because,
        note=more.note,
        occurrences=_occurrences(connection, one.id),
        events=_events(connection, one.id),
        mapped=more.mapped,
    )


def _occurrences(connection: Connection, number: str) -> list[Occurrence]:
    of = OCCURRENCES.c
    query = (
        select(
            *(of[n] for n in Occurrence.__struct_fields__ if n in of),
            ASSETS.c.name,
            ASSETS.c.coverage,
            ASSETS.c.checked_at,
        )
        .join(ASSETS, ASSETS.c.id == of.asset)
        .where(of.finding == number)
        .order_by(of.gone_at.is_not(None), ASSETS.c.name, of.version)
        .limit(MOST)
    )
    return [Occurrence(**row) for row in connection.execute(query).mappings()]


def _events(connection: Connection, number: str) -> list[Event]:
    of = FINDING_EVENTS.c
    query = select(of.at, of.kind, of.run, of.detail).where(of.finding == number)
    rows = connection.execute(query.order_by(of.at.desc(), of.kind).limit(MOST)).mappings()
    return [Event(**row) for row in rows]


def image(connection: Connection, ref: str) -> OneImage | None:
    """Read an image by its id or digest, or as `repository/path:tag`, `repository/path@sha256:…`.

    Of several connections' images the first one; of a moved tag the image that it leads to now.
    """
    found = connection.execute(_named(ref)).scalars().first()
    if found is None:
        return None
    row = connection.execute(select(ASSETS).where(ASSETS.c.id == found)).mappings().one()
    children = select(INDEX_CHILDREN.c.child).where(INDEX_CHILDREN.c.parent == found)
    return OneImage(
        image=Item(**{name: row[name] for name in Item.__struct_fields__}),
        is_index=row["is_index"],
        children=list(connection.execute(children.order_by(INDEX_CHILDREN.c.child)).scalars()),
        placements=_placements(connection, found),
        findings=_standing(connection, found),
        repository_indexed=_indexed(connection, row["connection"], row["repository"]),
        vulnerabilities_run=_last_run(connection, row["connection"]),
        mapped=row["mapped"],
        landed=_landed(connection, row["connection"], row["manifest_digest"] or ""),
    )


def _named(ref: str) -> Select[Any]:
    of, refs = ASSETS.c, IMAGE_REFS.c
    _, _, digest = ref.rpartition("@")
    where, _, tag = ref.rpartition(":") if ":" in ref.rpartition("/")[2] else (ref, "", "latest")
    repository, _, path = where.partition("/")
    tagged = select(refs.asset).where(
        refs.repository == repository, refs.path == path, refs.tag == tag, refs.gone_at.is_(None)
    )
    any_of = or_(of.id == ref, of.native == digest, of.name == ref, of.id.in_(tagged))
    return select(of.id).where(of.asset_class == "container-image", any_of).order_by(of.lifecycle, of.id)


def _placements(connection: Connection, asset: str) -> list[Placement]:
    of = IMAGE_REFS.c
    query = select(*(of[name] for name in Placement.__struct_fields__)).where(of.asset == asset)
    order = (of.gone_at.is_not(None), of.repository, of.path, of.tag)
    return [Placement(**row) for row in connection.execute(query.order_by(*order).limit(MOST)).mappings()]


def _standing(connection: Connection, asset: str) -> list[Found]:
    of = OCCURRENCES.c
    here = select(of.finding).where(of.asset == asset, of.gone_at.is_(None))
    query = findings_query().where(FINDINGS.c.id.in_(here))
    return rows_of(connection, query.order_by(FINDINGS.c.severity.desc(), FINDINGS.c.id).limit(MOST), Found)


def _indexed(connection: Connection, name: str, repository: str | None) -> bool | None:
    of = ASSETS.c
    query = select(of.xray_indexed).where(
        of.connection == name, of.asset_class == "binary-repository", of.repository == repository
    )
    return connection.execute(query).scalars().first()


def _last_run(connection: Connection, name: str) -> str | None:
    streams, run = RUN_STREAMS.c, RUNS.c
    query = (
        select(streams.phase)
        .join(RUNS, run.id == streams.run)
        .where(streams.stream == Stream.VULNERABILITIES, run.platform == name)
        .order_by(run.started_at.desc())
        .limit(1)
    )
    found = connection.execute(query).scalar()
    return None if found is None else str(found)


def _landed(connection: Connection, name: str, digest: str) -> list[str]:
    of = LANDED.c
    like = of.native.like("%" + escaped(digest), escape="\\")
    query = select(of.model + " " + of.native).where(and_(of.connection == name, like)).distinct()
    return sorted(connection.execute(query.limit(MOST)).scalars()) if digest else []
