"""Tags that sources put on assets. Each source replaces its own, and none touches those of people."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, select, tuple_

from reedbed.store.columns import storable_key
from reedbed.store.dialects import upsert
from reedbed.store.inventory.assets import ASSET_TAGS, ASSETS, IMAGE_REFS
from reedbed.store.rows import slices

PROPERTY, LABEL, REPOSITORY = "property", "label", "repository"
SOURCES = (PROPERTY, LABEL, REPOSITORY)
_TAG = ASSET_TAGS.c


class Tagged(NamedTuple):
    """An asset, and where it is that tags are about; "": wherever it is."""

    asset: str
    place: str


Pairs = Sequence[tuple[str, str]]


def place_of(repository: str, path: str, tag: str) -> str:
    return storable_key(f"{repository}/{path}:{tag}")


def replace(connection: Connection, origin: str, tags: Mapping[Tagged, Pairs]) -> None:
    """Put the tags of one source in place of those that it had put on the same assets at the same places."""
    for some in slices(sorted(tags), 400):
        same = tuple_(_TAG.asset, _TAG.place).in_(some)
        connection.execute(delete(ASSET_TAGS).where(_TAG.origin == origin, same))
    rows = {
        (at, storable_key(key), storable_key(value)) for at, pairs in tags.items() for key, value in pairs
    }
    names = [
        {"asset": at.asset, "place": at.place, "key": key, "value": value, "origin": origin}
        for at, key, value in sorted(rows)
    ]
    if names:
        connection.execute(upsert(connection, ASSET_TAGS).on_conflict_do_nothing(), names)


def forget_left(connection: Connection, name: str, *, after: str = "", limit: int = 500) -> str | None:
    """Drop what sources said of places where assets are no more; give where to go on, or None at the end."""
    query = (
        select(_TAG.asset)
        .join(ASSETS, ASSETS.c.id == _TAG.asset)
        .where(ASSETS.c.connection == name, _TAG.place != "", _TAG.asset > after)
        .distinct()
        .order_by(_TAG.asset)
        .limit(limit)
    )
    some: list[str] = list(connection.execute(query).scalars())
    if not some:
        return None
    stood = select(_TAG.asset, _TAG.place).where(_TAG.asset.in_(some), _TAG.place != "").distinct()
    left = {Tagged(*row) for row in connection.execute(stood)} - _standing(connection, some)
    for part in slices(sorted(left), 400):
        connection.execute(delete(ASSET_TAGS).where(tuple_(_TAG.asset, _TAG.place).in_(part)))
    return some[-1]


def _standing(connection: Connection, assets: Iterable[str]) -> set[Tagged]:
    ref = IMAGE_REFS.c
    query = select(ref.asset, ref.repository, ref.path, ref.tag).where(
        ref.asset.in_(list(assets)), ref.gone_at.is_(None)
    )
    return {Tagged(asset, place_of(*place)) for asset, *place in connection.execute(query)}


def count(connection: Connection, name: str) -> dict[str, int]:
    """Count the tags of a connection's assets by their sources."""
    query = (
        select(_TAG.origin, func.count().label("number"))
        .join(ASSETS, ASSETS.c.id == _TAG.asset)
        .where(ASSETS.c.connection == name, _TAG.origin.in_(SOURCES))
        .group_by(_TAG.origin)
    )
    return {row.origin: row.number for row in connection.execute(query)}
