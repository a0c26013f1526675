"""The functions that expressions may call: all there are. Each is total, or refuses with `Unfit`."""

from collections.abc import Callable
from typing import Any

import msgspec

from reedbed.inventory.transform import values
from reedbed.inventory.transform.kinds import TAKES, Base, Kind, joined

Result = Callable[[list[Kind]], Kind]


class Function(msgspec.Struct, frozen=True, kw_only=True):
    """A function of the language."""

    signature: str
    about: str
    least: int  # arguments
    most: int | None
    gives: Result  # the kind of what it gives, by the kinds of what it gets
    takes: Base = Base.ANY  # the kind of each value that it gets
    by_item: bool = False  # of a list in first place it takes each item, and gives a list
    lists: bool = False  # it takes lists as they are
    missing: bool = False  # it is called though a value is missing; else it gives none then
    needs_one: bool = False  # it gives none where all but constants are missing
    fixed: int | None = None  # from this argument on they are constants
    made: Callable[..., Callable[..., Any]]  # by the constants


def _always(base: Base, *, many: bool = False) -> Result:
    return lambda _kinds: Kind(base, many)


def _item(base: Base) -> Result:
    return lambda kinds: Kind(base, kinds[0].many) if kinds[0].base is not Base.ANY else Kind(base)


def _element(kinds: list[Kind]) -> Kind:
    return Kind(joined([Kind(kind.base) for kind in kinds]).base)


def _elements(kinds: list[Kind]) -> Kind:
    return Kind(_element(kinds).base, many=True)


def _plain(function: Callable[..., Any]) -> Callable[[], Callable[..., Any]]:
    return lambda: function


def _one(
    signature: str, about: str, gives: Base, function: Callable[..., Any], takes: Base = Base.SCALAR
) -> Function:
    """Make a function of one value that takes each of a list."""
    return Function(
        signature=signature,
        about=about,
        least=1,
        most=1,
        gives=_item(gives),
        takes=takes,
        by_item=True,
        made=_plain(function),
    )


def _fixed(
    signature: str,
    about: str,
    gives: Result,
    made: Callable[..., Callable[..., Any]],
    *,
    least: int = 2,
    most: int = 2,
    by_item: bool = True,
    lists: bool = False,
) -> Function:
    """Make a function of a value and of constants."""
    return Function(
        signature=signature,
        about=about,
        least=least,
        most=most,
        gives=gives,
        takes=Base.SCALAR,
        by_item=by_item,
        lists=lists,
        fixed=1,
        made=made,
    )


def _several(
    signature: str,
    about: str,
    gives: Result,
    function: Callable[..., Any],
    *,
    takes: Base = Base.ANY,
    least: int = 1,
    most: int | None = None,
    needs_one: bool = False,
) -> Function:
    """Make a function of some values, of which any may be missing."""
    return Function(
        signature=signature,
        about=about,
        least=least,
        most=most,
        gives=gives,
        takes=takes,
        missing=True,
        needs_one=needs_one,
        made=_plain(function),
    )


FUNCTIONS: dict[str, Function] = {
    "coalesce": _several(
        "coalesce(a, b, …)", "the first that is not empty", joined, lambda *given: _coalesce(given)
    ),
    "concat": _several(
        "concat(a, b, …)",
        "texts and numbers one after the other; none where all but constants are missing",
        _always(Base.TEXT),
        values.concat,
        takes=Base.SCALAR,
        needs_one=True,
    ),
    "lower": _one("lower(text)", "in lower case", Base.TEXT, values.lower),
    "upper": _one("upper(text)", "in upper case", Base.TEXT, values.upper),
    "trim": _one("trim(text)", "without white space at both ends", Base.TEXT, values.trim),
    "split": _fixed(
        'split(text, ",")',
        "the parts of a text, as a list",
        _always(Base.TEXT, many=True),
        values.splitting,
        by_item=False,
    ),
    "join": _fixed(
        'join(list, ", ")',
        "the items of a list as one text, without those that are empty",
        _always(Base.TEXT),
        values.joining,
        by_item=False,
        lists=True,
    ),
    "extract": _fixed(
        'extract(text, "^v([0-9]+)")',
        "what the pattern's first group found, or all it found; none where it is not found. RE2's patterns",
        _item(Base.TEXT),
        values.extracting,
    ),
    "map_value": _fixed(
        'map_value(text, {"a": 1}, 0)',
        "what a table has for a value, else the default, else none",
        _item(Base.ANY),
        values.looking_up,
        most=3,
    ),
    "to_int": _one("to_int(value)", "as a whole number", Base.WHOLE, values.to_int),
    "to_float": _one("to_float(value)", "as a number", Base.NUMBER, values.to_float),
    "to_bool": _one("to_bool(value)", "true, yes, 1, or false, no, 0", Base.TRUTH, values.to_bool),
    "to_datetime": _fixed(
        'to_datetime(value, "iso")',
        "a moment, as ISO 8601 in UTC. The form is iso (the default), epoch, epoch_ms, or as `%d.%m.%Y`",
        _item(Base.MOMENT),
        values.moment_reading,
        least=1,
    ),
    "bytes": _one(
        "bytes(size)", "`2.11 MB` as bytes, by 1024 as Artifactory counts", Base.WHOLE, values.to_bytes
    ),
    "first": _several("first(list, …)", "the first item that is not empty", _element, values.first),
    "max": _several("max(list, …)", "the largest number, or the last text", _element, values.largest),
    "min": _several("min(list, …)", "the smallest number, or the first text", _element, values.smallest),
    "unique": _several("unique(list, …)", "each item once, in order", _elements, values.unique),
    "redact": _one("redact(text)", "without what looks like a secret", Base.TEXT, values.redact),
    "hash": _several(
        "hash(value, …)",
        "SHA-256 of values: they can be told apart and not read",
        _always(Base.TEXT),
        values.digest,
    ),
    "purl": _several(
        "purl(type, name, version)",
        "a package URL; the version may be left out",
        _always(Base.TEXT),
        values.package_url,
        takes=Base.SCALAR,
        least=2,
        most=3,
    ),
}


def _coalesce(given: tuple[Any, ...]) -> Any:
    return next((value for value in given if not values.empty(value)), None)


def fits(function: Function, kind: Kind, position: int) -> bool:
    """Say whether a function may get a value of a kind at a position."""
    if kind.base is Base.ANY or function.takes is Base.ANY:
        return True
    takes_list = function.lists or (function.by_item and position == 0)
    return kind.base in TAKES[function.takes] and (takes_list or not kind.many)
