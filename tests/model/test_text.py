import pytest
from hypothesis import given
from hypothesis import strategies as st

from reedbed.model.text import hidden, one_line, visible


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("a\x00b", "U+0000"),
        ("a\nb", "U+000A"),
        ("a\u200bb", "U+200B"),
        ("a\u202eb", "U+202E"),
        ("a\u3164b", "U+3164"),
        ("a\ufe0fb", "U+FE0F"),
        ("a\U000e0101b", "U+E0101"),
        ("a\udc80b", "U+DC80"),
    ],
)
def test_a_character_that_nobody_could_see_is_named(text: str, named: str) -> None:
    assert hidden(text) == named


@pytest.mark.parametrize("text", ["plain", "@scope/name", "2Captc\u04bbaAP\u0406", "naïve", "包"])
def test_letters_of_any_script_can_be_seen(text: str) -> None:
    assert hidden(text) is None


@given(st.text())
def test_visible_text_is_printable_ascii(text: str) -> None:
    shown = visible(text)

    assert shown.isascii()
    assert not shown or shown.isprintable()


@given(st.text(), st.integers(1, 40))
def test_one_line_is_one_bounded_line_without_hidden_characters(text: str, limit: int) -> None:
    line = one_line(text, limit=limit)

    assert len(line) <= limit
    assert hidden(line) is None
    assert len(line.splitlines()) <= 1
