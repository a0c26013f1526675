"""Text that strangers wrote: what may pass, and how to show it."""

import unicodedata

LONGEST_NAME = 512
"""Characters of a package name. Go module paths are the longest in practice, at under 300."""


def hidden(text: str) -> str | None:
    """Name the first character that a reader could not see, as `U+202E`; None where there is none.

    Control, format (bidirectional marks, zero widths), surrogate, private and line separators, fillers and
    variation selectors: the characters that make a name look like another one, or break a terminal, a log
    line or a header.
    """
    if text.isascii() and text.isprintable():
        return None
    return next((f"U+{ord(character):04X}" for character in text if _is_hidden(character)), None)


def _is_hidden(character: str) -> bool:
    return character in _FILLERS or unicodedata.category(character) in _HIDDEN


_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})

_FILLERS = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
    + "".join(map(chr, (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
)
"""Letters and marks that show nothing (Default_Ignorable_Code_Point of Unicode, the empty Braille cell)."""


def visible(text: str) -> str:
    r"""Spell out every character outside printable ASCII, so that a look-alike shows (`\u0441`)."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character if " " <= character <= "~" else character.encode("unicode_escape").decode()
        for character in text
    )


def one_line(text: str, *, limit: int) -> str:
    """Fold white space and hidden characters into single spaces, and end long text with `…`."""
    shown = "".join(" " if _is_hidden(c) else c for c in text) if hidden(text) else text
    folded = " ".join(shown.split())
    return folded if len(folded) <= limit else folded[: limit - 1].rstrip() + "…"
