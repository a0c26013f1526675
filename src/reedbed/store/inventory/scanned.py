"""Images that Xray has scanned, and of which a run has not landed a record yet."""

from sqlalchemy import Connection, exists, func, select

from reedbed.model.inventory import AssetClass, Coverage
from reedbed.store.inventory.assets import ASSETS, IMAGE_REFS
from reedbed.store.inventory.filed import Filed
from reedbed.store.inventory.landed import LANDED


def page(
    connection: Connection, name: str, repository: str, *, model: str, run: str, after: str, limit: int
) -> list[Filed]:
    """List the scanned images that are in a repository first of all, by asset, each at one of its places.

    Of places those count that the run has listed: where it was not, a tag may lead to another image by now.
    """
    ref = IMAGE_REFS.c
    listed = (ref.gone_at.is_(None), ref.last_run == run)
    first = select(func.min(ref.repository)).where(ref.asset == ASSETS.c.id, *listed)
    has = exists().where(
        LANDED.c.connection == name,
        LANDED.c.model == model,
        LANDED.c.native == ASSETS.c.id,
        LANDED.c.run == run,
    )
    some = (
        select(ASSETS.c.id)
        .where(
            ASSETS.c.connection == name,
            ASSETS.c.asset_class == AssetClass.IMAGE,
            ASSETS.c.is_index.is_(False),
            ASSETS.c.coverage.in_((Coverage.SCANNED, Coverage.PARTIAL)),
            ASSETS.c.id > after,
            first.scalar_subquery() == repository,
            ~has,
        )
        .order_by(ASSETS.c.id)
        .limit(limit)
    )
    ids = list(connection.execute(some).scalars())
    query = (
        select(ref.asset, ref.path, ref.tag, ref.listed)
        .where(ref.asset.in_(ids), ref.repository == repository, *listed)
        .order_by(ref.asset, ref.path, ref.tag)
    )
    found: dict[str, Filed] = {}
    for row in connection.execute(query):
        place = Filed(
            repository=repository,
            path=row.path,
            tag=row.tag,
            asset=row.asset,
            file=str(row.listed.get("file", "")),
        )
        found.setdefault(row.asset, place)
    return list(found.values())
