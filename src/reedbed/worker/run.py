"""One run of a job under the job's lease: begun, watched, ended, and told in one line of the log."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from enum import Enum, auto
from typing import Concatenate, Final, ParamSpec, TypeVar

import msgspec
import stamina
import structlog
from sqlalchemy import Connection

from reedbed.errors import ReedbedError, Unreachable
from reedbed.jobs import Counts, Job, Left, Outcome, Recorder, RunContext, now_utc, unrecorded
from reedbed.log import presentable
from reedbed.metrics import Metrics
from reedbed.store import leases, runs
from reedbed.store.database import Database
from reedbed.store.runs import Fault, Run, State
from reedbed.worker.claim import claim

log = structlog.get_logger()

P = ParamSpec("P")
T = TypeVar("T")

STATES: Final = {
    Outcome.SUCCEEDED: State.DONE,
    Outcome.FAILED: State.FAILED,
    Outcome.CANCELLED: State.CANCELLED,
}
OUTCOMES: Final = {state: outcome for outcome, state in STATES.items()}

POLL_S: Final = 0.5
"""Seconds between two looks at a live run's cancel flag."""


class Ran(msgspec.Struct, frozen=True, kw_only=True):
    """How one run of a job ended. `id` is None where it was not begun."""

    job: str
    id: str | None
    outcome: Outcome
    counts: Counts = {}
    fault: Fault | None = None


class Stop(Enum):
    """Why a live run has to stop."""

    CANCELLED = auto()  # a person asked for it
    LOST = auto()  # its lease is another's, so another carries out this job


