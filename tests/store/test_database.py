import asyncio
import os
import shutil
import sqlite3
import stat
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from databases import Cluster
from reedbed.errors import SettingsError, Unreachable
from reedbed.store import leases
from reedbed.store.database import Database, open_database
from reedbed.store.migrate import migrate
from store.statements import NOW


async def test_a_read_cannot_write(database: Database) -> None:
    with pytest.raises(Unreachable, match=r"read-?only"):
        await database.read(leases.take, "a", "me", now=NOW, ttl_s=1)


async def test_a_read_sees_one_moment(database: Database) -> None:
    both, go_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def twice(connection: Connection) -> list[int]:
        first = connection.execute(text("SELECT count(*) FROM leases")).scalar_one()
        loop.call_soon_threadsafe(both.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(timeout=60)
        return [first, connection.execute(text("SELECT count(*) FROM leases")).scalar_one()]

    reading = asyncio.create_task(database.read(twice))
    await asyncio.wait_for(both.wait(), 60)
    await database.write(leases.take, "a", "me", now=NOW, ttl_s=1)
    go_on.set()

    assert await reading == [0, 0]


async def test_a_write_that_fails_leaves_nothing_behind(database: Database) -> None:
    def half(connection: Connection) -> None:
        leases.take(connection, "a", "me", now=NOW, ttl_s=1)
        raise ValueError("half-way")

    with pytest.raises(ValueError, match="half-way"):
        await database.write(half)

    assert await database.read(leases.holder, "a", now=NOW) is None


async def test_many_writes_at_once_all_happen(database: Database) -> None:
    def more(connection: Connection) -> None:
        connection.execute(text("UPDATE revisions SET value = value + 1 WHERE name = 'n'"))

    await database.write(lambda c: c.execute(text("INSERT INTO revisions VALUES ('n', 0)")))
    await asyncio.gather(*(database.write(more) for _ in range(50)))

    count = text("SELECT value FROM revisions WHERE name = 'n'")
    assert await database.read(lambda c: c.execute(count).scalar_one()) == 50


async def test_a_fault_of_ours_is_not_dressed_up_as_the_databases(database: Database) -> None:
    twice = text("INSERT INTO revisions VALUES ('n', 0), ('n', 1)")

    with pytest.raises(IntegrityError):
        await database.write(lambda c: c.execute(twice))


async def test_a_deadlock_is_tried_again(cluster: Cluster, migrated: str) -> None:
    name = cluster.make(migrated)
    db = open_database(cluster.url(name))
    for row in ("a", "b"):
        await db.write(leases.take, row, "me", now=NOW, ttl_s=1)
    both = asyncio.Barrier(2)
    loop = asyncio.get_running_loop()
    met = set[str]()

    def lock(connection: Connection, first: str, second: str) -> None:
        connection.execute(text("UPDATE leases SET owner = 'x' WHERE name = :n"), {"n": first})
        if first not in met:
            met.add(first)
            asyncio.run_coroutine_threadsafe(both.wait(), loop).result(timeout=60)
        connection.execute(text("UPDATE leases SET owner = 'y' WHERE name = :n"), {"n": second})

    await asyncio.gather(db.write(lock, "a", "b"), db.write(lock, "b", "a"))

    db.close()
    cluster.remove(name)


async def test_an_sqlite_file_and_its_folder_are_its_owners_alone(tmp_path: Path) -> None:
    os.umask(0o022)
    file = tmp_path / "data" / "reedbed.db"

    db = open_database(f"sqlite:///{file}")
    await migrate(db)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (file.parent, *sorted(file.parent.iterdir()))]
    db.close()

    assert modes[0] == 0o700
    assert set(modes[1:]) == {0o600}


@pytest.mark.parametrize(
    "url",
    ["", "nonsense", "mysql://host/x", "sqlite://", "sqlite:///:memory:", "sqlite:///x?mode=ro", "oracle"],
)
def test_a_url_that_is_none_says_how_to_write_one(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        open_database(url)

    assert "sqlite:///" in caught.value.fix


def test_a_file_that_cannot_be_made_is_a_settings_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(SettingsError, match=r"Not a directory|File exists"):
        open_database(f"sqlite:///{tmp_path}/file/reedbed.db")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://alice:hunter2@127.0.0.1:1/reedbed",
        "postgresql://alice@127.0.0.1:1/reedbed?password=hunter2",
        "mysql://alice:hunter2@127.0.0.1/reedbed",
        "postgresql://alice:hunter2@127.0.0.1:port/reedbed",
    ],
)
async def test_a_password_in_a_url_shows_nowhere(url: str) -> None:
    async def use() -> None:
        db = open_database(url)
        assert "hunter2" not in repr(db)
        await migrate(db)

    with pytest.raises((SettingsError, Unreachable)) as caught:
        await use()

    error: BaseException | None = caught.value
    while error is not None:
        assert "hunter2" not in f"{error!r} {error} {getattr(error, 'why', '')} {getattr(error, 'fix', '')}"
        error = error.__cause__ or error.__context__


async def test_a_server_that_is_not_there_is_unreachable() -> None:
    db = open_database("postgresql://127.0.0.1:1/reedbed")

    with pytest.raises(Unreachable) as caught:
        await db.read(leases.holder, "a", now=NOW)
    db.close()

    assert "refused" in caught.value.why
    assert "server runs" in caught.value.fix


async def test_a_database_that_is_not_there_says_so(cluster: Cluster) -> None:
    db = open_database(cluster.url("nowhere"))

    with pytest.raises(Unreachable, match="does not exist") as caught:
        await db.read(leases.holder, "a", now=NOW)
    db.close()

    assert "the database is there" in caught.value.fix


async def test_the_connection_comes_back_after_the_server_cut_it(cluster: Cluster, migrated: str) -> None:
    name = cluster.make(migrated)
    db = open_database(cluster.url(name))
    await db.read(leases.holder, "a", now=NOW)
    cluster.do(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")  # noqa: S608 - ours

    assert await db.read(leases.holder, "a", now=NOW) is None
    db.close()
    cluster.remove(name)


async def test_being_cut_off_in_the_middle_is_unreachable(cluster: Cluster, migrated: str) -> None:
    name = cluster.make(migrated)
    db = open_database(cluster.url(name))

    def cut(connection: Connection) -> None:
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(Unreachable):
        await db.write(cut)
    db.close()
    cluster.remove(name)


@pytest.fixture
def file(migrated_file: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(migrated_file, tmp_path / "reedbed.db"))


@pytest.fixture
def shopping_list(tmp_path: Path) -> Path:
    file = tmp_path / "reedbed.db"
    file.write_text("This is a shopping list, and no database at all. " * 100)
    return file


async def test_a_full_disk_is_unreachable_and_loses_nothing(file: Path) -> None:
    db = open_database(f"sqlite:///{file}")

    def fill(connection: Connection) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        for n in range(10_000):
            leases.take(connection, f"lease {n}", "me", now=NOW, ttl_s=1)

    with pytest.raises(Unreachable) as caught:
        await db.write(fill)
    db.close()

    assert "disk is full" in caught.value.fix
    with sqlite3.connect(file) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT count(*) FROM leases").fetchone() == (0,)
    connection.close()


async def test_a_file_that_is_no_database_says_so(shopping_list: Path) -> None:
    db = open_database(f"sqlite:///{shopping_list}")

    with pytest.raises(Unreachable, match="not a database"):
        await migrate(db)
    db.close()
