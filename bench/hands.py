"""`hands`: one run, read by 1, 2 and 4 worker processes on one PostgreSQL.

The server is the one that BENCH_POSTGRESQL leads to, as `postgresql://user@host/postgres`; databases are made
there, and dropped again. Without it nothing is measured.
"""

import asyncio
import os
import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

import psycopg
from sqlalchemy import make_url

from bench.child import Broken
from bench.daemon import STARTS_WITHIN_S
from bench.figure import Figure, Remark
from bench.home import Home
from bench.synced import connected, grown
from jfrog_standin.address import Address

SERVER = os.environ.get("BENCH_POSTGRESQL", "")
IMAGES = int(os.environ.get("BENCH_HANDS_IMAGES", "2000"))
LATENCY_MS = 100
CONCURRENCY = 2
WORKERS = (1, 2, 4)


async def measure() -> AsyncIterator[Figure | Remark]:
    if not SERVER:
        yield "hands: not measured, for BENCH_POSTGRESQL names no server"
        return
    yield (
        f"hands: {IMAGES:,} images, {LATENCY_MS} ms an answer, {CONCURRENCY} requests in flight a worker; "
        "all of `sync run`, which is the first of them"
    )
    alone_s = 0.0
    with tempfile.TemporaryDirectory(prefix="reedbed-bench-") as temporary:
        place = Path(temporary)
        async with grown(place / "standin", IMAGES, latency_ms=LATENCY_MS) as standin:
            for workers in WORKERS:
                seconds = await together(place / f"home-{workers}", standin, workers)
                alone_s = alone_s or seconds
                yield Figure(name=f"hands.{workers}", value=seconds, unit="s")
                if workers > 1:
                    wanted = 3.2 if workers == 4 else None
                    speed_up = alone_s / seconds
                    yield Figure(
                        name=f"hands.{workers}-faster",
                        value=speed_up,
                        unit="x",
                        target=wanted,
                        wanted="at least",
                    )


async def together(folder: Path, standin: Address, workers: int) -> float:
    """Give the seconds that a full sync takes when so many processes carry it out."""
    with _database() as url:
        stage = await connected(folder, standin, concurrency=CONCURRENCY, database=url)
        async with AsyncExitStack() as stack:
            for _ in range(workers - 1):
                await stack.enter_async_context(_hand(stage.home))
            return (await stage.sync("full")).ended.seconds


@asynccontextmanager
async def _hand(home: Home) -> AsyncIterator[None]:
    """Run a daemon, which lends a hand to whatever run there is."""
    listen = ("--set", "health.listen=127.0.0.1:0")
    with NamedTemporaryFile() as log:
        async with home.running("intel", "run", *listen, log=log.file):
            await asyncio.to_thread(_wait_for_start, Path(log.name))
            yield


def _wait_for_start(log: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_S
    while b"worker_started" not in log.read_bytes():
        if time.monotonic() > deadline:
            raise Broken(f"the daemon did not start: {log.read_text()[-2_000:]}")
        time.sleep(0.2)


@contextmanager
def _database() -> Iterator[str]:
    """Make a database for as long as the context lasts; gives its URL."""
    name = f"reedbed_bench_{secrets.token_hex(4)}"
    _do(f"CREATE DATABASE {name}")
    try:
        yield make_url(SERVER).set(database=name).render_as_string(hide_password=False)
    finally:
        _do(f"DROP DATABASE {name} WITH (FORCE)")


def _do(statement: str) -> None:
    with psycopg.connect(SERVER, autocommit=True) as connection:
        connection.execute(statement.encode())
