"""A map as people keep it: TOML, a table `[[rows]]` for each row. Read and written without loss."""

import tomllib
from enum import StrEnum
from typing import Any

import msgspec

from reedbed.inventory.transform.fault import Fault, MapInvalid
from reedbed.inventory.transform.toml import assignment, block

LONGEST = 256 * 1024
"""Bytes of a map's text."""

MOST_ROWS = 500


class Otherwise(StrEnum):
    """What becomes of a target that there is no value for."""

    OMIT = "omit"  # it is left out
    NULL = "null"  # it is there, without a value
    DEFAULT = "default"  # it gets the row's default


class Row(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What one target path is made of: exactly one of `source`, `constant`, `expression` and `given`."""

    target: str
    source: str | None = msgspec.field(default=None, name="from")
    constant: Any = None
    expression: str | None = None
    given: str | None = None  # what Reedbed alone knows, when a finding is shown
    required: bool = False  # a record without it is reported
    identifier: bool = False  # others may know the thing by it
    on_missing: Otherwise = Otherwise.OMIT
    on_error: Otherwise = Otherwise.OMIT
    default: Any = None
    note: str = ""


class Case(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A test that a map carries: of this record it makes these values; targets not named may have any."""

    name: str
    record: dict[str, Any]
    expect: dict[str, Any]


class Document(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A whole map."""

    name: str
    source: str  # a source model
    target: str  # a target model
    description: str = ""
    rows: tuple[Row, ...] = ()
    tests: tuple[Case, ...] = ()


def read_document(text: str) -> Document:
    """Read a map's text.

    Raises:
        MapInvalid: it is no TOML, or not that of a map; each fault names its row.
    """
    if len(text.encode(errors="replace")) > LONGEST:
        fault = Fault(what=f"it has more than {LONGEST} bytes", fix="Take rows out.")
        raise MapInvalid("that was given", [fault])
    try:
        whole = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        fault = Fault(what=f"it is no TOML: {str(error)[:200]}", fix="Mend it where the message points.")
        raise MapInvalid("that was given", [fault]) from error
    return _document(whole)


def _document(whole: dict[str, Any]) -> Document:
    name = str(whole.get("name", "that was given"))[:100]
    listed = whole.pop("rows", [])
    faults: list[Fault] = []
    rows: list[Row] = []
    if not isinstance(listed, list) or len(listed) > MOST_ROWS:
        faults.append(
            Fault(what=f"rows are not a list of at most {MOST_ROWS}", fix="Write [[rows]] before each.")
        )
        listed = []
    for number, each in enumerate(listed, 1):
        try:
            rows.append(msgspec.convert(each, Row))
        except msgspec.ValidationError as error:
            fix = f"A row has {', '.join(field.encode_name for field in msgspec.structs.fields(Row))}."
            faults.append(Fault(row=number, target=_target(each), what=str(error)[:300], fix=fix))
    try:
        document = msgspec.convert(whole, Document)
    except msgspec.ValidationError as error:
        fix = "A map has name, source, target, description, [[rows]] and [[tests]]."
        faults.append(Fault(what=str(error)[:300], fix=fix))
        raise MapInvalid(name, faults) from error
    if faults:
        raise MapInvalid(name, faults)
    return msgspec.structs.replace(document, rows=tuple(rows))


def _target(row: object) -> str:
    return str(row.get("target", ""))[:200] if isinstance(row, dict) else ""


def write_document(document: Document) -> str:
    """Write a map so that reading it gives it again: a line a key, what is as by default left out."""
    whole = msgspec.to_builtins(document)
    head = [assignment(key, value) for key, value in whole.items() if key not in ("rows", "tests")]
    rows = [block("rows", row) for row in whole.get("rows", ())]
    tests = [block("tests", test) for test in whole.get("tests", ())]
    return "\n\n".join(["\n".join(head), *rows, *tests]) + "\n"
