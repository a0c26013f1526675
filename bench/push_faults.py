"""`push-faults`: as `push`, where requests go wrong: nothing lost, nothing done twice.

The faults strike at random (seeded) on reading and writing custom issues: 429 with and without Retry-After,
and three kinds of 5xx. The peer is a client that works as SafeDep's daemon does: one POST a record, one after
the other, no second try, and on to the next whatever was answered.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

from bench.figure import Figure, Remark
from bench.push import Stage, package, sequential_s, staged
from jfrog_standin.address import Address
from jfrog_standin.faults import Active, Fault, Params
from jfrog_standin.steering import ask
from reedbed.cli.exit import Exit

RECORDS = 1_000
PRESSURES = (0.05, 0.30)  # of the requests
RUNS = 20
PAUSE_S = 3.0  # between two runs: what failed is due again after 2.5 to 5 seconds

EVENTS = "/xray/api/v?/events*"
MIXTURE = [
    (0.3, Params(status=429)),
    (0.1, Params(status=429, retry_after=1)),
    (0.2, Params(status=500)),
    (0.2, Params(status=502)),
    (0.2, Params(status=503)),
]
"""Shares of the requests that are struck."""


class _Platform(msgspec.Struct):
    """What `reedbed intel status --json` tells of a platform, as far as it matters here."""

    issues: int  # in the ledger
    queued: int
    held: int


class _Status(msgspec.Struct):
    platforms: list[_Platform]


class Left(msgspec.Struct, frozen=True):
    """What there is of some packages when the dust has settled."""

    issues: Sequence[int]  # about each package, in the stand-in

    @property
    def lost(self) -> int:
        return sum(count == 0 for count in self.issues)

    @property
    def twice(self) -> int:
        return sum(count - 1 for count in self.issues if count)


def faults(pressure: float) -> list[Fault]:
    """Share a pressure out; each fault sees only what those before it let through, so a little less comes."""
    return [
        Fault(kind="status", path=EVENTS, share=pressure * share, seed=seed, params=params)
        for seed, (share, params) in enumerate(MIXTURE)
    ]


async def measure() -> AsyncIterator[Figure | Remark]:
    yield (
        f"push-faults: {RECORDS:,} packages as in push, while 5 % and then 30 % of the requests about custom "
        f"issues get 429 or 5xx; {RUNS} runs at most. `heedless` is one POST a record and no second try"
    )
    for pressure in PRESSURES:
        async with staged(records=RECORDS) as stage:
            async for each in _under(pressure, stage, f"push-faults.{pressure * 100:.0f}"):
                yield each


async def _under(pressure: float, stage: Stage, name: str) -> AsyncIterator[Figure]:
    await _press(stage.standin, pressure)
    began = time.perf_counter()
    runs = await _until_done(stage)
    seconds = time.perf_counter() - began
    yield Figure(name=f"{name}.seconds", value=seconds, unit="s")
    yield Figure(name=f"{name}.rate", value=RECORDS / seconds, unit="records/s")
    yield Figure(name=f"{name}.runs", value=runs, unit="runs", target=RUNS)
    met = await ask(stage.standin, "GET", "/faults")
    yield Figure(name=f"{name}.struck", value=sum(each["struck"] for each in met), unit="requests")
    yield Figure(name=f"{name}.asked-to-wait", value=asked_to_wait_s(met), unit="s")
    status = await _status(stage)
    left = await _left(stage.standin, [package(number) for number in range(RECORDS)])
    lost = max(left.lost, RECORDS - status.issues, status.queued + status.held)
    yield Figure(name=f"{name}.lost", value=lost, unit="packages", target=0)
    yield Figure(name=f"{name}.twice", value=left.twice, unit="issues", target=0)
    rewritten = await _writes(stage.standin) - RECORDS
    yield Figure(name=f"{name}.rewritten", value=rewritten, unit="writes", target=0)
    await _press(stage.standin, pressure)
    peer_s = RECORDS * await sequential_s(stage.standin, calls=1, issues=RECORDS, heedless=True)
    yield Figure(name=f"{name}.heedless-rate", value=RECORDS / peer_s, unit="records/s")
    peer = await _left(stage.standin, [f"sequential-1-{number}" for number in range(RECORDS)])
    yield Figure(name=f"{name}.heedless-lost", value=peer.lost, unit="packages")
    yield Figure(name=f"{name}.heedless-twice", value=peer.twice, unit="issues")
    yield Figure(name=f"{name}.of-heedless", value=peer_s / seconds, unit="x")


async def _press(standin: Address, pressure: float) -> None:
    """Put the faults in force anew, so that each client meets the same."""
    await ask(standin, "DELETE", "/faults")
    for fault in faults(pressure):
        await ask(standin, "POST", "/faults", fault)


def asked_to_wait_s(met: Sequence[dict[str, Any]]) -> float:
    """Sum up all Retry-After: as long as a client waits that gets one at a time, and does as it is told."""
    active = msgspec.convert(met, list[Active])
    return sum(each.struck * (each.fault.params.retry_after or 0) for each in active)


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


async def _left(standin: Address, packages: Sequence[str]) -> Left:
    issues = await ask(standin, "GET", "/issues")
    about = Counter(component["id"] for issue in issues for component in issue["components"])
    return Left([about[each] for each in packages])


async def _writes(standin: Address) -> int:
    """Count the requests that wrote an issue."""
    asked = await ask(standin, "GET", "/log", query={"path": "/xray/api/v1/events"})
    return sum(each["method"] in {"POST", "PUT"} and each["status"] < 300 for each in asked)
