"""The thirty days that `replay` lives through, and what it makes of them. Nothing is timed here."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from bench.growing import Growing
from bench.month import DAYS, ECOSYSTEMS, Day, held, month, standing
from bench.replay import figures, replayed
from jfrog_standin.osv_records import encoded, record, span
from reedbed.feeds.osv_record import Taking, read_record
from reedbed.model.advisory import Advisory, Withdrawal

ENDS = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SMALL = 0.02
WIDE = [span("introduced 0")]


def test_a_month_is_the_same_whenever_it_is_made() -> None:
    assert list(month(ends=ENDS, scale=SMALL)) == list(month(ends=ENDS, scale=SMALL))


def test_a_month_has_ordinary_days_and_floods_and_ends_when_it_is_told_to() -> None:
    days = list(month(ends=ENDS))

    sizes = sorted(len(day.records) for day in days)
    assert len(days) == DAYS
    assert days[-1].at == ENDS
    assert sizes[-1] > 4_000
    assert 50 < sizes[DAYS // 2] < 150


def test_a_month_holds_news_restatements_touches_and_withdrawals() -> None:
    seen: dict[str, list[dict[str, object]]] = {}
    for day in month(ends=ENDS, scale=SMALL):
        for each in day.records:
            seen.setdefault(each["id"], []).append(each)

    again = [(former, later) for each in seen.values() for former, later in pairwise(each)]
    assert any("withdrawn" in later for _, later in again)
    assert any(former["affected"] != later["affected"] for former, later in again)
    assert any({**former, "modified": ""} == {**later, "modified": ""} for former, later in again)
    assert all(former["modified"] < later["modified"] for former, later in again)  # type: ignore[operator]
    assert not any("withdrawn" in former for former, _ in again)


def test_every_record_of_a_month_is_one_that_the_feed_can_use() -> None:
    taking = Taking(feed="osv")

    read = [
        read_record(encoded(each), file="made.json", taking=taking)
        for day in month(ends=ENDS, scale=SMALL)
        for each in day.records
    ]

    assert {type(statement) for [statement] in read} == {Advisory, Withdrawal}


def test_what_stands_in_the_end_is_the_union_of_what_was_not_taken_back() -> None:
    withdrawn = record("MAL-4", "gone", versions=["1.0.0"], withdrawn="2026-11-22T00:00:00Z")
    before = Day(at=ENDS - timedelta(days=1), records=(record("MAL-4", "gone", versions=["1.0.0"]),))
    after = Day(
        at=ENDS,
        records=(
            record("MAL-1", "twice", versions=["1.0.0"]),
            record("MAL-2", "twice", versions=["1.0.1"]),
            record("MAL-3", "wide", ranges=WIDE),
            record("MAL-5", "wide", versions=["1.0.0"]),
            withdrawn,
        ),
    )

    assert standing([before, after]) == {
        ("npm", "twice"): frozenset({"[1.0.0]", "[1.0.1]"}),
        ("npm", "wide"): frozenset({"(,)"}),
    }


async def test_a_small_month_leaves_exactly_what_the_feed_says_and_asks_for_no_more_than_it_needs() -> None:
    days = list(month(ends=datetime.now(UTC), scale=SMALL))[-5:]

    done = await replayed(days)

    assert done.differences == 0
    assert done.held
    assert done.requests <= 1.5 * done.floor + len(days)
    shown = {figure.name: figure.verdict for figure in figures(done)}
    assert shown["replay.differences"] == "met"


def test_what_a_platform_holds_is_told_apart_by_type_and_name() -> None:
    component = {"id": "left", "vulnerable_versions": ["[1.0.0]"]}

    assert held([{"package_type": "npm", "components": [component]}]) == {
        ("npm", "left"): frozenset({"[1.0.0]"})
    }


def test_a_growing_archive_shows_each_record_once_as_it_stands_last(tmp_path: Path) -> None:
    archive = Growing(tmp_path, ECOSYSTEMS)

    archive.publish([record("MAL-1", "left", versions=["1.0.0"])])
    archive.publish([record("MAL-1", "left", versions=["1.0.0", "1.0.1"]), record("MAL-2", "right")])

    listed = (tmp_path / "npm/modified_id.csv").read_text().splitlines()
    assert [line.partition(",")[2] for line in listed] == ["MAL-1", "MAL-2"]
    assert b"1.0.1" in (tmp_path / "npm/MAL-1.json").read_bytes()
    assert (tmp_path / "PyPI/all.zip").exists()
