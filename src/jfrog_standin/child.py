"""Runs a stand-in as a child process, for whoever must not share theirs with it."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from jfrog_standin.address import Address

STARTS_WITHIN_S = 120.0  # a platform of 100,000 images takes half a minute
ENDS_WITHIN_S = 10.0


@contextlib.asynccontextmanager
async def started(data: Path, *arguments: str) -> AsyncIterator[Address]:
    """Start `jfrog-standin serve` with further arguments, and end it with the context.

    Raises:
        RuntimeError: it ended, or said something else, before it served; its reason is on stderr.
        TimeoutError: it did not start in time.
    """
    command = (sys.executable, "-m", "jfrog_standin", "serve", "--json", "--data", str(data), *arguments)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        yield await _address(process)
    finally:
        await _end(process)


async def _address(process: asyncio.subprocess.Process) -> Address:
    line = b""
    if process.stdout is not None:
        line = await asyncio.wait_for(process.stdout.readline(), STARTS_WITHIN_S)
    try:
        return msgspec.json.decode(line, type=Address)
    except msgspec.MsgspecError as error:
        raise RuntimeError("the stand-in did not start") from error


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ask it to end, and make it end if it doesn't."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), ENDS_WITHIN_S)
    except TimeoutError:
        process.kill()
        await process.wait()
