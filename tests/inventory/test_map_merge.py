"""What two maps have different, and what a clone takes in of a newer default."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from reedbed.inventory.transform.diff import How, by_target, diff
from reedbed.inventory.transform.document import Document, Row
from reedbed.inventory.transform.merge import Prefer, merge

ROWS = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 2), max_size=6).map(
    lambda some: tuple(Row(target=target, constant=value) for target, value in some.items())
)
DOCUMENTS = ROWS.map(lambda rows: Document(name="own", source="s", target="t", rows=rows))


def _document(**rows: Any) -> Document:
    made = tuple(Row(target=target, constant=value) for target, value in rows.items())
    return Document(name="own", source="s", target="t", rows=made)


def test_a_difference_says_what_of_a_row_changed() -> None:
    before = _document(kept=1, changed=1, removed=1)
    after = _document(kept=1, changed=2, added=1)

    changes = {change.target: (change.how, change.fields) for change in diff(before, after)}

    assert changes == {
        "changed": (How.CHANGED, ("constant",)),
        "added": (How.ADDED, ()),
        "removed": (How.REMOVED, ()),
    }


def test_what_only_one_side_changed_is_taken_and_what_both_did_is_shown() -> None:
    base = _document(same=1, ours=1, theirs=1, both=1, gone=1, alike=1, fought=1)
    mine = _document(same=1, ours=2, theirs=1, both=2, gone=1, alike=2, added=1)
    theirs = _document(same=1, ours=1, theirs=2, both=3, alike=2, new=1, fought=2)

    merged = merge(base, mine, theirs)

    assert {row.target: row.constant for row in merged.document.rows} == {
        "same": 1, "ours": 2, "theirs": 2, "both": 2, "alike": 2, "added": 1, "new": 1,
    }  # fmt: skip
    assert sorted(merged.taken) == ["gone", "new", "theirs"]
    assert [(each.target, each.mine is None) for each in merged.conflicts] == [
        ("both", False),
        ("fought", True),
    ]


@given(DOCUMENTS, DOCUMENTS, DOCUMENTS)
def test_a_merge_loses_no_change_of_either_side(base: Document, mine: Document, theirs: Document) -> None:
    merged, other = (by_target(merge(base, mine, theirs, prefer=prefer).document) for prefer in Prefer)
    conflicts = {each.target for each in merge(base, mine, theirs).conflicts}

    before, ours, new = by_target(base), by_target(mine), by_target(theirs)
    for target in before.keys() | ours.keys() | new.keys():
        expected = ours.get(target) if ours.get(target) != before.get(target) else new.get(target)
        assert merged.get(target) == expected
        assert other.get(target) == (new.get(target) if target in conflicts else expected)


@given(DOCUMENTS, DOCUMENTS)
def test_a_merge_with_an_unchanged_side_is_the_other_side(base: Document, changed: Document) -> None:
    assert by_target(merge(base, base, changed).document) == by_target(changed)
    assert merge(base, changed, base).document == changed
    assert merge(base, changed, changed).document == changed
    assert diff(changed, msgspec.structs.replace(changed, rows=changed.rows[::-1])) == []
