"""The worker process: wakes what is due, gives signs of life, takes over from the dead, leaves in order."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Final

import msgspec
import structlog

from reedbed.errors import Unreachable
from reedbed.jobs import Job, Left, Recorder, job_name, now_utc
from reedbed.metrics import Metrics
from reedbed.store import leases, runs, workers
from reedbed.store.database import Database
from reedbed.store.runs import Fault, State
from reedbed.worker import machine
from reedbed.worker.claim import claim, process_name
from reedbed.worker.engine import Begun, Engine
from reedbed.worker.run import Runner, lease_name
from reedbed.worker.schedule import due

log = structlog.get_logger()

HOUSEKEEPING_S: Final = 3600.0
SKEW: Final = timedelta(seconds=60)
"""A clock that goes back further than that was set, not adjusted."""
KEEP_RUNS: Final = 5_000
KEEP_FOR: Final = timedelta(days=14)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How a worker works."""

    engine_url: str  # `sqlite:///…`, a file of the engine's own, or the PostgreSQL URL
    name: str = ""  # of this worker among several; empty: the host's
    lease_s: float = 30.0  # after this time a worker that gave no sign of life counts as dead
    concurrency: int = 4  # runs at a time in this process
    poll_s: float = 1.0  # between two looks at what is due, and at what waits in the queue


JobSource = Callable[[], Awaitable[Sequence[Job]]]
"""Asked now and then: a platform that is added while the daemon runs is one more job."""


class Duty(msgspec.Struct):
    """Something that a worker does again and again."""

    name: str
    act: Callable[[], Awaitable[None]]
    every_s: float
    next_at: float = 0.0  # by the monotonic clock
    failing: bool = False


