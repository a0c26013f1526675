"""Which tags of images count as current."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, Connection, select, tuple_, update

from reedbed.store.inventory.assets import IMAGE_REFS
from reedbed.store.rows import slices, structs

_REF = IMAGE_REFS.c


class TagRow(msgspec.Struct, frozen=True, kw_only=True):
    """A tag that is there now."""

    path: str
    tag: str
    uploaded_at: datetime | None
    current: bool


def paths(connection: Connection, name: str, repository: str, *, after: str, limit: int) -> list[str]:
    """List the paths of images in a repository, in order."""
    query = select(_REF.path).where(*_tagged(name, repository), _REF.path > after)
    return list(connection.execute(query.distinct().order_by(_REF.path).limit(limit)).scalars())


def tags(connection: Connection, name: str, repository: str, at: Sequence[str]) -> list[TagRow]:
    """List the tags of some images that the filters let in."""
    columns = [_REF[field] for field in TagRow.__struct_fields__]
    query = select(*columns).where(*_tagged(name, repository), _REF.path.in_(at))
    return structs(connection, query, TagRow)


def count(
    connection: Connection, name: str, repository: str, some: Sequence[tuple[str, str]], *, current: bool
) -> None:
    """Let tags, by path and name, count as current, or not."""
    for part in slices(some, 400):
        here = update(IMAGE_REFS).where(*_tagged(name, repository), tuple_(_REF.path, _REF.tag).in_(part))
        connection.execute(here.values(current=current))


def _tagged(name: str, repository: str) -> tuple[ColumnElement[bool], ...]:
    return (
        _REF.connection == name,
        _REF.repository == repository,
        _REF.tag != "",
        _REF.gone_at.is_(None),
        _REF.in_scope.is_(True),
    )
