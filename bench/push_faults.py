"""`push-faults`: as `push`, where one request in twenty goes wrong: nothing lost, nothing done twice.

The faults strike at random (seeded) on reading and writing custom issues: 429 with and without Retry-After,
and three kinds of 5xx.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator

import msgspec

from bench.figure import Figure, Remark
from bench.push import RECORDS, Stage, package, staged
from jfrog_standin.faults import Fault, Params
from jfrog_standin.steering import ask
from reedbed.cli.exit import Exit

RUNS = 10
PAUSE_S = 3.0  # between two runs: what failed is due again after 2.5 to 5 seconds

EVENTS = "/xray/api/v?/events*"
FAULTS = [
    Fault(kind="status", path=EVENTS, share=share, seed=seed, params=params)
    for seed, (share, params) in enumerate(
        [
            (0.015, Params(status=429)),
            (0.005, Params(status=429, retry_after=1)),
            (0.010, Params(status=500)),
            (0.010, Params(status=502)),
            (0.010, Params(status=503)),
        ]
    )
]


class _Platform(msgspec.Struct):
    """What `reedbed intel status --json` tells of a platform, as far as it matters here."""

    issues: int  # in the ledger
    queued: int
    held: int


class _Status(msgspec.Struct):
    platforms: list[_Platform]


class _Left(msgspec.Struct, frozen=True):
    """What there is when the dust has settled."""

    components: Counter[str]  # package → custom issues about it in the stand-in
    ledger: int
    waiting: int

    @property
    def lost(self) -> int:
        missing = sum(package(number) not in self.components for number in range(RECORDS))
        return max(missing, RECORDS - self.ledger, self.waiting)

    @property
    def twice(self) -> int:
        return sum(count - 1 for count in self.components.values())


async def measure() -> AsyncIterator[Figure | Remark]:
    yield f"push-faults: as push, and 5 % of requests about custom issues get 429 or 5xx; {RUNS} runs at most"
    async with staged() as stage:
        for fault in FAULTS:
            await ask(stage.standin, "POST", "/faults", fault)
        began = time.perf_counter()
        runs = await _until_done(stage)
        yield Figure(name="push-faults.seconds", value=time.perf_counter() - began, unit="s")
        yield Figure(name="push-faults.runs", value=runs, unit="runs", target=RUNS)
        struck = sum(active["struck"] for active in await ask(stage.standin, "GET", "/faults"))
        yield Figure(name="push-faults.struck", value=struck, unit="requests")
        left = await _left(stage)
        yield Figure(name="push-faults.lost", value=left.lost, unit="packages", target=0)
        yield Figure(name="push-faults.twice", value=left.twice, unit="issues", target=0)


async def _until_done(stage: Stage) -> int:
    """Run until nothing is left to do; give the number of runs."""
    for run in range(1, RUNS + 1):
        ended = await stage.home.run("intel", "once", "--json", allowed=list(Exit))
        if ended.code == Exit.DONE and not (await _status(stage)).queued:
            return run
        await asyncio.sleep(PAUSE_S)
    return RUNS + 1


async def _status(stage: Stage) -> _Platform:
    told = await stage.home.run("intel", "status", "--json")
    return msgspec.json.decode(told.out, type=_Status).platforms[0]


async def _left(stage: Stage) -> _Left:
    issues = await ask(stage.standin, "GET", "/issues")
    names = Counter(component["id"] for issue in issues for component in issue["components"])
    status = await _status(stage)
    return _Left(names, status.issues, status.queued + status.held)
