"""`publication`: how long from a record's appearance in a feed until a download of its package is refused.

Through the daemon as it runs for anybody, with 1 platform and with 20; each platform is a stand-in in a
process of its own, with an indexed repository, a policy and a watch. A stand-in blocks as soon as it holds an
issue: the time that a real Xray takes to index is not in these figures.
"""

import asyncio
import ssl
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import msgspec

from bench.archive import served
from bench.child import Broken
from bench.daemon import daemon
from bench.figure import Figure, Remark
from bench.growing import Growing
from bench.home import Home
from bench.push import CALLS, sequential_s
from jfrog_standin.address import Address
from jfrog_standin.child import started
from jfrog_standin.osv_records import Record, record
from jfrog_standin.steering import ask
from reedbed.jfrog.custom_issue import issue_id
from reedbed.model.ecosystem import PackageType
from reedbed.model.purl import purl
from safedep_standin.account import KEY, TENANT
from safedep_standin.data_plane import DataPlane
from safedep_standin.server import running

PLATFORMS = (1, 20)
RECORDS = 8
INTERVAL_S = 10.0
LOOKS_EVERY_S = 0.25
REFUSED_WITHIN_S = 180.0

FEEDS = """ecosystems = ["npm"]
[[feeds]]
kind = "safedep"
name = "safedep"
source = "{}"
allow_plain_http = true
"""

RULE = {
    "name": "malware",
    "priority": 1,
    "criteria": {"malicious_package": True},
    "actions": {"block_download": {"active": True, "unscanned": False}},
}
POLICY = {"name": "no-malware", "type": "security", "rules": [RULE]}
WATCH = {
    "general_data": {"name": "everywhere", "active": True},
    "project_resources": {"resources": [{"type": "all-repos", "filters": []}]},
    "assigned_policies": [{"name": "no-malware", "type": "security"}],
}


class Journey(msgspec.Struct, frozen=True, kw_only=True):
    """One record's way to one platform: seconds since it was published."""

    begun: float  # the platform was asked for its issue: until then it had waited for a poll
    proved: float  # the issue was read back
    refused: float  # a download was refused, as seen by who looks every `LOOKS_EVERY_S`


class Stage(msgspec.Struct, frozen=True):
    """A daemon's feeds, and the platforms that it pushes to."""

    home: Home
    archive: Growing
    safedep: DataPlane
    standins: Sequence[Address]


async def measure() -> AsyncIterator[Figure | Remark]:
    yield (
        f"publication: {RECORDS} records of two feeds in turns, spread evenly over a daemon's rounds, with "
        f"intel.interval_s = {INTERVAL_S:g} (default: 300) and a push to each platform every 10 s"
    )
    seen: dict[int, list[float]] = {}
    for count in PLATFORMS:
        async with staged(count) as stage:
            floor_s = await sequential_s(stage.standins[0], calls=CALLS)
            journeys = await _journeys(stage)
        seen[count] = [each.refused for each in journeys]
        for figure in figures(f"publication.{count}", journeys, floor_s):
            yield figure
    few, many = (seen[count] for count in PLATFORMS)
    ratio = statistics.median(many) / statistics.median(few)
    yield Figure(name="publication.20-of-1", value=ratio, unit="x")
    yield Figure(name="publication.20-of-1-max", value=max(many) / max(few), unit="x")


def figures(name: str, journeys: Sequence[Journey], floor_s: float) -> list[Figure]:
    """Sum up; `floor_s` is what the three requests take when somebody makes them by hand at once."""
    refused = [each.refused for each in journeys]
    pushing = statistics.median(each.proved - each.begun for each in journeys)
    waiting = sum(each.begun for each in journeys) / sum(refused) * 100
    return [
        Figure(name=f"{name}.p50", value=statistics.median(refused), unit="s"),
        Figure(name=f"{name}.max", value=max(refused), unit="s"),
        Figure(name=f"{name}.until-begun", value=statistics.median(e.begun for e in journeys), unit="s"),
        Figure(name=f"{name}.waiting", value=waiting, unit="%"),
        Figure(name=f"{name}.pushing", value=pushing * 1_000, unit="ms"),
        Figure(name=f"{name}.floor", value=floor_s * 1_000, unit="ms"),
        Figure(name=f"{name}.of-floor", value=pushing / floor_s, unit="x"),
    ]


