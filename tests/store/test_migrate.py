import asyncio
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from reedbed.errors import SettingsError
from reedbed.store.database import open_database
from reedbed.store.migrate import REVISIONS, is_current, migrate
from reedbed.store.schema import METADATA

PROGRAM = Path(__file__).parent / "program.py"


def _differences(connection: Connection) -> object:
    return compare_metadata(MigrationContext.configure(connection), METADATA)


def _shape(connection: Connection) -> object:
    looked = inspect(connection)
    return {
        table: (
            [column["name"] for column in looked.get_columns(table)],
            sorted(str(index["name"]) for index in looked.get_indexes(table)),
            sorted(str(key["name"]) for key in looked.get_foreign_keys(table)),
            looked.get_pk_constraint(table)["constrained_columns"],
        )
        for table in sorted(METADATA.tables)
    }


@pytest.mark.parametrize("earlier", [None, *REVISIONS])
async def test_every_earlier_schema_comes_forward_to_this_one(
    empty_database_url: str, earlier: str | None
) -> None:
    db = open_database(empty_database_url)
    if earlier:
        await migrate(db, to=earlier)

    await migrate(db)

    assert await is_current(db)
    assert await db.read(_differences) == []
    db.close()


async def test_an_empty_database_is_not_current(empty_database_url: str) -> None:
    db = open_database(empty_database_url)

    assert not await is_current(db)
    db.close()


async def test_migrating_twice_changes_nothing(database_url: str) -> None:
    db = open_database(database_url)
    before = await db.read(_shape)

    await migrate(db)

    assert await db.read(_shape) == before
    db.close()


async def test_a_database_of_a_newer_release_is_left_alone(database_url: str) -> None:
    db = open_database(database_url)
    await db.write(lambda c: c.execute(text("UPDATE alembic_version SET version_num = '9999'")))

    with pytest.raises(SettingsError, match="9999, which a newer release") as caught:
        await migrate(db)
    db.close()

    assert "newer release" in caught.value.fix


async def test_processes_that_start_together_migrate_once(empty_database_url: str) -> None:
    children = [
        await asyncio.create_subprocess_exec(sys.executable, PROGRAM, empty_database_url, "migrate")
        for _ in range(4)
    ]

    codes = [await asyncio.wait_for(child.wait(), 120) for child in children]

    db = open_database(empty_database_url)
    assert codes == [0, 0, 0, 0]
    assert await is_current(db)
    db.close()
