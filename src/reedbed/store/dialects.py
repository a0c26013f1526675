"""Which of the two databases a URL or a connection leads to; each has one file with the same names."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from sqlalchemy import URL, Connection, Engine, Table
from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from reedbed.errors import ReedbedError, SettingsError
from reedbed.store import postgres, sqlite


class Kind(Protocol):
    """What `sqlite.py` and `postgres.py` each are."""

    NAME: str
    READERS: int
    WRITERS: int
    BREATH_S: float

    def engines(self, url: URL) -> tuple[Engine, Engine]: ...
    def alone(self, engine: Engine) -> AbstractContextManager[Connection]: ...
    def insert(self, table: Table) -> PostgresInsert | SqliteInsert: ...
    def merge(
        self, connection: Connection, table: Table, rows: Sequence[dict[str, Any]], once: Sequence[str]
    ) -> None: ...
    def again(self, error: DBAPIError) -> bool: ...
    def explain(self, error: DBAPIError, database: str) -> ReedbedError | None: ...


KINDS: dict[str, Kind] = {"sqlite": sqlite, "postgresql": postgres, "postgres": postgres}


def read_url(text: str) -> tuple[URL, Kind]:
    """Read a database's URL. What is wrong with it is said without showing it: it may hold a password.

    Raises:
        SettingsError: it is no URL, or of another kind of database.
    """
    try:
        url = make_url(text)
        return url, KINDS[url.drivername]
    except (ArgumentError, KeyError, ValueError) as error:
        raise SettingsError(
            "Could not open the database",
            why="its URL is neither of SQLite nor of PostgreSQL",
            fix="Write sqlite:///folder/reedbed.db, or postgresql://user@host/database.",
        ) from (None if isinstance(error, ArgumentError | ValueError) else error)


def shown(url: URL) -> str:
    """Write a URL so that it may be seen: no password, which its query might hold as well."""
    harmless = {name: value for name, value in url.query.items() if name in {"host", "port"}}
    return url.set(query=harmless).render_as_string(hide_password=True)


def kind(connection: Connection) -> Kind:
    return KINDS[connection.dialect.name]


def upsert(connection: Connection, table: Table) -> PostgresInsert | SqliteInsert:
    """Begin an INSERT that may say what happens on a conflict."""
    return kind(connection).insert(table)


def merge(
    connection: Connection, table: Table, rows: Sequence[dict[str, Any]], *, once: Sequence[str] = ()
) -> None:
    """Insert rows, or replace the ones with the same primary key, in bulk. All have the same columns.

    A replaced row keeps its values in the columns `once`: when it was first seen, for example.
    """
    kind(connection).merge(connection, table, rows, once)
