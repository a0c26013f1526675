"""Parquet, for tables that are read by columns. Needs the extra `reedbed[parquet]`."""

from collections.abc import AsyncIterator, Sequence
from types import ModuleType
from typing import Any

from reedbed.errors import SettingsError
from reedbed.model.exports import Asset, Finding
from reedbed.sinks.columns import Column, Kind, columns_of

GROUP_ROWS = 20_000
"""Rows that are packed together: all of them are in memory at once."""


async def write(
    rows: AsyncIterator[Sequence[Finding]] | AsyncIterator[Sequence[Asset]],
    what: type[Finding] | type[Asset],
) -> AsyncIterator[bytes]:
    """Write one row a finding, or an asset, in row groups.

    Raises:
        SettingsError: pyarrow is not installed.
    """
    arrow, parquet = _libraries()
    columns = columns_of(what)
    schema = arrow.schema([(column.name, _type(arrow, column.kind)) for column in columns])
    written = _Written()
    with parquet.ParquetWriter(arrow.PythonFile(written, mode="w"), schema, compression="zstd") as writer:
        waiting: list[Finding | Asset] = []
        async for some in rows:
            waiting.extend(some)
            if len(waiting) >= GROUP_ROWS:
                writer.write_table(_table(arrow, schema, columns, waiting))
                waiting = []
                yield written.take()
        if waiting:
            writer.write_table(_table(arrow, schema, columns, waiting))
    yield written.take()


def _libraries() -> tuple[ModuleType, ModuleType]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise SettingsError(
            "Could not write Parquet", why="pyarrow is not installed", fix="Install reedbed[parquet]."
        ) from error
    return pa, pq


def _type(arrow: Any, kind: Kind) -> Any:
    match kind:
        case "number":
            return arrow.float64()
        case "whole":
            return arrow.int64()
        case "moment":
            return arrow.timestamp("us", tz="UTC")
        case "text":
            return arrow.string()


def _table(arrow: Any, schema: Any, columns: Sequence[Column], rows: Sequence[Finding | Asset]) -> Any:
    arrays = [
        arrow.array([_plain(column.of(row), column.kind) for row in rows], type=field.type)
        for column, field in zip(columns, schema, strict=True)
    ]
    return arrow.Table.from_arrays(arrays, schema=schema)


def _plain(value: Any, kind: Kind) -> Any:
    return str(value) if kind == "text" and value is not None else value


class _Written:
    """What the writer has written since the last look."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, part: Any) -> int:
        self._parts.append(bytes(part))
        return len(part)

    def take(self) -> bytes:
        whole, self._parts = b"".join(self._parts), []
        return whole

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        self.closed = True
