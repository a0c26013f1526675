"""`push`: 2,000 packages become custom issues of an instance that takes 50 ms for each answer.

Against a sequential client that makes the same three calls an issue, and against the best that so many
requests in flight could do.
"""

import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from bench.archive import Served, served
from bench.child import run
from bench.figure import Figure, Remark
from bench.home import Home
from jfrog_standin.address import Address
from jfrog_standin.child import started
from jfrog_standin.osv_records import record, write_zip
from jfrog_standin.steering import ask

RECORDS = 2_000
CONCURRENCY = 32
LATENCY_MS = 50
CALLS = 3  # read, write, read back
SLICE = 100  # of the records, for the sequential client: all of them would take it five minutes


class Stage(msgspec.Struct, frozen=True):
    """A `reedbed` that is set up to push, and the platform that it pushes to."""

    home: Home
    standin: Address
    source: Served


async def measure() -> AsyncIterator[Figure | Remark]:
    yield (
        f"push: {RECORDS:,} packages, {LATENCY_MS} ms an answer, {CONCURRENCY} requests in flight; all of "
        f"`intel once`. The sequential client pushes {SLICE}; its time is scaled to {RECORDS:,}"
    )
    async with staged() as stage:
        pushed = await stage.home.run("intel", "once", "--json")
        yield Figure(name="push.seconds", value=pushed.seconds, unit="s")
        yield Figure(name="push.cpu", value=pushed.cpu_s, unit="s")
        floor_s = RECORDS * CALLS * LATENCY_MS / 1_000 / CONCURRENCY
        yield Figure(name="push.of-floor", value=pushed.seconds / floor_s, unit="x")
        three_s = RECORDS * await sequential_s(stage.standin, calls=CALLS)
        yield Figure(name="push.sequential", value=three_s, unit="s")
        ratio = three_s / pushed.seconds
        yield Figure(name="push.faster", value=ratio, unit="x", target=10, wanted="at least")
        one_s = RECORDS * await sequential_s(stage.standin, calls=1)
        yield Figure(name="push.one-post", value=one_s, unit="s")
        yield Figure(name="push.faster-than-one-post", value=one_s / pushed.seconds, unit="x")


@asynccontextmanager
async def staged(latency_ms: int = LATENCY_MS, records: int = RECORDS) -> AsyncIterator[Stage]:
    """Start a stand-in, and set up a `reedbed` that has so many packages to push there; none is held."""
    with tempfile.TemporaryDirectory(prefix="reedbed-bench-") as temporary:
        place = Path(temporary)
        (place / "npm").mkdir()
        made = datetime.now(UTC) - timedelta(days=1)  # old news is not for pushing
        write_zip(place / "npm/all.zip", (_record(number, made) for number in range(records)))
        async with started(place / "standin", "--empty") as standin, served(place) as source:
            await ask(standin, "PATCH", "/switches", {"latency_ms": latency_ms})
            home = Home(place / "home")
            await home.add_platform(standin, concurrency=CONCURRENCY)
            home.configure(
                source.url, settings=f"[intel]\nmax_blocks = {records}", feed='ecosystems = ["npm"]'
            )
            yield Stage(home, standin, source)


def package(number: int) -> str:
    return f"pushed-{number}"


def _record(number: int, made: datetime) -> dict[str, object]:
    versions = [f"1.0.{number % 10}"]
    return record(f"MAL-2026-{number + 1}", package(number), versions=versions, modified=made)


async def sequential_s(standin: Address, *, calls: int, issues: int = SLICE, heedless: bool = False) -> float:
    """Seconds that the sequential client takes for an issue."""
    way = "heedless" if heedless else "careful"
    client = (sys.executable, "-m", "bench.sequential", standin.url, str(standin.ca))
    ended = await run(*client, str(issues), str(calls), way, given=standin.admin_token)
    return float(ended.out)
