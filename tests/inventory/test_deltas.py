"""After any days a delta closes nothing, and followed by a reconcile it leaves what a full sync leaves."""

import asyncio
import shutil
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import Phase, example, given, settings
from sqlalchemy import select

from inventory.days import (
    BEGINNING,
    DAYS,
    Away,
    Day,
    Delete,
    Event,
    Filter,
    Push,
    Refuse,
    Rescan,
    begin,
    happen,
)
from inventory.pond import Key, Pond, View, pond
from inventory.test_days import SEQUENCES
from reedbed.inventory.connection.scope import Filters
from reedbed.inventory.run.context import Mode
from reedbed.model.inventory import Lifecycle, Status
from reedbed.store.database import open_database
from reedbed.store.inventory.assets import ASSETS

QUICK = (Phase.explicit, Phase.reuse, Phase.generate)
LATER = timedelta(hours=25)
"""Then every image is due: what Xray's counts don't show is found by reading again in time."""


@settings(max_examples=5, phases=QUICK)
@given(days=SEQUENCES, last=DAYS)
@example(days=[], last=Day(events=(Push("a-local", "app", "1", "c3"), Delete("a-local", "app", "2"))))
@example(days=[Day(events=(Away("b-local"),))], last=Day(events=(Rescan("c0", (), "done"),)))
@example(days=[Day(events=(Filter("web"),))], last=Day(events=(Filter(None), Rescan("c1", (), "lost"))))
def test_a_delta_and_a_reconcile_leave_what_a_full_sync_leaves(
    days: Sequence[Day], last: Day, migrated_file: Path
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_compare(days, last, Path(folder), migrated_file))


@pytest.mark.soak
@settings(max_examples=300, phases=QUICK)
@given(days=SEQUENCES, last=DAYS)
def test_many_deltas_and_reconciles_leave_what_full_syncs_leave(
    days: Sequence[Day], last: Day, migrated_file: Path
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_compare(days, last, Path(folder), migrated_file))


async def _compare(days: Sequence[Day], last: Day, folder: Path, migrated: Path) -> None:
    """Read the last day in both ways, each from a copy of what the days before left."""
    shutil.copy(migrated, folder / "before.db")
    db = open_database(f"sqlite:///{folder}/before.db")
    try:
        async with pond(db) as place:
            world = begin(place)
            for day in (BEGINNING, *days):
                happen(_listed(day), world, place)
                await place.sync()
            filters = place.scope.filters
            happen(_listed(last), world, place)
            place.clock += LATER
            before = await place.findings()
            db.close()
            parted = await _in_copy(place, folder, Mode.DELTA, Mode.RECONCILE, before=before, filters=filters)
            whole = await _in_copy(place, folder, Mode.FULL, before=before, filters=filters)
            assert parted == whole
    finally:
        db.close()


def _listed(day: Day) -> list[Event]:
    """After a listing that was refused a delta may be none, and lists everything."""
    return [event for event in day.events if not isinstance(event, Refuse)]


async def _in_copy(
    place: Pond, folder: Path, *modes: Mode, before: dict[Key, View], filters: Filters
) -> tuple[Any, ...]:
    """Run in each mode on a copy; give all that is left of findings and assets, but dates and runs."""
    file = folder / f"{modes[0]}.db"
    shutil.copy(folder / "before.db", file)
    place.db = open_database(f"sqlite:///{file}")
    try:
        for mode in modes:
            await place.sync(mode)
            if mode is Mode.DELTA and place.scope.filters == filters:  # else it is no delta
                _closed_nothing(before, await place.findings())
        found = {key: _settled(each) for key, each in (await place.findings()).items()}
        columns = (ASSETS.c.native, ASSETS.c.lifecycle, ASSETS.c.coverage, ASSETS.c.missed, ASSETS.c.high)
        rows = await place.db.read(lambda c: c.execute(select(*columns).order_by(ASSETS.c.native)).all())
        return found, [tuple(row) for row in rows if row.lifecycle is not Lifecycle.RETIRED]
    finally:
        place.db.close()


def _closed_nothing(before: dict[Key, View], now: dict[Key, View]) -> None:
    assert all(now[key].status.open for key, each in before.items() if each.status.open)


def _settled(each: View) -> View:
    """How many runs saw an open finding differs: two here, one there."""
    return msgspec.structs.replace(each, status=Status.ACTIVE) if each.status.open else each
