"""How each group of tokens is reached from a row: by its own columns, or by rows of other tables."""

from collections.abc import Mapping
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import ColumnElement, FromClause, and_, func, or_, select

from reedbed.model.inventory import AssetClass
from reedbed.model.query.tokens import Group
from reedbed.store.inventory.assets import ASSET_TAGS, ASSETS, IMAGE_LAYERS, IMAGE_REFS, SOFTWARE
from reedbed.store.inventory.findings import FINDINGS, OCCURRENCES
from reedbed.store.inventory.wording import Field
from reedbed.store.search.columns import asset_columns, finding_columns, image_columns
from reedbed.store.search.expressions import Condition, Elements, Expression, Plain, Worded

Columns = Mapping[str, Expression]
Row = FromClause
"""`assets` or `inventory_findings`, or an alias of one."""


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """A way to a group. `own` are columns of the row itself, `others` of rows that `on` joins to it."""

    own: Columns = {}
    others: Columns = {}
    tables: FromClause | None = None
    on: Condition | None = None
    guard: Condition | None = None  # what the row has to be
    asset: Row | None = None  # the asset that groups within this one are about
    asset_is_other: bool = False  # it is one of the other rows


def ways(group: Group, row: Row, *, of_finding: bool) -> list[Way]:
    """Give the ways from a row to a group; a condition holds if it does by one of them."""
    return _FROM_FINDING[group](row) if of_finding else _FROM_ASSET[group](row)


def _asset(asset: Row) -> list[Way]:
    return [Way(own=asset_columns(asset), asset=asset)]


def _inventory_columns(asset: Row) -> dict[str, Expression]:
    return {
        "source": Plain(of=sa.literal(SOURCE)),
        "connector.name": Plain(of=asset.c.connection),
        "connector.id": Plain(of=asset.c.connection),
        "createdDate": Plain(of=asset.c.first_seen_at),
        "lastFoundDate": Plain(of=asset.c.last_seen_at),
        "nativeId": Plain(of=asset.c.native),
    }


SOURCE = "JFrog"


def _inventory(asset: Row) -> list[Way]:
    return [Way(own=_inventory_columns(asset))]


def _placed(ref: FromClause) -> dict[str, Expression]:
    return {
        "repository": Plain(of=ref.c.repository),
        "name": Worded(of=ref.c.path, field=Field.NAME),
        "tag": Plain(of=func.nullif(ref.c.tag, "")),
    }


def _container(asset: Row) -> list[Way]:
    ref = IMAGE_REFS.alias()
    on = and_(ref.c.asset == asset.c.id, ref.c.gone_at.is_(None))
    guard = asset.c.asset_class == AssetClass.IMAGE
    return [Way(own=image_columns(asset), others=_placed(ref), tables=ref, on=on, guard=guard, asset=asset)]


def _layers(asset: Row) -> list[Way]:
    layer = IMAGE_LAYERS.alias()
    columns = {"digest": Plain(of=layer.c.digest, folded=True), "sizeInBytes": Plain(of=layer.c.size_bytes)}
    return [Way(others=columns, tables=layer, on=layer.c.asset == asset.c.id)]


def _tagged(asset_id: ColumnElement[Any], origins: tuple[str, ...], key: str) -> Way:
    tag = ASSET_TAGS.alias()
    columns = {key: Plain(of=tag.c.key), "value": Plain(of=tag.c.value)}
    return Way(others=columns, tables=tag, on=and_(tag.c.asset == asset_id, tag.c.origin.in_(origins)))


def _tags(asset: Row) -> list[Way]:
    return [_tagged(asset.c.id, ("user", "rule"), "name")]


def _labels(asset: Row) -> list[Way]:
    return [_tagged(asset.c.id, ("label",), "key")]


def _attributes(asset: Row) -> list[Way]:
    way = _tagged(asset.c.id, ("property", "repository"), "key")
    return [msgspec.structs.replace(way, others={**way.others, "connectorId": Plain(of=asset.c.connection)})]


def _repository_columns(repository: FromClause) -> dict[str, Expression]:
    return {
        "key": Worded(of=repository.c.repository, field=Field.NAME),
        "packageType": Plain(of=repository.c.package_type),
        "type": Plain(of=repository.c.repository_type),
        "description": Plain(of=repository.c.description),
        "project": Plain(of=repository.c.project),
        "xrayIndexed": Plain(of=repository.c.xray_indexed),
        "usedSpace": Plain(of=repository.c.size_bytes),
        "artifactCount": Plain(of=repository.c.artifact_count),
    }


def _repository(asset: Row) -> list[Way]:
    repository, ref = ASSETS.alias(), IMAGE_REFS.alias()
    placed = (
        select(ref.c.repository)
        .where(ref.c.asset == asset.c.id, ref.c.gone_at.is_(None))
        .correlate_except(None)
    )
    on = and_(
        repository.c.asset_class == AssetClass.REPOSITORY,
        repository.c.connection == asset.c.connection,
        or_(repository.c.repository == asset.c.repository, repository.c.repository.in_(placed)),
    )
    return [Way(others=_repository_columns(repository), tables=repository, on=on)]


def _software(asset: Row) -> list[Way]:
    """What an image is said to have; and what findings say that it has, where nobody lists its software."""
    listed, found, finding = SOFTWARE.alias(), OCCURRENCES.alias(), FINDINGS.alias()
    told: dict[str, Expression] = {
        "purl": Plain(of=listed.c.purl),
        "name": Worded(of=listed.c.purl, field=Field.COMPONENT),
        "version": Plain(of=listed.c.version),
        "type": Plain(of=listed.c.type),
        "license": Elements(of=listed.c.licences),
        "path": Plain(of=listed.c.path),
        "layerDigest": Plain(of=listed.c.layer),
        "fixedVersion": Plain(of=sa.null()),
    }
    seen = {**_component(finding), **_occurring(found), "license": Plain(of=sa.null())}
    return [
        Way(others=told, tables=listed, on=listed.c.asset == asset.c.id),
        Way(
            others=seen,
            tables=found.join(finding, finding.c.id == found.c.finding),
            on=and_(found.c.asset == asset.c.id, found.c.gone_at.is_(None)),
        ),
    ]


