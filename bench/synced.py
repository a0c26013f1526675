"""Syncs of a platform that is grown from a seed: measured, and compared with a client that keeps nothing."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import msgspec
from sqlalchemy import Connection, bindparam, func, select, update

from bench.asked import Again, requests_again
from bench.child import Broken, Ended, run
from bench.discarding import Discarded
from bench.home import PLATFORM, Home
from jfrog_standin.address import Address
from jfrog_standin.child import started
from jfrog_standin.requestlog import Entry
from jfrog_standin.steering import ask
from reedbed.store.database import Database, open_database
from reedbed.store.inventory.assets import ASSETS
from reedbed.store.inventory.findings import OCCURRENCES

CONCURRENCY = 8
NAME = "inventory"
ENDED = (0, 3)  # 3: some images have no conclusive answer of Xray, as on any platform


class Synced(msgspec.Struct, frozen=True):
    """A sync, and the requests that it made."""

    ended: Ended
    log: list[Entry]


class Stage(msgspec.Struct, frozen=True):
    """A `reedbed` with a connection to a platform."""

    home: Home
    standin: Address

    async def sync(self, mode: str) -> Synced:
        """Carry out one run.

        Raises:
            Broken: it failed.
        """
        await ask(self.standin, "DELETE", "/log")
        ended = await self.home.run("sync", "run", NAME, "--mode", mode, "--json", allowed=ENDED)
        log = msgspec.convert(await ask(self.standin, "GET", "/log"), list[Entry])
        return Synced(ended, log)

    async def discard(self, log: list[Entry]) -> Discarded:
        """Make the requests of a sync again, and throw the answers away.

        Raises:
            Broken: one in a hundred was not answered, so it is no floor.
        """
        again = Again(
            url=self.standin.url,
            ca=self.standin.ca,
            token=self.standin.admin_token,
            concurrency=CONCURRENCY,
            requests=requests_again(log),
        )
        given = msgspec.json.encode(again).decode()
        ended = await run(sys.executable, "-m", "bench.discarding", given=given)
        done = msgspec.json.decode(ended.out, type=Discarded)
        if 100 * done.failed > len(log):
            raise Broken(f"{done.failed} of {len(log)} requests were refused when they were made again")
        return done

    async def occurrences(self) -> int:
        """Count the findings in images: one that is in three of them is three."""
        async with self._database() as db:
            return await db.read(_occurrences)

    async def age(self, by: timedelta) -> None:
        """Let time pass since the images were read."""
        async with self._database() as db:
            await db.write(_age, by)

    @asynccontextmanager
    async def _database(self) -> AsyncIterator[Database]:
        db = open_database(f"sqlite:///{self.home.folder / 'data' / 'reedbed.db'}")
        try:
            yield db
        finally:
            db.close()


def _occurrences(connection: Connection) -> int:
    standing = OCCURRENCES.c.gone_at.is_(None)
    return connection.execute(select(func.count()).select_from(OCCURRENCES).where(standing)).scalar_one()


def _age(connection: Connection, by: timedelta) -> None:
    read = connection.execute(
        select(ASSETS.c.id, ASSETS.c.checked_at).where(ASSETS.c.checked_at.is_not(None))
    )
    rows = [{"of": asset, "then": at - by} for asset, at in read]
    connection.execute(
        update(ASSETS).where(ASSETS.c.id == bindparam("of")).values(checked_at=bindparam("then")), rows
    )


@asynccontextmanager
async def grown(place: Path, images: int, *, latency_ms: int) -> AsyncIterator[Address]:
    """Start a stand-in with a platform of so many images."""
    async with started(place, "--seed-images", str(images)) as standin:
        await ask(standin, "PATCH", "/switches", {"latency_ms": latency_ms})
        yield standin


async def connected(
    folder: Path, standin: Address, *, concurrency: int = CONCURRENCY, database: str = ""
) -> Stage:
    """Set up a `reedbed` that has a connection to a platform, and has read nothing yet."""
    home = Home(folder, {"REEDBED_DATABASE": database} if database else None)
    await home.add_platform(standin, concurrency=concurrency)
    await home.run("connection", "add", NAME, PLATFORM)
    return Stage(home, standin)
