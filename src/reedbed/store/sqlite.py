"""What SQLite alone needs: its pragmas, its one writer, its bulk loading, its errors."""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import URL, Connection, Engine, Table, event
from sqlalchemy.dialects.sqlite import Insert
from sqlalchemy.exc import DBAPIError

from reedbed.errors import ReedbedError, SettingsError, Unreachable
from reedbed.store.rows import bound

NAME = "sqlite"
READERS = 4
WRITERS = 1  # the database has one writer at a time; threads that wait for it would only be in the way
BREATH_S = 0.005
"""After a long write another process's turn: its busy handler polls, and would else wait for seconds."""

PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=30000", "foreign_keys=ON")


def engines(url: URL) -> tuple[Engine, Engine]:
    """Make the engine that reads and the one that writes. The file is made where it is missing.

    Raises:
        SettingsError: the URL names no file, or one that cannot be made.
    """
    path = _file(url)
    reader = sa.create_engine(url, pool_size=READERS, max_overflow=0, hide_parameters=True)
    writer = sa.create_engine(url, pool_size=WRITERS, max_overflow=0, hide_parameters=True)
    _prepare(reader, (*PRAGMAS, "query_only=ON"), begin="BEGIN")
    _prepare(writer, PRAGMAS, begin="BEGIN IMMEDIATE")
    _make(path)
    return reader, writer


def _file(url: URL) -> Path:
    if not url.database or url.database == ":memory:" or url.query or url.host:
        raise SettingsError(
            "Could not open the database",
            why=f"{url.render_as_string()} names no file",
            fix="Write it as sqlite:///folder/reedbed.db, or sqlite:////folder/… from the root.",
        )
    return Path(url.database)


def _make(path: Path) -> None:
    """Make the file, and its folder, for its owner alone. SQLite gives its side files the same mode."""
    try:
        if not path.parent.exists():
            path.parent.mkdir(parents=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise SettingsError(
            f"Could not open the database {path}",
            why=error.strerror or str(error),
            fix="Name a file in a folder that this user may write to.",
        ) from error


def _prepare(engine: Engine, pragmas: Sequence[str], *, begin: str) -> None:
    @event.listens_for(engine, "connect")
    def _set(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself; `_begin` does
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)


@contextmanager
def alone(engine: Engine) -> Iterator[Connection]:
    """Hold a transaction that no other process can be in, to migrate in. Foreign keys rest meanwhile.

    A migration that makes a table anew drops the old one, which would take the rows that refer to it along.
    The pragma has no effect inside a transaction (sqlite.org/pragma.html#pragma_foreign_keys).
    """
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.execute("PRAGMA foreign_keys=OFF").close()
        try:
            with connection.begin():
                yield connection
                if connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                    raise AssertionError("the migration leaves rows that refer to nothing")
        finally:
            driver.execute("PRAGMA foreign_keys=ON").close()


def insert(table: Table) -> Insert:
    return Insert(table)


def merge(connection: Connection, table: Table, rows: Sequence[dict[str, Any]], once: Sequence[str]) -> None:
    """Insert rows, or replace the ones with the same primary key, but for the columns `once`."""
    if not rows:
        return
    names = list(rows[0])
    keys = [column.name for column in table.primary_key]
    kept = ", ".join(f"{name} = excluded.{name}" for name in names if name not in {*keys, *once})
    connection.exec_driver_sql(
        f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608 - names of ours
        f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {kept}",
        bound(connection, table, names, rows),
    )


def again(error: DBAPIError) -> bool:
    """Whether the same transaction may succeed at once. Here never: `busy_timeout` has waited already."""
    return False


def explain(error: DBAPIError, database: str) -> ReedbedError | None:
    """Say what a person can do about it; None where it is a fault in the program."""
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    if code not in FIXES:
        return None
    return Unreachable(f"Could not use the database {database}", why=str(error.orig), fix=FIXES[code])


FIXES = {  # sqlite.org/rescode.html
    sqlite3.SQLITE_BUSY: "Another process holds it. See which with `fuser`, and try again.",
    sqlite3.SQLITE_LOCKED: "Another process holds it. See which with `fuser`, and try again.",
    sqlite3.SQLITE_FULL: "The disk is full: make room, and try again. Nothing is lost.",
    sqlite3.SQLITE_IOERR: "The disk does not answer as it should: look at the system's log.",
    sqlite3.SQLITE_CANTOPEN: "The file or its folder is gone, or this user may not open it.",
    sqlite3.SQLITE_READONLY: "This user may not write to the file, or its folder.",
    sqlite3.SQLITE_CORRUPT: "The file is damaged: put a backup in its place.",
    sqlite3.SQLITE_NOTADB: "The file is no SQLite database: name another one.",
}
