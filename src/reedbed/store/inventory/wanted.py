"""Which images a run has to read."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    exists,
    or_,
    select,
    update,
)

from reedbed.model.inventory import AssetClass, Coverage, Lifecycle
from reedbed.store.inventory.assets import ASSETS, IMAGE_REFS, INDEX_CHILDREN
from reedbed.store.rows import slices


def want_all(connection: Connection, name: str, *, run: str) -> None:
    """Let a run read every image that the filters let in."""
    connection.execute(update(ASSETS).where(_readable(name)).values(due_run=run))


def want_stale(connection: Connection, name: str, *, run: str, before: datetime, since: datetime) -> None:
    """Let a run read what is new `since` then, was last answered `before` then, or never conclusively."""
    new = exists().where(IMAGE_REFS.c.asset == ASSETS.c.id, IMAGE_REFS.c.first_seen_at >= since)
    wanted = or_(_stale(before), new)
    connection.execute(update(ASSETS).where(_readable(name), wanted).values(due_run=run))


def stale(connection: Connection, name: str, *, before: datetime) -> set[str]:
    """List the images that were last answered `before` then, or never conclusively."""
    return set(connection.execute(select(ASSETS.c.id).where(_readable(name), _stale(before))).scalars())


def _stale(before: datetime) -> ColumnElement[bool]:
    return or_(
        ASSETS.c.checked_at.is_(None),
        ASSETS.c.checked_at < before,
        ASSETS.c.coverage.not_in([Coverage.SCANNED, Coverage.NOT_REQUESTED]),
    )


def want(connection: Connection, name: str, ids: Sequence[str], *, run: str) -> None:
    """Let a run read images, and those that indexes among them are known to have."""
    for some in slices(ids):
        children = select(INDEX_CHILDREN.c.child).where(INDEX_CHILDREN.c.parent.in_(some))
        these = or_(ASSETS.c.id.in_(some), ASSETS.c.id.in_(children))
        connection.execute(update(ASSETS).where(_readable(name), these).values(due_run=run))


def want_unread(connection: Connection, name: str, ids: Sequence[str], *, run: str) -> None:
    """Let a run read those of some images that were never answered."""
    for some in slices(ids):
        these = and_(ASSETS.c.id.in_(some), ASSETS.c.checked_at.is_(None))
        connection.execute(update(ASSETS).where(_readable(name), these).values(due_run=run))


def want_changed(connection: Connection, counts: Mapping[str, str], *, run: str) -> int:
    """Let a run read images whose counts in Xray's list changed (by asset); give how many."""
    changed = []
    for some in slices(sorted(counts)):
        query = select(ASSETS.c.id, ASSETS.c.scan_counts).where(ASSETS.c.id.in_(some))
        changed += [id_ for id_, before in connection.execute(query) if before != counts[id_]]
    rows = [{"of": each, "now": counts[each]} for each in changed]
    if rows:
        values = {"due_run": run, "scan_counts": bindparam("now")}
        connection.execute(update(ASSETS).where(ASSETS.c.id == bindparam("of")).values(values), rows)
    return len(changed)


def _readable(name: str) -> ColumnElement[bool]:
    here = ASSETS.c.lifecycle == Lifecycle.PRESENT
    return and_(ASSETS.c.connection == name, ASSETS.c.asset_class == AssetClass.IMAGE, here)
