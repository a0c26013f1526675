"""Random days of a platform, read by the real flow from the real stand-in, against the rules in sets."""

import asyncio
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from databases import Cluster
from inventory.days import BEGINNING, DAYS, REPOSITORIES, Away, Day, Filter, Push, Rescan, begin, happen
from inventory.pond import Broken, Pond, pond
from inventory.rules import Rules
from reedbed.model.inventory import Lifecycle
from reedbed.store.database import open_database
from reedbed.store.runs import Run

QUICK = (Phase.explicit, Phase.reuse, Phase.generate)
"""A sequence that fails is told as it is: to shrink it would take minutes."""

SEQUENCES = st.lists(DAYS, min_size=1, max_size=6)
TOLD = (
    [Day(events=(Away("a-local"),)), Day(events=()), Day(events=(Away("a-local"),))],
    [Day(events=(Filter("web"),)), Day(events=(Filter(None),), broken_off=(12,))],
    [Day(events=(Filter("b-local"), Away("b-local"))), Day(events=(Filter(None),))],
    [Day(events=(Push("a-local", "app", "1", "c3"), Rescan("c1", (), "lost")))],
)


@settings(max_examples=8, phases=QUICK)
@given(days=SEQUENCES)
@example(days=TOLD[0])
@example(days=TOLD[1])
@example(days=TOLD[2])
@example(days=TOLD[3])
def test_any_days_end_as_the_rules_say(days: Sequence[Day], migrated_file: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(migrated_file, f"{folder}/reedbed.db")
        asyncio.run(_live(days, f"sqlite:///{folder}/reedbed.db"))


@settings(max_examples=2, phases=QUICK)
@given(days=SEQUENCES)
@example(days=TOLD[0])
def test_any_days_end_alike_on_postgresql(days: Sequence[Day], cluster: Cluster, migrated: str) -> None:
    name = cluster.make(migrated)
    asyncio.run(_live(days, cluster.url(name)))
    cluster.remove(name)


@pytest.mark.soak
@settings(max_examples=500, phases=QUICK)
@given(days=st.lists(DAYS, min_size=1, max_size=15))
def test_many_days_end_as_the_rules_say(days: Sequence[Day], migrated_file: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(migrated_file, f"{folder}/reedbed.db")
        asyncio.run(_live(days, f"sqlite:///{folder}/reedbed.db"))


async def _live(days: Sequence[Day], url: str) -> None:
    """Let each day happen, read it, and compare."""
    db = open_database(url)
    try:
        async with pond(db) as place:
            world, rules = begin(place), Rules(REPOSITORIES)
            for day in (BEGINNING, *days):
                happen(day.events, world, place)
                await _read(place, () if world.refused else day.broken_off)
                rules.read(world)
                assert await place.findings() == rules.views()
                _compare(await place.lifecycles(), rules.lifecycles(), complete=world.refused is None)
    finally:
        db.close()


async def _read(place: Pond, broken_off: Sequence[int]) -> None:
    """Run, and go on with the same run as often as it is broken off."""
    run = await place.begin()
    for steps in broken_off:
        if await _dies(place, run, steps):
            continue
        return
    await place.resume(run)


async def _dies(place: Pond, run: Run, steps: int) -> bool:
    dead = False
    try:
        await place.resume(run, breaks_after=steps)
    except* Broken:
        dead = True
    return dead


def _compare(found: dict[str, Lifecycle], told: dict[str, Lifecycle], *, complete: bool) -> None:
    """What has no place any more is retired, once everything was listed."""
    assert {name: found[name] for name in told} == told
    rest = {how for name, how in found.items() if name not in told and name not in REPOSITORIES}
    assert not complete or rest <= {Lifecycle.RETIRED}
