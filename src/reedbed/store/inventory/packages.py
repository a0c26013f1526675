"""Assets that are files of packages: which of them a run reads, and which are there no more."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, exists, or_, select, update

from reedbed.model.inventory import AssetClass, Coverage, Lifecycle
from reedbed.store.inventory.assets import ASSETS, IMAGE_REFS
from reedbed.store.rows import slices

_PLACED = exists().where(IMAGE_REFS.c.asset == ASSETS.c.id, IMAGE_REFS.c.gone_at.is_(None))


def want_changed(connection: Connection, digests: Mapping[str, str], *, run: str) -> None:
    """Let a run read files whose content is another than before, by asset; before they are saved."""
    changed = []
    for some in slices(sorted(digests)):
        query = select(ASSETS.c.id, ASSETS.c.manifest_digest).where(ASSETS.c.id.in_(some))
        changed += [
            {"of": row.id} for row in connection.execute(query) if row.manifest_digest != digests[row.id]
        ]
    if changed:
        of = ASSETS.c.id == bindparam("of")
        connection.execute(update(ASSETS).where(of).values(due_run=run, checked_at=None), changed)


def want(connection: Connection, name: str, *, run: str, before: datetime) -> None:
    """Let a run read the packages that were last answered `before` then, or never conclusively."""
    mine = and_(ASSETS.c.connection == name, ASSETS.c.asset_class == AssetClass.PACKAGE, _PLACED)
    stale = or_(
        ASSETS.c.checked_at.is_(None),
        ASSETS.c.checked_at < before,
        ASSETS.c.coverage.not_in([each for each in Coverage if each.conclusive]),
    )
    connection.execute(update(ASSETS).where(mine, stale).values(due_run=run))


def note_read(connection: Connection, assets: Iterable[str]) -> None:
    """Note that packages were read, so that a run that is broken off does not do so again."""
    for some in slices(sorted(assets)):
        connection.execute(update(ASSETS).where(ASSETS.c.id.in_(some)).values(due_run=None))


def retire_unplaced(connection: Connection, name: str) -> int:
    """Retire the packages that are nowhere any more, after complete lists, and take back those that are."""
    mine = and_(ASSETS.c.connection == name, ASSETS.c.asset_class == AssetClass.PACKAGE)
    here = and_(mine, ASSETS.c.lifecycle == Lifecycle.RETIRED, _PLACED)
    connection.execute(update(ASSETS).where(here).values(lifecycle=Lifecycle.PRESENT))
    gone = and_(mine, ASSETS.c.lifecycle != Lifecycle.RETIRED, ~_PLACED)
    return connection.execute(update(ASSETS).where(gone).values(lifecycle=Lifecycle.RETIRED)).rowcount
