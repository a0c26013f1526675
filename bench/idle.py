"""`idle`: what a daemon takes that has nothing to do, beside a Python that sleeps in an event loop."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from bench.child import resident_mb, used_cpu_s
from bench.daemon import STARTS_WITHIN_S, daemon
from bench.figure import Figure, Remark
from bench.push import staged

JOBS = 2  # of one feed and one platform
SETTLES_S = 5.0
WATCHED_S = 30.0


async def measure() -> AsyncIterator[Figure | Remark]:
    yield (
        f"idle: a daemon with one platform and one feed that stays the same, watched for {WATCHED_S:.0f} s "
        "after its first runs"
    )
    async with staged(latency_ms=0) as stage:
        await stage.home.run("intel", "once", "--json")
        async with daemon(stage.home, jobs=JOBS) as pid:
            await asyncio.sleep(SETTLES_S)
            began = used_cpu_s(pid)
            await asyncio.sleep(WATCHED_S)
            share = (used_cpu_s(pid) - began) / WATCHED_S * 100
            resident = resident_mb(pid)
    yield Figure(name="idle.resident", value=resident, unit="MB", target=150)
    yield Figure(name="idle.cpu", value=share, unit="%", target=3)
    async with _sleeper() as pid:
        yield Figure(name="idle.bare-resident", value=resident_mb(pid), unit="MB")


@asynccontextmanager
async def _sleeper() -> AsyncIterator[int]:
    program = "import asyncio; print(flush=True); asyncio.run(asyncio.sleep(600))"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout
        await asyncio.wait_for(process.stdout.readline(), STARTS_WITHIN_S)
        await asyncio.sleep(0.5)
        yield process.pid
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
