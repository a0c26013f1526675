"""What the benchmarks print, and what they feed Reedbed with. Nothing is timed here."""

import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench import archive
from bench.figure import Figure
from jfrog_standin.osv_records import encoded, many, write_zip
from reedbed.feeds.modified_ids import changes
from reedbed.feeds.osv import BLOCKABLE
from reedbed.feeds.osv_record import PACKAGE_TYPES, Taking, read_record
from reedbed.model.advisory import Advisory, Statement, Withdrawal

RECORDS = 2_000
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
LINE = re.compile(r"FIGURE \S+ -?\d+(\.\d+)? \S+ (-|[<>]=\S+) (met|short|-)")


@pytest.mark.parametrize(
    ("value", "at_most", "at_least"), [(59.9, "met", "short"), (60, "met", "met"), (60.1, "short", "met")]
)
def test_a_figure_meets_its_target_or_falls_short(value: float, at_most: str, at_least: str) -> None:
    limited = Figure(name="import", value=value, unit="s", target=60, wanted="at most")
    wanted = Figure(name="push", value=value, unit="x", target=60, wanted="at least")

    assert (limited.verdict, wanted.verdict) == (at_most, at_least)


def test_a_figure_is_one_line_that_programs_can_split() -> None:
    figure = Figure(name="import.seconds", value=41.783, unit="s", target=60)

    assert str(figure) == "FIGURE import.seconds 41.78 s <=60 met"


def test_a_figure_without_a_target_has_no_verdict() -> None:
    assert str(Figure(name="push.cpu", value=5.7, unit="s")) == "FIGURE push.cpu 5.7 s - -"


@pytest.mark.parametrize("value", [0.0, 0.00004, 1.0, 999.94, 1e3, 314_712.4, 1e9])
def test_no_figure_is_written_with_an_exponent(value: float) -> None:
    assert LINE.fullmatch(str(Figure(name="any", value=value, unit="x", target=1)))


@pytest.mark.parametrize("ecosystem", BLOCKABLE)
def test_every_made_up_record_is_one_that_the_feed_can_use(ecosystem: str) -> None:
    statements = [_read(encoded(each)) for each in many(RECORDS, ecosystem=ecosystem)]

    assert {type(each) for each in statements} == {Advisory, Withdrawal}
    types = {each.package.type for each in statements if isinstance(each, Advisory)}
    assert types == {PACKAGE_TYPES[ecosystem.lower()]}


def test_made_up_records_hold_every_shape_that_costs_time() -> None:
    said = [_read(encoded(each)) for each in many(RECORDS)]

    advisories = [each for each in said if isinstance(each, Advisory)]
    assert any(each.versions.wide for each in advisories)
    assert any(len(each.versions.clauses) > 1 for each in advisories)
    assert any("narrowed" in note for each in advisories for note in each.notes)
    assert len({each.package for each in advisories}) < len(advisories)  # so there is something to merge


def test_an_archive_has_nine_of_ten_records_from_npm_and_some_of_every_other_ecosystem() -> None:
    counts = archive.counts(240_000)

    assert sum(counts.values()) == 240_000
    assert 0.88 < counts["npm"] / 240_000 < 0.95
    assert counts.keys() == set(BLOCKABLE)
    assert all(counts.values())


def test_an_archive_is_the_same_bytes_whenever_it_is_made(tmp_path: Path) -> None:
    write_zip(tmp_path / "one.zip", many(100))
    write_zip(tmp_path / "two.zip", many(100))

    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_an_archive_lies_in_the_public_layout_with_each_id_once(tmp_path: Path) -> None:
    folder = archive.archive(500, tmp_path)

    ids: list[str] = []
    for ecosystem, count in archive.counts(500).items():
        with zipfile.ZipFile(folder / ecosystem / "all.zip") as members:
            names = [name.removesuffix(".json") for name in members.namelist()]
        with (folder / ecosystem / "modified_id.csv").open("rb") as lines:
            listed = changes(lines, since=LONG_AGO, id_prefixes=("MAL-",), limit=500)
        assert len(names) == count
        assert listed.times.keys() == set(names)
        ids += names
    assert len(set(ids)) == 500


def _read(data: bytes) -> Statement:
    [statement] = read_record(data, file="made.json", taking=Taking(feed="osv"))
    return statement
