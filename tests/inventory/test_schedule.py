"""When connections run: rhythms, zones, changed clocks, first and last days, missed moments."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reedbed.inventory.connection.rhythm import (
    Cron,
    Daily,
    Interval,
    Monthly,
    Once,
    Rhythm,
    Weekly,
    read_rhythm,
    write_rhythm,
)
from reedbed.inventory.connection.schedule import (
    Cadence,
    Missed,
    Schedule,
    cadence_of,
    due,
    ended,
    lateness,
    latest,
    upcoming,
)

BERLIN = "Europe/Berlin"  # clocks go on at 02:00 on 2026-03-29, back at 03:00 on 2026-10-25
ZONES = ("UTC", BERLIN, "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia")
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)

TIMES = st.times().map(lambda t: f"{t:%H:%M}")
RHYTHMS: st.SearchStrategy[Rhythm] = st.one_of(
    st.builds(Once, st.datetimes(datetime(2010, 1, 1), datetime(2030, 1, 1))),  # noqa: DTZ001 - wall clocks
    st.builds(Interval, st.floats(600, 10_000_000)),
    st.builds(Daily, TIMES),
    st.builds(Weekly, TIMES, st.sampled_from([("mon",), ("sat", "sun"), ("tue", "wed", "fri")])),
    st.builds(Monthly, TIMES, st.integers(1, 31)),
    st.builds(Cron, st.sampled_from(["*/20 * * * *", "30 2 * * *", "0 1-3 * * 0", "15 2 29 2 *"])),
)
DATES = st.dates(date(2010, 1, 1), date(2030, 1, 1))
SCHEDULES = st.builds(
    Schedule,
    full=RHYTHMS,
    incremental=st.none() | RHYTHMS,
    zone=st.sampled_from(ZONES),
    start=st.none() | DATES.filter(lambda day: day.year < 2020),
    end=st.none() | DATES.filter(lambda day: day.year >= 2020),
    jitter_s=st.sampled_from([0.0, 600.0]),
)
MOMENTS = st.datetimes(datetime(2011, 1, 1), datetime(2029, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(SCHEDULES, MOMENTS)
def test_moments_come_one_after_the_other_and_each_is_the_latest_when_it_has_come(
    schedule: Schedule, now: datetime
) -> None:
    coming = upcoming(schedule, "prod", now)

    assert all(a < b for a, b in pairwise([now, *coming]))
    before = latest(schedule, "prod", now)
    assert before is None or before <= now
    for moment, following in pairwise([*coming, None]):
        assert moment is not None
        assert latest(schedule, "prod", moment) == moment
        if following is not None:
            assert latest(schedule, "prod", following - timedelta(microseconds=1)) == moment


@given(SCHEDULES, MOMENTS)
def test_between_the_latest_and_the_next_there_is_nothing(schedule: Schedule, now: datetime) -> None:
    before, coming = latest(schedule, "prod", now), upcoming(schedule, "prod", now, number=1)

    if before is not None:
        assert upcoming(schedule, "prod", before, number=1) == coming
    if coming:
        assert latest(schedule, "prod", coming[0] - timedelta(microseconds=1)) == before


@given(SCHEDULES, MOMENTS)
def test_a_schedule_keeps_to_its_first_and_last_day(schedule: Schedule, now: datetime) -> None:
    late = lateness(schedule, "prod")

    for moment in upcoming(schedule, "prod", now):
        day = (moment - late).astimezone(ZoneInfo(schedule.zone)).date()
        assert schedule.start is None or day >= schedule.start
        assert schedule.end is None or day <= schedule.end


@given(SCHEDULES)
def test_a_schedule_is_stored_and_read_back(schedule: Schedule) -> None:
    assert msgspec.json.decode(msgspec.json.encode(schedule), type=Schedule) == schedule


@given(
    RHYTHMS.filter(lambda each: not isinstance(each, Interval)) | st.builds(Interval, st.integers(60, 10**6))
)
def test_a_rhythm_is_written_and_read_back(rhythm: Rhythm) -> None:
    assert read_rhythm(write_rhythm(rhythm)) == rhythm


@given(st.text() | st.text().map(lambda text: f"cron {text}") | st.text().map(lambda text: f"once {text}"))
def test_any_text_is_a_rhythm_or_refused(text: str) -> None:
    try:
        rhythm = read_rhythm(text)
    except ValueError:
        return
    assert read_rhythm(write_rhythm(rhythm)) == rhythm


def times(schedule: Schedule, day: str, number: int) -> list[str]:
    """Give the next moments after the beginning of a day in UTC."""
    after = datetime.fromisoformat(f"{day}T00:00:00+00:00")
    return [f"{each:%m-%d %H:%M}" for each in upcoming(schedule, "prod", after, number=number)]


def test_a_time_that_does_not_exist_is_at_the_end_of_the_gap() -> None:
    schedule = Schedule(full=Daily("02:30"), zone=BERLIN)

    assert times(schedule, "2026-03-28", 3) == ["03-28 01:30", "03-29 01:00", "03-30 00:30"]


def test_a_time_that_exists_twice_is_the_first_of_the_two() -> None:
    schedule = Schedule(full=Daily("02:30"), zone=BERLIN)

    assert times(schedule, "2026-10-24", 3) == ["10-24 00:30", "10-25 00:30", "10-26 01:30"]


def test_times_in_one_gap_are_one_moment() -> None:
    schedule = Schedule(full=Cron("0,15,30,45 2,3 * * *"), zone=BERLIN)

    assert times(schedule, "2026-03-29", 3) == ["03-29 01:00", "03-29 01:15", "03-29 01:30"]


def test_an_interval_knows_no_clocks() -> None:
    schedule = Schedule(full=Interval(6 * 3600), zone=BERLIN, start=date(2026, 3, 28))

    assert times(schedule, "2026-03-28", 5) == [
        *("03-28 05:00", "03-28 11:00", "03-28 17:00", "03-28 23:00", "03-29 05:00")
    ]


def test_a_month_that_is_too_short_has_it_on_its_last_day() -> None:
    schedule = Schedule(full=Monthly("03:00", 31))

    assert times(schedule, "2026-01-31", 4) == ["01-31 03:00", "02-28 03:00", "03-31 03:00", "04-30 03:00"]


def test_a_single_moment_comes_once() -> None:
    schedule = Schedule(full=Once(datetime(2026, 12, 1, 2, 0)), zone=BERLIN)  # noqa: DTZ001 - a wall clock
    there = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)

    assert upcoming(schedule, "prod", there - timedelta(days=30)) == [there]
    assert not ended(schedule, "prod", there - timedelta(seconds=1))
    assert ended(schedule, "prod", there)
    assert latest(schedule, "prod", there + timedelta(days=900)) == there


def test_the_last_day_counts_and_then_the_schedule_has_ended() -> None:
    schedule = Schedule(full=Daily("23:00"), zone=BERLIN, end=date(2026, 5, 2))

    assert times(schedule, "2026-05-01", 5) == ["05-01 21:00", "05-02 21:00"]
    assert ended(schedule, "prod", datetime(2026, 5, 2, 21, 0, tzinfo=UTC))


def test_nothing_to_come_and_nothing_there_was_is_no_end() -> None:
    assert not ended(Schedule(), "prod", LONG_AGO)


def test_each_connection_is_late_by_its_own_part() -> None:
    schedule = Schedule(full=Daily("02:00"), jitter_s=3600)

    late = {lateness(schedule, f"prod-{number}") for number in range(50)}

    assert len(late) > 40
    assert all(timedelta(0) <= each <= timedelta(hours=1) for each in late)


NIGHTLY = Schedule(full=Daily("02:00"))
TWO = datetime(2026, 5, 2, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "now", "since", "expected"),
    [
        (NIGHTLY, TWO, LONG_AGO, TWO),
        (NIGHTLY, TWO + timedelta(hours=9), LONG_AGO, TWO),  # missed, and made up for
        (NIGHTLY, TWO + timedelta(hours=9), TWO, None),  # it was run
        (NIGHTLY, TWO + timedelta(hours=9), TWO + timedelta(hours=1), None),  # set up only then
        (msgspec.structs.replace(NIGHTLY, missed=Missed.SKIP), TWO + timedelta(minutes=5), LONG_AGO, TWO),
        (msgspec.structs.replace(NIGHTLY, missed=Missed.SKIP), TWO + timedelta(hours=9), LONG_AGO, None),
        (Schedule(), TWO, LONG_AGO, None),
    ],
)
def test_what_is_due(schedule: Schedule, now: datetime, since: datetime, expected: datetime | None) -> None:
    assert due(schedule, "prod", now, since=since) == expected


def test_after_a_week_away_one_run_is_due() -> None:
    now = TWO + timedelta(days=7, hours=3)

    moment = due(NIGHTLY, "prod", now, since=TWO)

    assert moment == TWO + timedelta(days=7)
    assert due(NIGHTLY, "prod", now, since=moment) is None


def test_a_full_run_that_is_overdue_is_made_up_for_by_the_next() -> None:
    both = Schedule(incremental=Interval(3600), full=Weekly("02:00", ("sun",)))
    sunday = datetime(2026, 5, 3, 2, 0, tzinfo=UTC)

    def cadence(at: datetime, last_full: datetime | None) -> Cadence:
        return cadence_of(both, "prod", at, last_full=last_full)

    assert cadence(TWO, None) is Cadence.FULL
    assert cadence(TWO, TWO - timedelta(days=3)) is Cadence.INCREMENTAL
    assert cadence(sunday, TWO) is Cadence.FULL
    assert cadence(sunday + timedelta(hours=5), TWO) is Cadence.FULL
    assert cadence(sunday + timedelta(hours=5), sunday + timedelta(hours=1)) is Cadence.INCREMENTAL


@pytest.mark.parametrize(
    "make",
    [
        lambda: Daily("2:30"),
        lambda: Daily("24:00"),
        lambda: Weekly("02:00", ()),
        lambda: Weekly("02:00", ("someday",)),
        lambda: Monthly("02:00", 32),
        lambda: Interval(5),
        lambda: Interval(float("nan")),
        lambda: Cron("* * * *"),
        lambda: Cron("0 0 30 2 *"),
        lambda: Cron("61 * * * *"),
        lambda: Once(TWO),
        lambda: Schedule(zone="Europe"),
        lambda: Schedule(zone="../../etc/passwd"),
        lambda: Schedule(zone=""),
        lambda: Schedule(jitter_s=-1),
        lambda: Schedule(end=date(9999, 12, 31)),
        lambda: Schedule(start=date(2026, 5, 2), end=date(2026, 5, 1)),
    ],
)
def test_what_can_not_be_meant_is_refused(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        make()
