"""When a connection runs: once or again and again, by the wall clock of an IANA zone. Pure.

What is meant by a time of day, on the two days a year when clocks are changed:

- A time that does not exist that day is at the end of the gap: 02:30 becomes 03:00.
- A time that exists twice is its first one, and only that.
- Intervals go by elapsed time, and know no clocks.

So each written time is one moment at most, and moments keep the order of what is written. The last day of a
schedule is a day like the others, in its zone; after it the schedule has ended. A month that is too short for
a day of the month has it on its last day.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

from reedbed.inventory.connection.rhythm import Interval, Rhythm, check_year, written_after, written_until

LONGEST_JITTER_S = 3_600.0
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Missed(StrEnum):
    """What becomes of a moment at which nobody was there to run."""

    RUN_ONCE = "run-once"  # the newest of those that were missed is made up for
    SKIP = "skip"


class Cadence(StrEnum):
    """What a run is for: both may be scheduled, each in its own rhythm."""

    INCREMENTAL = "incremental"  # what has changed
    FULL = "full"  # everything, and what is over is closed


class Schedule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When runs of each cadence are due; of neither: on demand alone."""

    incremental: Rhythm | None = None
    full: Rhythm | None = None
    zone: str = "UTC"
    start: date | None = None  # the first day, in the zone
    end: date | None = None  # the last day, in the zone
    jitter_s: float = 0.0  # each connection is late by its own part of this, always the same
    missed: Missed = Missed.RUN_ONCE

    def __post_init__(self) -> None:
        _zone(self.zone)
        for day in filter(None, (self.start, self.end)):
            check_year(day)
        if self.start and self.end and self.end < self.start:
            raise ValueError("the last day is before the first")
        if not 0 <= self.jitter_s <= LONGEST_JITTER_S:
            raise ValueError("jitter is between 0 and one hour")

    def rhythm(self, cadence: Cadence) -> Rhythm | None:
        return self.full if cadence is Cadence.FULL else self.incremental

    @property
    def rhythms(self) -> list[Rhythm]:
        return [each for each in (self.incremental, self.full) if each is not None]


def upcoming(schedule: Schedule, name: str, after: datetime, *, number: int = 5) -> list[datetime]:
    """Give the next moments after `after`, of either cadence, in UTC; fewer where the schedule ends."""
    found: set[datetime] = set()
    for rhythm in schedule.rhythms:
        moments = _following(schedule, rhythm, after - lateness(schedule, name))
        found.update(moment for moment, _ in zip(moments, range(number), strict=False))
    return [moment + lateness(schedule, name) for moment in sorted(found)[:number]]


def latest(
    schedule: Schedule, name: str, now: datetime, *, cadence: Cadence | None = None
) -> datetime | None:
    """Give the last moment that is not after `now`, of one cadence or of either; None: none has come."""
    late = lateness(schedule, name)
    rhythms = schedule.rhythms if cadence is None else [schedule.rhythm(cadence)]
    found = [_latest(schedule, rhythm, now - late) for rhythm in rhythms if rhythm is not None]
    return max((moment + late for moment in found if moment is not None), default=None)


GRACE = timedelta(minutes=10)
"""So late a moment is not missed yet: a daemon that was restarted meanwhile still keeps it."""


def due(schedule: Schedule, name: str, now: datetime, *, since: datetime) -> datetime | None:
    """Give the moment whose run is due now; None: there is none.

    Moments up to `since` do not count: the schedule was not there, or a later run made up for them.
    """
    moment = latest(schedule, name, now)
    if moment is None or moment <= since:
        return None
    if schedule.missed is Missed.SKIP and now - moment > GRACE:
        return None
    return moment


def cadence_of(schedule: Schedule, name: str, moment: datetime, *, last_full: datetime | None) -> Cadence:
    """Say what a run at a moment is for. A full one that is overdue is made up for by the next run.

    `last_full` is when everything was last read and closed; before that nothing else makes sense.
    """
    if last_full is None or schedule.incremental is None:
        return Cadence.FULL
    wanted = latest(schedule, name, moment, cadence=Cadence.FULL)
    return Cadence.FULL if wanted is not None and wanted > last_full else Cadence.INCREMENTAL


