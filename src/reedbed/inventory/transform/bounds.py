"""Keeping what maps make within bounds, whatever a stranger put into a record."""

from itertools import islice
from math import isfinite
from typing import Any

LONGEST_TEXT = 65_536
"""Characters of one text: the longest advisory seen has 20,000."""

MOST_ITEMS = 2_000
"""Of one list or object."""

MOST_VALUES = 20_000
"""In one value, all that is within it counted; a text counts once more for every 50 characters."""

DEEPEST = 12

LARGEST_WHOLE = 2**63 - 1
"""What JSON, SQL and other people's programs can hold."""


class _Budget:
    """What is left of `MOST_VALUES`, and whether anything was cut."""

    def __init__(self) -> None:
        self.left = MOST_VALUES
        self.cut = False


def bounded(value: Any) -> tuple[Any, bool]:
    """Cut a value to what is allowed; say whether anything was cut."""
    if isinstance(value, str):
        return (value, False) if len(value) <= LONGEST_TEXT else (value[:LONGEST_TEXT], True)
    if value is None or isinstance(value, bool):
        return value, False
    budget = _Budget()
    return _within(value, budget, 0), budget.cut


def _within(value: Any, budget: _Budget, depth: int) -> Any:
    budget.left -= 1 + (len(value) // 50 if isinstance(value, str) else 0)
    room = budget.left >= 0 and depth < DEEPEST
    if isinstance(value, str) and budget.left >= 0:
        budget.cut |= len(value) > LONGEST_TEXT
        return value[:LONGEST_TEXT]
    if isinstance(value, list | tuple) and room:
        budget.cut |= len(value) > MOST_ITEMS
        return [_within(each, budget, depth + 1) for each in value[:MOST_ITEMS]]
    if isinstance(value, dict) and room:
        budget.cut |= len(value) > MOST_ITEMS
        some = islice(value.items(), MOST_ITEMS)
        return {str(key)[:LONGEST_TEXT]: _within(each, budget, depth + 1) for key, each in some}
    if _plain(value):
        return value
    budget.cut = True  # too much, too deep, or nothing that JSON could hold
    return None


def _plain(value: Any) -> bool:
    match value:
        case float():
            return isfinite(value)
        case int():  # truths, too
            return abs(value) <= LARGEST_WHOLE
    return value is None