class Worker:
    """One process among any number that share a store and an engine's database."""

    def __init__(
        self,
        source: JobSource,
        settings: Settings,
        *,
        db: Database,
        metrics: Metrics,
        now: Callable[[], datetime] = now_utc,
    ) -> None:
        self._source = source
        self._jobs: Mapping[str, Job] = {}
        self._db = db
        self._now = now
        self._lease_s = settings.lease_s
        self._poll_s = settings.poll_s
        self._leaving = asyncio.Event()
        self._asked: dict[str, datetime] = {}
        self._idle: set[str] = set()
        self._hurried = False
        self._latest = now()  # that the clock has shown
        self.id = process_name(settings.name)
        self.ticked_at = time.monotonic()
        self._runner = Runner(db, owner=self.id, metrics=metrics, lease_s=settings.lease_s, now=now)
        self._engine = Engine(
            settings.engine_url,
            executor_id=self.id,
            concurrency=settings.concurrency,
            poll_s=settings.poll_s,
            carry_out=self._carry_out,
        )

    @property
    def jobs(self) -> Sequence[Job]:
        return list(self._jobs.values())

    async def work(self, stop: asyncio.Event) -> None:
        """Carry out the jobs until `stop` is set; then let live runs finish the step in hand, and leave.

        Raises:
            SettingsError: a job's schedule is not one.
            Unreachable: the store, or the engine's database, does not answer at the start.
        """
        began = self._now()
        await self._ask_for_jobs()
        await self._beat(began)
        self._engine.open()
        try:
            await self._engine.listen()
            await self._forget_what_is_to_come()
            log.info("worker_started", worker=self.id)
            await self._attend(stop, began)
        finally:
            await self._engine.close()
            with suppress(Unreachable):  # then the others notice by themselves
                await self._db.write(workers.forget, [self.id])
            log.info("worker_left", worker=self.id)

    def hurry(self) -> None:
        """Ask for jobs at once: something has made one due."""
        self._hurried = True

    async def _attend(self, stop: asyncio.Event, began: datetime) -> None:
        """Do each duty in its time. While live runs end, only the sign of life goes on."""
        beat = Duty("beat", lambda: self._beat(began), self._lease_s / 3)
        jobs = Duty("jobs", self._ask_for_jobs, self._lease_s / 3)
        duties = [
            jobs,
            Duty("take-over", self._take_over, self._lease_s / 3),
            Duty("clock", self._look_at_the_clock, self._lease_s / 3),
            Duty("wake", self._wake, self._poll_s),
            Duty("housekeeping", self._housekeep, HOUSEKEEPING_S),
        ]
        while not stop.is_set():
            if self._hurried:
                self._hurried, jobs.next_at = False, 0.0
            await self._do([beat, *duties])
            await _set_or_later(stop, self._poll_s)
        log.info("worker_leaving", worker=self.id, live=len(self._engine.live))
        self._leaving.set()
        while live := self._engine.live:
            await self._do([beat])
            await asyncio.wait(live, timeout=self._poll_s)

    async def _do(self, duties: Sequence[Duty]) -> None:
        self.ticked_at = time.monotonic()
        for duty in duties:
            if time.monotonic() < duty.next_at:
                continue
            duty.next_at = time.monotonic() + duty.every_s
            try:
                await duty.act()
            except Exception as error:  # noqa: BLE001 (a database that is away must not end the daemon)
                duty.next_at = time.monotonic() + self._poll_s
                if not duty.failing:  # told once, not every second of an outage
                    log.warning("duty_failing", duty=duty.name, error=error)
                duty.failing = True
            else:
                if duty.failing:
                    log.info("duty_works_again", duty=duty.name)
                duty.failing = False

    async def _beat(self, began: datetime) -> None:
        """Say that this worker lives."""
        await self._db.write(
            workers.beat,
            workers.Worker(
                id=self.id,
                host=machine.name(),
                pid=os.getpid(),
                version=version("reedbed"),
                started_at=began,
                beat_at=self._now(),
            ),
        )

    async def _ask_for_jobs(self) -> None:
        jobs = {job.name: job for job in await self._source()}
        for job in jobs.values():
            due(job.schedule, job.name, self._now())  # raises here what would fail whenever it is asked for
        if jobs.keys() != self._jobs.keys():
            log.info("jobs_known", worker=self.id, jobs=sorted(jobs))
        self._jobs = jobs

    async def _wake(self) -> None:
        """Ask for the runs that are due. Of the moments that were missed, only the last counts."""
        now = self._now()
        self._latest = max(self._latest, now)
        for job in self._jobs.values():
            moment = due(job.schedule, job.name, now)
            if moment is None or self._asked.get(job.name) == moment:
                continue
            if await self._engine.enqueue(job.name, moment, turn=job.turn):
                self._asked[job.name] = moment

    async def _look_at_the_clock(self) -> None:
        """While the clock is behind where it was, forget the runs of moments to come, as they end."""
        if self._now() < self._latest - SKEW:
            await self._forget_what_is_to_come()

    async def _forget_what_is_to_come(self) -> None:
        now = self._now()
        if forgotten := await self._engine.forget_after(now + SKEW):
            log.warning("clock_went_back", now=now.isoformat(), forgotten_runs=forgotten)

    async def _take_over(self) -> None:
        """Go on with what dead workers had begun. One worker at a time looks: see `Engine.resume`."""
        begun = await self._engine.begun()  # before the living are counted: a worker lives before it begins
        await self._resume_own(begun)
        if not await self._alone("take-over"):
            return
        now = self._now()
        known = await self._db.read(workers.alive, now, self._lease_s)
        gone = {worker.id for worker in known if machine.is_gone(worker.host, worker.pid)}
        living = {self.id, *(worker.id for worker in known)} - gone
        orphans = [run for run in begun if run.executor_id not in living]
        for run in orphans:
            log.info("run_taken_over", job=run.job, dead=run.executor_id, by=self.id)
        if orphans:
            await self._engine.resume([run.id for run in orphans])
        dead = [worker.id for worker in await self._db.read(workers.dead, now, self._lease_s)]
        if dead or gone:
            await self._db.write(workers.forget, [*dead, *gone])
        await self._close_broken()

    async def _resume_own(self, begun: Sequence[Begun]) -> None:
        """Go on with runs of this worker whose end the engine could not write down, its database being away.

        One that was seen so twice is not just about to begin, or to end.
        """
        idle = {run.id for run in begun if run.executor_id == self.id} - self._engine.at_work
        if stuck := idle & self._idle:
            await self._engine.resume(sorted(stuck))
        self._idle = idle - stuck

    async def _close_broken(self) -> None:
        """End the rows of runs that nobody carries out any more, nor will: a command that was killed."""
        if not (running := await self._db.read(runs.running)):
            return
        unfinished = await self._engine.unfinished()
        for run in running:
            job = job_name(run.flow, run.feed, run.platform)
            holder = await self._db.read(leases.holder, lease_name(job), now=self._now())
            if job in unfinished or holder is not None:
                continue
            fault = Fault("The run broke off", f"{run.owner} died", "The next run goes on from the store.")
            await self._db.write(runs.finish, run.id, State.FAILED, now=self._now(), error=fault)

    async def _housekeep(self) -> None:
        """Forget the engine's old runs; the rows in the store stay."""
        if await self._alone("housekeeping"):
            forgotten = await self._engine.clean_up(keep=KEEP_RUNS, before=self._now() - KEEP_FOR)
            log.debug("housekeeping_done", forgotten=forgotten)

    async def _alone(self, duty: str) -> bool:
        """Say whether this duty is this worker's for now, and not another's."""
        return await claim(self._db, f"worker:{duty}", self.id, now=self._now(), ttl_s=self._lease_s)

    async def _carry_out(self, job: str, moment: datetime, record: Recorder) -> str:
        if self._leaving.is_set():
            raise Left
        if job not in self._jobs:  # its feed or platform was removed since
            return "unknown"
        ran = await self._runner.run(
            self._jobs[job], scheduled_at=moment, record=record, leaving=self._leaving
        )
        return ran.outcome.value


async def _set_or_later(event: asyncio.Event, timeout_s: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), timeout_s)
    except TimeoutError:
        return
