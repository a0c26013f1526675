"""What the daemon answers over HTTP to those who watch it."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from reedbed.errors import SettingsError, Unreachable
from reedbed.jobs import Counts, Cron, Every, Job, Outcome, Planned, RunContext, Schedule, now_utc
from reedbed.metrics import Metrics, Outbox, Readings
from reedbed.worker.health import Check, Health, judge

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def idle(_: RunContext) -> Counts:
    return {}


def job(schedule: Schedule | None = None) -> Job:
    return Job(flow="push", feed="osv", platform="prod", schedule=schedule or Every(300.0), run=idle)


async def never() -> Readings:
    raise AssertionError("nobody asks")


@asynccontextmanager
async def daemon(
    readings: Readings | None = None,
    *,
    metrics: Metrics | None = None,
    ticked_at: Callable[[], float] = time.monotonic,
) -> AsyncIterator[aiohttp.ClientSession]:
    """Listen as the daemon does; without readings, the store does not answer."""

    async def read() -> Readings:
        if readings is None:
            raise Unreachable("Could not use the database", why="nobody answers", fix="Start it.")
        return readings

    health = Health(jobs=lambda: [job()], read=read, metrics=metrics or Metrics(), ticked_at=ticked_at)
    async with health.listening("127.0.0.1:0") as url, aiohttp.ClientSession(url) as session:
        yield session


def failing(checks: Sequence[Check]) -> list[str]:
    return [f"{check.name}: {check.reason}" for check in checks if not check.ok]


async def test_a_daemon_whose_store_is_away_is_alive_but_not_ready() -> None:
    async with daemon(None) as http:
        alive = await http.get("/healthz")
        ready = await http.get("/readyz")
        body = await ready.json()

    assert alive.status == 200
    assert ready.status == 503
    assert body == {
        "ok": False,
        "checks": [
            {
                "name": "store",
                "ok": False,
                "reason": "Could not use the database: nobody answers Start it.",
            }
        ],
    }


async def test_a_daemon_that_works_is_ready() -> None:
    readings = Readings(last_success={job().name: now_utc()}, credentials={"prod": now_utc() + 48 * HOUR})

    async with daemon(readings) as http:
        answer = await http.get("/readyz")
        body = await answer.json()

    assert answer.status == 200
    assert [check["name"] for check in body["checks"]] == ["store", "run push:osv:prod", "token of prod"]


async def test_a_worker_that_no_longer_moves_is_to_be_restarted() -> None:
    async with daemon(Readings(), ticked_at=lambda: time.monotonic() - 3600) as http:
        answer = await http.get("/healthz")

        assert answer.status == 503
        assert "restart it" in await answer.text()


def test_a_job_that_missed_three_intervals_is_not_ready() -> None:
    old = Readings(last_success={job().name: NOW - timedelta(seconds=901)})
    young = Readings(last_success={job().name: NOW - timedelta(seconds=899)})

    [reason] = failing(judge(old, [job()], since=NOW, now=NOW))
    assert reason.startswith(
        "run push:osv:prod: last succeeded at 2026-11-21T11:44Z, and 3 runs were due since"
    )
    assert failing(judge(young, [job()], since=NOW, now=NOW)) == []


def test_a_job_that_has_not_succeeded_yet_has_its_intervals_from_the_start_on() -> None:
    assert failing(judge(Readings(), [job()], since=NOW - 0.2 * HOUR, now=NOW)) == []
    assert failing(judge(Readings(), [job()], since=NOW - HOUR, now=NOW)) != []


def test_a_nightly_job_is_late_after_three_nights() -> None:
    nightly = job(Cron("0 3 * * *"))

    assert (
        failing(judge(Readings(last_success={nightly.name: NOW - 56 * HOUR}), [nightly], since=NOW, now=NOW))
        == []
    )
    assert (
        failing(judge(Readings(last_success={nightly.name: NOW - 58 * HOUR}), [nightly], since=NOW, now=NOW))
        != []
    )


def test_a_planned_job_is_late_after_three_moments_and_never_for_those_before_it_was_enabled() -> None:
    def hourly(enabled_at: datetime) -> Job:
        def before(now: datetime) -> datetime | None:
            moment = now.replace(minute=0, second=0, microsecond=0)
            return moment if moment > enabled_at else None

        return job(Planned(due=lambda _: None, before=before))

    month = timedelta(days=30)
    ran = Readings(last_success={job().name: NOW - 5 * HOUR})

    assert failing(judge(ran, [hourly(NOW - month)], since=NOW, now=NOW)) != []
    assert failing(judge(ran, [hourly(NOW - HOUR)], since=NOW, now=NOW)) == []


def test_a_token_that_ends_within_a_day_is_named_with_the_command_that_helps() -> None:
    readings = Readings(
        credentials={"prod": NOW + 23 * HOUR, "lab": NOW - HOUR, "new": NOW + 25 * HOUR, "x": None}
    )

    assert failing(judge(readings, [], since=NOW, now=NOW)) == [
        "token of lab: it has expired at 2026-11-21T11:00Z: reedbed platform rotate lab",
        "token of prod: it expires at 2026-11-22T11:00Z: reedbed platform rotate prod",
    ]


async def test_metrics_show_what_was_counted_and_what_the_store_says() -> None:
    metrics = Metrics()
    metrics.api_answered("prod", "GET /xray/api/v2/events/{id}", 200)
    metrics.api_answered("prod", "GET /xray/api/v2/events/{id}", None)
    metrics.run_began()
    metrics.run_stopped()
    metrics.run_ended(job(), Outcome.SUCCEEDED, duration_s=2.0, counts={"seen": 20, "pushed": 3})
    readings = Readings(
        outboxes=[Outbox(platform="prod", queued=4, held=1, oldest_queued_at=now_utc() - HOUR)],
        credentials={"prod": now_utc() + HOUR},
        last_success={job().name: NOW},
        repositories={("prod", "npm", "stale"): 2},
    )

    async with daemon(readings, metrics=metrics) as http:
        answer = await http.get("/metrics")
        page = await answer.text()

    assert answer.content_type == "text/plain"
    for line in (
        'reedbed_api_answers_total{platform="prod",route="GET /xray/api/v2/events/{id}",status="200"} 1.0',
        'reedbed_api_answers_total{platform="prod",route="GET /xray/api/v2/events/{id}",status="none"} 1.0',
        'reedbed_records_total{feed="osv",flow="push",platform="prod",result="seen"} 20.0',
        'reedbed_runs_total{feed="osv",flow="push",outcome="succeeded",platform="prod"} 1.0',
        'reedbed_outbox_changes{platform="prod",state="queued"} 4.0',
        'reedbed_repositories{package_type="npm",platform="prod",state="stale"} 2.0',
        "reedbed_live_runs 0.0",
    ):
        assert line in page
    last = 'reedbed_last_success_timestamp_seconds{feed="osv",flow="push",platform="prod"}'
    assert _value(page, last) == NOW.timestamp()
    assert 3500 < _value(page, 'reedbed_credential_expiry_seconds{platform="prod"}') <= 3600
    assert 3600 <= _value(page, 'reedbed_outbox_oldest_seconds{platform="prod"}') < 3700


async def test_counters_are_shown_while_the_store_is_away() -> None:
    async with daemon(None) as http:
        answer = await http.get("/metrics")

        assert answer.status == 200
        assert "reedbed_build_info" in await answer.text()


def test_what_a_stranger_wrote_is_no_label() -> None:
    metrics = Metrics()

    metrics.api_answered("prod", 'GET /"}\nforged 1', 200)

    assert b'route="other"' in metrics.page()
    assert b"forged" not in metrics.page()


async def test_an_empty_address_listens_nowhere() -> None:
    health = Health(jobs=list, read=never, metrics=Metrics(), ticked_at=time.monotonic)

    async with health.listening("") as url:
        assert url is None


@pytest.mark.parametrize("address", ["9464", ":9464", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:x"])
async def test_what_is_no_address_is_named(address: str) -> None:
    health = Health(jobs=list, read=never, metrics=Metrics(), ticked_at=time.monotonic)

    with pytest.raises(SettingsError, match="no address"):
        async with health.listening(address):
            pass


async def test_an_address_that_is_taken_is_named() -> None:
    health = Health(jobs=list, read=never, metrics=Metrics(), ticked_at=time.monotonic)

    async with health.listening("127.0.0.1:0") as url:
        assert url is not None
        with pytest.raises(SettingsError) as caught:
            async with health.listening(url.removeprefix("http://")):
                pass

    assert "health.listen" in caught.value.fix


def _value(page: str, name: str) -> float:
    return float(next(line.split()[-1] for line in page.splitlines() if line.startswith(name)))
