"""The language of one row: what is read is what is written, and what is wrong is told with its place."""

import pytest
from hypothesis import assume, example, given

from inventory.transform_strategies import EXPRESSIONS
from reedbed.inventory.transform.expression import (
    DEEPEST,
    LONGEST,
    Call,
    Expression,
    Literal,
    NotRead,
    Part,
    Path,
    parse,
    parse_path,
    write,
)

WRONG = [
    ("", "ends too early"),
    ("lower(", "ends too early"),
    ("lower(imageName", "ends too early"),
    ("lower(imageName))", "character 17"),
    ("imageName imageTag", "character 11"),
    ('concat("a", , "b")', "character 13"),
    ("'single'", "character 1"),
    ("import os", "character 8"),
    ("__import__('os')", "character 11"),
    ('{"a": 1}', "character 1"),
    ('map_value(a, {"a": 1, "a": 2})', "names one key twice"),
    ('"\\ud800"', "JSON"),
    ("a." * 40 + "a", "names"),
    ("lower(" * 40 + "a" + ")" * 40, "nested"),
    ("if(" + "not " * 5_000 + "a, b)", "characters"),
    ("if(" + "not " * 500 + "a, b)", "nested"),
    ("a" * (LONGEST + 1), "characters"),
    ("if(a)", "character 5"),
    ("if(a == b == c, 1)", "character 11"),
    ("lower(a == b)", "character 9"),
]


@given(EXPRESSIONS)
@example(Path((Part("a"), Part("os.version"), Part('quo"te', each=True), Part(""))))
@example(Call("concat", ()))
def test_what_is_written_reads_as_what_it_was(tree: Expression) -> None:
    text = write(tree)
    assume(len(text) <= LONGEST and sum(map(text.count, ("(", "{", "not"))) <= DEEPEST)

    assert parse(text) == tree
    assert write(parse(text)) == text


@pytest.mark.parametrize(("text", "said"), WRONG, ids=[text[:20] for text, _ in WRONG])
def test_what_is_no_expression_is_refused_with_its_place(text: str, said: str) -> None:
    with pytest.raises(NotRead) as caught:
        parse(text)

    assert said in str(caught.value)


def test_const_and_path_are_other_spellings_of_a_constant_and_a_path() -> None:
    assert parse('const("a")') == Literal("a")
    assert parse('path("layers[].digest")') == parse("layers[].digest")


def test_a_path_alone_is_no_call() -> None:
    with pytest.raises(NotRead):
        parse_path("lower(a)")
