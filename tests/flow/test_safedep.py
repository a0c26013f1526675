"""What SafeDep reports is blocked, alone and beside what other feeds say."""

from collections.abc import AsyncIterator

import msgspec
import pytest

from feeds.test_safedep import given
from flow.thread import Thread
from jfrog_standin.osv_records import span
from reedbed.feeds.settings import OsvSettings, SafeDepListSettings, SafeDepSettings
from reedbed.intel.merge import Admission
from safedep_standin.data_plane import DataPlane, failing
from safedep_standin.server import running

SUSPICIOUS = "THREAT_VERDICT_SUSPICIOUS"


@pytest.fixture
async def safedep(embedded: Thread) -> AsyncIterator[DataPlane]:
    async with running(embedded.time) as standin:
        server = standin.data_plane
        embedded.credentials = given()
        settings = SafeDepSettings(
            name="safedep", source=server.url, allow_plain_http=True, retry_wait_s=0.001
        )
        embedded.feeds.append(settings)
        yield server


async def test_a_report_blocks_and_its_downgrade_frees(embedded: Thread, safedep: DataPlane) -> None:
    path = embedded.npm("reed-bad", "1.0.0")
    safedep.report("R1", "reed-bad", minutes=-60)
    await embedded.run()
    assert await embedded.download(path) == "blocked"

    safedep.report("R1", "reed-bad", minutes=-50, verdict=SUSPICIOUS)
    await embedded.run()

    assert embedded.issues() == {}
    assert await embedded.download(path) == "served"


async def test_a_version_that_a_report_adds_is_blocked_too(embedded: Thread, safedep: DataPlane) -> None:
    safedep.report("R1", "reed-bad", minutes=-60)
    await embedded.run()
    package = {"name": "reed-bad", "versions": ["1.0.0", "1.0.1"]}
    safedep.report("R1", "reed-bad", minutes=-50, package=package)

    await embedded.run()

    assert embedded.versions("reed-bad") == {"[1.0.0]", "[1.0.1]"}


async def test_a_withdrawn_report_frees_only_what_no_other_feed_holds(
    embedded: Thread, safedep: DataPlane
) -> None:
    package = {"name": "reed-bad", "versions": ["1.0.0", "2.0.0"]}
    safedep.report("R1", "reed-bad", minutes=-60, package=package)
    embedded.publish("MAL-2026-1", "reed-bad", versions=["2.0.0"])
    await embedded.run()
    assert embedded.versions("reed-bad") == {"[1.0.0]", "[2.0.0]"}

    safedep.report("R1", "reed-bad", minutes=-50, withdrawn=True)
    await embedded.run()

    assert embedded.versions("reed-bad") == {"[2.0.0]"}


async def test_what_no_person_verified_blocks_only_where_the_operator_says_so(
    embedded: Thread, safedep: DataPlane
) -> None:
    safedep.report("R1", "reed-bad", minutes=-60, confidence="THREAT_CONFIDENCE_AUTOMATED")
    await embedded.run()
    assert embedded.issues() == {}

    embedded.terms = msgspec.structs.replace(
        embedded.terms, admission=Admission(automated=frozenset({"safedep"}))
    )
    await embedded.run()

    assert embedded.versions("reed-bad") == {"[1.0.0]"}


@pytest.mark.parametrize("bad_day", ["empty", "refused", "unknown verdict"])
async def test_a_bad_day_of_the_service_frees_nothing(
    embedded: Thread, safedep: DataPlane, bad_day: str
) -> None:
    safedep.report("R1", "reed-bad", minutes=-60)
    await embedded.run()
    match bad_day:
        case "empty":
            safedep.reports.clear()
        case "refused":
            safedep.faults = [failing("unauthenticated")]
        case _:
            safedep.report("R1", "reed-bad", minutes=-50, verdict="THREAT_VERDICT_HARMLESS")

    await embedded.run(full=True)

    assert embedded.versions("reed-bad") == {"[1.0.0]"}


async def test_the_older_list_blocks_and_frees_too(embedded: Thread, safedep: DataPlane) -> None:
    embedded.feeds[-1] = SafeDepListSettings(name="list", source=safedep.url, allow_plain_http=True)
    safedep.analysis("A1", "reed-bad", minutes=-60, isMalware=True, isVerified=True, version="0")
    embedded.limit(ask_in_use=False)
    await embedded.run()
    assert embedded.versions("reed-bad") == {"(,)"}

    safedep.analysis("A1", "reed-bad", minutes=-60, isVerified=True)
    await embedded.run()

    assert embedded.issues() == {}


async def test_a_withdrawal_by_github_frees_only_what_github_alone_held(embedded: Thread) -> None:
    embedded.feeds.append(
        OsvSettings(name="github-malware", source=str(embedded.records), id_prefixes=("GHSA-",))
    )
    everything = [span("introduced 0")]
    embedded.limit(ask_in_use=False)
    embedded.publish("GHSA-aaaa-bbbb-cccc", "reed-wide", ranges=everything)
    embedded.publish("MAL-2026-1", "reed-wide", versions=["1.0.0"])
    await embedded.run()
    assert embedded.versions("reed-wide") == {"(,)"}

    embedded.withdraw("GHSA-aaaa-bbbb-cccc", "reed-wide", day=2)
    await embedded.run()

    assert embedded.versions("reed-wide") == {"[1.0.0]"}
