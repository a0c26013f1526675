"""Pages that count from 1, as Xray's lists of violations and of ignore rules have them."""

from collections.abc import Sequence
from typing import TypeVar

from jfrog_standin import errors

T = TypeVar("T")

MOST_DIGITS = 9


def page_of(rows: Sequence[T], *, number: int | str, size: int | str, usual_size: int = 25) -> Sequence[T]:
    """Cut one page out of all rows; empty text is the usual.

    What page 0 is, nobody documents; here it is the first.

    Raises:
        errors.Refused: 400, one of the two is no number, or there are no rows on a page.
    """
    page, rows_on_it = max(1, _read(number, 1)), _read(size, usual_size)
    if rows_on_it < 1:
        raise errors.xray(400, "A page has at least one row")
    return rows[(page - 1) * rows_on_it : page * rows_on_it]


def _read(value: int | str, usual: int) -> int:
    text = str(value)
    if not text:
        return usual
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        raise errors.xray(400, f"{text[:20]!r} is no page number or size")
    return int(text)
