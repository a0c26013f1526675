"""Numbers as bars, for whoever would rather look than read."""

from collections.abc import Sequence

from rich.text import Text

WIDTH = 30
"""Signs of the longest bar."""


def bar(parts: Sequence[tuple[int, str]], most: int) -> Text:
    """Draw numbers one after another, each in its style; `most` is what the longest bar of all comes to.

    A bar of anything has one sign at least, so that little is not taken for nothing.
    """
    drawn, total, at = Text(), 0, 0
    for number, style in parts:
        total += number
        end = max(round(WIDTH * total / most), 1) if total else 0
        drawn.append("█" * (end - at), style=style)
        at = end
    return drawn
