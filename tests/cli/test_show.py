"""What strangers wrote, as commands show it: nothing that a terminal or a spreadsheet would obey."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow.test_hostile import is_calm
from reedbed.cli import show
from reedbed.sinks.comma_separated import FORMULA
from sinks.rows import HOSTILE


def test_no_cell_of_a_list_as_csv_is_a_formula(capsys: pytest.CaptureFixture[str]) -> None:
    show.csv(["name", "number"], [[text, -1] for text in HOSTILE])

    read = list(csv.reader(io.StringIO(capsys.readouterr().out, newline="")))
    assert len(read) == len(HOSTILE) + 1
    assert not [cell for row in read for cell in row if cell.lstrip(" ").startswith(FORMULA)]


@given(st.text(st.characters()) | st.sampled_from(HOSTILE))
def test_no_cell_of_a_table_moves_the_cursor_or_turns_the_text_around(text: str) -> None:
    shown = show.safe(text)

    assert is_calm(shown)
    assert "\n" not in shown
