"""One run of a connection in a process of its own, which a test may kill."""

import asyncio
import sys
from datetime import UTC, datetime

from inventory.pond import CONNECTION
from reedbed.inventory.connection.scope import Scope
from reedbed.inventory.run import flow
from reedbed.inventory.run.context import Sync
from reedbed.inventory.run.starting import shapes
from reedbed.jfrog.session import connect
from reedbed.model.inventory import Stream
from reedbed.model.platform import Platform
from reedbed.store import runs
from reedbed.store.database import open_database


async def main(database: str, url: str, run_id: str, *streams: str) -> None:
    """Carry a run out, or go on with it. The token comes on standard input."""
    token = sys.stdin.readline().strip()
    db = open_database(database)
    scope = Scope(hold_share=1.0, streams=tuple(Stream(each) for each in streams))
    platform = Platform(name="p", url=url, per_second=100_000, concurrency=8)
    run = await db.write(
        runs.start, "sync", owner="child", now=datetime.now(UTC), platform=CONNECTION, run_id=run_id
    )
    async with connect(platform, token) as jfrog:
        await flow.sync(
            Sync(
                id=run.id,
                connection=CONNECTION,
                scope=scope,
                shapes=await db.read(shapes, scope),
                started_at=run.started_at,
                jfrog=jfrog,
                db=db,
                now=lambda: datetime.now(UTC),
                leaving=lambda: False,
            )
        )
    await db.write(runs.finish, run.id, runs.State.DONE, now=datetime.now(UTC))
    db.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
