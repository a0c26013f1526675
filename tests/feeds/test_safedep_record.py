"""One report or analysis of SafeDep's, and what it says."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.drained import NOW
from feeds.test_osv_record import JSON_VALUES
from reedbed.feeds.safedep_record import PACKAGE_TYPES, Reading, read_analysis, read_report
from reedbed.model.advisory import Advisory, Confidence, Unusable, Verdict, Withdrawal
from reedbed.model.text import hidden
from safedep_standin.data_plane import DataPlane

SERVER = DataPlane(NOW)
SERVER.report("R1", "reed", minutes=-60)
SERVER.analysis("A1", "reed", minutes=-60, isMalware=True, isVerified=True)
REPORT, ANALYSIS = SERVER.reports["R1"], SERVER.analyses[0]


def _report(**changes: Any) -> Reading:
    changed = {field: value for field, value in {**REPORT, **changes}.items() if value is not None}
    return read_report(json.dumps(changed).encode(), feed="safedep", now=NOW)


def _analysis(**changes: Any) -> Reading:
    changed = {field: value for field, value in {**ANALYSIS, **changes}.items() if value is not None}
    return read_analysis(json.dumps(changed).encode(), feed="list", now=NOW)


def _advisory(reading: Reading) -> Advisory:
    (said,) = reading.says
    assert isinstance(said, Advisory), said
    return said


def _reason(reading: Reading) -> str:
    (said,) = reading.says
    assert isinstance(said, Unusable), said
    return said.reason


def _package(name: str = "reed", **more: Any) -> dict[str, Any]:
    return {"name": name, **more}


@pytest.mark.parametrize(
    ("package", "versions"),
    [
        (_package(versions=["1.0.0", "1.0.1"]), "[1.0.0] [1.0.1]"),
        (_package(versions=["1.0.0", "", "2,0"]), "[1.0.0]"),
        (_package(versions=[]), "(,)"),
        (_package(), "(,)"),
    ],
)
def test_the_versions_of_a_report(package: dict[str, Any], versions: str) -> None:
    assert str(_advisory(_report(package=package)).versions) == versions


@pytest.mark.parametrize(
    ("changes", "verdict", "confidence"),
    [
        ({}, Verdict.MALICIOUS, Confidence.HUMAN_VERIFIED),
        ({"verdict": "THREAT_VERDICT_SUSPICIOUS"}, Verdict.SUSPICIOUS, Confidence.HUMAN_VERIFIED),
        ({"confidence": "THREAT_CONFIDENCE_AUTOMATED"}, Verdict.MALICIOUS, Confidence.AUTOMATED),
    ],
)
def test_the_verdict_and_the_confidence_of_a_report(
    changes: dict[str, str], verdict: Verdict, confidence: Confidence
) -> None:
    advisory = _advisory(_report(**changes, tomorrow={"a": ["new field"]}))

    assert (advisory.verdict, advisory.confidence) == (verdict, confidence)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"verdict": "THREAT_VERDICT_HARMLESS"}, "THREAT_VERDICT_HARMLESS is not known"),
        ({"verdict": None}, "the verdict (none) is not known"),
        ({"confidence": "THREAT_CONFIDENCE_ORACLE"}, "THREAT_CONFIDENCE_ORACLE is not known"),
        ({"confidence": None}, "the confidence (none) is not known"),
        ({"ecosystem": "ECOSYSTEM_HOMEBREW"}, "ECOSYSTEM_HOMEBREW is not known, or not enforceable"),
        ({"ecosystem": None}, "the ecosystem (none)"),
        ({"package": None}, "the name is empty"),
        ({"package": _package("../../etc")}, "no npm package"),
        ({"package": _package("reed\u202e")}, "invisible character U+202E"),
        ({"package": _package(versions=["", "[1]"])}, "version  dropped: the version is empty"),
        ({"package": _package(versions=[1])}, "can't be read"),
        ({"updatedAt": None, "publishedAt": None}, "doesn't say when"),
        ({"updatedAt": "yesterday"}, "can't be read"),
        ({"updatedAt": "0001-01-01T00:00:00+14:00"}, "its date is none"),
        ({"reportId": None}, "no id"),
        ({"reportId": "x" * 129}, "at most 128"),
        ({"verdict": 2}, "can't be read"),
    ],
)
def test_what_cannot_be_used_says_why(changes: dict[str, Any], why: str) -> None:
    assert why in _reason(_report(**changes))


def test_a_withdrawn_report_need_say_nothing_else() -> None:
    reading = _report(withdrawn=True, verdict="NEW", package=None, ecosystem=None)

    assert [type(said) for said in reading.says] == [Withdrawal]


def test_every_ecosystem_has_its_package_type() -> None:
    names = {"ECOSYSTEM_MAVEN": "org.example:reed", "ECOSYSTEM_PACKAGIST": "acme/reed"}
    for ecosystem, package_type in PACKAGE_TYPES.items():
        advisory = _advisory(_report(ecosystem=ecosystem, package=_package(names.get(ecosystem, "reed"))))
        assert advisory.package.type is package_type


def test_a_report_that_cannot_be_read_has_the_same_name_each_time() -> None:
    first, again = (read_report(b"{", feed="f", now=NOW).says[0].id for _ in range(2))

    assert first == again
    assert first.startswith("sha256:")


@pytest.mark.parametrize(("version", "versions"), [("1.0.0", "[1.0.0]"), ("0", "(,)")])
def test_the_version_of_an_analysis(version: str, versions: str) -> None:
    target = {
        "packageVersion": {"package": {"ecosystem": "ECOSYSTEM_NPM", "name": "reed"}, "version": version}
    }

    assert str(_advisory(_analysis(target=target)).versions) == versions


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"target": None}, "no version is named"),
        ({"target": {"packageVersion": {"version": "1"}}}, "the ecosystem (none)"),
        ({"createdAt": None}, "doesn't say when"),
        ({"analysisId": None}, "no id"),
    ],
)
def test_an_analysis_that_cannot_be_used_says_why(changes: dict[str, Any], why: str) -> None:
    assert why in _reason(_analysis(**changes))


@given(st.binary(max_size=200))
def test_no_bytes_raise(data: bytes) -> None:
    for reading in (read_report(data, feed="f", now=NOW), read_analysis(data, feed="f", now=NOW)):
        assert all(isinstance(said, Unusable) for said in reading.says)


@given(JSON_VALUES)
def test_no_json_value_raises(value: Any) -> None:
    data = json.dumps(value).encode()

    assert len(read_report(data, feed="f", now=NOW).says) == 1
    assert len(read_analysis(data, feed="f", now=NOW).says) <= 1


@given(st.sampled_from([REPORT, ANALYSIS]), st.data())
def test_no_value_in_any_place_raises_or_shows_hidden_text(
    shape: dict[str, Any], data: st.DataObject
) -> None:
    changed = json.loads(json.dumps(shape))
    target: Any = changed
    while isinstance(target[key := data.draw(st.sampled_from(sorted(target)))], dict):
        if data.draw(st.booleans()):
            break
        target = target[key]
    target[key] = data.draw(JSON_VALUES)
    encoded = json.dumps(changed).encode()

    for reading in (read_report(encoded, feed="f", now=NOW), read_analysis(encoded, feed="f", now=NOW)):
        for said in reading.says:
            shown = {Unusable: ("id", "reason"), Advisory: ("id", "summary"), Withdrawal: ("id",)}[type(said)]
            assert not any(hidden(getattr(said, field)) for field in shown)
