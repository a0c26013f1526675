"""Runs of connections as the daemon makes them: due by their schedule, and never twice."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Connection as Sql

from inventory.homes import connected, home
from jfrog_standin.seeding.seed import Seed
from jfrog_standin.server import Running, running
from jfrog_standin.settings import StandIn
from reedbed.errors import SettingsError
from reedbed.inventory.connection.rhythm import Daily
from reedbed.inventory.connection.schedule import Schedule
from reedbed.inventory.connection.states import Last, Planned, Standing, standing
from reedbed.inventory.run.starting import enabled
from reedbed.jobs import Counts, Job, Outcome, RunContext, now_utc
from reedbed.store import runs
from reedbed.store.inventory import connections as store
from reedbed.store.inventory import streams
from reedbed.wiring.jobs import sync_jobs
from reedbed.wiring.parts import Parts
from reedbed.worker.run import Ran, Runner
from reedbed.worker.schedule import due

FAR = f"{now_utc() + timedelta(hours=12):%H:%M}"  # no moment comes while these tests run
DAILY = Schedule(full=Daily(FAR))


def half_a_day_ago() -> Schedule:
    """Give a schedule whose moment does not come while a test runs."""
    return Schedule(full=Daily(f"{now_utc() - timedelta(hours=12):%H:%M}"))


@pytest.fixture
async def standin() -> AsyncIterator[Running]:
    async with running(StandIn(seeded=Seed(images=6, small_kb=1, large_kb=1))) as server:
        yield server


@pytest.fixture
async def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Parts]:
    async with home(tmp_path, monkeypatch) as parts:
        yield parts


async def jobs_of(parts: Parts) -> list[Job]:
    return sync_jobs(parts, await parts.db.read(enabled))


async def run_due(parts: Parts) -> Ran | None:
    """Do as the daemon does when it looks at what is due; None: nothing was."""
    [job] = await jobs_of(parts)
    moment = due(job.schedule, job.name, now_utc())
    return await Runner(parts.db, owner="test").run(job, scheduled_at=moment) if moment else None


async def stands(parts: Parts) -> Standing:
    def read(sql: Sql) -> Standing:
        newest = runs.newest(sql, "sync").get("prod")
        rows = streams.of_run(sql, newest.id) if newest else {}
        return standing(store.get(sql, "prod"), newest, rows, now=now_utc())

    return await parts.db.read(read)


def enabled_yesterday(sql: Sql) -> None:
    known = store.get(sql, "prod")
    store.update(sql, msgspec.structs.replace(known, runs_from=now_utc() - timedelta(days=1)))


async def test_a_connection_runs_when_its_schedule_says_and_only_once(parts: Parts, standin: Running) -> None:
    await connected(parts, standin)
    await parts.connections.schedule("prod", half_a_day_ago(), who="alice")
    assert await run_due(parts) is None  # moments before it was scheduled do not count
    await parts.db.write(enabled_yesterday)

    ran = await run_due(parts)
    again = await run_due(parts)

    assert ran is not None
    assert (ran.outcome, ran.fault) == (Outcome.SUCCEEDED, None)
    assert ran.counts["images"] > 0
    assert again is None
    seen = await stands(parts)
    assert (seen.planned, seen.last in (Last.PROCESSED, Last.WITH_GAPS)) == (Planned.SCHEDULED, True)


async def test_a_connection_without_a_schedule_waits_to_be_asked(parts: Parts, standin: Running) -> None:
    await connected(parts, standin)

    assert await run_due(parts) is None
    assert (await stands(parts)).planned is Planned.REGISTERED


async def test_paused_connections_and_drafts_have_no_job(parts: Parts, standin: Running) -> None:
    await connected(parts, standin)

    await parts.connections.pause("prod", who="alice")
    paused = await jobs_of(parts)
    await parts.connections.enable("prod", who="alice")
    resumed = await jobs_of(parts)
    await parts.connections.rotate("prod", "untested", who="alice", test=False)

    assert (paused, [job.name for job in resumed], await jobs_of(parts)) == ([], ["sync:*:prod"], [])


async def test_a_run_that_was_asked_for_before_its_connection_became_a_draft_does_not_read(
    parts: Parts, standin: Running
) -> None:
    await connected(parts, standin)
    [job] = await jobs_of(parts)
    await parts.connections.rotate("prod", standin.admin_token, who="alice", test=False)

    ran = await Runner(parts.db, owner="test").run(job, scheduled_at=now_utc())

    assert ran.outcome is Outcome.FAILED
    assert ran.fault is not None
    assert "is a draft" in ran.fault.what
    assert (await stands(parts)).last is Last.ERRORED


async def test_a_draft_that_passes_its_checks_later_has_to_be_enabled(parts: Parts, standin: Running) -> None:
    await connected(parts, standin)
    [job] = await jobs_of(parts)
    await parts.connections.rotate("prod", "untested", who="alice", test=False)
    await parts.connections.rotate("prod", standin.admin_token, who="alice")

    ran = await Runner(parts.db, owner="test").run(job, scheduled_at=now_utc())

    assert ran.fault is not None
    assert ran.fault.fix == "Run `reedbed connection enable prod`."


async def test_an_untested_connection_is_neither_enabled_nor_scheduled(
    parts: Parts, standin: Running
) -> None:
    await connected(parts, standin, test=False)

    for refused in (
        parts.connections.enable("prod", who="alice"),
        parts.connections.schedule("prod", DAILY, who="alice"),
        parts.connections.pause("prod", who="alice"),
    ):
        with pytest.raises(SettingsError, match="is a draft") as caught:
            await refused
        assert caught.value.why == "it was not tested as it is now"


async def test_a_second_run_of_one_connection_is_skipped(parts: Parts, standin: Running) -> None:
    await connected(parts, standin)
    [job] = await jobs_of(parts)
    inner: list[Ran] = []

    async def meanwhile(_: RunContext) -> Counts:
        other = Runner(parts.db, owner="other")
        inner.append(await other.run(job, scheduled_at=now_utc(), patience_s=0.0))
        return {}

    first = msgspec.structs.replace(job, run=meanwhile)
    await Runner(parts.db, owner="test").run(first, scheduled_at=now_utc())

    assert [ran.outcome for ran in inner] == [Outcome.SKIPPED]
