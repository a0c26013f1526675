"""Rows as structs; and rows on the short way to the driver, past SQLAlchemy's own, which halves the rate."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Executable, Table

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
    dialect = connection.dialect
    processors = [
        table.c[name].type.dialect_impl(dialect).bind_processor(dialect) or _as_it_is for name in names
    ]
    pairs = list(zip(names, processors, strict=True))
    return [tuple(process(row[name]) for name, process in pairs) for row in rows]


def _as_it_is(value: Any) -> Any:
    return value
