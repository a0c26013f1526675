from hypothesis import given
from hypothesis import strategies as st

from reedbed.jfrog.breaker import Breaker


def test_it_opens_after_so_many_failures_in_a_row() -> None:
    breaker = Breaker(threshold=3, rest_s=30)

    for _ in range(2):
        breaker = breaker.failed(now=100)
    still_closed = breaker.is_open
    breaker = breaker.failed(now=100)

    assert not still_closed
    assert breaker.wait_s(now=110) == 20


def test_a_success_forgets_the_failures_before() -> None:
    breaker = Breaker(threshold=2).failed(now=0).succeeded().failed(now=1)

    assert not breaker.is_open


def test_after_its_rest_it_lets_one_probe_through() -> None:
    breaker = Breaker(threshold=1, rest_s=30).failed(now=0)

    probing = breaker.called(now=30)

    assert breaker.wait_s(now=30) == 0
    assert probing.wait_s(now=31) > 0
    assert probing.failed(now=32).wait_s(now=33) == 29
    assert probing.succeeded().wait_s(now=33) == 0


def test_a_probe_that_never_reports_makes_room_for_another() -> None:
    probing = Breaker(threshold=1, rest_s=30).failed(now=0).called(now=30)

    assert probing.wait_s(now=60) == 0


@given(st.lists(st.booleans(), max_size=30), st.integers(1, 6))
def test_it_is_open_exactly_when_the_last_answers_were_all_failures(
    answers: list[bool], threshold: int
) -> None:
    breaker = Breaker(threshold=threshold)

    for now, good in enumerate(answers):
        breaker = breaker.called(now).succeeded() if good else breaker.called(now).failed(now)

    assert breaker.is_open == (len(answers) >= threshold and not any(answers[-threshold:]))
