"""What `publication` and `push-faults` make of what they saw. Nothing is timed here."""

from bench.publication import INTERVAL_S, Journey, figures, until_phase
from bench.push_faults import PRESSURES, Left, asked_to_wait_s, faults
from jfrog_standin.faults import FaultTable


def test_a_package_without_an_issue_is_lost_and_one_with_two_is_done_twice() -> None:
    left = Left([1, 0, 3, 1, 0])

    assert (left.lost, left.twice) == (2, 2)


def test_faults_strike_about_as_many_requests_as_they_are_meant_to() -> None:
    for pressure in PRESSURES:
        table = FaultTable()
        for fault in faults(pressure):
            table.add(fault)

        struck = sum(table.strike("POST", "/xray/api/v1/events") is not None for _ in range(20_000))

        assert 0.8 * pressure < struck / 20_000 < 1.1 * pressure


def test_only_an_answer_with_retry_after_asks_for_a_wait() -> None:
    plain = {"id": 1, "fault": {"kind": "status", "params": {"status": 429}}, "seen": 9, "struck": 7}
    asking = {**plain, "id": 2, "fault": {"kind": "status", "params": {"status": 429, "retry_after": 2}}}

    assert asked_to_wait_s([plain, asking]) == 14


def test_a_record_has_waited_until_its_platform_is_first_asked() -> None:
    journeys = [
        Journey(begun=6.0, proved=6.02, refused=8.0),
        Journey(begun=10.0, proved=10.02, refused=12.0),
    ]

    shown = {figure.name: figure.value for figure in figures("few", journeys, floor_s=0.01)}

    assert shown["few.p50"] == 10.0
    assert shown["few.max"] == 12.0
    assert shown["few.waiting"] == 80.0
    assert round(shown["few.of-floor"], 6) == 2.0


def test_records_are_published_at_moments_spread_over_the_interval() -> None:
    now_s = 1_795_000_003.0

    moments = [now_s + until_phase(now_s, phase) for phase in (0.0, 0.25, 0.75)]

    assert [moment % INTERVAL_S / INTERVAL_S for moment in moments] == [0.0, 0.25, 0.75]
    assert all(0 <= moment - now_s < INTERVAL_S for moment in moments)
