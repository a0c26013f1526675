"""The output lines of SafeDep's daemon, made of what our worker does. Source: the page of its integration."""

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

    def __init__(self, *, feed: str, platform: str, interval: timedelta) -> None:
        self._feed = feed
        self._platform = platform
        self._interval = interval
        self._read = 0  # readings that have ended
        self._complete = 0  # readings whose changes were pushed too
        self._failing: dict[str, str] = {}  # job: why, so that it is not told every ten seconds

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
            self._tell_failure(job, error)
            raise
        self._failing.pop(job.name, None)
        if job.feed == self._feed:
            self._read += 1
        elif read > self._complete:
            self._complete = read
            info(f"Poll cycle complete, next in {go_duration(self._interval)}")
        return counts

    def _tell_failure(self, job: Job, error: ReedbedError) -> None:
        if self._failing.get(job.name) != error.why:
            self._failing[job.name] = error.why
            failed(f"{error.what}: {error.why}. {error.fix}")


def _release(clause: Clause) -> str:
    if isinstance(clause, Exactly):
        return clause.version
    return "*" if clause == EVERY else str(clause)
