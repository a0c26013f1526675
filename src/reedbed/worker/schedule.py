"""When a job is due: the last moment of its schedule that has come. Those missed before it stay missed."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import overload
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import CroniterBadCronError, croniter

from reedbed.errors import SettingsError
from reedbed.jobs import Cron, Every, Planned, Schedule

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@overload
def due(schedule: Every | Cron, job: str, now: datetime) -> datetime: ...
@overload
def due(schedule: Schedule, job: str, now: datetime) -> datetime | None: ...
def due(schedule: Schedule, job: str, now: datetime) -> datetime | None:
    """Give the latest moment of the schedule that is not after `now`, in UTC; None: nothing is due.

    All workers get the same moment from the same clock, so it names the run that is due: whoever comes
    first starts it, the others find that it exists. A daemon that was down for a week starts one run.

    Raises:
        SettingsError: the cron expression or its zone is not one.
    """
    match schedule:
        case Every(seconds):
            return _every(seconds, job, now)
        case Cron(expression, zone):
            return _cron(expression, zone, now)
        case Planned(due=moment):
            return moment(now)


def _every(seconds: float, job: str, now: datetime) -> datetime:
    period = timedelta(seconds=seconds)
    digest = hashlib.sha256(job.encode()).digest()
    offset = period * (int.from_bytes(digest[:4], "big") / 2**32)
    return EPOCH + offset + (now - EPOCH - offset) // period * period


def _cron(expression: str, zone: str, now: datetime) -> datetime:
    """By the wall clock: moments in a skipped hour come at its end, those in a doubled hour twice."""
    try:
        # The moment itself counts, and croniter gives those before a moment: so ask a microsecond later.
        local = (now + timedelta(microseconds=1)).astimezone(ZoneInfo(zone))
        minute, hour, day, month, weekday = expression.split()  # croniter would take seconds and years too
        moment: datetime = croniter(f"{minute} {hour} {day} {month} {weekday}", local).get_prev(datetime)
    except (CroniterBadCronError, ZoneInfoNotFoundError, ValueError) as error:
        raise SettingsError(
            f"The schedule {expression!r} ({zone}) is not one",
            why=str(error),
            fix="Write five cron fields, as in 0 3 * * 1-5, and a zone like Europe/Berlin.",
        ) from error
    return moment.astimezone(UTC)
