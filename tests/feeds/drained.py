"""Reading a feed to its end, in tests."""

from collections.abc import Mapping
from contextlib import aclosing
from datetime import UTC, datetime

import msgspec

from reedbed.feeds.feed import Drained, Feed
from reedbed.model.advisory import Advisory, Statement, Unusable, Withdrawal
from reedbed.model.cursor import Cursor

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class Reading(msgspec.Struct):
    """All that one reading gave."""

    statements: list[Statement]
    drained: dict[str, Drained]
    batches: list[int] = []  # how many statements came in each

    @property
    def cursors(self) -> dict[str, Cursor]:
        return {scope: each.cursor for scope, each in self.drained.items()}

    @property
    def advisories(self) -> dict[str, Advisory]:
        return {each.id: each for each in self.statements if isinstance(each, Advisory)}

    @property
    def withdrawn(self) -> set[str]:
        return {each.id for each in self.statements if isinstance(each, Withdrawal)}

    @property
    def refused(self) -> dict[str, str]:
        return {each.id: each.reason for each in self.statements if isinstance(each, Unusable)}

    @property
    def warnings(self) -> str:
        return "; ".join(warning for each in self.drained.values() for warning in each.warnings)


async def drain(
    feed: Feed, since: Mapping[str, Cursor] | None = None, *, now: datetime = NOW, into: Reading | None = None
) -> Reading:
    """Read a feed to its end; with `into`, what came before an error is kept there."""
    reading = into or Reading([], {})
    async with aclosing(feed.read(since=since or {}, now=now)) as each_part:
        async for part in each_part:
            if isinstance(part, Drained):
                reading.drained[part.scope] = part
            else:
                reading.statements += part.statements
                reading.batches.append(len(part.statements))
    return reading
