"""What each record says of its package, or why it says nothing."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jfrog_standin.osv_records import MADE, encoded, many, origin, record, shapes, span, stamp, with_origins
from reedbed.feeds.osv_record import Taking, read_record
from reedbed.model.advisory import Advisory, Statement, Unusable, Withdrawal
from reedbed.model.text import hidden

GOLDEN = Path(__file__).parent / "golden"
REAL = Path(__file__).parents[3] / "shared" / "data" / "osv-malicious"
TAKING = Taking(feed="osv")


def _made_files() -> dict[str, bytes]:
    return {name: encoded(each) for name, each in shapes().items()}


def _real_files() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(REAL.glob("*.json"))}


SETS = {"made.json": _made_files, **({"records.json": _real_files} if REAL.is_dir() else {})}
"""Golden file → the records that it is about. The real ones are read where they are, and never copied."""


def _read(data: bytes | Mapping[str, Any], file: str = "file.json") -> tuple[Statement, ...]:
    return read_record(data if isinstance(data, bytes) else encoded(dict(data)), file=file, taking=TAKING)


def _one(data: bytes | Mapping[str, Any]) -> Statement:
    (statement,) = _read(data)
    return statement


def _advisory(data: Mapping[str, Any]) -> Advisory:
    statement = _one(data)
    assert isinstance(statement, Advisory), statement
    return statement


def _reason(data: bytes | Mapping[str, Any]) -> str:
    statement = _one(data)
    assert isinstance(statement, Unusable), statement
    return statement.reason


def _told(files: Mapping[str, bytes]) -> dict[str, Any]:
    """What each record says, one object a statement, as the golden files hold it."""
    told = {}
    for name, data in files.items():
        says = _read(data, name)
        for each in says:
            package = f" {each.package}" if len(says) > 1 and isinstance(each, Advisory) else ""
            told[name.removesuffix(".json") + package] = _as_object(each)
    return told


def _as_object(statement: Statement) -> dict[str, Any]:
    says: dict[str, Any] = json.loads(msgspec.json.encode(statement))
    if isinstance(statement, Advisory):
        says |= {"package": str(statement.package), "versions": str(statement.versions)}
    says = {key: value for key, value in says.items() if key not in {"feed", "id"} and value}
    return {"says": type(statement).__name__.lower(), **says}


@pytest.mark.parametrize("golden", SETS)
def test_each_record_gives_exactly_what_the_rules_say(golden: str) -> None:
    expected = json.loads((GOLDEN / golden).read_bytes())

    told = _told(SETS[golden]())

    assert told == expected


def test_a_record_of_another_kind_says_nothing_to_us() -> None:
    assert _read(record("GHSA-aaaa-bbbb-cccc", "reed", versions=["1.0.0"])) == ()


def test_prefixes_decide_which_records_are_about_malware() -> None:
    taking = Taking(feed="osv", id_prefixes=("MAL-", "ORG-"))

    says = read_record(encoded(record("ORG-1", "reed", versions=["1.0.0"])), file="f", taking=taking)

    assert [each.id for each in says] == ["ORG-1"]


def test_only_the_ecosystems_asked_for_are_taken_and_withdrawals_of_any() -> None:
    taking = Taking(feed="osv", ecosystems=frozenset({"pypi"}))
    npm = record("MAL-2026-1", "reed", versions=["1.0.0"])
    python = record("MAL-2026-2", "reed", ecosystem="PyPI", versions=["1.0.0"])
    gone = {**npm, "withdrawn": stamp(MADE)}

    kinds = [
        type(s) for each in (npm, python, gone) for s in read_record(encoded(each), file="f", taking=taking)
    ]

    assert kinds == [Advisory, Withdrawal]


def test_times_with_fractions_of_any_length_are_compared_as_times() -> None:
    wide, true = span("introduced 0"), span("introduced 1.0.0", "fixed 1.0.1")
    older = origin("s", "A", 15, ranges=[wide], modified_time="2026-03-15T12:00:00.9Z")
    newer = origin("s", "A", 15, ranges=[true], modified_time="2026-03-15T12:00:00.91000001Z")

    for origins in ([older, newer], [newer, older]):
        advisory = _advisory(
            record("MAL-2026-1", "reed", ranges=[wide, true], database_specific=with_origins(*origins))
        )
        assert str(advisory.versions) == "[1.0.0,1.0.1)"


def test_origins_narrow_nothing_where_a_record_names_several_packages() -> None:
    wide, true = span("introduced 0"), span("introduced 1.0.0", "fixed 1.0.1")
    reports = with_origins(origin("s", "A", 15, ranges=[wide]), origin("s", "A", 16, ranges=[true]))
    both = [
        {"package": {"ecosystem": "npm", "name": name}, "ranges": [wide, true]}
        for name in ("reed-a", "reed-b")
    ]

    says = _read(record("MAL-2026-1", "-", affected=both, database_specific=reports))

    assert [str(each.versions) for each in says if isinstance(each, Advisory)] == ["(,)", "(,)"]


@pytest.mark.parametrize(
    "zone", ["2026-03-01T14:00:00+02:00", "2026-03-01T12:00:00", "2026-03-01T12:00:00.000Z"]
)
def test_times_are_taken_in_utc(zone: str) -> None:
    advisory = _advisory({**record("MAL-2026-1", "reed", versions=["1.0.0"]), "modified": zone})

    assert advisory.modified == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert advisory.modified.tzinfo is UTC


def test_a_byte_order_mark_and_unknown_fields_do_no_harm() -> None:
    data = b"\xef\xbb\xbf" + encoded(record("MAL-2026-1", "reed", versions=["1.0.0"], news={"a": [1]}))

    assert isinstance(_one(data), Advisory)


@pytest.mark.parametrize(
    "event", [{"introduced": 0}, {"introduced": "0", "fixed": "1.0.0"}, {"introduced": "0", "limit": "1"}, {}]
)
def test_an_event_that_cannot_be_read_refuses_its_range(event: dict[str, Any]) -> None:
    span = {"type": "SEMVER", "events": [{"introduced": "0"}, event]}

    assert "not expressible" in _reason(record("MAL-2026-1", "reed", ranges=[span]))


def test_what_is_left_of_a_record_with_one_bad_entry_is_used_and_the_rest_noted() -> None:
    advisory = _advisory(record("MAL-2026-1", "reed", versions=["1.0.0", "2.0),(,", 7]))

    assert str(advisory.versions) == "[1.0.0]"
    assert len(advisory.notes) == 2


def test_notes_are_bounded() -> None:
    advisory = _advisory(record("MAL-2026-1", "reed", versions=["1.0.0", *[f"({n}" for n in range(500)]]))

    assert len(advisory.notes) == 21
    assert advisory.notes[-1] == "and 480 more"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "cannot be read"),
        (b"\x1f\x8b\x08", "cannot be read"),
        (b'{"news": ' + b"[" * 200_000, "too deeply"),
        (b'{"id": "MAL-1"', "cannot be read"),
        (b'{"id": 7}', "Expected `str"),
        (b'{"id": "MAL-\\u202e"}', "the id is not one"),
        (b'{"id": "MAL-1/../../x"}', "the id is not one"),
        (b"{}", "no id"),
        (b'{"id": "MAL-1", "modified": "yesterday"}', "modified"),
        (b'{"id": "MAL-1", "modified": "0001-01-01T00:00:00+05:00"}', "when it was modified"),
        (b'{"id": "MAL-1", "modified": "2026-01-01T00:00:00Z", "affected": null}', "names no package"),
    ],
)
def test_a_record_that_cannot_be_read_says_why(data: bytes, why: str) -> None:
    assert why in _reason(data)


@given(st.binary(max_size=300))
def test_no_bytes_raise(data: bytes) -> None:
    for statement in _read(data):
        assert isinstance(statement, Unusable)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(list(shapes().values())), st.data())
def test_no_record_with_any_value_in_any_place_raises_or_shows_hidden_text(
    shape: dict[str, Any], data: st.DataObject
) -> None:
    changed = json.loads(json.dumps(shape))
    target: Any = changed
    while True:
        keys = list(target) if isinstance(target, dict) else list(range(len(target)))
        key = data.draw(st.sampled_from(keys))
        if isinstance(target[key], dict | list) and target[key] and data.draw(st.booleans()):
            target = target[key]
            continue
        target[key] = data.draw(JSON_VALUES)
        break

    for statement in _read(json.dumps(changed).encode()):
        if isinstance(statement, Unusable):
            assert hidden(statement.reason + statement.id) is None
            assert len(statement.reason) <= 300
        if isinstance(statement, Advisory):
            assert hidden(statement.summary + "".join(statement.notes) + (statement.url or "")) is None


def test_the_mixture_for_benchmarks_holds_all_three_kinds_of_statement() -> None:
    kinds = {type(statement) for each in many(2_000) for statement in _read(each)}

    assert kinds == {Advisory, Withdrawal}