def ended(schedule: Schedule, name: str, now: datetime) -> bool:
    """Whether there was something to come, and is no more."""
    return bool(schedule.rhythms) and not upcoming(schedule, name, now, number=1)


def lateness(schedule: Schedule, name: str) -> timedelta:
    """Give a connection's own part of the jitter: the same for ever, spread evenly over names."""
    share = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") / 2**32
    return timedelta(seconds=round(schedule.jitter_s * share))


# Moments of one rhythm, in UTC


def _following(schedule: Schedule, rhythm: Rhythm, after: datetime) -> Iterator[datetime]:
    """Give the moments after one, within the first and the last day."""
    zone = _zone(schedule.zone)
    begin = max(after, _first(schedule) - timedelta(microseconds=1))
    if isinstance(rhythm, Interval):
        moments = _intervals(schedule, rhythm, begin)
    else:
        wall = begin.astimezone(zone).replace(tzinfo=None, fold=0)
        moments = (_moment(each, zone) for each in written_after(rhythm, wall))
    last = begin
    for moment in moments:
        if schedule.end and moment >= _end(schedule):
            return
        if moment > last:  # two written times may fall on the end of one gap
            yield moment
            last = moment


def _latest(schedule: Schedule, rhythm: Rhythm, now: datetime) -> datetime | None:
    zone = _zone(schedule.zone)
    until = min(now, _end(schedule) - timedelta(microseconds=1)) if schedule.end else now
    if isinstance(rhythm, Interval):
        found: datetime | None = _interval_before(schedule, rhythm, until)
    else:
        moments = (_moment(each, zone) for each in written_until(rhythm, _ceiling(until, zone)))
        found = next((moment for moment in moments if moment <= until), None)
    return found if found is not None and found >= _first(schedule) else None


def _ceiling(moment: datetime, zone: ZoneInfo) -> datetime:
    """Give the latest wall clock time that has come: in an hour that is doubled, up to its end."""
    local = moment.astimezone(zone)
    wall = local.replace(tzinfo=None, fold=0)
    if not local.fold:
        return wall
    first, second = local.replace(fold=0).utcoffset(), local.utcoffset()
    assert first is not None
    assert second is not None
    return wall + (first - second)


def _moment(wall: datetime, zone: ZoneInfo) -> datetime:
    """Turn a wall clock time into a moment: the first one, or the end of the gap that it falls into."""
    local = wall.replace(tzinfo=zone, fold=0)
    moment = local.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None, fold=0) == wall:
        return moment
    return _end_of_gap(moment, local.replace(fold=1).astimezone(UTC), zone)


def _end_of_gap(high: datetime, low: datetime, zone: ZoneInfo) -> datetime:
    """Find where the offset changes between two moments, to the second."""
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if middle <= low:
            break
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high


# Intervals, by elapsed time


def _intervals(schedule: Schedule, rhythm: Interval, after: datetime) -> Iterator[datetime]:
    period, anchor = timedelta(seconds=rhythm.seconds), _anchor(schedule)
    number = (after - anchor) // period + 1
    while True:
        yield anchor + number * period
        number += 1


def _interval_before(schedule: Schedule, rhythm: Interval, until: datetime) -> datetime:
    period, anchor = timedelta(seconds=rhythm.seconds), _anchor(schedule)
    return anchor + (until - anchor) // period * period


def _anchor(schedule: Schedule) -> datetime:
    return _first(schedule) if schedule.start else EPOCH


# Days and zones


def _first(schedule: Schedule) -> datetime:
    """Give when the first day begins; the beginning of time where there is none."""
    if schedule.start is None:
        return EPOCH
    return _moment(datetime.combine(schedule.start, time()), _zone(schedule.zone))


def _end(schedule: Schedule) -> datetime:
    """Give when the last day is over."""
    assert schedule.end is not None
    return _moment(datetime.combine(schedule.end + timedelta(days=1), time()), _zone(schedule.zone))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # OSError: the name of a folder of zones
        raise ValueError(f"{name!r} is no time zone; write one as Europe/Berlin") from error
