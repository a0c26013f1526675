"""When jobs are due."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reedbed.errors import SettingsError
from reedbed.jobs import Cron, Every
from reedbed.worker.engine import Ended, forgettable
from reedbed.worker.schedule import due

MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 (bounds are naive)
SCHEDULES = st.builds(Every, st.floats(0.5, 1e6)) | st.builds(
    Cron,
    st.sampled_from(["* * * * *", "*/7 3 * * 1-5", "0 0 1 * *", "30 2 * * *"]),
    st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns"]),
)


@given(SCHEDULES, MOMENTS)
def test_the_moment_that_is_due_has_come_and_stays_due_until_the_next(
    schedule: Every | Cron, now: datetime
) -> None:
    moment = due(schedule, "job", now)

    assert moment <= now
    assert due(schedule, "job", moment + (now - moment) / 2) == moment
    assert due(schedule, "job", moment) == moment


@given(st.floats(1, 1e6), MOMENTS, st.integers(1, 1000))
def test_after_any_pause_one_moment_is_due(seconds: float, now: datetime, missed: int) -> None:
    later = now + timedelta(seconds=seconds * missed)

    assert timedelta(0) <= later - due(Every(seconds), "job", later) <= timedelta(seconds=seconds)


def test_jobs_of_one_interval_do_not_all_start_at_once() -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)

    assert len({due(Every(300), f"push:all:platform-{n}", now) for n in range(20)}) == 20


@pytest.mark.parametrize(
    ("now", "moment"),
    [
        (datetime(2026, 7, 1, 12, tzinfo=UTC), datetime(2026, 7, 1, 0, 30, tzinfo=UTC)),
        (datetime(2026, 12, 1, 12, tzinfo=UTC), datetime(2026, 12, 1, 1, 30, tzinfo=UTC)),
        (datetime(2026, 3, 29, 12, tzinfo=UTC), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),  # 02:30 was skipped
        (datetime(2026, 10, 25, 0, 45, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # 02:30 …
        (datetime(2026, 10, 25, 12, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),  # … came twice
    ],
)
def test_cron_goes_by_the_wall_clock(now: datetime, moment: datetime) -> None:
    assert due(Cron("30 2 * * *", "Europe/Berlin"), "job", now) == moment


@pytest.mark.parametrize(
    ("expression", "zone"),
    [
        ("", "UTC"),
        ("* * * *", "UTC"),
        ("0 * * * * *", "UTC"),
        ("61 * * * *", "UTC"),
        ("* * * * *", "Mars/Base"),
    ],
)
def test_what_is_no_schedule_is_named(expression: str, zone: str) -> None:
    with pytest.raises(SettingsError, match="is not one"):
        due(Cron(expression, zone), "job", datetime.now(UTC))


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 1000)), max_size=40).map(
        lambda pairs: [
            Ended(f"{job}@{n}", job, ms) for n, (job, ms) in enumerate(sorted(pairs, key=lambda p: -p[1]))
        ]
    ),
    st.integers(0, 20),
    st.integers(0, 1000),
)
def test_old_and_many_runs_are_forgotten_but_never_a_jobs_newest(
    ended: list[Ended], keep: int, before_ms: int
) -> None:
    before = datetime.fromtimestamp(before_ms / 1000, UTC)

    kept = [each for each in ended if each.id not in set(forgettable(ended, keep=keep, before=before))]

    newest = {job: next(each for each in ended if each.job == job) for job in {each.job for each in ended}}
    assert set(newest.values()) <= set(kept)
    others = [each for each in kept if each not in newest.values()]
    assert len(others) <= keep
    assert all(each.at_ms >= before_ms for each in others)
