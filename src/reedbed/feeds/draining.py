"""Reading one scope to its end: batches out of a stream of records, and the cursor that they add up to."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping
from datetime import datetime

from reedbed.feeds.feed import Batch, Drained
from reedbed.model.advisory import Statement, Unusable
from reedbed.model.cursor import BASIS, Cursor

BATCH = 2_000
"""Statements of one batch: few enough to hold, enough to save in one transaction."""

RECORDS = "records"
"""The validator that remembers how many records the last whole reading saw."""

SHRUNK = 0.9


def basis(*meant: str) -> str:
    """Sum up all that decides what a reading gives."""
    return hashlib.sha256("\0".join(meant).encode()).hexdigest()[:16]


class Drain:
    """One scope while it is being read; counts what goes by and ends in a `Drained`."""

    def __init__(self, scope: str, known: Cursor | None, *, basis: str, now: datetime) -> None:
        """`basis` says what is read, and how: a cursor of another basis is of no use."""
        usable = known is not None and known.validators.get(BASIS, basis) == basis
        self.scope = scope
        self.before = known if known and usable else Cursor()
        self.records = 0
        self._basis = basis
        self._now = now
        self._newest = self.before.watermark

    async def batches(self, records: Iterable[tuple[Statement, ...]]) -> AsyncGenerator[Batch, None]:
        """Read records (the statements of each) in a thread, as they are files or pages of a file."""
        cut = self._cut(iter(records))
        while (batch := await asyncio.to_thread(next, cut, None)) is not None:
            yield batch

    def _cut(self, records: Iterator[tuple[Statement, ...]]) -> Iterator[Batch]:
        held: list[Statement] = []
        for statements in records:
            self.count(statements)
            held.extend(statements)
            if len(held) >= BATCH:
                yield Batch(scope=self.scope, statements=tuple(held))
                held = []
        if held:
            yield Batch(scope=self.scope, statements=tuple(held))

    def count(self, statements: tuple[Statement, ...]) -> None:
        self.records += 1
        for statement in statements:
            if not isinstance(statement, Unusable):
                self.reach(statement.modified)

    def reach(self, modified: datetime) -> None:
        """Move the watermark. A record dated in the future does not: it would blind the feed until then."""
        if modified <= self._now and (self._newest is None or modified > self._newest):
            self._newest = modified

    def drained(self, validators: Mapping[str, str], *warnings: str) -> Drained:
        """End a reading of some records."""
        kept = {RECORDS: self.before.validators[RECORDS]} if RECORDS in self.before.validators else {}
        cursor = Cursor(watermark=self._newest, validators={**kept, BASIS: self._basis, **validators})
        return Drained(scope=self.scope, cursor=cursor, records=self.records, warnings=warnings)

    def drained_whole(self, validators: Mapping[str, str], *warnings: str) -> Drained:
        """End a reading of all that the source has. That some are gone is said; it takes nothing back."""
        known = int(self.before.validators.get(RECORDS, "0"))
        if self.records < known * SHRUNK:
            warnings += (
                f"{self.records} records where there were {known}: nothing is taken back by being absent",
            )
        return self.drained({**validators, RECORDS: str(self.records)}, *warnings)

    def unchanged(self, *warnings: str) -> Drained:
        return Drained(scope=self.scope, cursor=self.before, unchanged=True, warnings=warnings)
