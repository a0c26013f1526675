"""`sync`: a whole platform becomes assets and findings; and a day later, what changed of it.

Against a client that makes the same requests, as many at once, and throws the answers away.
"""

import os
import tempfile
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import msgspec

from bench.figure import Figure, Remark
from bench.synced import CONCURRENCY, NAME, Stage, Synced, connected, grown
from jfrog_standin.steering import ask
from reedbed.inventory.run.replay import Replayed

IMAGES = int(os.environ.get("BENCH_IMAGES", "10000"))
LATENCY_MS = 100
DAY = timedelta(days=1)
MOST_MB = 400


async def measure() -> AsyncIterator[Figure | Remark]:
    yield (
        f"sync: {IMAGES:,} images, {CONCURRENCY} requests in flight; all of `sync run`. BENCH_IMAGES=1000 in "
        "the environment makes it short"
    )
    with tempfile.TemporaryDirectory(prefix="reedbed-bench-") as temporary:
        place = Path(temporary)
        async with grown(place / "standin", IMAGES, latency_ms=LATENCY_MS) as standin:
            slow = await connected(place / "slow", standin)
            async for each in cold(slow):
                yield each
            await ask(standin, "PATCH", "/switches", {"latency_ms": 0})
            quick = await connected(place / "quick", standin)
            at_once = await quick.sync("full")
            async for each in without_latency(quick, at_once):
                yield each
            await ask(standin, "PATCH", "/switches", {"latency_ms": LATENCY_MS})
            async for each in day_after(slow, requests=len(at_once.log)):
                yield each
            async for each in replayed(quick):
                yield each
        async with grown(place / "twice", 2 * IMAGES, latency_ms=0) as standin:
            larger = await (await connected(place / "larger", standin)).sync("full")
        yield Figure(name="sync.twice-peak", value=larger.ended.peak_mb, unit="MB", target=MOST_MB)
        flat = larger.ended.peak_mb / at_once.ended.peak_mb
        yield Figure(name="sync.flat", value=flat, unit="x", target=1.1)


async def cold(stage: Stage) -> AsyncIterator[Figure | Remark]:
    """Read everything of an instance that takes its time."""
    synced = await stage.sync("full")
    floor = await stage.discard(synced.log)
    found = await stage.occurrences()
    yield (
        f"{LATENCY_MS} ms an answer; {len(synced.log):,} requests, {floor.bytes / 1e6:,.0f} MB of answers; "
        f"{found:,} findings in images"
    )
    yield Figure(name="sync.seconds", value=synced.ended.seconds, unit="s")
    yield Figure(name="sync.floor", value=floor.seconds, unit="s")
    ratio = synced.ended.seconds / floor.seconds
    yield Figure(name="sync.of-floor", value=ratio, unit="x", target=1.25)
    yield Figure(name="sync.peak", value=synced.ended.peak_mb, unit="MB", target=MOST_MB)
    yield Figure(name="sync.cpu", value=synced.ended.cpu_s, unit="s")
    yield Figure(name="sync.cpu-per-finding", value=1e3 * synced.ended.cpu_s / found, unit="ms")


async def without_latency(stage: Stage, synced: Synced) -> AsyncIterator[Figure | Remark]:
    """Compare a sync of an instance that answers at once: all that remains is work, on shared cores."""
    floor = await stage.discard(synced.log)
    yield Figure(name="sync.at-once", value=synced.ended.seconds, unit="s")
    ratio = synced.ended.seconds / floor.seconds
    yield Figure(name="sync.at-once-of-floor", value=ratio, unit="x")
    yield Figure(name="sync.at-once-peak", value=synced.ended.peak_mb, unit="MB", target=MOST_MB)


async def day_after(stage: Stage, *, requests: int) -> AsyncIterator[Figure | Remark]:
    """Read what a day changed, and every image's findings again: by default that is due once a day."""
    await ask(stage.standin, "POST", "/day", {})
    await stage.age(DAY)
    synced = await stage.sync("delta")
    yield f"one day later, 1 % changed and all is due to be read again: {len(synced.log):,} requests"
    share = 100 * len(synced.log) / requests
    yield Figure(name="sync.day-requests", value=share, unit="%", target=3)
    yield Figure(name="sync.day-seconds", value=synced.ended.seconds, unit="s")
    yield Figure(name="sync.day-peak", value=synced.ended.peak_mb, unit="MB", target=MOST_MB)


async def replayed(stage: Stage) -> AsyncIterator[Figure | Remark]:
    """Write anew what the maps make of everything that was landed."""
    ended = await stage.home.run("map", "replay", NAME, "--json")
    done = msgspec.json.decode(ended.out, type=Replayed)
    yield f"a replay of all maps: {done.records:,} landed records"
    yield Figure(name="sync.replay", value=done.records / ended.seconds, unit="records/s")
    yield Figure(name="sync.replay-peak", value=ended.peak_mb, unit="MB", target=MOST_MB)
