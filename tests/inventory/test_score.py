"""The score of findings and assets; the worked example of docs/score.md."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reedbed.inventory.findings.score import Inputs, Weights, asset_score, score
from reedbed.model.inventory import Applicability, Severity

INPUTS = st.builds(
    Inputs,
    severity=st.sampled_from(Severity),
    cvss3_score=st.none() | st.floats(0, 10),
    applicability=st.none() | st.sampled_from(Applicability),
    epss_percentile=st.none() | st.floats(0, 1),
    kev=st.booleans(),
    research=st.none() | st.sampled_from(Severity),
    current=st.booleans(),
    criticality=st.none() | st.integers(1, 5),
)


def test_the_worked_example_of_the_page_comes_out() -> None:
    given_ = Inputs(
        severity=Severity.HIGH,
        cvss3_score=7.5,
        applicability=Applicability.UNDETERMINED,
        epss_percentile=0.97,
        kev=True,
        research=Severity.HIGH,
        criticality=4,
    )

    scored = score(given_, Weights())

    assert [(part.name, part.effect, part.score) for part in scored.parts] == [
        ("base", "75", 75.0),
        ("applicability", "-15.0", 60.0),
        ("exploited", "+15.0", 75.0),
        ("epss", "+9.7", 84.7),
        ("research", "+5.0", 89.7),
        ("criticality", "x 1.1", 98.7),
    ]
    assert scored.value == 98.7


def test_code_that_is_not_reached_takes_a_critical_finding_below_a_reached_low_one() -> None:
    out_of_reach = Inputs(severity=Severity.CRITICAL, applicability=Applicability.NOT_APPLICABLE)
    reached = Inputs(severity=Severity.LOW, applicability=Applicability.APPLICABLE)

    assert score(out_of_reach, Weights()).value < score(reached, Weights()).value


def test_an_unknown_severity_is_not_taken_for_low() -> None:
    unknown, low = (score(Inputs(severity=s), Weights()).value for s in (Severity.UNKNOWN, Severity.LOW))

    assert unknown > low


@given(INPUTS)
def test_a_score_is_between_0_and_100_and_its_last_part_leads_to_it(given_: Inputs) -> None:
    scored = score(given_, Weights())

    assert 0 <= scored.value <= 100
    assert scored.value == pytest.approx(min(100.0, max(0.0, scored.parts[-1].score)), abs=0.051)


@given(INPUTS)
def test_being_known_as_exploited_never_lowers_a_score(given_: Inputs) -> None:
    without, with_it = (
        score(
            Inputs(**{name: getattr(given_, name) for name in given_.__struct_fields__} | {"kev": kev}),
            Weights(),
        )
        for kev in (False, True)
    )

    assert with_it.value >= without.value


@given(st.lists(st.floats(0, 100), min_size=1), st.floats(0, 100))
def test_one_finding_more_never_lowers_an_assets_score(scores: list[float], more: float) -> None:
    before = asset_score(max(scores), sum(scores), Weights())
    after = asset_score(max(*scores, more), sum(scores) + more, Weights())

    assert after >= before
    assert 0 <= after <= 100


def test_many_harmless_findings_do_not_outweigh_a_bad_one() -> None:
    harmless = asset_score(20.0, 20.0 * 1_000, Weights())
    bad = asset_score(90.0, 90.0, Weights())

    assert harmless < 25 < bad == 90.0
