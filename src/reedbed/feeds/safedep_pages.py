"""Reading a paged list of SafeDep's from some moment to its end."""

from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from reedbed.errors import ReedbedError, Unreadable
from reedbed.feeds.connect_call import Method
from reedbed.feeds.draining import BATCH, Drain
from reedbed.feeds.feed import Batch
from reedbed.feeds.safedep_record import Reading
from reedbed.feeds.safedep_wire import ASCENDING, PAGE_SIZE, NextPage, Pagination
from reedbed.model.advisory import Statement

MOST_PAGES = 20_000
LONGEST_TOKEN = 8_192


class Page(msgspec.Struct, frozen=True):
    """One page: its records as they came, and the token of the next page; empty where this is the last."""

    records: Sequence[msgspec.Raw]
    next_token: str

    @classmethod
    def of(cls, records: Sequence[msgspec.Raw] | None, pagination: NextPage | None) -> "Page":
        return cls(records or (), (pagination and pagination.next_page_token) or "")


class Listing:
    """A list that is being read; counts what goes by."""

    def __init__(
        self,
        method: Method,
        drain: Drain,
        *,
        request: Callable[[Pagination], Any],
        page: Callable[[bytes], Page],
        record: Callable[[bytes], Reading],
        now: datetime,
    ) -> None:
        """`request`, `page` and `record` are the list's own: its messages, and what one record says."""
        self._method = method
        self._drain = drain
        self._request = request
        self._page = page
        self._record = record
        self._now = now
        self._future = 0

    async def batches(self) -> AsyncGenerator[Batch, None]:
        """Read page after page, oldest first; what came before an error is given before it.

        Raises:
            Unreachable, Refused, Unreadable: as `Method.call`; also where the pages never end.
        """
        held: list[Statement] = []
        try:
            async for page in self._pages():
                for raw in page.records:
                    held.extend(self._read(bytes(raw)))
                    if len(held) >= BATCH:
                        yield self._batch(held)
                        held = []
        except ReedbedError:
            if held:
                yield self._batch(held)
            raise
        if held:
            yield self._batch(held)

    def _batch(self, statements: Sequence[Statement]) -> Batch:
        return Batch(scope=self._drain.scope, statements=tuple(statements))

    async def _pages(self) -> AsyncGenerator[Page, None]:
        token, seen = "", set[int]()
        for _ in range(MOST_PAGES):
            page = await self._fetched(token)
            yield page
            token = page.next_token
            if not token:
                return
            if hash(token) in seen or len(token) > LONGEST_TOKEN:
                raise self._unreadable("the token of its next page is one that came before, or is endless")
            seen.add(hash(token))
        raise self._unreadable(f"it has more than {MOST_PAGES} pages")

    async def _fetched(self, token: str) -> Page:
        pagination = Pagination(page_size=PAGE_SIZE, page_token=token, sort_order=ASCENDING)
        answer = await self._method.call(self._request(pagination))
        try:
            return self._page(answer)
        except ValueError as error:
            raise self._unreadable(f"a page is not in the documented form: {error}") from error

    def _unreadable(self, why: str) -> Unreadable:
        return Unreadable(
            f"Could not read the list of {self._method}",
            why=why,
            fix="Nothing was taken back; if it happens again, the service has changed.",
        )

    def _read(self, data: bytes) -> tuple[Statement, ...]:
        reading = self._record(data)
        self._drain.records += 1
        if reading.at:  # a record without a time moves nothing
            self._drain.reach(reading.at)
            self._future += reading.at > self._now
        return reading.says

    def warnings(self, *, overlapped: bool) -> tuple[str, ...]:
        """Say what a person should know. `overlapped`: the newest record read before was asked for again."""
        found = []
        if not self._drain.records:
            missing = ", not even the newest that was read before" if overlapped else " at all"
            found.append(f"no record came{missing}: nothing is taken back by that")
        if self._future:
            found.append(f"{self._future} records are dated in the future: is this machine's clock right?")
        return tuple(found)
