"""Where images are: which digest each tag leads to, and led to before."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, bindparam, exists, func, select, tuple_, update

from reedbed.store.columns import storable_key
from reedbed.store.dialects import merge
from reedbed.store.inventory import wording
from reedbed.store.inventory.assets import ASSETS, IMAGE_REFS, INDEX_CHILDREN
from reedbed.store.inventory.presence import away
from reedbed.store.inventory.scopes import Scope
from reedbed.store.rows import slices

_REF = IMAGE_REFS.c


class Placement(msgspec.Struct, frozen=True, kw_only=True):
    """A tag that leads to an image, or an image that is there by its digest (`tag` "")."""

    repository: str
    path: str
    tag: str
    asset: str
    listed: dict[str, Any]  # what the listing tells of the manifest's file
    in_scope: bool  # the connection's filters let it in
    uploaded_at: datetime | None
    uploaded_by: str | None


def save(
    connection: Connection, name: str, placements: Sequence[Placement], *, run: str, now: datetime
) -> None:
    """Keep what a listing shows, and end what it contradicts: a tag leads to one image at a time.

    What is there by its digest alone is not current, until an index that is says that it is its child.
    """
    rows = [
        {
            "connection": name,
            **msgspec.structs.asdict(each),
            "path": storable_key(each.path),
            "tag": storable_key(each.tag),
            "current": bool(each.tag),
            "first_seen_at": now,
            "last_seen_at": now,
            "gone_at": None,
            "last_run": run,
        }
        for each in placements
    ]
    unique = {(row["repository"], row["path"], row["tag"], row["asset"]): row for row in rows}
    merge(connection, IMAGE_REFS, list(unique.values()), once=["first_seen_at"])
    wording.learn_names(connection, [name for key in unique for name in key[:2]])
    _end_others(connection, name, [key for key in unique if key[2]], now=now)


def _end_others(
    connection: Connection, name: str, tagged: Sequence[tuple[str, str, str, str]], *, now: datetime
) -> None:
    """End what tags led to before: of (repository, path, tag, asset)."""
    if not tagged:
        return
    statement = (
        update(IMAGE_REFS)
        .where(
            _REF.connection == name,
            _REF.repository == bindparam("at_repository"),
            _REF.path == bindparam("at_path"),
            _REF.tag == bindparam("at_tag"),
            _REF.asset != bindparam("leads_to"),
            _REF.gone_at.is_(None),
        )
        .values(gone_at=now, current=False)
    )
    names = ("at_repository", "at_path", "at_tag", "leads_to")
    connection.execute(statement, [dict(zip(names, key, strict=True)) for key in tagged])


def end_unseen(connection: Connection, name: str, repository: str, *, run: str, now: datetime) -> int:
    """End what a complete listing of a repository did not have; give how many."""
    statement = (
        update(IMAGE_REFS)
        .where(
            _REF.connection == name,
            _REF.repository == repository,
            _REF.last_run != run,
            _REF.gone_at.is_(None),
        )
        .values(gone_at=now, current=False)
    )
    return connection.execute(statement).rowcount


def end_tags(
    connection: Connection, name: str, at: tuple[str, str], tags: Sequence[str], *, now: datetime
) -> int:
    """End tags of an image (repository, path) that a listing of just these did not have; give how many."""
    ended = 0
    for some in slices(tags):
        here = (_REF.connection == name, _REF.repository == at[0], _REF.path == at[1], _REF.gone_at.is_(None))
        statement = update(IMAGE_REFS).where(*here, _REF.tag.in_(some)).values(gone_at=now, current=False)
        ended += connection.execute(statement).rowcount
    return ended


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A placement in a scope, and whether a run wants to read it."""

    scope: Scope
    placement: Placement
    due: bool


def leave_out_older(connection: Connection, name: str, number: int) -> int:
    """Leave out, of the tags of each image that are let in, all but the newest; give how many."""
    age = func.row_number().over(
        partition_by=(_REF.repository, _REF.path), order_by=(_REF.uploaded_at.desc().nulls_last(), _REF.tag)
    )
    place = (_REF.repository, _REF.path, _REF.tag, _REF.asset)
    tagged = (_REF.connection == name, _REF.tag != "", _REF.gone_at.is_(None), _REF.in_scope.is_(True))
    ranked = select(*place, age.label("age")).where(*tagged).subquery()
    older = select(*(ranked.c[column.name] for column in place)).where(ranked.c.age > number)
    statement = update(IMAGE_REFS).where(_REF.connection == name, tuple_(*place).in_(older))
    return connection.execute(statement.values(in_scope=False)).rowcount


