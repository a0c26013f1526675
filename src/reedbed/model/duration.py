"""Durations as Go programs read and write them: `90s`, `1m30s`, `1.5h`. Source: pkg.go.dev/time."""

import re
from datetime import timedelta
from decimal import Decimal

UNITS = {
    "h": Decimal(3_600),
    "m": Decimal(60),
    "s": Decimal(1),
    "ms": Decimal("1e-3"),
    "us": Decimal("1e-6"),
    "µs": Decimal("1e-6"),  # the micro sign
    "μs": Decimal("1e-6"),
    "ns": Decimal("1e-9"),
}
_PART = re.compile(r"([0-9]{1,12}(?:\.[0-9]{0,12})?|\.[0-9]{1,12})(ms|us|µs|μs|ns|h|m|s)")
LONGEST_TEXT = 100


def parse_duration(text: str) -> timedelta:
    """Read a duration: numbers with their units, added up; what is finer than a microsecond is cut off.

    Raises:
        ValueError: it is none; the message says what one looks like.
    """
    total, place = Decimal(0), 0
    while part := _PART.match(text, place):
        number, unit = part.groups()
        total += Decimal(number) * UNITS[unit]
        place = part.end()
    if not text or place != len(text) or len(text) > LONGEST_TEXT:
        raise ValueError("a duration is written like 30s, 5m, 1h or 1m30s")
    try:
        return timedelta(microseconds=int(total * 1_000_000))
    except OverflowError as error:
        raise ValueError("the duration is longer than calendars reach") from error


def go_duration(duration: timedelta) -> str:
    """Write a duration, not negative, as Go prints it: `1m0s`, `1h0m0s`, `1.5s`, `100ms`."""
    microseconds = duration // timedelta(microseconds=1)
    if microseconds == 0:
        return "0s"
    if microseconds < 1_000:
        return f"{microseconds}µs"
    if microseconds < 1_000_000:
        return f"{_plain(Decimal(microseconds) / 1_000)}ms"
    minutes, rest = divmod(microseconds, 60_000_000)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{_plain(Decimal(rest) / 1_000_000)}s"
    if hours:
        return f"{hours}h{minutes}m{seconds}"
    return f"{minutes}m{seconds}" if minutes else seconds


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
