"""Bars are as long as their numbers, and never hide one."""

from hypothesis import given
from hypothesis import strategies as st

from reedbed.cli.bars import WIDTH, bar


def test_parts_follow_each_other_in_their_styles() -> None:
    drawn = bar([(1, "red"), (2, "yellow")], most=6)

    assert drawn.plain == "█" * (WIDTH // 2)
    assert [(span.end - span.start, span.style) for span in drawn.spans] == [(5, "red"), (10, "yellow")]


def test_little_is_not_nothing() -> None:
    assert bar([(1, "red")], most=1_000_000).plain == "█"
    assert bar([(0, "red")], most=1).plain == ""


@given(st.lists(st.integers(0, 10**9), max_size=4))
def test_a_bar_is_as_long_as_its_numbers(numbers: list[int]) -> None:
    most = max(sum(numbers), 1)

    drawn = bar([(number, "red") for number in numbers], most)

    assert len(drawn.plain) == (WIDTH if sum(numbers) else 0)
