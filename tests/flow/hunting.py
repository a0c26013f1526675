"""A flagged release that Artifactory has, the hunt for it, and what came of that."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from flow.thread import PLATFORM, Thread
from jfrog.platforms import at, impatient
from jfrog_standin.artifactory.repository import Repository
from reedbed.intel.hunt import Hunted, hunt
from reedbed.jfrog.breaker import Breaker
from reedbed.jfrog.session import JFrog, connect
from reedbed.store import findings
from reedbed.store.findings import Finding

BAD = "reed/-/reed-1.0.0.tgz"


async def flag_and_have(thread: Thread) -> None:
    """Version 1.0.0 of reed is flagged; 1.0.0 and 2.0.0 are in npm-local, and 1.0.0 in a remote's cache."""
    thread.npm("reed", "1.0.0")
    thread.npm("reed", "2.0.0")
    storage = thread.standin.platform.artifactory
    storage.add(Repository(key="far", rclass="remote", package_type="npm"))
    storage.put("far-cache", BAD, b"cached", by="alice")
    thread.publish("MAL-2026-1", "reed", versions=["1.0.0"])
    await thread.run()


@asynccontextmanager
async def line(thread: Thread) -> AsyncIterator[JFrog]:
    """Open a line that does not wait long, and does not rest after failures."""
    platform = at(thread.standin, name=PLATFORM, timeout_s=thread.timeout_s)
    patience, breaker = impatient(attempts=2), Breaker(threshold=1_000)
    async with connect(platform, thread.standin.admin_token, patience=patience, breaker=breaker) as jfrog:
        yield jfrog


async def hunted(thread: Thread, jfrog: JFrog, *, ask_xray: bool = False) -> Hunted:
    thread.time += timedelta(seconds=10)
    admission = thread.terms.admission
    return await hunt(jfrog, thread.db, admission=admission, ask_xray=ask_xray, now=thread.now)


async def kept(thread: Thread) -> dict[str, Finding]:
    """Give the findings, closed ones too, by where each was seen."""
    found = await thread.db.read(findings.page, PLATFORM, closed=True, limit=100)
    return {f"{each.repository}/{each.path}": each for each in found}
