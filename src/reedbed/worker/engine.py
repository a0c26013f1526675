"""The engine, DBOS, behind the few verbs that the worker needs. No other module imports it.

It wakes runs, spreads them over processes, remembers their finished steps and starts them again after a
crash. It holds no state that the store lacks. Its traps, and what here steps around each of them, are in
docs/adr/0007-durable-engine.md.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Collection, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from dbos import (
    DBOS,
    DBOSConfig,
    DBOSPortableJSONSerializer,
    SetEnqueueOptions,
    SetWorkflowID,
    WorkflowStatus,
)
from dbos import error as engine_error

from reedbed.errors import Unreachable
from reedbed.jobs import Recorder
from reedbed.log import presentable

QUEUE: Final = "reedbed-runs"
WORKFLOW: Final = "run"
VERSION: Final = "1"
"""Of the runs' order of steps. The default, a hash of the source, would strand every run at an upgrade."""

ENDED: Final = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
BATCH: Final = 500
END_S: Final = 5.0
ID_SEPARATOR: Final = "@"

CarryOut = Callable[[str, datetime, Recorder], Awaitable[str]]
"""(job's name, moment that was due, recorder of its steps) → how the run ended."""


class Begun(msgspec.Struct, frozen=True):
    """A run that a worker has begun, and not ended."""

    id: str
    job: str
    moment: datetime
    executor_id: str


class Ended(msgspec.Struct, frozen=True):
    """A finished run as the engine remembers it."""

    id: str
    job: str
    at_ms: int


class Engine:
    """The engine of this process; there can be one at a time, for DBOS is a singleton.

    To be opened and closed on the event loop that the runs shall use.
    """

    def __init__(
        self, url: str, *, executor_id: str, concurrency: int, poll_s: float, carry_out: CarryOut
    ) -> None:
        self._url = url
        self._executor_id = executor_id
        self._concurrency = concurrency
        self._poll_s = poll_s
        self._carry_out = carry_out
        self._live: set[asyncio.Task[Any]] = set()
        self._at_work: dict[asyncio.Task[Any], str] = {}
        self._closing = False
        self._database: sa.Engine | None = None

    def open(self) -> None:
        """Connect, and migrate the engine's own tables.

        Blocks for 0.05 s (SQLite) to 0.2 s (PostgreSQL). It has to run on the loop's own thread: DBOS keeps
        the loop that it is launched in, and starts every run there.

        Raises:
            Unreachable: the engine's database does not answer, or does not let us in.
        """
        try:
            self._launch()
        except sa.exc.DBAPIError as error:
            raise _away(error) from error

    def _launch(self) -> None:
        self._database = _sqlite(self._url) if self._url.startswith("sqlite") else _postgresql(self._url)
        config: DBOSConfig = {
            "name": "reedbed",
            "system_database_url": self._url,
            "system_database_engine": self._database,
            "serializer": DBOSPortableJSONSerializer(),  # the default, pickle, runs what it reads
            "executor_id": self._executor_id,
            "application_version": VERSION,
            "max_executor_threads": 16,  # the default has no bound, and asyncio's threads go there too
            "log_level": "WARNING",  # INFO advertises the vendor's console
            "enable_otlp": False,
        }
        DBOS(config=config)

        async def run(job: str, moment: str) -> str:  # DBOS marks functions, and cannot mark methods
            return await self._carried_out(job, moment)

        self._run = DBOS.workflow(name=WORKFLOW)(run)
        DBOS.launch()

    async def close(self) -> None:
        """Stop taking runs and let go of the database. Runs that are live must have ended before."""
        await self._let_end()  # DBOS still writes down how they ended
        self._closing = True
        apart = ThreadPoolExecutor(1, "reedbed-close")  # DBOS takes the loop's default threads along
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(apart, lambda: DBOS.destroy(destroy_registry=True))
        apart.shutdown()
        loop.set_default_executor(ThreadPoolExecutor())
        for task in self._at_work:  # taken from the queue meanwhile; they carry our name, and are resumed
            task.cancel()
        await self._let_end()
        if self._database is not None:
            self._database.dispose()

    async def _let_end(self) -> None:
        if self._at_work:
            await asyncio.wait(self._at_work, timeout=END_S)

    async def listen(self) -> None:
        """Take runs from the queue that all workers share, a few at a time."""
        await DBOS.register_queue_async(
            QUEUE,
            # never global_concurrency: a dead worker's runs would hold its slots
            worker_concurrency=self._concurrency,
            polling_interval_sec=self._poll_s,
            on_conflict="always_update",
        )

    @property
    def live(self) -> Collection[asyncio.Task[Any]]:
        """The runs that are being carried out here."""
        return frozenset(self._live)

    @property
    def at_work(self) -> AbstractSet[str]:
        """The ids of the runs that are live here, or whose end DBOS is still writing down."""
        return frozenset(self._at_work.values())

    async def enqueue(self, job: str, moment: datetime, *, turn: str | None = None) -> bool:
        """Ask for the run of a job that is due at a moment, unless it was asked for before.

        Gives False while an earlier run of the job, or of those that take turns, waits or is live: then ask
        again later.
        """
        try:
            with SetWorkflowID(workflow_id(job, moment)), SetEnqueueOptions(deduplication_id=turn or job):
                await DBOS.enqueue_workflow_async(QUEUE, self._run, job, moment.isoformat())
        except engine_error.DBOSQueueDeduplicatedError:
            return False
        return True

    async def begun(self) -> list[Begun]:
        """List the runs that a worker, living or dead, has begun and not ended."""
        return [
            Begun(each.workflow_id, *_job_and_moment(each.workflow_id), executor_id=each.executor_id or "")
            for each in await self._listed("PENDING")
        ]

    async def resume(self, ids: Sequence[str]) -> None:
        """Queue runs again whose workers have died.

        DBOS by itself resumes only what carries its own executor id. The caller holds a lease meanwhile: a
        resume from two sides could queue a run again that is live already.
        """
        await DBOS.resume_workflows_async(list(ids), queue_name=QUEUE)

    async def unfinished(self) -> set[str]:
        """Name the jobs that have a run which waits or is live."""
        return {
            _job_and_moment(each.workflow_id)[0]
            for status in ("ENQUEUED", "PENDING")
            for each in await self._listed(status, limit=10 * BATCH)
        }

    async def _listed(self, status: str | list[str], limit: int = BATCH) -> list[WorkflowStatus]:
        return await DBOS.list_workflows_async(
            status=status, name=WORKFLOW, sort_desc=True, limit=limit, load_input=False, load_output=False
        )

    async def clean_up(self, *, keep: int, before: datetime) -> int:
        """Forget runs that ended before a moment, and all but the newest `keep`; give how many.

        The newest of each job stays whatever its age, for it tells that this moment's run has been.
        """
        found = await self._listed(ENDED, limit=keep + BATCH)
        ended = [
            Ended(each.workflow_id, _job_and_moment(each.workflow_id)[0], each.created_at or 0)
            for each in found
        ]
        gone = forgettable(ended, keep=keep, before=before)
        if gone:
            await DBOS.delete_workflows_async(gone)
        return len(gone)

    async def forget_after(self, moment: datetime) -> int:
        """Forget ended runs that were due after a moment which is yet to come; give how many.

        They were carried out while a clock was ahead. Remembered, they would count as done when their moment
        does come, and nothing would run then.
        """
        found = await self._listed(ENDED, limit=10 * BATCH)
        gone = [each.workflow_id for each in found if _job_and_moment(each.workflow_id)[1] > moment]
        if gone:
            await DBOS.delete_workflows_async(gone)
        return len(gone)

    async def _carried_out(self, job: str, moment: str) -> str:
        task = asyncio.current_task()
        assert task is not None, "the engine runs a workflow as a task"
        self._at_work[task] = workflow_id(job, datetime.fromisoformat(moment))
        task.add_done_callback(self._at_work.pop)
        if self._closing:
            await asyncio.Event().wait()
        self._live.add(task)
        try:
            return await self._carry_out(job, datetime.fromisoformat(moment), _recorded)
        finally:
            self._live.discard(task)


