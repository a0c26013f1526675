"""The layers of images, and which image each is built on."""

from collections.abc import Collection, Mapping, Sequence

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, select, update

from reedbed.model.inventory import AssetClass, Lifecycle
from reedbed.store.columns import storable, storable_key
from reedbed.store.dialects import merge
from reedbed.store.inventory.assets import ASSETS, IMAGE_LAYERS
from reedbed.store.rows import slices


class Layer(msgspec.Struct, frozen=True, kw_only=True):
    position: int  # from 0, the base's first
    digest: str
    size_bytes: int | None = None
    diff_id: str | None = None
    created_by: str | None = None  # redacted


class Built(msgspec.Struct, frozen=True, kw_only=True):
    """An image's layers, and the base that it is said to have."""

    asset: str
    digests: tuple[str, ...]
    base: str | None
    base_layers: int | None


def save(connection: Connection, layers: Mapping[str, Sequence[Layer]], chains: Mapping[str, str]) -> None:
    """Write the layers of images (by asset), and the names of the wholes. A digest never has others."""
    rows = [
        {
            "asset": asset,
            "position": layer.position,
            "digest": storable_key(layer.digest),
            "size_bytes": layer.size_bytes,
            "diff_id": layer.diff_id,
            "created_by": storable(layer.created_by) if layer.created_by else None,
        }
        for asset, some in layers.items()
        for layer in some
    ]
    for some_assets in slices(sorted(layers)):
        connection.execute(delete(IMAGE_LAYERS).where(IMAGE_LAYERS.c.asset.in_(some_assets)))
    merge(connection, IMAGE_LAYERS, rows)
    named = [{"of": asset, "is": chain} for asset, chain in chains.items()]
    if named:
        statement = update(ASSETS).where(ASSETS.c.id == bindparam("of")).values(chain=bindparam("is"))
        connection.execute(statement, named)


def page(connection: Connection, name: str, *, run: str | None = None, after: str, limit: int) -> list[Built]:
    """Read images that have layers, by asset; with `run` those that it saw."""
    columns = (ASSETS.c.id, ASSETS.c.base_image, ASSETS.c.base_layers)
    query = select(*columns).where(
        ASSETS.c.connection == name,
        ASSETS.c.asset_class == AssetClass.IMAGE,
        ASSETS.c.chain.is_not(None),
        ASSETS.c.id > after,
    )
    if run is not None:
        query = query.where(ASSETS.c.last_run == run)
    images = connection.execute(query.order_by(ASSETS.c.id).limit(limit)).all()
    digests: dict[str, list[str]] = {}
    of = IMAGE_LAYERS.c
    in_order = (
        select(of.asset, of.digest)
        .where(of.asset.in_([image.id for image in images]))
        .order_by(of.asset, of.position)
    )
    for asset, digest in connection.execute(in_order):
        digests.setdefault(asset, []).append(digest)
    return [
        Built(
            asset=image.id,
            digests=tuple(digests.get(image.id, ())),
            base=image.base_image,
            base_layers=image.base_layers,
        )
        for image in images
    ]


def named(connection: Connection, name: str, chains: Collection[str]) -> dict[str, str]:
    """Say which of some chains are images that are there, and how those are called: the first by name."""
    found: dict[str, str] = {}
    for some in slices(sorted(chains)):
        query = (
            select(ASSETS.c.chain, func.min(ASSETS.c.name).label("first"))
            .where(
                ASSETS.c.connection == name,
                ASSETS.c.chain.in_(some),
                ASSETS.c.lifecycle == Lifecycle.PRESENT,
            )
            .group_by(ASSETS.c.chain)
        )
        found |= {row[0]: row[1] for row in connection.execute(query)}
    return found


def save_bases(connection: Connection, bases: Mapping[str, tuple[str | None, int | None]]) -> None:
    """Write which image each is built on: its name, and how many of the layers are its."""
    rows = [{"of": asset, "is": base, "has": count} for asset, (base, count) in bases.items()]
    statement = (
        update(ASSETS)
        .where(ASSETS.c.id == bindparam("of"))
        .values(base_image=bindparam("is"), base_layers=bindparam("has"))
    )
    connection.execute(statement, rows)
