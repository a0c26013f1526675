"""SIGTERM and SIGINT: the first asks to leave in order, the second leaves at once."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

ASKING: Final = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def leaving_on_signals(stop: asyncio.Event) -> Iterator[None]:
    """Set `stop` on the first signal; on the second end the process with 128 + the signal's number.

    The second works even while the loop is held up. It does no more than a `kill -9` would, so all that
    it cuts short goes on elsewhere or later. To be called on the main thread, with the loop running.
    """
    loop = asyncio.get_running_loop()
    asked = False

    def heard(number: int, _: FrameType | None) -> None:
        nonlocal asked
        if asked:
            sys.stderr.flush()
            os._exit(128 + number)
        asked = True
        loop.call_soon_threadsafe(stop.set)

    before = {number: signal.signal(number, heard) for number in ASKING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
