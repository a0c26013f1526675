"""Text that strangers wrote: what may pass, and how to show it."""

import unicodedata

LONGEST_NAME = 512
"""Characters of a package name. Go module paths are the longest in practice, at under 300."""


def hidden(text: str) -> str | None:
    """Name the first character that a reader could not see, as `U+202E`; None where there is none.

    Control, format (bidirectional marks, zero widths), surrogate, private and line separators: the
    characters that make a name look like another one, or break a terminal, a log line or a header.
    """
    for character in text:
        if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}:
            return f"U+{ord(character):04X}"
    return None


def visible(text: str) -> str:
    r"""Spell out every character outside printable ASCII, so that a look-alike shows (`\u0441`)."""
    return "".join(
        character if " " <= character <= "~" else character.encode("unicode_escape").decode()
        for character in text
    )


def one_line(text: str, *, limit: int) -> str:
    """Fold white space and hidden characters into single spaces, and end long text with `…`."""
    folded = " ".join("".join(" " if hidden(c) else c for c in text).split())
    return folded if len(folded) <= limit else folded[: limit - 1].rstrip() + "…"
