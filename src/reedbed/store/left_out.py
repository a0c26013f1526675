"""The flagged packages that are not pushed to a platform and wait for nothing: what its plan has left out."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, Table, and_, exists, func, or_, select

from reedbed.model.advisory import Confidence, Verdict
from reedbed.model.ecosystem import PackageType
from reedbed.store.advisories import ADVISORIES
from reedbed.store.changes import CHANGES
from reedbed.store.exemptions import EXEMPTIONS
from reedbed.store.ledger import ISSUES

_OF = ADVISORIES.c


class Admitted(msgspec.Struct, frozen=True, kw_only=True):
    """Which statements flag a package, in words of the store."""

    types: frozenset[PackageType]  # that Xray can enforce
    suspicious: frozenset[str] = frozenset()  # feeds whose suspicious packages count
    automated: frozenset[str] = frozenset()  # feeds whose unreviewed findings count


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Some of them: by what one statement says that flags the package."""

    feed: str | None = None
    package_type: PackageType | None = None
    packages: tuple[str, ...] = ()  # purls; none: any
    since: datetime | None = None  # its feed last changed it then, or later


def count(connection: Connection, platform: str, admitted: Admitted) -> int:
    packages = _packages(platform, admitted).subquery()
    return connection.execute(select(func.count()).select_from(packages)).scalar_one()


def page(
    connection: Connection,
    platform: str,
    admitted: Admitted,
    selection: Selection,
    *,
    after: str = "",
    limit: int,
) -> list[str]:
    """List purls in their order, from the one after `after` on."""
    query = _packages(platform, admitted).where(_OF.package > after, *_selected(selection))
    return list(connection.execute(query.order_by(_OF.package).limit(limit)).scalars())


def _selected(selection: Selection) -> list[ColumnElement[bool]]:
    found = []
    if selection.feed is not None:
        found.append(_OF.feed == selection.feed)
    if selection.package_type is not None:
        found.append(_OF.package_type == selection.package_type)
    if selection.packages:
        found.append(_OF.package.in_(selection.packages))
    if selection.since is not None:
        found.append(_OF.modified >= selection.since)
    return found


def _packages(platform: str, admitted: Admitted) -> Select[Any]:
    flags = and_(
        _OF.live,
        _OF.package_type.in_(sorted(admitted.types)),
        or_(_OF.verdict == Verdict.MALICIOUS, _OF.feed.in_(sorted(admitted.suspicious))),
        or_(_OF.confidence == Confidence.HUMAN_VERIFIED, _OF.feed.in_(sorted(admitted.automated))),
    )
    freed = exists().where(EXEMPTIONS.c.package == _OF.package, EXEMPTIONS.c.ended_at.is_(None))
    return (
        select(_OF.package).where(flags, ~_on(ISSUES, platform), ~_on(CHANGES, platform), ~freed).distinct()
    )


def _on(table: Table, platform: str) -> ColumnElement[bool]:
    return exists().where(table.c.platform == platform, table.c.package == _OF.package)
