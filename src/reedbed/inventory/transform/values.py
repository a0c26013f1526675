"""What the functions of expressions do with values. Each is bounded in time and size by its arguments.

None is “no value”. What a function can't make anything of it refuses with `Unfit`; its row then has an error.
"""

import hashlib
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from operator import ge, gt, le, lt
from typing import Any

import msgspec
import re2

from reedbed.inventory.records.redact import redacted
from reedbed.inventory.transform.bounds import LONGEST_TEXT, MOST_ITEMS
from reedbed.model.ecosystem import PackageType
from reedbed.model.purl import purl as known_purl

SHOWN = 40
"""Characters of a value that a message shows."""


class Unfit(ValueError):
    """A value that a function can't take; the message says which and why."""


def shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def text(value: Any) -> str:
    """Take text, or one value that can be written as text without a choice."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return msgspec.json.encode(value).decode() if isinstance(value, float) else str(value)[:SHOWN]
    raise Unfit(f"{shown(value)} is no text")


def empty(value: Any) -> bool:
    """Say whether a value is none: nothing, or text, a list or an object without anything in it."""
    return value is None or (not value and isinstance(value, str | list | dict | tuple))


def lower(value: Any) -> str:
    return text(value).lower()


def upper(value: Any) -> str:
    return text(value).upper()


def trim(value: Any) -> str:
    return text(value).strip()


def concat(*values: Any) -> str:
    return "".join("" if value is None else text(value) for value in values)[:LONGEST_TEXT]


def _told(constant: object) -> str:
    """Take a constant that has to be text.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(constant, str):
        raise ValueError(f"{shown(constant)} is no text")  # noqa: TRY004 - what is wrong is the map's text
    return constant


def splitting(separator: str) -> Callable[[Any], list[str]]:
    if not _told(separator):
        raise ValueError("there is no separator to split by")
    return lambda value: text(value).split(separator, MOST_ITEMS)[:MOST_ITEMS]


def joining(separator: str) -> Callable[[Any], str]:
    _told(separator)
    return lambda value: separator.join(text(each) for each in flat([value]))[:LONGEST_TEXT]


def extracting(pattern: str) -> Callable[[Any], str | None]:
    """Give what a pattern's first group found, or all that it found.

    The pattern runs on RE2, whose time grows with the text alone, however it is written.

    Raises:
        ValueError: it is no pattern of RE2's (github.com/google/re2/wiki/Syntax).
    """
    options = re2.Options()
    options.max_mem = 1 << 20
    options.log_errors = False
    try:
        compiled = re2.compile(_told(pattern), options)
    except re2.error as error:
        raise ValueError(f"{shown(pattern)} is no pattern: {_reason(error)}") from error
    group = min(1, compiled.groups)

    def extract(value: Any) -> str | None:
        found = compiled.search(text(value))
        return found.group(group) if found else None

    return extract


def _reason(error: Exception) -> str:
    cause = error.args[0] if error.args else ""
    return cause.decode(errors="replace") if isinstance(cause, bytes) else str(cause)


def looking_up(table: dict[str, Any], default: Any = None) -> Callable[[Any], Any]:
    """Give what a table has for a value.

    Raises:
        ValueError: it is no table.
    """
    if not isinstance(table, dict):
        raise ValueError(f"{shown(table)} is no table")  # noqa: TRY004 - what is wrong is the map's text
    if isinstance(default, dict):
        raise ValueError("its default is no constant")  # noqa: TRY004 - what is wrong is the map's text
    return lambda value: table.get(text(value), default)


_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")


def to_int(value: Any) -> int:
    match value:
        case bool():
            return int(value)
        case int():
            return value
        case float() if value.is_integer() and abs(value) < 2**53:
            return int(value)
        case str() if _WHOLE.fullmatch(value.strip()):
            return int(value)
    raise Unfit(f"{shown(value)} is no whole number")


_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?")


def to_float(value: Any) -> float:
    match value:
        case int() | float() if not isinstance(value, bool) and abs(value) < 2**1000:
            return float(value)
        case str() if _NUMBER.fullmatch(value.strip()):
            return float(value)
    raise Unfit(f"{shown(value)} is no number")


