"""What PostgreSQL alone needs: its pool, its bulk loading, its errors."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import URL, Connection, Engine, Table
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.exc import DBAPIError

from reedbed.errors import ReedbedError, Unreachable
from reedbed.store.rows import bound

NAME = "postgresql"
READERS = 4
WRITERS = 4
BREATH_S = 0.0
MIGRATING = 0x52656564626564  # the advisory lock's number: "Reedbed" in ASCII


def engines(url: URL) -> tuple[Engine, Engine]:
    """Make the engine that reads (one snapshot a transaction) and the one that writes, over one pool."""
    engine = sa.create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=READERS + WRITERS,
        max_overflow=0,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={
            "connect_timeout": 10,
            "application_name": "reedbed",
            "options": "-c lock_timeout=30s -c idle_in_transaction_session_timeout=10min -c timezone=UTC",
        },
    )
    reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return reader, engine


@contextmanager
def alone(engine: Engine) -> Iterator[Connection]:
    """Hold a transaction that no other process can be in, to migrate in."""
    with engine.begin() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATING)))
        yield connection


def insert(table: Table) -> Insert:
    return Insert(table)


def merge(connection: Connection, table: Table, rows: Sequence[dict[str, Any]], once: Sequence[str]) -> None:
    """Insert rows, or replace the ones with the same primary key, but for the columns `once`."""
    if not rows:
        return
    names = list(rows[0])
    listed = ", ".join(names)
    keys = [column.name for column in table.primary_key]
    kept = ", ".join(f"{name} = excluded.{name}" for name in names if name not in {*keys, *once})
    incoming = f"incoming_{table.name}"
    connection.exec_driver_sql(
        f"CREATE TEMP TABLE IF NOT EXISTS {incoming} (LIKE {table.name}) ON COMMIT DROP"
    )
    connection.exec_driver_sql(f"TRUNCATE {incoming}")
    _copy(connection, f"COPY {incoming} ({listed}) FROM STDIN", bound(connection, table, names, rows))
    connection.exec_driver_sql(
        f"INSERT INTO {table.name} ({listed}) SELECT {listed} FROM {incoming}"  # noqa: S608 - names of ours
        f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {kept}"
    )


def _copy(connection: Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    driver = connection.connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def again(error: DBAPIError) -> bool:
    """Whether the same transaction may succeed at once: the server undid it in favour of another one."""
    return getattr(error.orig, "sqlstate", None) in {"40001", "40P01"}


def explain(error: DBAPIError, database: str) -> ReedbedError | None:
    """Say what a person can do about it; None where it is a fault in the program."""
    state = getattr(error.orig, "sqlstate", None) or (NO_CONNECTION if _unconnected(error) else "")
    fix = FIXES.get(state) or FIXES.get(state[:2])
    if fix is None:
        return None
    return Unreachable(f"Could not use the database {database}", why=_first_line(error), fix=fix)


def _unconnected(error: DBAPIError) -> bool:
    """Whether no connection came about, or it broke: libpq gives no code for the reason."""
    return error.connection_invalidated or isinstance(error, sa.exc.OperationalError)


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).strip().partition("\n")[0] or "the connection ended"


NO_CONNECTION = "08000"

FIXES = {  # postgresql.org/docs/15/errcodes-appendix.html
    "08": "See that the server runs and can be reached from here, that the database is there, and that the "
    "URL's user and password are right.",
    "25006": "The server is a read-only copy: name the primary one.",
    "28": "See that the URL's user and password are right, and that the server lets them in from here.",
    "3D": "Make the database on the server first, or name one that exists.",
    "40": "Other processes were in the way; try again.",
    "42501": "Give the URL's user the right to make and use tables in this database.",
    "53": "The server has run out of room or connections: look there, and try again.",
    "55P03": "Another process holds a lock; try again.",
    "57": "The server is starting or stopping; try again.",
    "58": "The server's disk does not answer as it should: look at its log.",
}
