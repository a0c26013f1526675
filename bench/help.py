"""`help`: how long a person waits for `reedbed --help`, beside an interpreter that does nothing."""

import statistics
import sys
from collections.abc import AsyncIterator

from bench.child import run
from bench.figure import Figure, Remark
from bench.home import PROGRAM

RUNS = 21


async def measure() -> AsyncIterator[Figure | Remark]:
    yield f"help: medians of {RUNS} runs, in turns"
    ours, bare = [], []
    for _ in range(RUNS):
        ours.append((await run(PROGRAM, "--help")).seconds * 1_000)
        bare.append((await run(sys.executable, "-c", "pass")).seconds * 1_000)
    value, peer = statistics.median(ours), statistics.median(bare)
    yield Figure(name="help.wall", value=value, unit="ms", target=200)
    yield Figure(name="help.bare-python", value=peer, unit="ms")
    yield Figure(name="help.of-bare", value=value / peer, unit="x")
