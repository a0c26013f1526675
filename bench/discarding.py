"""The least that reading a platform can take: make each request, and throw the answer away.

    python -m bench.discarding < REQUESTS

Reads an `asked.Again` as JSON, and asks for all of it, some at a time, on the library that Reedbed uses.
Prints `{"seconds": …, "bytes": …, "failed": …}`.
"""

import asyncio
import ssl
import sys
import time
from collections.abc import Iterator

import aiohttp
import msgspec
from yarl import URL

from bench.asked import Again, Request
from reedbed.jfrog.docker import MEDIA_TYPES

CHUNK = 64 * 1024
NOT_FOUND = 404
ACCEPTED = ", ".join(("application/json", *MEDIA_TYPES, "*/*;q=0.1"))


class Discarded(msgspec.Struct, kw_only=True):
    """What was thrown away."""

    seconds: float = 0.0
    bytes: int = 0
    failed: int = 0  # answers that are none; 404 is one: not everything is there


async def discard(again: Again) -> Discarded:
    """Ask for everything, and keep nothing."""
    done, left = Discarded(), iter(again.requests)
    trust = ssl.create_default_context(cafile=again.ca) if again.ca else True
    headers = {"Authorization": f"Bearer {again.token}", "Accept": ACCEPTED}
    connector = aiohttp.TCPConnector(ssl=trust, limit=again.concurrency)
    began = time.perf_counter()
    async with (
        aiohttp.ClientSession(connector=connector, headers=headers) as session,
        asyncio.TaskGroup() as group,
    ):
        for _ in range(again.concurrency):
            group.create_task(_one_after_another(session, again.url, left, done))
    done.seconds = time.perf_counter() - began
    return done


async def _one_after_another(
    session: aiohttp.ClientSession, url: str, left: Iterator[Request], done: Discarded
) -> None:
    for each in left:
        headers = {"Content-Type": each.content} if each.content else {}
        place = URL(url + each.path, encoded=True)
        async with session.request(each.method, place, data=each.body or None, headers=headers) as response:
            async for chunk in response.content.iter_chunked(CHUNK):
                done.bytes += len(chunk)
            done.failed += response.status >= 300 and response.status != NOT_FOUND


if __name__ == "__main__":
    outcome = asyncio.run(discard(msgspec.json.decode(sys.stdin.buffer.read(), type=Again)))
    print(msgspec.json.encode(outcome).decode())
