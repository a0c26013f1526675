from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reedbed.model.duration import go_duration, parse_duration

MOMENTS = st.integers(0, 10**14).map(lambda n: timedelta(microseconds=n))


@pytest.mark.parametrize(
    ("text", "seconds", "printed"),
    [
        ("60s", 60, "1m0s"),
        ("30s", 30, "30s"),
        ("5m", 300, "5m0s"),
        ("1h", 3_600, "1h0m0s"),
        ("1m30s", 90, "1m30s"),
        ("1.5h", 5_400, "1h30m0s"),
        (".5s", 0.5, "500ms"),
        ("1h15m30.918s", 4_530.918, "1h15m30.918s"),
        ("250us", 0.00025, "250µs"),
        ("0s", 0, "0s"),
        ("100ns", 0, "0s"),
    ],
)
def test_durations_read_and_print_as_in_go(text: str, seconds: float, printed: str) -> None:
    duration = parse_duration(text)

    assert duration.total_seconds() == seconds
    assert go_duration(duration) == printed


@pytest.mark.parametrize(
    "text", ["", "60", "s", "-5m", "1 m", "1d", "1m30", "1e3s", "½h", ".s", "1" * 200 + "s"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="written like"):
        parse_duration(text)


@given(MOMENTS)
def test_what_is_printed_reads_as_the_same(duration: timedelta) -> None:
    assert parse_duration(go_duration(duration)) == duration


@given(MOMENTS, MOMENTS)
def test_parts_add_up(one: timedelta, other: timedelta) -> None:
    assert parse_duration(go_duration(one) + go_duration(other)) == one + other


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        duration = parse_duration(text)
    except ValueError:
        return
    assert duration >= timedelta(0)