def of_scopes(connection: Connection, some: Iterable[Scope], *, run: str) -> list[Wanted]:
    """List what is there now of scopes and let in by the filters, by scope and tag."""
    found = []
    for scope in some:
        columns = [_REF[name] for name in Placement.__struct_fields__]
        query = (
            select(*columns, (ASSETS.c.due_run == run).label("due"))
            .join(ASSETS, ASSETS.c.id == _REF.asset)
            .where(
                _REF.connection == scope.connection,
                _REF.repository == scope.repository,
                _REF.path == scope.path,
                _REF.gone_at.is_(None),
                _REF.in_scope.is_(True),
                _REF.repository.not_in(away(scope.connection)),
            )
            .order_by(_REF.tag, _REF.asset)
        )
        for row in connection.execute(query).mappings():
            fields = {name: row[name] for name in Placement.__struct_fields__}
            found.append(Wanted(scope=scope, placement=Placement(**fields), due=bool(row["due"])))
    return found


def wanted_in(connection: Connection, scope: Scope, *, run: str) -> list[str]:
    """List the images of a scope that a run wants to read, by id."""
    query = (
        select(_REF.asset)
        .join(ASSETS, ASSETS.c.id == _REF.asset)
        .where(
            _REF.connection == scope.connection,
            _REF.repository == scope.repository,
            _REF.path == scope.path,
            _REF.gone_at.is_(None),
            ASSETS.c.due_run == run,
        )
        .distinct()
        .order_by(_REF.asset)
    )
    return list(connection.execute(query).scalars())


def at_tags(
    connection: Connection, name: str, repository: str, tags: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], str]:
    """Give the assets that tags of a repository lead to now, by (path, tag)."""
    found: dict[tuple[str, str], str] = {}
    for some in slices(tags, 400):
        query = select(_REF.path, _REF.tag, _REF.asset).where(
            _REF.connection == name,
            _REF.repository == repository,
            tuple_(_REF.path, _REF.tag).in_(some),
            _REF.gone_at.is_(None),
        )
        found |= {(row.path, row.tag): row.asset for row in connection.execute(query)}
    return found


def first_of(connection: Connection, ids: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Give the first place of each of some images: the one that its asset is named after."""
    found: dict[str, tuple[str, str]] = {}
    for some in slices(sorted(set(ids))):
        query = (
            select(_REF.asset, _REF.repository, _REF.path)
            .where(_REF.asset.in_(some), _REF.gone_at.is_(None))
            .order_by(_REF.repository, _REF.path)
        )
        for asset, repository, path in connection.execute(query):
            found.setdefault(asset, (repository, path))
    return found


def save_children(connection: Connection, children: Iterable[tuple[str, str, str]]) -> None:
    """Keep which images an index has: (index, image, platform). An index never changes."""
    rows = [{"parent": p, "child": c, "platform": on} for p, c, on in children]
    merge(connection, INDEX_CHILDREN, list({(r["parent"], r["child"]): r for r in rows}.values()))


def follow_indexes(connection: Connection, some: Sequence[Scope]) -> None:
    """Let the images of scopes that are there by their digests be as the indexes that have them."""
    for scope in some:
        place = (
            _REF.connection == scope.connection,
            _REF.repository == scope.repository,
            _REF.path == scope.path,
        )
        _follow_indexes(connection, and_(*place))


def follow_all_indexes(connection: Connection, name: str) -> None:
    """As `follow_indexes`, of all that a connection has."""
    _follow_indexes(connection, _REF.connection == name)


def _follow_indexes(connection: Connection, where: ColumnElement[bool]) -> None:
    """Current is what a current index has, and in scope unless the filters leave all its indexes out."""
    parent = IMAGE_REFS.alias("parent")
    of_index = (
        INDEX_CHILDREN.c.child == _REF.asset,
        INDEX_CHILDREN.c.parent == parent.c.asset,
        parent.c.connection == _REF.connection,
        parent.c.repository == _REF.repository,
        parent.c.path == _REF.path,
        parent.c.tag != "",
        parent.c.gone_at.is_(None),
    )
    listed, let_in = exists().where(*of_index), exists().where(*of_index, parent.c.in_scope.is_(True))
    untagged = and_(where, _REF.tag == "", _REF.gone_at.is_(None))
    counted = exists().where(*of_index, parent.c.current.is_(True))
    connection.execute(update(IMAGE_REFS).where(untagged).values(current=counted))
    connection.execute(update(IMAGE_REFS).where(untagged, listed).values(in_scope=let_in))


def repositories(connection: Connection, name: str) -> list[str]:
    """List the repositories that have images now."""
    query = select(_REF.repository).where(_REF.connection == name, _REF.gone_at.is_(None)).distinct()
    return sorted(connection.execute(query).scalars())
