"""No query takes longer than a person waits: the database gives up by itself."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from reedbed.errors import Refused

STEPS = 20_000
"""Of SQLite's machine between two looks at the clock: well under a millisecond."""

_CANCELLED = "57014"  # query_canceled: postgresql.org/docs/15/errcodes-appendix.html


@contextmanager
def bounded(connection: Connection, seconds: float) -> Iterator[None]:
    """Let statements take so long together on SQLite, and each on PostgreSQL.

    Raises:
        Refused: one took longer; it is ended.
    """
    try:
        if connection.dialect.name == "postgresql":
            connection.execute(
                sa.select(sa.func.set_config("statement_timeout", f"{round(seconds * 1000)}ms", True))
            )
            yield
            connection.execute(sa.select(sa.func.set_config("statement_timeout", "0", True)))
        else:
            with _watched(connection, seconds):
                yield
    except DBAPIError as error:
        if not _is_over(error):
            raise
        raise Refused(
            "Could not answer the query",
            why=f"it took longer than {seconds:g} seconds",
            fix="Ask for less: add a severity, a CVE, a component or a repository with AND.",
        ) from error


@contextmanager
def _watched(connection: Connection, seconds: float) -> Iterator[None]:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    deadline = time.monotonic() + seconds
    driver.set_progress_handler(lambda: time.monotonic() > deadline, STEPS)
    try:
        yield
    finally:
        driver.set_progress_handler(None, 0)


def _is_over(error: DBAPIError) -> bool:
    if isinstance(error.orig, sqlite3.OperationalError):
        return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_INTERRUPT
    return getattr(error.orig, "sqlstate", None) == _CANCELLED
