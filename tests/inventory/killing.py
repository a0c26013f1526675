"""Runs in processes of their own that are killed at some instant, told by how often they have asked."""

import asyncio
import os
import random
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from inventory.pond import Pond
from processes import prepared

DEADLINE_S = 120.0
LONGEST_WRITE_S = 0.03
"""How long after a request an instant may be: between requests the store is written."""

STDOUT, STDERR = 1, 2
TESTS = Path(__file__).parents[1]


class Instant(msgspec.Struct, frozen=True, kw_only=True):
    """A moment of a run: so many requests in, and a little later."""

    requests: int
    later_s: float


def instants(seed: int, many: int, *, most: int) -> list[Instant]:
    """Draw instants by lot; `most` is about how many requests a run makes."""
    rng = random.Random(seed)
    return [
        Instant(requests=rng.randint(1, most), later_s=rng.uniform(0.0, LONGEST_WRITE_S)) for _ in range(many)
    ]


async def kill_at_each(
    place: Pond, url: str, moments: list[Instant], *, then: Callable[[], Awaitable[None]] | None = None
) -> int:
    """Kill runs, each going on with the one that was killed before, then let one end; give how many died."""
    run, died = "0000-killed-0", 0
    for number, instant in enumerate(moments):
        if await _dies(place, url, run, instant):
            died += 1
        else:
            run = f"0000-killed-{number + 1}"
        if then:
            await then()
    assert not await _dies(place, url, run, None)
    return died


async def _dies(place: Pond, url: str, run: str, instant: Instant | None) -> bool:
    """Run in a process of its own, and kill it at an instant; False: it was through before."""
    log = place.standin.platform.log
    log.clear()
    path = os.pathsep.join([str(TESTS), *sys.path])
    with prepared.sent(f"{place.standin.admin_token}\n") as token:
        child = await prepared.start(
            *("-m", "inventory.syncing", url, place.standin.url, run),
            *(stream.value for stream in place.scope.streams),
            environment={**os.environ, "PYTHONPATH": path},
            folder=TESTS,
            stdin=token,
            stdout=STDOUT,
            stderr=STDERR,
        )
    async with asyncio.timeout(DEADLINE_S):
        while child.returncode is None:
            if instant is not None and len(log.entries()) >= instant.requests:
                await asyncio.sleep(instant.later_s)
                with suppress(ProcessLookupError):  # it is through already
                    child.send_signal(signal.SIGKILL)
                break
            await asyncio.sleep(0.002)
        code = await child.wait()
    assert code in (0, -signal.SIGKILL)
    return code != 0