def _component(finding: FromClause) -> dict[str, Expression]:
    return {
        "purl": Plain(of=finding.c.component),
        "name": Worded(of=finding.c.component, field=Field.COMPONENT),
        "type": Plain(of=finding.c.package_type),
    }


def _occurring(found: FromClause) -> dict[str, Expression]:
    return {
        "version": Plain(of=func.nullif(found.c.version, "")),
        "path": Elements(of=found.c.paths),
        "layerDigest": Plain(of=found.c.layer),
        "fixedVersion": Elements(of=found.c.fixed_versions),
    }


def _findings_of(asset: Row) -> list[Way]:
    found, finding = OCCURRENCES.alias(), FINDINGS.alias()
    on = and_(found.c.asset == asset.c.id, found.c.gone_at.is_(None))
    tables = found.join(finding, finding.c.id == found.c.finding)
    return [Way(others=finding_columns(finding), tables=tables, on=on)]


def _itself(finding: Row) -> list[Way]:
    return [Way(own=finding_columns(finding))]


def _standing_in(finding: Row) -> tuple[FromClause, FromClause, Condition]:
    """The assets that a finding stands in: the tables, the asset among them, and what joins them."""
    found, asset = OCCURRENCES.alias(), ASSETS.alias()
    tables = found.join(asset, asset.c.id == found.c.asset)
    return tables, asset, and_(found.c.finding == finding.c.id, found.c.gone_at.is_(None))


def _asset_of(finding: Row) -> list[Way]:
    tables, asset, on = _standing_in(finding)
    return [Way(others=asset_columns(asset), tables=tables, on=on, asset=asset, asset_is_other=True)]


def _inventory_of(finding: Row) -> list[Way]:
    tables, asset, on = _standing_in(finding)
    own: dict[str, Expression] = {
        "source": Plain(of=sa.literal(SOURCE)),
        "connector.name": Plain(of=finding.c.connection),
        "connector.id": Plain(of=finding.c.connection),
    }
    return [Way(own=own, others=_inventory_columns(asset), tables=tables, on=on)]


def _container_of(finding: Row) -> list[Way]:
    """An image that a finding stands in, in a place of the finding's own scope."""
    tables, asset, on = _standing_in(finding)
    ref = IMAGE_REFS.alias()
    here = and_(
        ref.c.asset == asset.c.id,
        ref.c.repository == finding.c.repository,
        ref.c.path == finding.c.path,
        ref.c.gone_at.is_(None),
    )
    own: dict[str, Expression] = {
        "repository": Plain(of=finding.c.repository),
        "name": Worded(of=finding.c.path, field=Field.NAME),
    }
    others = {**image_columns(asset), **_placed(ref)}
    return [
        Way(own=own, others=others, tables=tables.join(ref, here), on=on, asset=asset, asset_is_other=True)
    ]


def _repository_of(finding: Row) -> list[Way]:
    repository = ASSETS.alias()
    on = and_(
        repository.c.asset_class == AssetClass.REPOSITORY,
        repository.c.connection == finding.c.connection,
        repository.c.repository == finding.c.repository,
    )
    own = {"key": Worded(of=finding.c.repository, field=Field.NAME)}
    return [Way(own=own, others=_repository_columns(repository), tables=repository, on=on)]


def _software_of(finding: Row) -> list[Way]:
    found, listed = OCCURRENCES.alias(), SOFTWARE.alias()
    same = and_(
        listed.c.asset == found.c.asset,
        listed.c.purl == finding.c.component,
        listed.c.version == found.c.version,
    )
    licences = select(listed.c.licences).where(same).correlate_except(None).scalar_subquery()
    others = {**_component(finding), **_occurring(found), "license": Elements(of=licences)}
    on = and_(found.c.finding == finding.c.id, found.c.gone_at.is_(None))
    return [Way(own=_component(finding), others=others, tables=found, on=on)]


def _by_asset(group: Group) -> Any:
    """Reach a group of assets from a finding, by the assets that it stands in."""

    def reached(finding: Row) -> list[Way]:
        tables, asset, on = _standing_in(finding)
        (way,) = _FROM_ASSET[group](asset)
        assert way.tables is not None
        assert way.on is not None
        return [Way(others=way.others, tables=tables.join(way.tables, way.on), on=on)]

    return reached


_FROM_ASSET = {
    Group.ASSET: _asset,
    Group.TAG: _tags,
    Group.INVENTORY: _inventory,
    Group.CONTAINER: _container,
    Group.LAYERS: _layers,
    Group.LABELS: _labels,
    Group.REPOSITORY: _repository,
    Group.SOFTWARE: _software,
    Group.ATTRIBUTES: _attributes,
    Group.FINDING: _findings_of,
}

_FROM_FINDING = {
    Group.ASSET: _asset_of,
    Group.TAG: _by_asset(Group.TAG),
    Group.INVENTORY: _inventory_of,
    Group.CONTAINER: _container_of,
    Group.LAYERS: _by_asset(Group.LAYERS),
    Group.LABELS: _by_asset(Group.LABELS),
    Group.REPOSITORY: _repository_of,
    Group.SOFTWARE: _software_of,
    Group.ATTRIBUTES: _by_asset(Group.ATTRIBUTES),
    Group.FINDING: _itself,
}
