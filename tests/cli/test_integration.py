"""`reedbed integration jfrog run` as its users start it, between a stand-in of SafeDep and one of JFrog."""

import os
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from flow.household import Household, until
from flow.test_secrets import files_below, found_in, traces
from flow.thread import issues_of
from jfrog_standin.server import Running
from processes.prepared import Child
from safedep_standin.account import KEY, TENANT
from safedep_standin.data_plane import DataPlane
from safedep_standin.server import running

RUN = ("integration", "jfrog", "run", "--poll-interval", "1s")
URL = "SAFEDEP_INTEGRATION_JFROG_ARTIFACTORY_URL"
TOKEN = "SAFEDEP_INTEGRATION_JFROG_ARTIFACTORY_ACCESS_TOKEN"
COMPLETE = "i Poll cycle complete, next in 1s\n"


@pytest.fixture
async def safedep() -> AsyncIterator[DataPlane]:
    async with running() as standin:
        yield standin.data_plane


@pytest.fixture
async def daemon(household: Household, safedep: DataPlane, standin: Running) -> Household:
    """A home as that of somebody who ran SafeDep's daemon by its variables."""
    feed = ('kind = "safedep"', 'name = "safedep"', f'source = "{safedep.url}"', "allow_plain_http = true")
    household.write_settings("[log]", 'level = "debug"', "[[feeds]]", *feed)
    household.settings |= {
        "SAFEDEP_API_KEY": KEY,
        "SAFEDEP_TENANT_ID": TENANT,
        "SSL_CERT_FILE": str(standin.ca_path),
        URL: standin.url,
        TOKEN: standin.admin_token,
    }
    return household


def _said(household: Household, number: int = 0) -> str:
    return (household.folder / f"out-{number}").read_text()


async def _leave(household: Household, child: Child) -> int:
    os.kill(child.pid, signal.SIGTERM)
    return await household.ended(child)


async def test_the_lines_are_those_of_safedeps_page(
    daemon: Household, safedep: DataPlane, standin: Running
) -> None:
    safedep.report("01A", "@reed/router", minutes=-9, package=_package("@reed/router", "0.4.25", "0.4.26"))
    safedep.report("01B", "reed-pi", minutes=-8, package=_package("reed-pi"))

    child = await daemon.start(*RUN)
    await until(lambda: COMPLETE in _said(daemon))
    first = _said(daemon)
    safedep.report("01A", "@reed/router", minutes=-7, package=_package("@reed/router", "0.4.25", "0.4.27"))
    safedep.report("01B", "reed-pi", minutes=-6, withdrawn=True)
    await until(lambda: "Withdrawn" in _said(daemon) and "0.4.27" in _said(daemon))
    code = await _leave(daemon, child)

    ids = {name: issue["id"] for name, issue in issues_of(standin.platform.xray.issues).items()}
    lines = first.splitlines()
    assert lines[:3] == [
        "i Validating JFrog connectivity",
        "✓ JFrog connectivity OK (URL + token verified)",
        "i Starting JFrog feed poller (interval: 1s)",
    ]
    assert sorted(lines[3:8])[2:] == [
        "✓ Pushed: @reed/router@0.4.25 (npm)",
        "✓ Pushed: @reed/router@0.4.26 (npm)",
        "✓ Pushed: reed-pi@* (npm)",
    ]
    assert f"i   JFrog: {ids['@reed/router']} [201]" in lines
    assert lines[8] == COMPLETE.strip()
    later = _said(daemon).removeprefix(first)
    assert [line for line in later.splitlines() if "✓" in line and "router" in line] == [
        "✓ Pushed: @reed/router@0.4.27 (npm)"
    ]
    assert "✓ Withdrawn: reed-pi (npm)" in later
    assert list(ids) == ["@reed/router"]
    assert code == 0


def _package(name: str, *versions: str) -> dict[str, object]:
    return {"purl": f"pkg:npm/{name}", "name": name, "versions": list(versions)}


