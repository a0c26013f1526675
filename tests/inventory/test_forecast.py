"""A dry run tells what a run then does, and leaves everything as it is."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, text

from inventory.pond import Flaw, Pond, pond
from reedbed.inventory.connection.scope import Filters
from reedbed.inventory.run.context import Mode
from reedbed.inventory.run.forecast import Forecast, forecast
from reedbed.store.database import Database

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
KEPT = ("assets", "image_refs", "inventory_findings", "occurrences", "landed", "runs", "run_events")


@ON_SQLITE
async def test_a_dry_run_tells_what_a_run_then_reads(database: Database) -> None:
    async with pond(database) as place:
        place.add_repository("docker-local")
        place.push("docker-local", "team/app", "1.0", "a", Flaw(1))
        place.push("docker-local", "team/app", "1.1", "a", Flaw(1))
        place.push("docker-local", "team/web", "1.0", "b")
        first = await forecast(await place.run_of(Mode.FULL))
        place.standin.platform.log.clear()
        counts = await place.sync()

        assert (first.repositories, first.listed, first.new, first.to_read) == (1, 3, 2, 2)
        assert (first.moved, first.gone, first.left_out) == (0, 0, 0)
        assert counts["images"] == first.to_read
        asked = len(place.standin.platform.log.entries())
        assert first.requests <= asked <= 3 * first.requests


@ON_SQLITE
async def test_a_dry_run_of_the_next_day_tells_what_changed(database: Database) -> None:
    async with pond(database) as place:
        place.add_repository("docker-local")
        place.push("docker-local", "team/app", "1.0", "a", Flaw(1))
        place.push("docker-local", "team/app", "latest", "a", Flaw(1))
        place.push("docker-local", "team/web", "1.0", "b", Flaw(2))
        await place.sync()
        place.push("docker-local", "team/app", "latest", "c", Flaw(3))
        place.delete("docker-local", "team/web", "1.0")
        before = await _rows(place)

        told = {
            mode: await forecast(await place.run_of(mode)) for mode in (Mode.FULL, Mode.RECONCILE, Mode.DELTA)
        }

        assert await _rows(place) == before
        assert {mode: _changes(each) for mode, each in told.items()} == {
            Mode.FULL: (1, 1, 1, 2),
            Mode.RECONCILE: (1, 1, 1, 1),
            Mode.DELTA: (1, 1, None, 1),
        }
        place.clock += timedelta(hours=25)
        later = await forecast(await place.run_of(Mode.DELTA))
        assert later.to_read == 3  # what was not read for a day, too


@ON_SQLITE
async def test_a_dry_run_counts_what_filters_leave_out(database: Database) -> None:
    async with pond(database) as place:
        place.add_repository("docker-local")
        for number in range(3):
            place.push("docker-local", "team/app", f"{number}.0", f"a{number}")
        place.scope = msgspec.structs.replace(place.scope, filters=Filters(newest_tags=1))

        told = await forecast(await place.run_of(Mode.FULL))

        assert (told.listed, told.left_out, told.to_read) == (3, 2, 1)


def _changes(told: Forecast) -> tuple[int, int, int | None, int]:
    return told.new, told.moved, told.gone, told.to_read


async def _rows(place: Pond) -> dict[str, Any]:
    return {table: await place.db.read(_all, table) for table in KEPT}


def _all(sql: Connection, table: str) -> list[Any]:
    return list(sql.execute(text(f"SELECT * FROM {table}")))  # noqa: S608 (a name of ours)
