"""Reedbed's two flows in one process that lives for many days: its clock is what it is told.

    python -m bench.replayed PLATFORM < MOMENTS

Reads a moment a line (ISO 8601), at each reads every feed and brings the platform to what they say, as the
daemon does, and prints a `Lived` a line. It works in the home that its environment names.
"""

import asyncio
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import msgspec

from bench.child import forget_peak, own_peak_mb
from reedbed import log
from reedbed.feeds.registry import open_feed
from reedbed.intel import flow
from reedbed.jobs import RunContext
from reedbed.settings import load
from reedbed.store import runs
from reedbed.wiring.lines import line_to, safedep_credentials, target
from reedbed.wiring.parts import Parts, opened


class Lived(msgspec.Struct, frozen=True, kw_only=True):
    """One day of that process."""

    seconds: float
    peak_mb: float  # most memory resident at once on that day
    created: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0
    held: int = 0
    failed: int = 0


async def live(platform: str) -> None:
    log.configure("warning")  # to standard error: standard output is for what is told of a day
    async with opened(load()) as parts:
        while line := await asyncio.to_thread(sys.stdin.readline):
            lived = await _day(parts, platform, _clock(datetime.fromisoformat(line.strip())))
            print(msgspec.json.encode(lived).decode(), flush=True)


async def _day(parts: Parts, platform: str, now: Callable[[], datetime]) -> Lived:
    forget_peak()
    began = time.perf_counter()
    for settings in parts.settings.feeds:
        feed = open_feed(settings, credentials=partial(safedep_credentials, parts))
        await flow.read_feed(_run(now()), feed, parts.db, now=now)
    async with line_to(parts, platform) as jfrog:
        run, terms = _run(now()), parts.terms
        counts = await flow.bring(
            run, target(jfrog, terms), parts.db, terms=terms, owner=f"bench/{run.id}", now=now
        )
    did = {name: counts[name] for name in counts if name in Lived.__struct_fields__}
    return Lived(seconds=time.perf_counter() - began, peak_mb=own_peak_mb(), **did)


def _run(at: datetime) -> RunContext:
    return RunContext(id=runs.new_id(at), scheduled_at=at)


def _clock(moment: datetime) -> Callable[[], datetime]:
    """Make a clock that shows a moment now, and goes on from there."""
    began = time.monotonic()
    return lambda: moment + timedelta(seconds=time.monotonic() - began)


if __name__ == "__main__":
    asyncio.run(live(sys.argv[1]))
