"""What is wrong with a query, and where."""

from collections.abc import Sequence

from reedbed.errors import ReedbedError

AROUND = 40
"""Characters of a long query that are shown on either side of what is wrong."""


class QueryError(ReedbedError):
    """The query can't be read. `at` is the character, counted from 0; `nearest` what may have been meant."""

    def __init__(self, text: str, at: int, *, why: str, fix: str, nearest: Sequence[str] = ()) -> None:
        super().__init__(
            f"Could not read the query at character {at + 1}\n{_shown(text, at)}", why=why, fix=fix
        )
        self.at = at
        self.nearest = tuple(nearest)


class Wrong(Exception):
    """The same, as long as only the place is known, and not the whole text."""

    def __init__(self, at: int, why: str, fix: str, nearest: Sequence[str] = ()) -> None:
        super().__init__(why)
        self.at = at
        self.why = why
        self.fix = fix
        self.nearest = tuple(nearest)

    def about(self, text: str) -> QueryError:
        return QueryError(text, self.at, why=self.why, fix=self.fix, nearest=self.nearest)


def _shown(text: str, at: int) -> str:
    """Show the part of the query around a character, and a caret below that."""
    start = max(0, at - AROUND)
    part = text[start : at + AROUND]
    flat = "".join(" " if character.isspace() else character for character in part)
    before = "…" if start else ""
    after = "…" if at + AROUND < len(text) else ""
    return f"  {before}{flat}{after}\n  {' ' * (len(before) + at - start)}^"
