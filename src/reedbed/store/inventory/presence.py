"""What is there: repositories that a list has or misses, and the images in them.

A repository that a complete list lacks may be deleted, or the token may have lost its rights: it is away, and
what is in it stays as it was. Only when a second complete list lacks it too, it is taken for deleted.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, select, update

from reedbed.model.inventory import AssetClass, Lifecycle
from reedbed.store.inventory.assets import ASSETS, IMAGE_REFS

LISTS = 2
"""So many complete lists in a row have to lack a repository."""

_REF = IMAGE_REFS.c


def miss(connection: Connection, name: str, listed: Collection[str], *, run: str, counts: bool) -> None:
    """Mark the repositories that a list of all does not have. Each run `counts` once, and deltas don't."""
    gone = _repositories(name).where(ASSETS.c.lifecycle != Lifecycle.RETIRED)
    for key in sorted(set(connection.execute(gone).scalars()) - set(listed)):
        row = and_(_is_repository(name), ASSETS.c.native == key)
        connection.execute(update(ASSETS).where(row).values(lifecycle=Lifecycle.UNAVAILABLE))
        if counts:
            counted = update(ASSETS).where(row, ASSETS.c.last_run != run)
            connection.execute(counted.values(missed=ASSETS.c.missed + 1, last_run=run))
    retired = and_(_is_repository(name), ASSETS.c.missed >= LISTS)
    connection.execute(update(ASSETS).where(retired).values(lifecycle=Lifecycle.RETIRED))


def put_away(connection: Connection, name: str, repositories: Sequence[str]) -> None:
    """Mark repositories that are there, and can't be read."""
    row = and_(_is_repository(name), ASSETS.c.native.in_(repositories))
    connection.execute(update(ASSETS).where(row).values(lifecycle=Lifecycle.UNAVAILABLE))


def leave_out(connection: Connection, name: str, repositories: Sequence[str]) -> None:
    """Mark repositories that the filters do not let in, and what is in them; they are not looked at."""
    row = and_(_is_repository(name), ASSETS.c.native.in_(repositories))
    connection.execute(update(ASSETS).where(row).values(lifecycle=Lifecycle.OUT_OF_SCOPE, missed=0))
    inside = and_(_REF.connection == name, _REF.repository.in_(repositories))
    connection.execute(update(IMAGE_REFS).where(inside).values(in_scope=False))


def end_retired(connection: Connection, name: str, *, now: datetime) -> int:
    """End what was in repositories that are deleted; give how many places."""
    deleted = _repositories(name).where(ASSETS.c.lifecycle == Lifecycle.RETIRED)
    inside = and_(_REF.connection == name, _REF.gone_at.is_(None), _REF.repository.in_(deleted))
    return connection.execute(update(IMAGE_REFS).where(inside).values(gone_at=now, current=False)).rowcount


def away(name: str | ColumnElement[str]) -> Select[tuple[str]]:
    """The keys of a connection's repositories that can't be read now, as part of a query."""
    return _repositories(name).where(ASSETS.c.lifecycle == Lifecycle.UNAVAILABLE)


def follow(connection: Connection, name: str) -> None:
    """Let images be as their places are: present if one is, else away, else left out.

    What has no place at all is not decided here.
    """
    placed = (_REF.asset == ASSETS.c.id, _REF.gone_at.is_(None))
    inside, outside = _REF.in_scope.is_(True), _REF.in_scope.is_(False)
    here = exists().where(*placed, inside, _REF.repository.not_in(away(name)))
    hidden = exists().where(*placed, inside, _REF.repository.in_(away(name)))
    left_out = exists().where(*placed, outside)
    images = and_(ASSETS.c.connection == name, ASSETS.c.asset_class == AssetClass.IMAGE)
    for lifecycle, rule in (
        (Lifecycle.PRESENT, here),
        (Lifecycle.UNAVAILABLE, and_(~here, hidden)),
        (Lifecycle.OUT_OF_SCOPE, and_(~here, ~hidden, left_out)),
    ):
        changed = update(ASSETS).where(images, ASSETS.c.lifecycle != lifecycle, rule)
        connection.execute(changed.values(lifecycle=lifecycle))


def _repositories(name: str | ColumnElement[str]) -> Select[tuple[str]]:
    return select(ASSETS.c.native).where(_is_repository(name))


def _is_repository(name: str | ColumnElement[str]) -> ColumnElement[bool]:
    return and_(ASSETS.c.connection == name, ASSETS.c.asset_class == AssetClass.REPOSITORY)