class Runner:
    """Carries out runs, of each job one at a time over all processes and machines.

    What enforces that is a lease in the store with the job's name. It is renewed while the run lives; where
    it could not be renewed until its time was over, the run is cancelled, because somebody else may have
    begun it by then.
    """

    def __init__(
        self,
        db: Database,
        *,
        owner: str,
        metrics: Metrics | None = None,
        lease_s: float = 30.0,
        now: Callable[[], datetime] = now_utc,
    ) -> None:
        self._db = db
        self._now = now
        self.owner = owner
        self._metrics = metrics or Metrics()
        self.lease_s = lease_s

    async def run(
        self,
        job: Job,
        *,
        scheduled_at: datetime,
        record: Recorder = unrecorded,
        leaving: asyncio.Event | None = None,
        patience_s: float | None = None,
    ) -> Ran:
        """Carry out one run of a job, and never raise for what the job did.

        Waits `patience_s` for the lease (default: a little longer than a dead owner would hold it), then
        gives the outcome `skipped`.

        Raises:
            Left: `leaving` was set, and the run stopped where it may go on later.
            Unreachable: the store does not answer.
        """
        owner = lease_owner(self.owner, scheduled_at)
        patience_s = self.lease_s + 1.0 if patience_s is None else patience_s
        if not await self._take(lease_name(job.turn), owner, patience_s):
            return await self._skipped(job)
        try:
            return await self._leased(job, owner, scheduled_at, record, leaving or asyncio.Event())
        finally:
            with suppress(Unreachable):  # then it ends by itself
                await self._db.write(leases.release, lease_name(job.turn), owner)

    async def _take(self, lease: str, owner: str, patience_s: float) -> bool:
        deadline = time.monotonic() + patience_s
        while not await claim(self._db, lease, owner, now=self._now(), ttl_s=self.lease_s):
            if time.monotonic() >= deadline:
                return False
            await asyncio.sleep(POLL_S)
        return True

    async def _skipped(self, job: Job) -> Ran:
        holder = await self._db.read(leases.holder, lease_name(job.turn), now=self._now())
        who = holder.owner if holder else "another run"
        log.info("run_skipped", job=job.name, holder=who)
        self._metrics.run_skipped(job)
        fault = Fault(
            f"{job.name} was not run",
            f"{who} is carrying it out",
            "Wait for that run, or cancel it; a dead one's claim ends by itself.",
        )
        return Ran(job=job.name, id=None, outcome=Outcome.SKIPPED, fault=fault)

    async def _leased(
        self, job: Job, owner: str, scheduled_at: datetime, record: Recorder, leaving: asyncio.Event
    ) -> Ran:
        run = await self._begin(job, await record("begin", self._new_run_id))
        if run.state is not State.RUNNING:  # it had ended when its worker died, and only the engine missed it
            return Ran(
                job=job.name, id=run.id, outcome=OUTCOMES[run.state], counts=run.counts, fault=run.error
            )
        context = RunContext(id=run.id, scheduled_at=scheduled_at, record=record, leaving=leaving)
        with structlog.contextvars.bound_contextvars(job=job.name, run=run.id):
            return await self._timed(job, context, owner)

    async def _new_run_id(self) -> str:
        return runs.new_id(self._now())

    async def _begin(self, job: Job, run_id: str) -> Run:
        return await self._write(
            runs.start,
            job.flow,
            owner=self.owner,
            now=self._now(),
            platform=job.platform,
            feed=job.feed,
            run_id=run_id,
        )

    async def _timed(self, job: Job, context: RunContext, owner: str) -> Ran:
        began = time.monotonic()
        self._metrics.run_began()
        try:
            ran = await self._watched(job, context, owner)
        finally:
            self._metrics.run_stopped()
        duration_s = time.monotonic() - began
        self._metrics.run_ended(job, ran.outcome, duration_s=duration_s, counts=ran.counts)
        await self._end(ran)
        _tell(ran, duration_s)
        return ran

    async def _watched(self, job: Job, context: RunContext, owner: str) -> Ran:
        """Run the job's function until it ends, or has to stop."""
        task = asyncio.ensure_future(job.run(context))
        watch = asyncio.create_task(self._watch(context.id, lease_name(job.turn), owner))
        try:
            await asyncio.wait({task, watch}, return_when=asyncio.FIRST_COMPLETED)
            stop = watch.result() if watch.done() and not task.done() else None
        finally:
            watch.cancel()
            task.cancel()
            # A job that will not be cancelled is left behind: its lease is no longer renewed.
            await asyncio.wait({task, watch}, timeout=self.lease_s)
        return _ended(job, context.id, task, stop)

    async def _watch(self, run_id: str, lease: str, owner: str) -> Stop:
        """Renew the lease and look at the cancel flag until the run has to stop."""
        renewed = time.monotonic()
        while True:
            asked = time.monotonic()
            try:
                async with asyncio.timeout(self.lease_s / 2):
                    if await self._db.read(runs.cancel_requested, run_id):
                        return Stop.CANCELLED
                    if asked - renewed >= self.lease_s / 3:
                        if not await self._db.write(
                            leases.renew, lease, owner, now=self._now(), ttl_s=self.lease_s
                        ):
                            return Stop.LOST
                        renewed = asked
            except (Unreachable, TimeoutError) as error:
                log.warning("lease_not_renewed", error=error)
            if time.monotonic() - renewed >= self.lease_s:
                return Stop.LOST
            await asyncio.sleep(min(POLL_S, self.lease_s / 6))

    async def _end(self, ran: Ran) -> None:
        if ran.id is None or ran.outcome not in STATES:  # a lost run's row belongs to whoever has its lease
            return
        await self._write(
            runs.finish, ran.id, STATES[ran.outcome], now=self._now(), counts=ran.counts, error=ran.fault
        )

    async def _write(
        self, do: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Write, through an outage as long as a lease: no run's end is lost to a database's restart."""
        async for attempt in stamina.retry_context(on=Unreachable, attempts=None, timeout=self.lease_s):
            with attempt:
                return await self._db.write(do, *args, **kwargs)
        raise AssertionError("the last attempt returns or raises")


async def run_once(jobs: Sequence[Job], runner: Runner, *, patience_s: float | None = None) -> list[Ran]:
    """Carry out each job once, one after the other, without the engine but under the same leases."""
    return [await runner.run(job, scheduled_at=now_utc(), patience_s=patience_s) for job in jobs]


def lease_name(turn: str) -> str:
    """Name the lease of a job, or of those that take turns."""
    return f"run:{turn}"


def lease_owner(owner: str, scheduled_at: datetime) -> str:
    """Name one run as an owner: two runs of a job in one process must not share their lease."""
    return f"{owner}/{scheduled_at.isoformat()}"


def _ended(job: Job, run_id: str, task: "asyncio.Future[Counts]", stop: Stop | None) -> Ran:
    """Say how a job's function ended.

    Raises:
        Left: it stopped where it may go on later.
    """
    ended = task.done() and not task.cancelled()
    error = _first(task.exception()) if ended else None
    if stop is Stop.LOST:
        return Ran(job=job.name, id=run_id, outcome=Outcome.LOST)
    if stop is Stop.CANCELLED or not ended:
        return Ran(job=job.name, id=run_id, outcome=Outcome.CANCELLED)
    if error is None:
        return Ran(job=job.name, id=run_id, outcome=Outcome.SUCCEEDED, counts=task.result())
    if not isinstance(error, Exception):
        raise error
    return Ran(job=job.name, id=run_id, outcome=Outcome.FAILED, fault=_fault(job, error))


def _first(error: BaseException | None) -> BaseException | None:
    """Take one error out of a task group's; leaving goes before failing."""
    while isinstance(error, BaseExceptionGroup):
        error = next((e for e in error.exceptions if isinstance(e, Left)), error.exceptions[0])
    return error


def _fault(job: Job, error: Exception) -> Fault:
    if isinstance(error, ReedbedError):
        return Fault(presentable(error.what), presentable(error.why), presentable(error.fix))
    log.error("run_broke", exc_info=error)
    return Fault(
        f"{job.name} broke",
        presentable(f"{type(error).__name__}: {error}"),
        "This is a bug in Reedbed: report it with the traceback of the event run_broke.",
    )


def _tell(ran: Ran, duration_s: float) -> None:
    """Write the one line of a run."""
    fields = {"outcome": ran.outcome.value, "duration_s": round(duration_s, 3), "counts": dict(ran.counts)}
    match ran.outcome:
        case Outcome.FAILED if ran.fault:
            log.error("run_ended", **fields, what=ran.fault.what, why=ran.fault.why, fix=ran.fault.fix)
        case Outcome.SUCCEEDED:
            log.info("run_ended", **fields)
        case _:
            log.warning("run_ended", **fields)
