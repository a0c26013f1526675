"""What is there of a connection, counted: what its runs have brought, and what filters left out."""

from collections.abc import Mapping

import msgspec
from sqlalchemy import Connection, and_, func, select

from reedbed.model.inventory import AssetClass, Coverage, Lifecycle
from reedbed.store.inventory.assets import ASSETS, IMAGE_REFS
from reedbed.store.inventory.closings import count_open

IMAGE_TYPES = ("docker", "oci")


class Brought(msgspec.Struct, frozen=True, kw_only=True):
    """How much there is of a connection now."""

    repositories: int = 0
    of_images: int = 0  # repositories that can hold images
    places: int = 0  # tags and digests that were listed there
    left_out: int = 0  # of those, by the filters
    coverage: Mapping[Coverage | None, int] = {}  # images, by how far Xray's look at them came
    findings: int = 0  # that are open


def brought(connection: Connection, name: str) -> Brought:
    """Count what is there of a connection."""
    of, many = ASSETS.c, func.count().label("many")
    present = and_(of.connection == name, of.lifecycle == Lifecycle.PRESENT)
    keys = select(func.count()).where(present, of.asset_class == AssetClass.REPOSITORY)
    looks = select(of.coverage, many).where(
        present, of.asset_class == AssetClass.IMAGE, of.coverage.is_distinct_from(Coverage.NOT_REQUESTED)
    )
    places = select(IMAGE_REFS.c.in_scope, many).where(
        IMAGE_REFS.c.connection == name, IMAGE_REFS.c.gone_at.is_(None)
    )
    scope = {row.in_scope: row.many for row in connection.execute(places.group_by(IMAGE_REFS.c.in_scope))}
    coverage = {row.coverage: row.many for row in connection.execute(looks.group_by(of.coverage))}
    return Brought(
        repositories=connection.execute(keys).scalar_one(),
        of_images=connection.execute(keys.where(of.package_type.in_(IMAGE_TYPES))).scalar_one(),
        places=sum(scope.values()),
        left_out=scope.get(False, 0),
        coverage=coverage,
        findings=count_open(connection, name),
    )
