"""`idle`: what a daemon takes that has nothing to do, beside a Python that sleeps in an event loop."""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from bench.child import Broken, resident_mb, used_cpu_s
from bench.figure import Figure, Remark
from bench.push import staged

JOBS = 2  # of one feed and one platform
STARTS_WITHIN_S = 60.0
SETTLES_S = 5.0
WATCHED_S = 30.0


async def measure() -> AsyncIterator[Figure | Remark]:
    yield (
        f"idle: a daemon with one platform and one feed that stays the same, watched for {WATCHED_S:.0f} s "
        "after its first runs"
    )
    async with staged(latency_ms=0) as stage:
        await stage.home.run("intel", "once", "--json")
        with tempfile.NamedTemporaryFile() as log:
            listen = ("--set", "health.listen=127.0.0.1:0")
            async with stage.home.running("intel", "run", *listen, log=log.file) as pid:
                await asyncio.to_thread(_wait_for_jobs, Path(log.name))
                await asyncio.sleep(SETTLES_S)
                began = used_cpu_s(pid)
                await asyncio.sleep(WATCHED_S)
                share = (used_cpu_s(pid) - began) / WATCHED_S * 100
                resident = resident_mb(pid)
    yield Figure(name="idle.resident", value=resident, unit="MB", target=150)
    yield Figure(name="idle.cpu", value=share, unit="%", target=3)
    async with _sleeper() as pid:
        yield Figure(name="idle.bare-resident", value=resident_mb(pid), unit="MB")


def _wait_for_jobs(log: Path) -> None:
    """Wait until a log tells the end of a run of each job.

    Raises:
        Broken: that took too long.
    """
    deadline = time.monotonic() + STARTS_WITHIN_S
    while len(_ended(log.read_bytes())) < JOBS:
        if time.monotonic() > deadline:
            raise Broken(f"the daemon did not run its jobs: {log.read_text()[-2_000:]}")
        time.sleep(0.2)


def _ended(log: bytes) -> set[str]:
    """Name the jobs whose runs a log tells the end of."""
    events = [json.loads(line) for line in log.splitlines(keepends=True) if line.endswith(b"}\n")]
    return {event["job"] for event in events if event["event"] == "run_ended"}


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
