"""The rhythms of a schedule, and the times that each writes on a wall clock. Pure, and without zones."""

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import msgspec
from croniter import CroniterBadCronError, CroniterBadDateError, croniter

from reedbed.model.duration import go_duration, parse_duration

SHORTEST_S = 60.0
TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
YEARS = range(1970, 2200)


class Once(msgspec.Struct, frozen=True, tag="once", tag_field="every"):
    at: datetime  # by the wall clock: without a zone

    def __post_init__(self) -> None:
        if self.at.tzinfo is not None:
            raise ValueError("a single moment is written without a zone, which the schedule names")
        check_year(self.at)


class Interval(msgspec.Struct, frozen=True, tag="interval", tag_field="every"):
    """Counted from the beginning of the first day, or else from 1970 in UTC."""

    seconds: float

    def __post_init__(self) -> None:
        if not SHORTEST_S <= self.seconds <= timedelta(days=366).total_seconds():
            raise ValueError("an interval is between one minute and 366 days")


class Daily(msgspec.Struct, frozen=True, tag="day", tag_field="every"):
    time: str  # "02:30"

    def __post_init__(self) -> None:
        _check_time(self.time)


class Weekly(msgspec.Struct, frozen=True, tag="week", tag_field="every"):
    time: str
    days: tuple[str, ...]  # "mon" … "sun"

    def __post_init__(self) -> None:
        _check_time(self.time)
        if not self.days or not set(self.days) <= set(DAYS):
            raise ValueError(f"days of the week are some of {', '.join(DAYS)}")


class Monthly(msgspec.Struct, frozen=True, tag="month", tag_field="every"):
    time: str
    day: int  # 1 … 31

    def __post_init__(self) -> None:
        _check_time(self.time)
        if not 1 <= self.day <= 31:
            raise ValueError("a day of the month is from 1 to 31")


class Cron(msgspec.Struct, frozen=True, tag="cron", tag_field="every"):
    expression: str  # five fields

    def __post_init__(self) -> None:
        if len(self.expression.split()) != 5:  # croniter would take seconds and years too
            raise ValueError("a cron expression has five fields, as in 0 3 * * 1-5")
        try:
            croniter(self.expression, datetime(2000, 1, 1)).get_next(datetime)  # noqa: DTZ001 - a wall clock
        except CroniterBadDateError as error:
            raise ValueError("that cron expression never comes") from error
        except (CroniterBadCronError, ValueError) as error:
            raise ValueError(f"that is no cron expression: {error}") from error


Written = Once | Daily | Weekly | Monthly | Cron
Rhythm = Written | Interval


def written_after(rhythm: Written, wall: datetime) -> Iterator[datetime]:
    """Give the times after one, in their order."""
    match rhythm:
        case Once(at):
            yield from [at] if at > wall else []
        case Cron(expression):
            times = croniter(expression, wall)
            while True:
                try:
                    yield times.get_next(datetime)
                except CroniterBadDateError:  # at the end of the calendar
                    return
        case Daily() | Weekly() | Monthly():
            for day in _days(wall.date(), 1):
                written = datetime.combine(day, time.fromisoformat(rhythm.time))
                if _on(rhythm, day) and written > wall:
                    yield written


def written_until(rhythm: Written, wall: datetime) -> Iterator[datetime]:
    """Give the times up to one, the last first."""
    match rhythm:
        case Once(at):
            yield from [at] if at <= wall else []
        case Cron(expression):
            times = croniter(expression, wall + timedelta(microseconds=1))  # it gives those before
            while True:
                try:
                    yield times.get_prev(datetime)
                except CroniterBadDateError:
                    return
        case Daily() | Weekly() | Monthly():
            for day in _days(wall.date(), -1):
                written = datetime.combine(day, time.fromisoformat(rhythm.time))
                if _on(rhythm, day) and written <= wall:
                    yield written


def _days(day: date, step: int) -> Iterator[date]:
    while date.min < day < date.max:
        yield day
        day += timedelta(days=step)


def _on(rhythm: Daily | Weekly | Monthly, day: date) -> bool:
    match rhythm:
        case Daily():
            return True
        case Weekly(days=days):
            return DAYS[day.weekday()] in days
        case Monthly(day=wanted):
            return day.day == min(wanted, monthrange(day.year, day.month)[1])


def _check_time(text: str) -> None:
    if not TIME.fullmatch(text):
        raise ValueError(f"a time of day is written like 02:30; not {text!r}")


def check_year(day: date) -> None:
    if day.year not in YEARS:
        raise ValueError(f"a schedule knows the years {YEARS[0]} to {YEARS[-1]}; not {day.year}")


# As people write them


FORMS = (
    "every 6h, daily 02:30, weekly mon,thu 02:30, monthly 31 03:00, once 2026-12-01T02:00, cron 0 3 * * 1-5"
)


def read_rhythm(text: str) -> Rhythm:
    """Read a rhythm in one of the `FORMS`.

    Raises:
        ValueError: it is in none of them, or means nothing.
    """
    match text.split():
        case ["every", length]:
            return Interval(parse_duration(length).total_seconds())
        case ["daily", time_of_day]:
            return Daily(time_of_day)
        case ["weekly", days, time_of_day]:
            return Weekly(time_of_day, tuple(days.split(",")))
        case ["monthly", day, time_of_day] if day.isascii() and day.isdecimal():
            return Monthly(time_of_day, int(day[:9]))
        case ["once", moment]:
            return Once(datetime.fromisoformat(moment))
        case ["cron", *fields]:
            return Cron(" ".join(fields))
        case _:
            raise ValueError(f"{text!r} is no rhythm; they are written like: {FORMS}")


def write_rhythm(rhythm: Rhythm) -> str:
    """Write a rhythm as `read_rhythm` reads it."""
    match rhythm:
        case Interval(seconds):
            return f"every {go_duration(timedelta(seconds=seconds))}"
        case Daily(time=time_of_day):
            return f"daily {time_of_day}"
        case Weekly(time=time_of_day, days=days):
            return f"weekly {','.join(days)} {time_of_day}"
        case Monthly(time=time_of_day, day=day):
            return f"monthly {day} {time_of_day}"
        case Once(at):
            return f"once {at.isoformat()}"
        case Cron(expression):
            return f"cron {expression}"
