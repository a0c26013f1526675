"""A database that functions run against, each in a thread and in one transaction."""

import asyncio
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from reedbed.errors import Unreachable
from reedbed.store.dialects import read_url, shown

P = ParamSpec("P")
T = TypeVar("T")

ATTEMPTS = 5


class Database:
    """Holds a database open. Reads see one moment, and cannot write; writes happen whole or not at all."""

    def __init__(self, url: str) -> None:
        parsed, self._kind = read_url(url)
        self.name = shown(parsed)
        self._reader, self._writer = self._kind.engines(parsed)
        self._readers = ThreadPoolExecutor(self._kind.READERS, "reedbed-read")
        self._writers = ThreadPoolExecutor(self._kind.WRITERS, "reedbed-write")
        self._rest_until = 0.0

    def __repr__(self) -> str:
        return f"Database({self.name!r})"

    async def read(self, do: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `do(connection, …)` in a thread, inside a transaction that may only read.

        Raises:
            Unreachable: the database is locked, full, gone, or does not let us in.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, lambda: self._in(self._reader, do, *args, **kwargs))

    async def write(
        self, do: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `do(connection, …)` in a thread, inside a transaction; on SQLite one at a time.

        `do` acts on its connection alone, for it runs again where the database undid the transaction in
        favour of another. Who is cancelled while it runs learns nothing; the transaction still ends whole.
        Long work goes in pieces of about 2,000 rows: on SQLite nobody else can write meanwhile.

        Raises:
            Unreachable: the database is locked, full, gone, or does not let us in.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._writers, lambda: self._write(do, *args, **kwargs))

    def close(self) -> None:
        """Let running transactions end, and close every connection."""
        self._readers.shutdown(cancel_futures=True)
        self._writers.shutdown(cancel_futures=True)
        self._reader.dispose()
        self._writer.dispose()

    async def alone(
        self, do: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `do(connection, …)` while no other process does the same: for migrations."""

        def act() -> T:
            with self._kind.alone(self._writer) as connection:
                return do(connection, *args, **kwargs)

        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._writers, lambda: self._explained(act))

    def _write(self, do: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        time.sleep(max(0.0, self._rest_until - time.monotonic()))
        begun = time.monotonic()
        try:
            return self._in(self._writer, do, *args, **kwargs)
        finally:
            ended = time.monotonic()
            if ended - begun > self._kind.BREATH_S:
                self._rest_until = ended + self._kind.BREATH_S

    def _in(
        self, engine: Engine, do: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        def act() -> T:
            with engine.begin() as connection:
                return do(connection, *args, **kwargs)

        return self._explained(act)

    def _explained(self, act: Callable[[], T]) -> T:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return act()
            except DBAPIError as error:
                if attempt < ATTEMPTS and self._kind.again(error):
                    time.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 - jitter
                    continue
                if explained := self._kind.explain(error, self.name):
                    raise explained from error
                raise
            except NoConnectionFree as error:
                raise Unreachable(
                    f"Could not use the database {self.name}",
                    why="every connection was busy for 30 seconds",
                    fix="Try again; if it stays so, look at what the database is doing.",
                ) from error
        raise AssertionError("the last attempt returns or raises")


def open_database(url: str) -> Database:
    """Open `sqlite:///path` or `postgresql://user@host/name`; no server is asked before the first use.

    A missing SQLite file is made for its owner alone (0600), as is its folder (0700).

    Raises:
        SettingsError: the URL is of neither form, or the file cannot be made.
    """
    return Database(url)
