"""Rows as structs; and rows on the short way to the driver, past SQLAlchemy's own, which halves the rate."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Dialect, Executable, Table
from sqlalchemy.types import TypeEngine

T = TypeVar("T")


def structs(connection: Connection, query: Executable, shape: type[T]) -> list[T]:
    """Read rows whose columns are the fields of `shape`."""
    return [shape(**row) for row in connection.execute(query).mappings()]


KEYS_A_QUERY = 1_000
"""Both databases take more; so many keys make a statement that still is quickly read."""


def slices(items: Sequence[T], size: int = KEYS_A_QUERY) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def bound(
    connection: Connection, table: Table, names: Sequence[str], rows: Sequence[dict[str, Any]]
) -> list[tuple[Any, ...]]:
    """Turn each row into the driver's values, in the order of `names`, as the columns' types would."""
    columns = [_column(table.c[name].type, connection.dialect, [row[name] for row in rows]) for name in names]
    return list(zip(*columns, strict=True))


def _column(kind: TypeEngine[Any], dialect: Dialect, values: list[Any]) -> Iterable[Any]:
    process = kind.dialect_impl(dialect).bind_processor(dialect)
    return values if process is None else map(process, values)
