"""CSV, JSON Lines and Parquet."""

import csv
import io
import json

import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reedbed.model.exports import Asset, Finding
from reedbed.sinks import comma_separated, json_lines, parquet
from reedbed.sinks.columns import ASSET_COLUMNS, FINDING_COLUMNS
from reedbed.sinks.comma_separated import FORMULA, cell
from sinks.rows import Rows, finding, hostile, image, repository, whole


async def test_csv_has_a_header_and_a_row_for_each_finding() -> None:
    rows = Rows([finding(), finding("CVE-2026-2222")])

    text = (await whole(comma_separated.write(rows.findings(), Finding))).decode()

    read = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["vulnerability"] for row in read] == ["CVE-2026-1111", "CVE-2026-2222"]
    assert read[0]["severity"] == "Critical"
    assert read[0]["component"] == "debian/openssl"
    assert read[0]["versions"] == "3.0.7-1"
    assert read[0]["first_found_at"] == "2026-11-22T03:00:00Z"
    assert read[0]["product"] == "JFrog Artifactory & Xray"
    assert text.endswith("\r\n")


async def test_csv_of_nothing_is_its_header() -> None:
    text = await whole(comma_separated.write(Rows([]).findings(), Finding))

    assert text.count(b"\r\n") == 1


async def test_no_cell_of_hostile_names_is_a_formula() -> None:
    made = hostile()

    text = (await whole(comma_separated.write(Rows(made).findings(), Finding))).decode()

    read = list(csv.reader(io.StringIO(text, newline="")))
    assert len(read) == len(made) + 1
    assert all(len(row) == len(FINDING_COLUMNS) for row in read)
    assert not [value for row in read for value in row if value.lstrip(" ").startswith(FORMULA)]
    assert "\0" not in text


@given(st.text())
def test_a_cell_is_never_a_formula_and_comes_back_whole(text: str) -> None:
    escaped = cell(text)

    assert not escaped.lstrip(" ").startswith(FORMULA)
    assert escaped.removeprefix("'") == text.replace("\0", "\ufffd").removeprefix("'")


@pytest.mark.parametrize(("value", "shown"), [(-1, "-1"), (-0.5, "-0.5"), (None, ""), (7, "7")])
def test_numbers_stay_numbers(value: float | None, shown: str) -> None:
    assert cell(value) == shown


async def test_csv_of_assets_tells_their_source() -> None:
    rows = Rows([], [image(), repository()])

    text = (await whole(comma_separated.write(rows.assets(), Asset))).decode()

    read = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["class"] for row in read] == ["container-image", "binary-repository"]
    assert {row["source"] for row in read} == {"JFrog"}
    assert len(read[0]) == len(ASSET_COLUMNS)


async def test_json_lines_hold_all_that_is_known_of_a_finding_hostile_or_not() -> None:
    made = [finding(), *hostile()]

    text = await whole(json_lines.write(Rows(made).findings()))

    read = [json.loads(line) for line in text.decode().split("\n")[:-1]]
    assert [row["id"] for row in read] == [each.id for each in made]
    assert read[0]["severity"] == "Critical"
    assert read[0]["places"][0]["digest"] == finding().places[0].digest
    assert read[0]["advisory"]["description"] == "Longer words about it."
    assert read[0]["epss"] == 0.42
    assert [row["title"] for row in read[1:]] == [each.title for each in made[1:]]


async def test_parquet_is_read_back_by_its_library_as_it_was_written() -> None:
    made = [finding(), *hostile()]

    data = await whole(parquet.write(Rows(made).findings(), Finding))

    table = pyarrow.parquet.read_table(io.BytesIO(data))
    assert table.num_rows == len(made)
    assert table.column("title").to_pylist() == [each.title for each in made]
    assert table.column("first_found_at").to_pylist()[0] == made[0].first_found_at
    assert table.column("score").to_pylist()[0] == 91.0
    assert data == await whole(parquet.write(Rows(made).findings(), Finding))
