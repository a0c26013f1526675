"""The OSV format in its own words: the fields that are used, each absent or null where records are so.

Source: ossf.github.io/osv-schema; `malicious-packages-origins` from ossf/malicious-packages.
"""

from datetime import datetime
from typing import Any

import msgspec


class OsvEvent(msgspec.Struct):
    introduced: Any = None
    fixed: Any = None
    last_affected: Any = None
    limit: Any = None


class OsvRange(msgspec.Struct):
    type: str | None = None
    events: list[OsvEvent] | None = None


class OsvPackage(msgspec.Struct):
    ecosystem: str | None = None
    name: str | None = None


class OsvAffected(msgspec.Struct):
    package: OsvPackage | None = None
    versions: list[Any] | None = None
    ranges: list[OsvRange] | None = None


class OsvOrigin(msgspec.Struct):
    source: str | None = None
    id: str | None = None
    modified_time: datetime | None = None
    import_time: datetime | None = None
    ranges: list[OsvRange] | None = None


class DatabaseSpecific(msgspec.Struct):
    origins: list[OsvOrigin] | None = msgspec.field(default=None, name="malicious-packages-origins")


class OsvReference(msgspec.Struct):
    type: str | None = None
    url: str | None = None


class OsvRecord(msgspec.Struct):
    id: str | None = None
    modified: datetime | None = None
    published: datetime | None = None
    withdrawn: datetime | None = None
    summary: str | None = None
    details: str | None = None
    affected: list[OsvAffected] | None = None
    references: list[OsvReference] | None = None
    database_specific: DatabaseSpecific | None = None


_DECODER = msgspec.json.Decoder(OsvRecord)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def decode(data: bytes) -> OsvRecord:
    """Read the bytes of one record.

    Raises:
        ValueError: they are no JSON, or not of this form; the message says where.
    """
    try:
        return _DECODER.decode(data.removeprefix(_BYTE_ORDER_MARK))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def is_record(data: bytes) -> bool:
    """Whether the bytes have the form of a record, usable or not; a body cut off on its way has not."""
    try:
        decode(data)
    except ValueError:
        return False
    return True