def workflow_id(job: str, moment: datetime) -> str:
    return f"{job}{ID_SEPARATOR}{moment.isoformat()}"


def _job_and_moment(workflow_id: str) -> tuple[str, datetime]:
    job, _, moment = workflow_id.rpartition(ID_SEPARATOR)
    return job, datetime.fromisoformat(moment)


def forgettable(ended: Sequence[Ended], *, keep: int, before: datetime) -> list[str]:
    """Choose which finished runs to forget, of a list that begins with the newest."""
    oldest_ms = int(before.timestamp() * 1000)
    newest_of_job = {each.job: each.id for each in reversed(ended)}
    return [
        each.id
        for rank, each in enumerate(ended)
        if (rank >= keep or each.at_ms < oldest_ms) and newest_of_job[each.job] != each.id
    ]


class _Unrecorded(BaseException):
    """A failure on its way out. Of an Exception, DBOS would write the words into its database."""

    def __init__(self, error: Exception) -> None:
        self.error = error


async def _recorded(name: str, act: Callable[[], Awaitable[Any]]) -> Any:
    """Carry out a step, or give what it gave before. A failure is not remembered: it is tried again."""

    async def attempt() -> Any:
        try:
            return await act()
        except Exception as error:
            raise _Unrecorded(error) from error

    try:
        return await DBOS.run_step_async({"name": name}, attempt)
    except _Unrecorded as unrecorded:
        raise unrecorded.error from None
    except sa.exc.DBAPIError as error:  # the step was done; that it was could not be written down
        raise _away(error) from error


def _away(error: sa.exc.DBAPIError) -> Unreachable:
    return Unreachable(
        "Could not use the engine's database",
        why=presentable(str(error.orig).partition("\n")[0]),
        fix="Start it, or set worker.engine_database to another.",
    )


def _sqlite(url: str) -> sa.Engine:
    """Open the engine's own file, readable by its owner alone, with the settings that DBOS leaves out."""
    if path := sa.make_url(url).database:
        Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    engine = sa.create_engine(url)

    @sa.event.listens_for(engine, "connect")
    def _connected(connection: Any, _: Any) -> None:
        connection.isolation_level = "IMMEDIATE"  # DBOS does this only for an engine that it makes itself
        for pragma in ("busy_timeout=30000", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _postgresql(url: str) -> sa.Engine:
    return sa.create_engine(
        sa.make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=5,
        max_overflow=5,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 10, "application_name": "reedbed-engine"},
    )
