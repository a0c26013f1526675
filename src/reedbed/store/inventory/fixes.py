"""What fixes are counted from: open findings by component, version and the versions that mend them."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import ColumnElement, Connection, Text, and_, case, exists, func, or_, select, type_coerce

from reedbed.model.inventory import Severity
from reedbed.store.inventory.assets import ASSETS, IMAGE_LAYERS
from reedbed.store.inventory.exports import Condition, standing
from reedbed.store.inventory.findings import FINDINGS, OCCURRENCES

_FIXES = type_coerce(OCCURRENCES.c.fixed_versions, Text)
"""As it is stored: equal lists are equal texts."""


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Occurrences of one component in one version that the same versions mend."""

    component: str
    package_type: str
    version: str
    fixed_versions: tuple[str, ...]
    occurrences: int


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """What an upgrade removes."""

    findings: int = 0
    images: int = 0
    critical: int = 0  # of the findings
    high: int = 0
    from_base: int = 0  # findings in layers of a known base image
    score: float = 0.0  # the worst of the findings


def groups(
    connection: Connection, where: Condition = standing, *, after: str = "", components: int = 500
) -> list[Group]:
    """Read the groups of some components, by component; the next call goes on behind the last of them."""
    some = (
        select(FINDINGS.c.component)
        .where(where, FINDINGS.c.component > after)
        .distinct()
        .order_by(FINDINGS.c.component)
        .limit(components)
    )
    key = (FINDINGS.c.component, FINDINGS.c.package_type, OCCURRENCES.c.version, _FIXES)
    query = (
        select(*key[:3], _FIXES.label("fixes"), func.count())
        .join(OCCURRENCES, OCCURRENCES.c.finding == FINDINGS.c.id)
        .where(where, OCCURRENCES.c.gone_at.is_(None), FINDINGS.c.component.in_(some))
        .group_by(*key)
        .order_by(FINDINGS.c.component, OCCURRENCES.c.version)
    )
    return [
        Group(
            component=component,
            package_type=package_type,
            version=version,
            fixed_versions=msgspec.json.decode(fixes, type=tuple[str, ...]),
            occurrences=many,
        )
        for component, package_type, version, fixes, many in connection.execute(query)
    ]


def effect(
    connection: Connection,
    component: str,
    mends: Sequence[tuple[str, tuple[str, ...]]],
    where: Condition = standing,
) -> Effect:
    """Count what mending groups of a component removes: (version, versions that mend it)."""
    meant = or_(*(_is(version, fixes) for version, fixes in mends))
    mended = (
        select(
            FINDINGS.c.id,
            FINDINGS.c.severity,
            FINDINGS.c.score,
            OCCURRENCES.c.asset,
            _in_base().label("base"),
        )
        .join(OCCURRENCES, OCCURRENCES.c.finding == FINDINGS.c.id)
        .where(where, OCCURRENCES.c.gone_at.is_(None), FINDINGS.c.component == component, meant)
        .subquery()
    )

    def counted(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.count(case((condition, mended.c.id)).distinct())

    row = connection.execute(
        select(
            func.count(mended.c.id.distinct()).label("findings"),
            func.count(mended.c.asset.distinct()).label("images"),
            counted(mended.c.severity == Severity.CRITICAL).label("critical"),
            counted(mended.c.severity == Severity.HIGH).label("high"),
            counted(mended.c.base).label("from_base"),
            func.coalesce(func.max(mended.c.score), 0.0).label("score"),
        )
    ).one()
    return Effect(**row._mapping)  # noqa: SLF001 (SQLAlchemy's public name for it begins so)


def _is(version: str, fixes: tuple[str, ...]) -> Condition:
    return and_(OCCURRENCES.c.version == version, OCCURRENCES.c.fixed_versions == fixes)


def _in_base() -> ColumnElement[bool]:
    """Whether the layer that an occurrence is in is one of its image's base."""
    return exists().where(
        ASSETS.c.id == OCCURRENCES.c.asset,
        IMAGE_LAYERS.c.asset == ASSETS.c.id,
        IMAGE_LAYERS.c.digest == OCCURRENCES.c.layer,
        IMAGE_LAYERS.c.position < ASSETS.c.base_layers,
    )


def base_share(connection: Connection, where: Condition = standing) -> tuple[int, int]:
    """Count open occurrences: (those in layers of a known base image, those whose layer is known)."""
    query = (
        select(func.count(case((_in_base(), 1))), func.count())
        .select_from(OCCURRENCES)
        .join(FINDINGS, FINDINGS.c.id == OCCURRENCES.c.finding)
        .where(where, OCCURRENCES.c.gone_at.is_(None), OCCURRENCES.c.layer.is_not(None))
    )
    base, known = connection.execute(query).one()
    return base, known