_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def to_bool(value: Any) -> bool:
    found = _TRUTHS.get(text(value).strip().lower())
    if found is None:
        raise Unfit(f"{shown(value)} is neither true nor false")
    return found


def moment_reading(form: str = "iso") -> Callable[[Any], str]:
    """Read moments, and write them as ISO 8601 in UTC; without a zone they are taken for UTC.

    The form is "iso", "epoch" (seconds since 1970), "epoch_ms", or has the signs of `strptime`.

    Raises:
        ValueError: the form has no sign in it.
    """
    if form not in ("iso", "epoch", "epoch_ms") and "%" not in _told(form):
        raise ValueError(
            f"{shown(form)} is no form of a moment: write iso, epoch, epoch_ms or signs as %Y-%m-%d"
        )

    def read(value: Any) -> str:
        try:
            return _written(_moment(value, form))
        except (ValueError, OverflowError, OSError) as error:
            raise Unfit(f"{shown(value)} is no moment in the form {form}") from error

    return read


def _moment(value: Any, form: str) -> datetime:
    match form:
        case "iso":
            return datetime.fromisoformat(text(value)[:64])
        case "epoch":
            return datetime.fromtimestamp(to_float(value), UTC)
        case "epoch_ms":
            return datetime.fromtimestamp(to_float(value) / 1000, UTC)
        case _:
            return datetime.strptime(text(value)[:64], form)  # noqa: DTZ007  # made UTC below where it has no zone


def _written(moment: datetime) -> str:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat().replace("+00:00", "Z")


_BYTES = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,6})?)\s*([kmgt]?)(?:i?b|bytes?)?", re.IGNORECASE)
_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}


def to_bytes(value: Any) -> int:
    """Read a size as Artifactory writes it: `2.11 MB`, by 1024."""
    found = _BYTES.fullmatch(text(value).strip())
    if not found:
        raise Unfit(f"{shown(value)} is no size")
    return round(float(found[1]) * _UNITS[found[2].lower()])


def flat(values: Iterable[Any]) -> list[Any]:
    """Put lists and single values into one list, without what is empty."""
    spread = (each for value in values for each in (value if isinstance(value, list) else [value]))
    return [each for each in spread if not empty(each)]


def first(*values: Any) -> Any:
    return next(iter(flat(values)), None)


def largest(*values: Any) -> Any:
    return max(_comparable(flat(values)), default=None)


def smallest(*values: Any) -> Any:
    return min(_comparable(flat(values)), default=None)


def _comparable(values: list[Any]) -> list[Any]:
    if all(isinstance(each, str) for each in values) or all(isinstance(each, int | float) for each in values):
        return values
    raise Unfit("numbers and texts can't be compared")


def unique(*values: Any) -> list[Any]:
    """Give each value once, in the order in which they come."""
    given = flat(values)
    if all(type(each) is str for each in given):
        return list(dict.fromkeys(given))
    by_content: dict[bytes, Any] = {}
    for each in given:
        by_content.setdefault(msgspec.json.encode(each, order="sorted"), each)
    return list(by_content.values())


def redact(value: Any) -> str:
    return redacted(text(value))


def digest(*values: Any) -> str | None:
    """Hash values, for what shall be told apart and not be read; without a first one there is none."""
    if empty(values[0]):
        return None
    return hashlib.sha256(msgspec.json.encode(values, order="sorted")).hexdigest()


def package_url(kind: Any, name: Any, version: Any = None) -> str | None:
    """Write a package URL: `pkg:npm/axios@1.0.0`."""
    if empty(kind) or empty(name):
        return None
    try:
        package = known_purl(PackageType(text(kind).lower()), text(name))
    except ValueError as error:
        raise Unfit(f"{shown(kind)} and {shown(name)} name no package: {error}") from error
    return str(package) if empty(version) else f"{package}@{text(version)}"


def compare(left: Any, operator: str, right: Any) -> bool:
    """Compare two values. What is missing equals only what is missing, and is neither more nor less."""
    match operator:
        case "==":
            return bool(left == right)
        case "!=":
            return bool(left != right)
    if left is None or right is None:
        return False
    low, high = _comparable([left, right])
    return bool(_ORDERS[operator](low, high))


_ORDERS = {"<": lt, "<=": le, ">": gt, ">=": ge}
