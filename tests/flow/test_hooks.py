"""An image is pushed, Artifactory tells of it, and its findings are there: with daemons, killed or not."""

import asyncio
import os
import re
import secrets
import signal
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import Connection as Sql
from sqlalchemy import select

from flow.household import DEADLINE_S, Household
from jfrog_standin.artifactory import images
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.server import running
from jfrog_standin.settings import StandIn
from jfrog_standin.xray.scan import Hit, Scan, ScanCve, ScanIssue, ScannedComponent
from reedbed.store import runs
from reedbed.store.database import Database, open_database
from reedbed.store.inventory import hints, hooks
from reedbed.store.inventory.findings import FINDINGS
from reedbed.store.runs import State

SECRET = secrets.token_hex(32)
SUBSCRIPTIONS = "/event/api/v1/subscriptions"


@pytest.fixture
async def household(tmp_path: Path) -> AsyncIterator[Household]:
    (tmp_path / "records").mkdir()
    async with running(StandIn()) as standin:
        household = Household(tmp_path, f"sqlite:///{tmp_path / 'reedbed.db'}", standin)
        household.write_settings("[hooks]", 'listen = "127.0.0.1:0"', "debounce_s = 0.1")
        repository = Repository(key="docker-local", package_type="docker", xray_index=True)
        standin.platform.artifactory.add(repository)
        yield household
        await household.clear()


@pytest.fixture
def opened(household: Household) -> Iterator[Database]:
    db = open_database(household.database_url)
    yield db
    db.close()


def push(household: Household, tag: str, flaw: int) -> None:
    """Push an image that has a vulnerability of its own."""
    assert household.standin
    platform = household.standin.platform
    image = images.image([images.layer({"content": tag.encode()})], docker=True)
    issue = ScanIssue(
        id=f"XRAY-{flaw}",
        severity="High",
        summary="A flaw",
        cves=(ScanCve(cve=f"CVE-2026-{flaw:04}"),),
        hits=(Hit(component=ScannedComponent(kind="npm", name="moment", version="1.0.0", layer="ab" * 32)),),
    )
    platform.xray.put_scan(image.digest.removeprefix("sha256:"), Scan(status="DONE", issues=(issue,)))
    images.put(platform.artifactory, "docker-local", "team/app", tag, image)


async def url_of_hooks(household: Household, before: int = 0) -> str:
    """Wait until the daemon listens; give where."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            found = re.findall(rb"hooks_listening.*?(http://127\.0\.0\.1:\d+)", household.output())
            if len(found) > before:
                return str(found[-1].decode())
            await asyncio.sleep(0.05)


@asynccontextmanager
async def platform(household: Household) -> AsyncIterator[aiohttp.ClientSession]:
    assert household.standin
    headers = {"Authorization": f"Bearer {household.standin.admin_token}"}
    connector = aiohttp.TCPConnector(ssl=household.standin.ssl or True)
    async with aiohttp.ClientSession(household.standin.url, headers=headers, connector=connector) as session:
        yield session


async def subscribe(household: Household, url: str, *, anew: bool = False) -> None:
    """Have Artifactory tell the daemon of images, signed."""
    handler = {
        "handler_type": "webhook",
        "url": f"{url}/hooks/prod/artifactory",
        "secret": SECRET,
        "use_secret_for_signing": True,
    }
    criteria = {"anyLocal": True}
    body = {
        "key": "reedbed",
        "event_filter": {"domain": "docker", "event_types": ["pushed", "deleted"], "criteria": criteria},
        "handlers": [handler],
    }
    method, path = ("PUT", f"{SUBSCRIPTIONS}/reedbed") if anew else ("POST", SUBSCRIPTIONS)
    async with platform(household) as http, http.request(method, path, json=body) as made:
        assert made.status in (201, 204)


async def move_in(household: Household) -> None:
    standin = household.standin
    assert standin
    push(household, "1.0", 1)
    add = ("connection", "add", "prod", standin.url, "--ca-file", str(standin.ca_path))
    for command, sent in (
        (add, standin.admin_token),
        (("sync", "run", "prod"), ""),
        (("connection", "hook", "enable", "prod", "--own-secret"), SECRET),
    ):
        done = await household.run(*command, send=sent)
        assert done.code == 0, done


def vulnerabilities(sql: Sql) -> Mapping[str, bool]:
    rows = sql.execute(select(FINDINGS.c.vulnerability, FINDINGS.c.status))
    return {row.vulnerability: row.status.open for row in rows}


async def until_found(db: Database, vulnerability: str) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while vulnerability not in await db.read(vulnerabilities):
            await asyncio.sleep(0.05)


def is_quiet(sql: Sql) -> bool:
    return not hints.waiting(sql) and not runs.running(sql)


async def until_quiet(db: Database) -> None:
    """Wait until no hint waits, and the run that answered has ended."""
    async with asyncio.timeout(DEADLINE_S):
        while not await db.read(is_quiet):
            await asyncio.sleep(0.05)


async def test_a_push_that_artifactory_tells_of_is_read_alone_though_the_daemon_that_was_told_dies(
    household: Household, opened: Database
) -> None:
    await move_in(household)
    household.settings["REEDBED_HOOKS_DEBOUNCE_S"] = "3600"  # the first daemon will not look
    first = await household.start("intel", "run")
    await subscribe(household, await url_of_hooks(household))
    push(household, "2.0", 2)
    async with asyncio.timeout(DEADLINE_S):
        while not await opened.read(hints.waiting):
            await asyncio.sleep(0.05)
    os.kill(first.pid, signal.SIGKILL)
    await household.ended(first)
    assert household.standin
    household.standin.platform.log.clear()

    household.settings["REEDBED_HOOKS_DEBOUNCE_S"] = "0.1"
    second = await household.start("intel", "run")
    await until_found(opened, "CVE-2026-0002")
    await subscribe(household, await url_of_hooks(household, before=1), anew=True)
    push(household, "3.0", 3)
    await until_found(opened, "CVE-2026-0003")
    await until_quiet(opened)
    second.send_signal(signal.SIGTERM)
    await household.ended(second)

    paths = [entry.path for entry in household.standin.platform.log.entries()]
    [hook] = await opened.read(hooks.list_all)
    answered = [run for run in await opened.read(runs.recent, limit=50) if run.flow == "hint"]
    assert await opened.read(vulnerabilities) == {f"CVE-2026-000{n}": True for n in (1, 2, 3)}
    assert len([path for path in paths if "/manifests/" in path]) == 2
    assert not [path for path in paths if path == "/xray/api/v1/artifacts"]
    assert (hook.accepted, hook.refused) == (2, 0)
    assert {run.state for run in answered} == {State.DONE}
    assert SECRET.encode() not in household.output()
