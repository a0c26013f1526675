"""What is known of a connection's platform, in the few columns that filters ask about."""

from typing import Any

from sqlalchemy import Connection, func, select

from reedbed.model.inventory import AssetClass, Lifecycle, Status
from reedbed.store.inventory.assets import ASSETS, IMAGE_REFS
from reedbed.store.inventory.findings import FINDINGS

OPEN = tuple(status for status in Status if status.open)


def repositories(connection: Connection, name: str) -> list[Any]:
    """List the repositories that are there: key, repository_type, package_type. Left out ones too."""
    query = select(ASSETS.c.native.label("key"), ASSETS.c.repository_type, ASSETS.c.package_type).where(
        ASSETS.c.connection == name,
        ASSETS.c.asset_class == AssetClass.REPOSITORY,
        ASSETS.c.lifecycle != Lifecycle.RETIRED,
    )
    return list(connection.execute(query))


def remotes(connection: Connection, name: str) -> list[str]:
    """List the keys of the remote repositories that are there."""
    return [row.key for row in repositories(connection, name) if row.repository_type == "remote"]


def places(connection: Connection, name: str) -> list[Any]:
    """List where images are: repository, path, tag ("" for none), uploaded_at, in_scope."""
    ref = IMAGE_REFS.c
    query = select(ref.repository, ref.path, ref.tag, ref.uploaded_at, ref.in_scope).where(
        ref.connection == name, ref.gone_at.is_(None)
    )
    return list(connection.execute(query))


def findings(connection: Connection, name: str) -> list[Any]:
    """Count open findings: repository, path, severity, applicability, number."""
    of = (FINDINGS.c.repository, FINDINGS.c.path, FINDINGS.c.severity, FINDINGS.c.applicability)
    query = (
        select(*of, func.count().label("number"))
        .where(FINDINGS.c.connection == name, FINDINGS.c.status.in_(OPEN))
        .group_by(*of)
    )
    return list(connection.execute(query))
