"""Which flagged packages matter to a platform: held by properties."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from intel.statements import NOTED, STANDINGS, advisory
from reedbed.intel.merge import Admission, merge
from reedbed.intel.relevance import EVERYTHING, Relevance, cost, grounds
from reedbed.model.advisory import Standing, Verdict
from reedbed.model.relevance import Ground

STRICT = Admission()
TIES = st.frozensets(st.sampled_from([each for each in Ground if each is not Ground.RECENT]))
DAYS = st.integers(min_value=-400, max_value=400)
WINDOWS = st.integers(min_value=1, max_value=800)


def of(standings: list[Standing], ties: frozenset[Ground], window_days: int, days: int) -> frozenset[Ground]:
    return grounds(
        standings,
        ties,
        admission=STRICT,
        relevance=Relevance(window_days=window_days),
        now=NOTED + timedelta(days=days),
    )


@given(STANDINGS, TIES, WINDOWS, DAYS)
def test_what_is_pushed_or_wanted_stays_relevant_however_old_it_is(
    standings: list[Standing], ties: frozenset[Ground], window: int, days: int
) -> None:
    assert ties <= of(standings, ties, window, days)


@given(STANDINGS, TIES, WINDOWS, WINDOWS, DAYS)
def test_a_wider_window_leaves_out_nothing_more(
    standings: list[Standing], ties: frozenset[Ground], window: int, more: int, days: int
) -> None:
    assert of(standings, ties, window, days) <= of(standings, ties, window + more, days)
    assert of(standings, ties, window, days) <= of(standings, ties, 0, days)


@given(STANDINGS, WINDOWS, DAYS, st.integers(min_value=0, max_value=400))
def test_time_alone_makes_nothing_recent(
    standings: list[Standing], window: int, days: int, later: int
) -> None:
    assert of(standings, frozenset(), window, days + later) <= of(standings, frozenset(), window, days)


@given(STANDINGS, st.integers(min_value=-400, max_value=0), WINDOWS)
def test_a_record_of_the_future_is_recent(standings: list[Standing], days: int, window: int) -> None:
    assert bool(of(standings, frozenset(), window, days)) == (merge(standings, STRICT) is not None)


@given(STANDINGS, st.booleans())
def test_without_a_window_all_that_blocks_matters(standings: list[Standing], whole: bool) -> None:
    relevance = Relevance(window_days=1, whole=frozenset({"osv", "own"})) if whole else EVERYTHING

    found = grounds(standings, (), admission=STRICT, relevance=relevance, now=NOTED + timedelta(days=10_000))

    assert bool(found) == (merge(standings, STRICT) is not None)


def test_the_newest_of_several_statements_counts_and_one_that_does_not_block_never_does() -> None:
    old, doubtful = advisory("MAL-2026-1"), advisory("MAL-2026-2", verdict=Verdict.SUSPICIOUS)
    gone = Standing(advisory("MAL-2026-3"), withdrawn=True)

    assert of([Standing(old), Standing(doubtful)], frozenset(), 10, 10) == {Ground.RECENT}
    assert of([Standing(doubtful), gone], frozenset(), 10, 1) == frozenset()
    assert of([Standing(old)], frozenset(), 10, 11) == frozenset()


def test_pushing_takes_three_requests_a_package() -> None:
    found = cost(240_000, per_second=100.0)

    assert (found.packages, found.requests, found.seconds) == (240_000, 720_000, 7_200.0)