@asynccontextmanager
async def staged(count: int, records: int = RECORDS) -> AsyncIterator[Stage]:
    """Set up a `reedbed` with so many platforms that hold the packages, and two feeds silent of them."""
    async with AsyncExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reedbed-bench-")))
        standins = [
            await stack.enter_async_context(started(place / f"standin-{number}")) for number in range(count)
        ]
        archive = Growing(place / "archive")
        archive.publish([_record("published-before", 0, datetime.now(UTC) - timedelta(days=1))])
        source = await stack.enter_async_context(served(archive.folder))
        safedep = await stack.enter_async_context(running())
        home = Home(place / "home", {"SAFEDEP_API_KEY": KEY, "SAFEDEP_TENANT_ID": TENANT})
        for number, standin in enumerate(standins):
            await home.add_platform(standin, name=f"bench-{number}")
            await _protect(standin, records)
        settings = f"[intel]\ninterval_s = {INTERVAL_S}"
        home.configure(source.url, settings=settings, feed=FEEDS.format(safedep.url))
        yield Stage(home, archive, safedep.data_plane, standins)


async def _protect(standin: Address, records: int) -> None:
    """Make a stand-in block what is flagged, and give it the packages that will be."""
    for number in range(records):
        package = {"package_type": "npm", "name": _name(number), "version": "1.0.0"}
        await ask(standin, "POST", "/packages", package)
    async with _client(standin) as session:
        for path, body in (("policies", POLICY), ("watches", WATCH)):
            async with session.post(f"/xray/api/v2/{path}", json=body) as response:
                response.raise_for_status()


async def _journeys(stage: Stage) -> list[Journey]:
    journeys: list[Journey] = []
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(_client(each)) for each in stage.standins]
        await stack.enter_async_context(daemon(stage.home, jobs=2 + len(stage.standins)))
        for number in range(RECORDS):
            await asyncio.sleep(until_phase(time.time(), number / RECORDS))
            journeys += await _published(stage, clients, number)
    return journeys


def until_phase(now_s: float, phase: float) -> float:
    """Seconds until so much (0 to 1) of an interval has gone by, as the daemon counts them: since 1970.

    So each run of the benchmark meets the same mixture of short and long waits.
    """
    return (phase * INTERVAL_S - now_s) % INTERVAL_S


async def _published(stage: Stage, clients: Sequence[aiohttp.ClientSession], number: int) -> list[Journey]:
    """Publish a record, and follow it to each platform."""
    _publish(stage, number)
    at = datetime.now(UTC)
    refused = await asyncio.gather(*(_refused(client, number) for client in clients))
    journeys = []
    for standin, seen in zip(stage.standins, refused, strict=True):
        begun, proved = await _pushed(standin, number)
        journeys.append(
            Journey(
                begun=(begun - at).total_seconds(),
                proved=(proved - at).total_seconds(),
                refused=(seen - at).total_seconds(),
            )
        )
    return journeys


def _publish(stage: Stage, number: int) -> None:
    """Publish in the one feed or the other."""
    if number % 2:
        stage.safedep.now = datetime.now(UTC)
        stage.safedep.report(f"01JREPORT{number:017}", _name(number))
    else:
        stage.archive.publish([_record(_name(number), number + 1, datetime.now(UTC))])


async def _refused(client: aiohttp.ClientSession, number: int) -> datetime:
    """Download a package again and again, until it is refused.

    Raises:
        Broken: that took too long, or it was refused for another reason.
    """
    deadline = time.monotonic() + REFUSED_WITHIN_S
    path = f"/artifactory/api/npm/npm-local/{_name(number)}/-/{_name(number)}-1.0.0.tgz"
    while time.monotonic() < deadline:
        async with client.get(path) as response:
            await response.read()
            if response.status == 403:
                return datetime.now(UTC)
            if response.status != 200:
                raise Broken(f"a download was answered {response.status}")
        await asyncio.sleep(LOOKS_EVERY_S)
    raise Broken(f"{_name(number)} could still be downloaded after {REFUSED_WITHIN_S:g} s")


async def _pushed(standin: Address, number: int) -> tuple[datetime, datetime]:
    """When a platform was first asked for a package's issue, and when that was read back."""
    path = f"/xray/api/v2/events/{issue_id(purl(PackageType.NPM, _name(number)))}"
    deadline = time.monotonic() + REFUSED_WITHIN_S
    while time.monotonic() < deadline:
        asked = await ask(standin, "GET", "/log", query={"path": path})
        if len(asked) > 1:
            return datetime.fromisoformat(asked[0]["at"]), datetime.fromisoformat(asked[1]["at"])
        await asyncio.sleep(LOOKS_EVERY_S)
    raise Broken(f"the issue about {_name(number)} was not read back")


def _client(standin: Address) -> aiohttp.ClientSession:
    trust = ssl.create_default_context(cafile=standin.ca)
    return aiohttp.ClientSession(
        standin.url,
        connector=aiohttp.TCPConnector(ssl=trust),
        headers={"Authorization": f"Bearer {standin.admin_token}"},
        timeout=aiohttp.ClientTimeout(total=30),
    )


def _record(name: str, number: int, at: datetime) -> Record:
    return record(f"MAL-2026-{number}", name, versions=["1.0.0"], modified=at)


def _name(number: int) -> str:
    return f"published-{number}"
