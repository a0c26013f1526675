"""JSON documents that are written as they are read: no more than some rows are ever in memory."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

import msgspec

_ENCODER = msgspec.json.Encoder(decimal_format="number")

JsonRows = AsyncIterator[Sequence[Any]]


async def array(rows: JsonRows) -> AsyncIterator[bytes]:
    """Write a JSON array, one value a line."""
    begun = False
    yield b"["
    async for some in rows:
        if some:
            yield (b",\n" if begun else b"\n") + b",\n".join(map(encoded, some))
            begun = True
    yield b"\n]" if begun else b"]"


def opened(head: dict[str, Any]) -> bytes:
    """Write an object without its end, so that more members can follow."""
    return _ENCODER.encode(head)[:-1]


def encoded(value: Any) -> bytes:
    return _ENCODER.encode(value)


def given(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Keep the members that have a value: absent says more than null, and schemas allow it."""
    return {name: value for name, value in pairs if value not in (None, "", [], (), {})}
