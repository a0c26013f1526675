"""AQL's fields of items and their statistics, its comparators, and the values that they take. Pure."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeGuard, get_args

from jfrog_standin.artifactory.item_answers import iso
from jfrog_standin.artifactory.storage import Item, Statistics

Operator = Literal["$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$match", "$nmatch", "$before", "$last"]
Value = str | int | datetime | timedelta | None

Answer = str | int | list[str] | None
"""What stands in a row of the result."""

_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "mi": timedelta(minutes=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "mo": timedelta(days=30),
    "y": timedelta(days=365),
}
"""There is no "m": `1m` is refused, minutes are "mi"."""
_RELATIVE = re.compile(r"(\d{1,9})([a-z]+)")


def _checksum(kind: Literal["sha1", "sha256", "md5"]) -> Callable[[Item], str | None]:
    def read(item: Item) -> str | None:
        return None if item.checksums is None else str(getattr(item.checksums, kind))

    return read


ITEM_FIELDS: dict[str, Callable[[Item], str | int | datetime | None]] = {
    "repo": lambda item: item.repo,
    "path": lambda item: item.folder,
    "name": lambda item: item.name,
    "type": lambda item: "folder" if item.is_folder else "file",
    "size": lambda item: item.size,
    "depth": lambda item: item.path.count("/") + 1 if item.path else 0,
    "created": lambda item: item.created,
    "created_by": lambda item: item.created_by,
    "modified": lambda item: item.modified,
    "modified_by": lambda item: item.modified_by,
    "updated": lambda item: item.updated,
    "original_md5": _checksum("md5"),
    "actual_md5": _checksum("md5"),
    "original_sha1": _checksum("sha1"),
    "actual_sha1": _checksum("sha1"),
    "sha256": _checksum("sha256"),
    "virtual_repos": lambda _: None,  # known to the repositories; the evaluation fills it in
}
DEFAULT_FIELDS = (
    "repo", "path", "name", "type", "size", "created", "created_by", "modified", "modified_by", "updated"
)  # fmt: skip
DOMAIN_FIELDS: dict[str, Callable[[Statistics], str | int | datetime | None]] = {
    "stat.downloads": lambda statistics: statistics.downloads,
    "stat.downloaded": lambda statistics: statistics.last_downloaded,
    "stat.downloaded_by": lambda statistics: statistics.last_downloaded_by or None,
}

_NUMBERS = {"size", "depth", "stat.downloads"}
_TIMES = {"created", "modified", "updated", "stat.downloaded"}
_PROPERTY_FIELDS = {"property.key", "property.value"}


def is_operator(text: str) -> TypeGuard[Operator]:
    return text in get_args(Operator)


def read_value(field: str, operator: Operator, value: str | int | None) -> Value:
    """The value that a field is compared with, in the field's own type.

    Raises:
        ValueError: there is no such field, or the value is none of its kind.
    """
    known = field in ITEM_FIELDS or field in DOMAIN_FIELDS or field in _PROPERTY_FIELDS
    if not known and not (field.startswith("@") and len(field) > 1):
        raise ValueError(f"unknown field {field}")
    if operator in {"$last", "$before"}:
        if field not in _TIMES:
            raise ValueError(f"{field} is no time")
        return _span(str(value))
    if value is None:
        return None
    if field in _NUMBERS:
        return int(value)
    if field in _TIMES and operator not in {"$match", "$nmatch"}:
        return _time(str(value))
    if field == "type" and value not in {"file", "folder", "any"}:
        raise ValueError(f"no type {value}")
    return str(value)


def answer(value: str | int | datetime | None) -> Answer:
    """A field's value as it stands in a row."""
    return iso(value) if isinstance(value, datetime) else value


def _span(text: str) -> timedelta:
    match = _RELATIVE.fullmatch(text)
    if match is None or match[2] not in _UNITS:
        raise ValueError(f"no span of time: {text}")
    try:
        return int(match[1]) * _UNITS[match[2]]
    except OverflowError as error:
        raise ValueError(f"too long a span: {text}") from error


def _time(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