async def test_flags_go_before_the_environment_and_secrets_are_left_nowhere(
    daemon: Household, safedep: DataPlane, standin: Running
) -> None:
    safedep.report("01A", "reed-bad", minutes=-9)
    child = await daemon.start(*RUN)
    await until(lambda: COMPLETE in _said(daemon))
    await _leave(daemon, child)
    other = standin.platform.access.issue(
        "admin", scope="applied-permissions/admin", description="another"
    ).access_token
    daemon.settings |= {URL: "https://elsewhere.invalid", TOKEN: "another-one"}

    flags = ("--instance-url", f"{standin.url}/ui/", "--instance-access-token", other)
    child = await daemon.start(*RUN, *flags)
    await until(lambda: COMPLETE in _said(daemon, 1))
    code = await _leave(daemon, child)
    stored = await daemon.run("platform", "list", "--json")

    assert code == 0
    assert TOKEN in (daemon.folder / "err-1").read_text()
    assert "Pushed" not in _said(daemon, 1)  # it is there already
    assert stored.out.count('"name":') == 1
    assert '"name":"127-0-0-1-' in stored.out
    wanted = traces(standin.admin_token, other, KEY)
    assert found_in(files_below(daemon.folder), wanted) == []


async def test_what_is_missing_or_wrong_is_said_at_once(daemon: Household) -> None:
    wrong = {
        "https": (*RUN, "--instance-url", "http://jfrog.example"),
        "say explicitly": (*RUN, "--instance-url", "http://127.0.0.1:1"),
        "✗ reach": (*RUN, "--instance-url", "http://127.0.0.1:1", "--allow-plain-http"),
        "1m30s": (*RUN[:3], "--poll-interval", "often"),
        "from 1s to 24h": (*RUN[:3], "--poll-interval", "0s"),
        "profile": (*RUN, "--profile", "no name"),
        "✗ artifactory": (*RUN, "--instance-access-token", "wrong-token"),
    }

    said = {word: await daemon.run(*arguments) for word, arguments in wrong.items()}
    del daemon.settings["SAFEDEP_API_KEY"]
    said["reedbed auth login"] = await daemon.run(*RUN)
    del daemon.settings[URL]
    said[URL] = await daemon.run(*RUN)

    assert {word: each.code for word, each in said.items()} == dict.fromkeys(said, 1)
    assert [word for word, each in said.items() if word not in each.out + each.err] == []


async def test_the_whole_feed_goes_through_at_the_first_reading_and_a_mad_one_is_held(
    daemon: Household, safedep: DataPlane, standin: Running
) -> None:
    daemon.settings["REEDBED_INTEL_WINDOW_DAYS"] = "1"  # what SafeDep says matters all the same
    for number in range(501):
        safedep.report(f"R{number:04}", f"reed-{number}", minutes=-9_000, package=_package(f"reed-{number}"))

    mad = await daemon.start(*RUN, "--set", "intel.max_blocks=500")
    await until(lambda: "Waiting for a person: 501 changes" in _said(daemon))
    assert await _leave(daemon, mad) == 0
    assert not standin.platform.xray.issues
    for file in daemon.folder.glob("*.db*"):
        file.unlink()
    child = await daemon.start(*RUN)
    await until(lambda: COMPLETE in _said(daemon, 1))

    assert await _leave(daemon, child) == 0
    assert len(standin.platform.xray.issues) == 501
    assert "Waiting" not in _said(daemon, 1)


async def test_the_old_daemons_cursor_is_gone_on_from(daemon: Household, safedep: DataPlane) -> None:
    seen = safedep.now - timedelta(days=2)
    state = daemon.folder / ".local" / "share" / "safedep" / "cli" / "state.db"
    _write_state(state, f'{{"last_seen_at":"{seen.isoformat()}"}}')
    before = state.read_bytes()

    child = await daemon.start(*RUN)
    await until(lambda: COMPLETE in _said(daemon))
    await _leave(daemon, child)
    child = await daemon.start(*RUN)
    await until(lambda: COMPLETE in _said(daemon, 1))
    await _leave(daemon, child)

    asked = datetime.fromisoformat(safedep.asked[0]["filters"]["since"])
    assert timedelta(days=7) <= seen - asked < timedelta(days=7, hours=1)
    assert f"i Continuing from the old daemon's cursor {seen:%Y-%m-%d %H:%M}Z, less 7 days" in _said(daemon)
    assert "Continuing" not in _said(daemon, 1)
    assert state.read_bytes() == before


def _write_state(file: Path, value: str) -> None:
    file.parent.mkdir(parents=True)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE kv (scope TEXT, namespace TEXT, key TEXT, value TEXT)")
        row = ("default", "integration-jfrog", "cursor", value)
        connection.execute("INSERT INTO kv VALUES (?, ?, ?, ?)", row)
