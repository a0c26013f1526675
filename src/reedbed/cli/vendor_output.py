"""The output lines of SafeDep's daemon, made of what our worker does. Source: the page of its integration."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

import msgspec

from reedbed.cli import show
from reedbed.errors import ReedbedError
from reedbed.intel.push import Told
from reedbed.jobs import Counts, Job, RunContext
from reedbed.model.duration import go_duration
from reedbed.model.versions import EVERY, Clause, Exactly


def info(text: str) -> None:
    _say("[blue]i[/]", text)


def done(text: str) -> None:
    _say("[green]✓[/]", text)


def failed(text: str) -> None:
    _say("[red]✗[/]", text)


def _say(mark: str, text: str) -> None:
    show.line(f"{mark} {show.safe(text)}")
    show.out.file.flush()  # into a file or a pipe too, line by line


class Lines:
    """Tells what comes of a daemon's runs; a poll cycle is a reading of the feed, then a push."""

    def __init__(
        self, *, feed: str, platform: str, interval: timedelta, held: Callable[[], Awaitable[int]]
    ) -> None:
        """`held` counts the changes of the platform that wait for a person."""
        self._feed = feed
        self._platform = platform
        self._interval = interval
        self._held = held
        self._waiting = 0  # the last number of them that was told
        self._read = 0  # readings that have ended
        self._complete = 0  # readings whose changes were pushed too
        self._failing: dict[str, str] = {}  # job: what was told of it, so as not to repeat it all the time

    def told(self, change: Told) -> None:
        """Tell one change, a line for each release that is covered now and was not before."""
        kind = f"({change.package.type})"
        answered = f" [{change.status}]" if change.status else ""
        if change.outcome == "deleted":
            done(f"Withdrawn: {change.package.name} {kind}")
        for clause in change.added if change.status else ():
            done(f"Pushed: {change.package.name}@{_release(clause)} {kind}")
        if change.outcome != "unchanged":
            info(f"  JFrog: {change.issue_id}{answered}")

    def around(self, job: Job) -> Job:
        """Watch the jobs of the feed and of the platform."""
        if job.feed == self._feed or job.platform == self._platform:
            return msgspec.structs.replace(job, run=partial(self._watched, job))
        return job

    async def _watched(self, job: Job, run: RunContext) -> Counts:
        read = self._read
        try:
            counts = await job.run(run)
        except ReedbedError as error:
            self._tell_once(job, f"{error.what}: {error.why}. {error.fix}")
            raise
        if job.feed == self._feed:
            self._failing.pop(job.name, None)
            self._read += 1
        else:
            await self._tell_what_is_left(job, counts)
            self._tell_completion(read)
        return counts

    async def _tell_what_is_left(self, job: Job, counts: Counts) -> None:
        if some := counts.get("failed", 0):
            self._tell_once(
                job, f"Failed: {show.many(some, 'change')}, tried again until it works: reedbed intel status"
            )
        else:
            self._failing.pop(job.name, None)
        waiting = await self._held()
        if waiting and waiting != self._waiting:
            info(f"Waiting for a person: {show.many(waiting, 'change')}: reedbed intel held {self._platform}")
        self._waiting = waiting

    def _tell_completion(self, read: int) -> None:
        if read > self._complete:
            self._complete = read
            info(f"Poll cycle complete, next in {go_duration(self._interval)}")

    def _tell_once(self, job: Job, text: str) -> None:
        if self._failing.get(job.name) != text:
            self._failing[job.name] = text
            failed(text)


def _release(clause: Clause) -> str:
    if isinstance(clause, Exactly):
        return clause.version
    return "*" if clause == EVERY else str(clause)
