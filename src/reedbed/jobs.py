"""What the daemon does again and again: a job is a name, a rhythm and one async function."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Protocol, TypeVar

import msgspec

T = TypeVar("T")

PART = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")

Counts = Mapping[str, int]
"""What a run did, for its row and its log line; `seen`, `pushed`, `held`, `failed` are metrics as well."""


class Every(msgspec.Struct, frozen=True):
    """At fixed intervals. Each job has its own offset, so that not all of them start on the hour."""

    seconds: float


class Cron(msgspec.Struct, frozen=True):
    """At the moments of a five-field cron expression, by the wall clock of an IANA zone."""

    expression: str
    zone: str = "UTC"


Moment = Callable[[datetime], datetime | None]


class Planned(msgspec.Struct, frozen=True):
    """At moments that a flow works out itself, by rules of its own."""

    due: Moment  # the moment whose run is due at a time; None: nothing is
    before: Moment  # the last moment up to a time, whether it was kept or not; None: there was none


Schedule = Every | Cron | Planned


class Outcome(StrEnum):
    """How a run ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"  # another run of the same job held its lease; this one did not begin
    LOST = "lost"  # it lost its lease, so that another worker may be at it already


class Left(BaseException):
    """Raised inside a run at a point where it may stop: its worker leaves, and another goes on from there.

    It ends the function but not the run. As with a cancellation, `except Exception` does not swallow it.
    """


class Recorder(Protocol):
    """Carries out a step, or gives back what it gave before when an earlier attempt got past it."""

    async def __call__(self, name: str, act: Callable[[], Awaitable[Any]]) -> Any: ...


async def unrecorded(name: str, act: Callable[[], Awaitable[Any]]) -> Any:
    """Carry out a step without remembering it, as `reedbed intel once` does."""
    return await act()


class RunContext:
    """What a job's function knows of the run that it carries out."""

    def __init__(
        self,
        *,
        id: str,  # noqa: A002 (the run's id, as its row and every log line call it)
        scheduled_at: datetime,
        record: Recorder = unrecorded,
        leaving: asyncio.Event | None = None,
    ) -> None:
        self.id = id
        self.scheduled_at = scheduled_at
        self._record = record
        self._leaving = leaving or asyncio.Event()

    async def step(self, name: str, act: Callable[[], Awaitable[T]]) -> T:
        """Carry out one coarse step, once: after a crash the run goes on behind the last finished one.

        The step in flight when a process dies is carried out again. What `act` gives back must be plain
        JSON (str, int, float, bool, None, lists, dicts with text keys) and small: ids and counts, not
        bodies. Steps of one run must come in the same order on every attempt.

        Raises:
            Left: the worker is leaving, and this step was not begun.
        """
        self.may_leave()
        result: T = await self._record(name, act)
        return result

    def may_leave(self) -> None:
        """Mark a place inside a long step where stopping is harmless; the step is then begun anew later.

        Raises:
            Left: the worker is leaving.
        """
        if self.leaving:
            raise Left

    @property
    def leaving(self) -> bool:
        """Whether the worker wants to leave: begin nothing more, end what is under way, and `may_leave`."""
        return self._leaving.is_set()


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One flow, for one feed and one platform where it has them.

    Of one job, one run is live at a time over all processes and machines; and of jobs that take turns, too.
    """

    flow: str
    feed: str | None = None
    platform: str | None = None
    turns_with: str | None = None  # the name of a job that is never live at once with this one
    schedule: Schedule
    run: Callable[[RunContext], Awaitable[Counts]]

    def __post_init__(self) -> None:
        for part in (self.flow, self.feed, self.platform):
            if part is not None and not PART.fullmatch(part):
                raise ValueError(f"a job's name is made of a-z, 0-9, '.', '_' and '-'; not {part!r}")

    @property
    def name(self) -> str:
        """For example `intel:osv:prod`, or `intel:*:prod` without a feed."""
        return job_name(self.flow, self.feed, self.platform)

    @property
    def turn(self) -> str:
        """What jobs have in common that take turns: its own name where it does with none."""
        return self.turns_with or self.name


def job_name(flow: str, feed: str | None, platform: str | None) -> str:
    return f"{flow}:{feed or '*'}:{platform or '*'}"


def now_utc() -> datetime:
    return datetime.now(UTC)
