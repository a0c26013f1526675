"""The rows of an organisation's own list, from JSON or CSV, each field with its line and column."""

import csv
import io
import re
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

import msgspec

from reedbed.errors import Unreadable

PACKAGE_FIELDS = {"purl", "type", "name", "versions"}
FIELDS = PACKAGE_FIELDS | {"summary", "url", "id", "withdrawn", "verdict", "confidence", "modified"}

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_AT_BYTE = re.compile(r"\(byte (\d+)\)")


class Place(msgspec.Struct, frozen=True):
    line: int  # both count from 1
    column: int  # JSON: characters; CSV: cells

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}"


class Row(msgspec.Struct, frozen=True):
    """One entry of the list as it was written."""

    place: Place
    values: dict[str, Any]
    places: dict[str, Place]
    fault: str | None = None  # why it is no entry at all

    def at(self, field: str) -> str:
        return f"{self.places.get(field, self.place)} ({field})"


def rows(data: bytes, *, name: str) -> Iterator[Row]:
    """Read a list: JSON where it begins with a bracket, else CSV with a header.

    Raises:
        Unreadable: the file as a whole is neither; the reason says where.
    """
    data = data.removeprefix(_BYTE_ORDER_MARK)
    return _from_json(data, name) if data.lstrip()[:1] in {b"[", b"{"} else _from_csv(data, name)


def _from_json(data: bytes, name: str) -> Iterator[Row]:
    try:
        entries = msgspec.json.decode(data, type=list[msgspec.Raw])
    except (msgspec.DecodeError, RecursionError) as error:
        raise _unreadable(name, _json_fault(data, error)) from error
    places = _Places(data)
    offset = 0
    for entry in entries:
        raw = bytes(entry)
        offset = data.index(raw, offset)
        yield _json_row(raw, offset, places)
        offset += len(raw)


def _json_row(raw: bytes, offset: int, places: "_Places") -> Row:
    place = places.of(offset)
    try:
        values = msgspec.json.decode(raw, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError) as error:
        return Row(place, {}, {}, fault=str(error))
    where = {}
    for field in values:
        # A quoted name before a colon is a key: inside of a value its quotes would be escaped.
        if found := re.search(rb'"' + re.escape(field.encode()) + rb'"\s*:\s*', raw):
            where[field] = places.of(offset + found.end())
    return Row(place, {field.strip().lower(): value for field, value in values.items()}, where)


def _json_fault(data: bytes, error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    found = _AT_BYTE.search(str(error))
    at = int(found.group(1)) if found else len(data) if "truncated" in str(error) else 0
    return f"{_Places(data).of(min(at, len(data)))}: {error}"


class _Places:
    """Lines and columns of offsets into a text. Asking for them in order costs one pass in all."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._line = 1
        self._line_start = 0

    def of(self, offset: int) -> Place:
        if offset < self._line_start:
            self._line, self._line_start = 1, 0
        self._line += self._data.count(b"\n", self._line_start, offset)
        last = self._data.rfind(b"\n", self._line_start, offset)
        self._line_start = last + 1 if last >= 0 else self._line_start
        return Place(self._line, len(self._data[self._line_start : offset].decode(errors="replace")) + 1)


def _from_csv(data: bytes, name: str) -> Iterator[Row]:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _unreadable(name, f"line {line}: it is not UTF-8") from error
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        header = [cell.strip().lower() for cell in next(reader, [])]
        _check_header(header, name)
        line = reader.line_num
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield _csv_row(header, cells, line + 1)
            line = reader.line_num
    except csv.Error as error:
        raise _unreadable(name, f"line {reader.line_num}: {error}") from error


def _delimiter(text: str) -> str:
    """The separator of the header: a comma, or what spreadsheets write in other places."""
    header = text[: text.find("\n")] if "\n" in text else text
    return max(",;\t", key=header.count)


def _check_header(header: list[str], name: str) -> None:
    if "purl" not in header and not {"type", "name"} <= set(header):
        raise _unreadable(name, "line 1: the header names neither purl nor type and name")
    repeated = sorted({field for field in header if field and header.count(field) > 1})
    if repeated:
        raise _unreadable(name, f"line 1: the header names {repeated[0]!r} twice")


def _csv_row(header: list[str], cells: list[str], line: int) -> Row:
    if len(cells) > len(header):
        fault = f"{len(cells)} cells under a header of {len(header)}"
        return Row(Place(line, len(header) + 1), {}, {}, fault=fault)
    named = dict(zip_longest(header, cells, fillvalue=""))
    return Row(
        Place(line, 1),
        {field: cell.strip() for field, cell in named.items()},
        {field: Place(line, column) for column, field in enumerate(header, 1)},
    )


def _unreadable(name: str, why: str) -> Unreadable:
    return Unreadable(
        f"Could not read the list {name}",
        why=why[:500],
        fix="Mend it as docs/feeds.md says (CSV or JSON, in UTF-8). Until then its earlier entries stand.",
    )
