"""Patterns for names: `*` and `?`, and for tags also `re:` and a regular expression. Pure."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import re2

LONGEST = 200
MOST = 100
REGEX = "re:"


def admits(text: str, only: Sequence[str], but: Sequence[str]) -> bool:
    """Say whether a name is let in; naming nothing lets everything in that is not excluded."""
    named = not only or any(fnmatchcase(text, pattern) for pattern in only)
    return named and not any(fnmatchcase(text, pattern) for pattern in but)


def admits_tag(tag: str, only: Sequence[str], but: Sequence[str]) -> bool:
    """Do as `admits`, where patterns may be regular expressions for the whole tag."""
    named = not only or any(_fits(tag, pattern) for pattern in only)
    return named and not any(_fits(tag, pattern) for pattern in but)


def check(patterns: Sequence[str]) -> None:
    """Check patterns.

    Raises:
        ValueError: there are too many, or one is too long.
    """
    if len(patterns) > MOST or any(len(each) > LONGEST for each in patterns):
        raise ValueError(f"there may be {MOST} patterns, of {LONGEST} characters each")


def check_tags(patterns: Sequence[str]) -> None:
    """Check patterns of tags.

    Raises:
        ValueError: as `check`, or one is no regular expression.
    """
    check(patterns)
    for text in patterns:
        _compiled(text)


def _fits(tag: str, pattern: str) -> bool:
    compiled = _compiled(pattern)
    return fnmatchcase(tag, pattern) if compiled is None else compiled.fullmatch(tag) is not None


@cache
def _compiled(text: str) -> Any:
    """Read a tag's regular expression, by RE2, whose time grows with the tag alone; None: it is a glob."""
    if not text.startswith(REGEX):
        return None
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(text.removeprefix(REGEX), options)
    except re2.error as error:
        raise ValueError(f"{text!r} is no regular expression of RE2's") from error
