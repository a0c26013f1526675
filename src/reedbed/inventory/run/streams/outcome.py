"""What a stream came to."""

import msgspec


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    complete: bool  # all that there is was read
    gaps: int = 0  # items that could not be read, each told in the run's log
    counts: dict[str, int] = {}
    watermark: str | None = None
