"""The software that assets have installed."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, select

from reedbed.store.columns import storable, storable_key
from reedbed.store.dialects import merge, upsert
from reedbed.store.inventory import wording
from reedbed.store.inventory.assets import ASSETS, SOFTWARE
from reedbed.store.rows import slices

Installed = dict[str, Any]
"""The columns of `software` but for the asset."""


def add(connection: Connection, software: Mapping[str, Sequence[Installed]]) -> None:
    """Keep software that assets are known to have, by asset; what is known of it already stays.

    The content of an image never changes, so what it once had it has.
    """
    rows = _rows(software)
    if rows:
        connection.execute(upsert(connection, SOFTWARE).on_conflict_do_nothing(), rows)
        wording.learn_components(connection, {row["purl"] for row in rows})


def replace(connection: Connection, software: Mapping[str, Sequence[Installed]]) -> None:
    """Keep all the software of assets, by asset, in place of what was known of it."""
    for some in slices(sorted(software)):
        connection.execute(delete(SOFTWARE).where(SOFTWARE.c.asset.in_(some)))
    rows = _rows(software)
    merge(connection, SOFTWARE, rows)
    wording.learn_components(connection, {row["purl"] for row in rows})


def _rows(software: Mapping[str, Sequence[Installed]]) -> list[Installed]:
    rows: dict[tuple[str, str, str], Installed] = {}
    for asset, some in sorted(software.items()):
        for each in some:
            row = _storable(each)
            rows.setdefault((asset, row["purl"], row["version"]), {"asset": asset, **row})
    return list(rows.values())


def _storable(row: Installed) -> Installed:
    keys = {name: storable_key(row[name]) for name in ("purl", "version", "name")}
    texts = {name: row[name] and storable(row[name]) for name in ("type", "path", "layer")}
    return row | keys | texts | {"licences": tuple(storable(each) for each in row["licences"])}


def count(connection: Connection, name: str) -> int:
    """Count what a connection's assets have, each version in each asset."""
    query = select(func.count()).select_from(SOFTWARE.join(ASSETS, ASSETS.c.id == SOFTWARE.c.asset))
    return connection.execute(query.where(ASSETS.c.connection == name)).scalar_one()
