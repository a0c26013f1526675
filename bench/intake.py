"""`import`: a whole public archive becomes a plan, from the first byte fetched to the last change written.

One `reedbed intel once` with a new database: it fetches the archive over HTTP, reads, merges and narrows each
record, and plans the custom issues. They are more than a run may make unasked, so all of them are held as
`many-blocks` and none is pushed.
"""

import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from bench.archive import made, served
from bench.child import Ended, run
from bench.figure import Figure, Remark
from bench.home import Home
from jfrog_standin.address import Address
from jfrog_standin.child import started
from reedbed.cli.exit import Exit

RECORDS = 240_000  # what the public archive holds in late 2026, in its order


async def measure() -> AsyncIterator[Figure | Remark]:
    yield f"import: {RECORDS:,} records over HTTP into SQLite, and their plan, in one command; twice"
    folder = await made(RECORDS)
    with tempfile.TemporaryDirectory(prefix="reedbed-bench-") as temporary:
        place = Path(temporary)
        async with started(place / "standin", "--empty") as standin:
            once = await imported(place / "once", folder, standin)
            yield Figure(name="import.seconds", value=once.seconds, unit="s", target=60)
            yield Figure(name="import.cpu", value=once.cpu_s, unit="s")
            yield Figure(name="import.peak", value=once.peak_mb, unit="MB", target=400)
            floor = await run(sys.executable, "-m", "bench.floor", str(folder))
            yield Figure(name="import.floor", value=floor.seconds, unit="s")
            yield Figure(name="import.of-floor", value=once.seconds / floor.seconds, unit="x")
            folder = await made(2 * RECORDS)
            twice = await imported(place / "twice", folder, standin)
            yield Figure(name="import.twice", value=twice.seconds, unit="s")
            ratio = twice.peak_mb / once.peak_mb
            yield Figure(name="import.twice-peak", value=ratio, unit="x", target=1.1)


async def imported(place: Path, folder: Path, standin: Address) -> Ended:
    """Import an archive into a new database.

    Raises:
        Broken: it failed, or nothing was held.
    """
    home = Home(place)
    await home.add_platform(standin)
    async with served(folder) as source:
        home.configure(source.url)
        return await home.run("intel", "once", "--json", allowed=[Exit.HELD])
