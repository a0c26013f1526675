"""What every feed gives: statements in batches, and a new cursor at the end of each scope."""

from collections.abc import AsyncGenerator, Mapping
from datetime import datetime
from typing import Protocol

import msgspec

from reedbed.model.advisory import Statement
from reedbed.model.cursor import Cursor


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """Some statements of one scope. All that one record says stands in one batch, side by side."""

    scope: str  # the feed's own division, read and resumed by itself: an ecosystem, or "*" where there is one
    statements: tuple[Statement, ...]


class Drained(msgspec.Struct, frozen=True, kw_only=True):
    """A scope was read to its end. Save the cursor when every batch before it is saved."""

    scope: str
    cursor: Cursor
    records: int = 0  # how many were read, those that are not about malware included
    unchanged: bool = False  # the source says that nothing is new since the last cursor
    warnings: tuple[str, ...] = ()  # what a person should know, though nothing failed


class Feed(Protocol):
    """A source of statements, under the name that the operator gave it."""

    @property
    def name(self) -> str: ...

    def read(self, *, since: Mapping[str, Cursor], now: datetime) -> AsyncGenerator[Batch | Drained, None]:
        """Read what is new since `since` (scope → cursor), one scope after the other.

        A record may come again, and then says the same. Memory is bounded by a few batches. A scope that
        fails does not stop the next one: its error is raised after the last, and its cursor stays.
        Close the generator (`contextlib.aclosing`) if you leave before its end.

        Raises:
            Unreachable: a source did not answer, or not in time.
            Refused: a source said no, or sent us to another host.
            Unreadable: a source is not in its documented form as a whole; one bad record never is a reason.
        """
        ...
