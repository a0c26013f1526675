"""What was landed is kept two versions deep, within a budget, and the newest always stays."""

from datetime import timedelta

from sqlalchemy import Connection, func, select

from inventory.pond import CONNECTION, START, Flaw, Pond, pond
from reedbed.inventory.run.keep_settings import Keep
from reedbed.inventory.run.keeping import keep
from reedbed.store.database import Database
from reedbed.store.inventory import landed, streams
from reedbed.store.inventory.landed import LANDED


async def two_versions(place: Pond) -> None:
    """An image that was read twice, with other findings the second time."""
    place.add_repository("docker-local")
    digest = place.push("docker-local", "team/app", "1.0", "a", Flaw(1))
    await place.sync()
    place.find(digest, Flaw(1), Flaw(2))
    await place.sync()


def _total(sql: Connection) -> tuple[int, int]:
    row = sql.execute(select(func.count(), func.sum(LANDED.c.size))).one()
    return row[0], row[1]


async def test_the_versions_before_go_first_and_the_newest_stay(database: Database) -> None:
    async with pond(database) as place:
        await two_versions(place)
        names = await place.db.read(landed.natives, CONNECTION, "docker-image-vulnerability", limit=9)
        before = await place.db.read(landed.newest, CONNECTION, "docker-image-vulnerability", names)
        records, bytes_ = await place.db.read(_total)

        dropped = await place.db.write(landed.drop_before, CONNECTION, most=bytes_ - 1)
        none = await place.db.write(landed.drop_before, CONNECTION, most=0)

        assert (dropped.records, none.records) == (1, 0)
        assert (await place.db.read(_total)) == (records - 1, dropped.left)
        assert none.left == dropped.left
        assert await place.db.read(landed.newest, CONNECTION, "docker-image-vulnerability", names) == before


async def test_what_was_dropped_is_in_the_runs_log(database: Database) -> None:
    async with pond(database) as place:
        await two_versions(place)
        run = await place.begin()
        now = START + timedelta(days=1)

        await keep(place.db, CONNECTION, Keep(), run=run.id, now=now)
        await keep(place.db, CONNECTION, Keep(landed_mb=0), run=run.id, now=now)

        [event] = await place.db.read(streams.log_of, run.id, limit=9)
        assert event.code == "landed-dropped"
        assert event.message.startswith("1 older versions were dropped")
        assert "more than the budget, and stays" in event.message
