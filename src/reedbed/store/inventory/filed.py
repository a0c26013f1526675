"""What a repository holds by the files that it is in."""

import msgspec
from sqlalchemy import Connection, select, tuple_

from reedbed.store.inventory.assets import ASSETS, IMAGE_REFS

_REF = IMAGE_REFS.c


class Filed(msgspec.Struct, frozen=True, kw_only=True):
    """An asset at a place, and its file in Artifactory."""

    repository: str
    path: str
    tag: str
    asset: str
    file: str  # below the repository: "team/app/1.0/manifest.json"
    digest: str | None = None  # "sha256:…"; of a package the file's


def page(
    connection: Connection,
    name: str,
    repository: str,
    *,
    after: Filed | None = None,
    limit: int,
    due: str | None = None,
) -> list[Filed]:
    """List what is in a repository now, by path, tag and asset; with `due` what that run wants to read."""
    key = (_REF.path, _REF.tag, _REF.asset)
    query = (
        select(*key, _REF.listed, ASSETS.c.manifest_digest)
        .join(ASSETS, ASSETS.c.id == _REF.asset)
        .where(_REF.connection == name, _REF.repository == repository)
        .where(_REF.gone_at.is_(None), _REF.in_scope.is_(True))
        .order_by(*key)
        .limit(limit)
    )
    if due is not None:
        query = query.where(ASSETS.c.due_run == due)
    if after is not None:
        query = query.where(tuple_(*key) > tuple_(after.path, after.tag, after.asset))
    return [
        Filed(
            repository=repository,
            path=row.path,
            tag=row.tag,
            asset=row.asset,
            file=str(row.listed.get("file", "")),
            digest=row.manifest_digest,
        )
        for row in connection.execute(query)
    ]
