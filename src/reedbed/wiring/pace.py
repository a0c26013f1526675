"""The pace of a platform's requests, which all processes share."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime

from reedbed.jobs import now_utc
from reedbed.model.platform import Platform
from reedbed.store import pace
from reedbed.store.database import Database


class SharedPace:
    """Waits for a slot in a platform's budget of requests, which is leased from the store in shares.

    The store's slots are moments of the wall clock, which all machines share. Here they are of the monotonic
    one from the start: a clock that is set back while a slot is waited for must not make that last a day.
    """

    def __init__(self, db: Database, platform: Platform, *, now: Callable[[], datetime] = now_utc) -> None:
        self._db = db
        self._platform = platform
        self._now = now
        self._slots: deque[float] = deque()
        self._refilling = asyncio.Lock()

    async def wait(self) -> None:
        async with self._refilling:
            while not self._slots:
                await self._refill()
            slot = self._slots.popleft()
        await _until(slot)

    async def _refill(self) -> None:
        share = max(1, int(self._platform.per_second / 4))  # a quarter of a second's worth
        asked, now = time.monotonic(), self._now()
        granted, start = await self._db.write(
            pace.lease_slots, self._platform.name, share, now, self._platform.per_second
        )
        begins = asked + (start - now).total_seconds()
        self._slots.extend(begins + n / self._platform.per_second for n in range(granted))
        if not granted:
            await _until(begins)


async def _until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - time.monotonic()))
