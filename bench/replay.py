"""`replay`: thirty days of a feed in the shape of the public one, in minutes.

A process of Reedbed's own parts lives through them with a clock that is set to each day (`bench.replayed`);
the archive grows before each of them (`bench.month`).
"""

import asyncio
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from bench.archive import served
from bench.child import Broken
from bench.figure import Figure, Remark
from bench.growing import Growing
from bench.home import PLATFORM, Home
from bench.month import DAYS, ECOSYSTEMS, Day, Standing, held, month, standing
from bench.push import CALLS
from bench.replayed import Lived
from jfrog_standin.child import started
from jfrog_standin.steering import ask

MOST_BLOCKS = 10_000  # so that no flood waits for a person
CALLS_TO_DELETE = 2  # delete, and read that it is gone
DAY_WITHIN_S = 600.0
EARLY = 3
"""The day to compare the last with: by then all code is loaded. Caches fill longer, hence `flat-later`."""


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """What thirty days came to."""

    lived: Sequence[Lived]  # by day
    records: Sequence[int]  # by day
    requests: int
    held: Standing  # what the platform holds in the end
    wanted: Standing  # what the feed says then

    @property
    def floor(self) -> int:
        """The fewest requests that could write, change and prove all that was to be written and changed."""
        return sum(CALLS * (day.created + day.updated) + CALLS_TO_DELETE * day.deleted for day in self.lived)

    @property
    def differences(self) -> int:
        keys = self.held.keys() | self.wanted.keys()
        return sum(self.held.get(key) != self.wanted.get(key) for key in keys)


async def measure() -> AsyncIterator[Figure | Remark]:
    days = list(month(ends=datetime.now(UTC)))
    yield (
        f"replay: {DAYS} days, {sum(len(day.records) for day in days):,} records: 40 to 150 on most days, "
        "thousands on four; one process, whose clock is set to each day"
    )
    for figure in figures(await replayed(days)):
        yield figure


def figures(done: Replayed) -> list[Figure]:
    lived = done.lived
    seconds = [day.seconds for day in lived]
    changes = sum(day.created + day.updated + day.deleted for day in lived)
    peaks = [day.peak_mb for day in lived]
    flat, later = peaks[-1] / peaks[EARLY - 1], peaks[-1] / peaks[len(peaks) // 2]
    return [
        Figure(name="replay.seconds", value=sum(seconds), unit="s"),
        Figure(name="replay.day-p50", value=statistics.median(seconds), unit="s"),
        Figure(name="replay.day-max", value=max(seconds), unit="s"),
        Figure(name="replay.records", value=sum(done.records), unit="records"),
        Figure(name="replay.changes", value=changes, unit="changes"),
        Figure(name="replay.peak", value=max(peaks), unit="MB"),
        Figure(name="replay.flat", value=flat, unit="x", target=1.15),
        Figure(name="replay.flat-later", value=later, unit="x", target=1.1),
        Figure(name="replay.requests", value=done.requests / changes, unit="a-change"),
        Figure(name="replay.of-floor", value=done.requests / done.floor, unit="x", target=1.05),
        Figure(name="replay.issues", value=len(done.held), unit="issues"),
        Figure(name="replay.differences", value=done.differences, unit="issues", target=0),
    ]


async def replayed(days: Sequence[Day]) -> Replayed:
    """Live through some days, and look at the end."""
    async with AsyncExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reedbed-bench-")))
        standin = await stack.enter_async_context(started(place / "standin", "--empty"))
        archive = Growing(place / "archive", ECOSYSTEMS)
        source = await stack.enter_async_context(served(archive.folder))
        home = Home(place / "home")
        await home.add_platform(standin)
        home.configure(
            source.url,
            settings=f"[intel]\nmax_blocks = {MOST_BLOCKS}",
            feed=f"ecosystems = {msgspec.json.encode(ECOSYSTEMS).decode()}",
        )
        await ask(standin, "DELETE", "/log")
        lived = []
        async with _living(home) as process:
            for day in days:
                archive.publish(day.records)
                lived.append(await _next(process, day.at))
        counts = await ask(standin, "GET", "/counts")
        issues = await ask(standin, "GET", "/issues")
    return Replayed(
        lived=lived,
        records=[len(day.records) for day in days],
        requests=sum(counts.values()),
        held=held(issues),
        wanted=standing(days),
    )


@asynccontextmanager
async def _living(home: Home) -> AsyncIterator[asyncio.subprocess.Process]:
    with (home.folder / "replayed.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bench.replayed", PLATFORM),
            env=home.environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def _next(process: asyncio.subprocess.Process, moment: datetime) -> Lived:
    """Let the process live through the day that ends at that moment.

    Raises:
        Broken: it ended instead, or took too long.
    """
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"{moment.isoformat()}\n".encode())
    try:
        line = await asyncio.wait_for(process.stdout.readline(), DAY_WITHIN_S)
    except TimeoutError as error:
        raise Broken(f"the day {moment:%F} took more than {DAY_WITHIN_S:g} s") from error
    if not line:
        raise Broken(f"the process that lives through the days ended on {moment:%F}")
    return msgspec.json.decode(line, type=Lived)
