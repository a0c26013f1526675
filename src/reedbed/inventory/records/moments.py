"""Moments as JFrog and images write them. Pure."""

from datetime import UTC, datetime


def moment(text: object) -> datetime | None:
    """Read ISO 8601 with any zone, or with none for UTC; None: it is no moment, or before there were any.

    Nanoseconds, which image configs have, are cut to microseconds. Reproducible builds write the year 1.
    """
    if not isinstance(text, str) or len(text) > 64:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    aware = read if read.tzinfo else read.replace(tzinfo=UTC)
    try:
        return aware.astimezone(UTC)
    except OverflowError:
        return None
