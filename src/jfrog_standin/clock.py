"""The platform's clock, which a test may put ahead or behind."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class Clock:
    """UTC, moved by a skew that is asked for at each reading."""

    def __init__(self, skew_s: Callable[[], float]) -> None:
        self._skew_s = skew_s

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self._skew_s())

    def seconds(self) -> int:
        """Give the Unix time in whole seconds, as tokens carry it."""
        return int(self.now().timestamp())
