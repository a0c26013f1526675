"""`reedbed intel run` as a child, once it is at work."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

from bench.child import Broken
from bench.home import Home

STARTS_WITHIN_S = 120.0


@asynccontextmanager
async def daemon(home: Home, *, jobs: int) -> AsyncIterator[int]:
    """Run the daemon until the context ends, from when each of so many jobs has run; gives its process id.

    Raises:
        Broken: that took too long.
    """
    listen = ("--set", "health.listen=127.0.0.1:0")
    with NamedTemporaryFile() as log:
        async with home.running("intel", "run", *listen, log=log.file) as pid:
            await asyncio.to_thread(_wait_for_jobs, Path(log.name), jobs)
            yield pid


def _wait_for_jobs(log: Path, jobs: int) -> None:
    """Wait until a log tells the end of a run of each job."""
    deadline = time.monotonic() + STARTS_WITHIN_S
    while len(_ended(log.read_bytes())) < jobs:
        if time.monotonic() > deadline:
            raise Broken(f"the daemon did not run its jobs: {log.read_text()[-2_000:]}")
        time.sleep(0.2)


def _ended(log: bytes) -> set[str]:
    """Name the jobs whose runs a log tells the end of."""
    events = [json.loads(line) for line in log.splitlines(keepends=True) if line.endswith(b"}\n")]
    return {event["job"] for event in events if event["event"] == "run_ended"}
