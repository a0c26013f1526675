"""CSV (RFC 4180) that a spreadsheet can open without running what strangers wrote into names."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from reedbed.model.exports import Asset, Finding
from reedbed.sinks.columns import Column, columns_of, values

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", *"\uff1d\uff0b\uff0d\uff20")
"""What makes a cell a formula (owasp.org/www-community/attacks/CSV_Injection), full width too."""


async def write(
    rows: AsyncIterator[Sequence[Finding]] | AsyncIterator[Sequence[Asset]],
    what: type[Finding] | type[Asset],
) -> AsyncIterator[bytes]:
    """Write a header and one row a finding, or an asset. Text that a formula could be begins with `'`."""
    columns = columns_of(what)
    yield _lines([[column.name for column in columns]])
    async for some in rows:
        yield _lines([_cells(row, columns) for row in some])


def _cells(row: Finding | Asset, columns: tuple[Column, ...]) -> list[str]:
    return [cell(value) for value in values(row, columns)]


def cell(value: Any) -> str:
    """Write one value; numbers stay numbers, and no text can be a formula."""
    match value:
        case None:
            return ""
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        case int() | float():
            return repr(value)
        case _:
            text = str(value).replace("\0", "\N{REPLACEMENT CHARACTER}")
            return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text


def _lines(rows: Iterable[Sequence[str]]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue().encode(errors="replace")
