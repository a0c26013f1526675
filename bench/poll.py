"""`poll`: what another `reedbed intel once` costs when no feed says anything new."""

from collections.abc import AsyncIterator

from bench.figure import Figure, Remark
from bench.push import RECORDS, staged
from jfrog_standin.steering import ask


async def measure() -> AsyncIterator[Figure | Remark]:
    yield f"poll: a second run on {RECORDS:,} pushed packages; nothing has changed"
    async with staged(latency_ms=0) as stage:
        first = await stage.home.run("intel", "once", "--json")
        before = stage.source.requests
        await ask(stage.standin, "DELETE", "/log")
        second = await stage.home.run("intel", "once", "--json")
        asked = await ask(stage.standin, "GET", "/log")
        yield Figure(name="poll.seconds", value=second.seconds, unit="s")
        yield Figure(name="poll.of-first", value=second.seconds / first.seconds, unit="x")
        yield Figure(name="poll.jfrog-requests", value=len(asked), unit="requests", target=0)
        yield Figure(name="poll.feed-requests", value=stage.source.requests - before, unit="requests")
