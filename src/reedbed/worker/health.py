"""Whether the daemon is well: for those who restart it, those who route to it, and those who draw curves.

/healthz  the process lives and its loop moves     200, or 503: restart it
/readyz   it does its work, or says why not        200 or 503, with a JSON list of checks
/metrics  figures for Prometheus                   docs/metrics.md
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final

import msgspec
import structlog
from aiohttp import web

from reedbed.errors import ReedbedError
from reedbed.jobs import Every, Job, Planned, now_utc
from reedbed.metrics import CONTENT_TYPE, Metrics, Readings
from reedbed.worker.listener import bind, host_and_port
from reedbed.worker.schedule import EPOCH, due

log = structlog.get_logger()

STUCK_S: Final = 60.0
READ_TIMEOUT_S: Final = 5.0
WARN_EXPIRY: Final = timedelta(days=1)
MISSED: Final = 3
"""Intervals without a success after which a job counts as not working."""


class Check(msgspec.Struct, frozen=True):
    """One thing that readiness depends on, and why it is not as it should be."""

    name: str
    ok: bool
    reason: str = ""


Read = Callable[[], Awaitable[Readings]]
"""Asks the store; raises ReedbedError where it does not answer or its schema is not this release's."""


class Health:
    """Answers for one daemon."""

    def __init__(
        self,
        *,
        jobs: Callable[[], Sequence[Job]],
        read: Read,
        metrics: Metrics,
        ticked_at: Callable[[], float],
    ) -> None:
        self._jobs = jobs
        self._read = read
        self._metrics = metrics
        self._ticked_at = ticked_at
        self._since = now_utc()

    @asynccontextmanager
    async def listening(self, address: str) -> AsyncIterator[str | None]:
        """Answer on `host:port` while the block runs; give the URL. An empty address listens nowhere.

        Raises:
            SettingsError: the address is not one, or is taken.
        """
        if not address:
            yield None
            return
        host_and_port(address)
        app = web.Application()
        app.add_routes(
            [
                web.get("/healthz", self._healthz),
                web.get("/readyz", self._readyz),
                web.get("/metrics", self._metrics_page),
            ]
        )
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            url = await bind(runner, address, setting="health.listen")
            log.info("health_listening", url=url)
            yield url
        finally:
            await runner.cleanup()

    async def _healthz(self, _: web.Request) -> web.Response:
        # That there is an answer shows that the loop moves; the tick shows that the worker's own task does.
        still_s = time.monotonic() - self._ticked_at()
        if still_s > STUCK_S:
            check = Check("worker", ok=False, reason=f"it has not moved for {still_s:.0f} s: restart it")
            return _answer([check])
        return _answer([Check("worker", ok=True)])

    async def _readyz(self, _: web.Request) -> web.Response:
        try:
            readings = await self._readings()
        except ReedbedError as error:
            return _answer([Check("store", ok=False, reason=f"{error} {error.fix}")])
        checks = judge(readings, self._jobs(), since=self._since, now=now_utc())
        return _answer([Check("store", ok=True), *checks])

    async def _metrics_page(self, _: web.Request) -> web.Response:
        try:
            self._metrics.show(await self._readings(), self._jobs(), now=now_utc())
        except ReedbedError as error:
            log.warning("readings_missing", error=error)  # the counters are true all the same
            self._metrics.show(Readings(), self._jobs(), now=now_utc())
        return web.Response(body=self._metrics.page(), headers={"Content-Type": CONTENT_TYPE})

    async def _readings(self) -> Readings:
        try:
            return await asyncio.wait_for(self._read(), READ_TIMEOUT_S)
        except TimeoutError as error:
            raise ReedbedError(
                "The store does not answer",
                why=f"it took more than {READ_TIMEOUT_S:.0f} s",
                fix="Look at what the database is doing.",
            ) from error


def judge(readings: Readings, jobs: Sequence[Job], *, since: datetime, now: datetime) -> list[Check]:
    """Decide what is well: each job's last success, each platform's token.

    A job that has not succeeded yet has until `since` (when this daemon started) plus its intervals.
    """
    runs = [_recency(job, readings.last_success, since, now) for job in jobs]
    tokens = [_expiry(name, at, now) for name, at in sorted(readings.credentials.items()) if at]
    return [*runs, *tokens]


def _recency(job: Job, last_success: Mapping[str, datetime], since: datetime, now: datetime) -> Check:
    succeeded = last_success.get(job.name)
    if (succeeded or since) >= _moments_ago(job, now):
        return Check(f"run {job.name}", ok=True)
    when = f"last succeeded at {succeeded:%Y-%m-%dT%H:%MZ}" if succeeded else "has not succeeded"
    return Check(
        f"run {job.name}",
        ok=False,
        reason=f"{when}, and {MISSED} runs were due since; see the log's run_ended",
    )


def _moments_ago(job: Job, now: datetime) -> datetime:
    """Give the moment before which a last success is too old."""
    if isinstance(job.schedule, Every):
        return now - timedelta(seconds=job.schedule.seconds * MISSED)
    for _ in range(MISSED):
        moment = _last(job, now)
        if moment is None:
            return EPOCH
        now = moment - timedelta(microseconds=1)
    return now


def _last(job: Job, now: datetime) -> datetime | None:
    if isinstance(job.schedule, Planned):
        return job.schedule.before(now)
    return due(job.schedule, job.name, now)


def _expiry(credential: str, expires_at: datetime, now: datetime) -> Check:
    name = f"token of {credential}"
    if expires_at > now + WARN_EXPIRY:
        return Check(name, ok=True)
    state = "has expired" if expires_at <= now else "expires"
    return Check(
        name,
        ok=False,
        reason=f"it {state} at {expires_at:%Y-%m-%dT%H:%MZ}: {_renewal(credential)}",
    )


def _renewal(credential: str) -> str:
    service, _, profile = credential.partition("/")
    if service == "connection":
        return f"reedbed connection rotate {profile}"
    return f"reedbed auth login --profile {profile}" if profile else f"reedbed platform rotate {service}"


def _answer(checks: Sequence[Check]) -> web.Response:
    ok = all(check.ok for check in checks)
    body = msgspec.json.encode({"ok": ok, "checks": checks})
    return web.Response(body=body, status=200 if ok else 503, content_type="application/json")
