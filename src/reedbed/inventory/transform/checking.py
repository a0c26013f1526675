"""Holding a map against its models: every fault with its row, and what to do."""

import difflib
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from reedbed.inventory.transform.bounds import bounded
from reedbed.inventory.transform.document import Document, Otherwise, Row
from reedbed.inventory.transform.evaluating import Evaluated, Wrong, evaluated
from reedbed.inventory.transform.expression import NotRead, parse, parse_path
from reedbed.inventory.transform.fault import Fault
from reedbed.inventory.transform.kinds import Base, Kind, Test, may_suit, of_constant, suits, test_of
from reedbed.inventory.transform.source import SOURCES, SourceModel
from reedbed.inventory.transform.target import GIVEN, GIVEN_PATHS, TARGETS, TargetModel, kind_of, of_finding


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """A row without faults."""

    number: int
    row: Row
    made: Evaluated
    given: str | None  # nothing is made of the record then
    test: Test | None
    required: bool

    @property
    def target(self) -> str:
        return self.row.target


class _Wrong(Exception):
    """A fault of one row, on its way to the list of them."""

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix


def checked(document: Document) -> tuple[list[Checked], list[Fault]]:
    """Check a map: its rows where they are right, and all that is wrong."""
    faults = _of_models(document)
    if faults:
        return [], faults
    source, target = SOURCES[document.source], TARGETS[document.target]
    rows = []
    for number, row in enumerate(document.rows, 1):
        try:
            rows.append(_row(number, row, source, target))
        except _Wrong as wrong:
            faults.append(Fault(row=number, target=row.target[:200], what=wrong.what, fix=wrong.fix))
    return rows, faults + _twice(document.rows) + _lacking(document.rows, target)


def _of_models(document: Document) -> list[Fault]:
    faults = []
    if (
        not document.name.strip()
        or len(document.name) > 100
        or not document.name.isprintable()
        or "@" in document.name
    ):
        faults.append(
            Fault(what="its name is empty, too long, or has an @ in it", fix="Give it a short name.")
        )
    for word, value, known in (("source", document.source, SOURCES), ("target", document.target, TARGETS)):
        if value not in known:
            fix = f"Write one of {', '.join(known)}."
            faults.append(Fault(what=f"there is no {word} model {value!r}", fix=fix))
    if not faults and document.source not in TARGETS[document.target].sources:
        what = f"a {document.target} can't be made of a {document.source}"
        fits = ", ".join(sorted(TARGETS[document.target].sources))
        faults.append(Fault(what=what, fix=f"Write source = {fits}."))
    return faults


def _twice(rows: Sequence[Row]) -> list[Fault]:
    first: dict[str, int] = {}
    faults = []
    for number, row in enumerate(rows, 1):
        before = first.setdefault(row.target, number)
        if before != number:
            what = f"row {before} writes this target too; the one or the other would silently win"
            faults.append(
                Fault(
                    row=number,
                    target=row.target,
                    what=what,
                    fix="Take one of the two out, or join them by coalesce.",
                )
            )
    return faults


def _lacking(rows: Iterable[Row], target: TargetModel) -> list[Fault]:
    lacking = sorted(target.required - {row.target for row in rows})
    return [
        Fault(target=path, what=f"no row writes {path}, which is required", fix=f"Add a row for {path}.")
        for path in lacking
    ]


def _row(number: int, row: Row, source: SourceModel, target: TargetModel) -> Checked:
    named = [row.source, row.constant, row.expression, row.given]
    if sum(each is not None for each in named) != 1:
        raise _Wrong("a row has exactly one of from, constant, expression and given", "Leave one of them.")
    wanted = kind_of(target, row.target)
    if wanted is None:
        raise _Wrong(f"{target.name} has no such target path", _nearest(row.target, target))
    given = row.given or GIVEN_PATHS.get(row.source or "")
    made = _given(given, row, source) if given else _made(row, source)
    if not may_suit(made.kind, wanted):
        raise _Wrong(f"it gives {made.kind}, and {row.target} takes {wanted}", _conversion(wanted))
    if made.of_one and not of_finding(row.target):
        fix = "Write to findingGroup.findings[], or read a field that does not repeat."
        raise _Wrong(
            f"it reads {source.repeats}[], of which there are many, for an asset, of which there is one", fix
        )
    _check_default(row, wanted)
    required = row.required or row.target in target.required
    if row.identifier and not required:
        raise _Wrong("an identifier may not be missing", "Write required = true.")
    test = None if suits(made.kind, wanted) else test_of(wanted)
    return Checked(number=number, row=row, made=made, given=given, test=test, required=required)


def _made(row: Row, source: SourceModel) -> Evaluated:
    """Make ready what a row gives its target."""
    try:
        if row.source is not None:
            return evaluated(parse_path(row.source), source)
        if row.expression is not None:
            return evaluated(parse(row.expression), source)
    except (NotRead, Wrong) as error:
        raise _Wrong(
            str(error)[:500], "Mend it; docs/reference/transform-maps.md lists paths and functions."
        ) from error
    return _constant(row.constant)


def _given(given: str, row: Row, source: SourceModel) -> Evaluated:
    if given not in GIVEN or not source.repeats or not of_finding(row.target):
        known = ", ".join(f"{name} ({each.about})" for name, each in GIVEN.items())
        raise _Wrong(f"{given!r} is not given here", f"Targets of a finding may be given {known}.")
    return Evaluated(read=lambda _record, _one: None, kind=GIVEN[given].kind)


def _constant(value: Any) -> Evaluated:
    if not _plain(value) or bounded(value)[1]:
        raise _Wrong("the constant is no text, number, list or table, or is too large", "Write it in quotes.")
    return Evaluated(read=lambda _record, _one: value, kind=of_constant(value), constant=True)


def _plain(value: Any) -> bool:
    match value:
        case str() | bool() | int():
            return True
        case float():
            return value == value and abs(value) != float("inf")  # noqa: PLR0124  # nan is not itself
        case list():
            return all(_plain(each) for each in value)
        case dict():
            return all(_plain(each) for each in value.values())
    return False


def _check_default(row: Row, wanted: Kind) -> None:
    asked = Otherwise.DEFAULT in (row.on_missing, row.on_error)
    if asked and row.default is None:
        raise _Wrong("it falls back to a default, and has none", 'Write default = …, or on_missing = "omit".')
    if row.default is None:
        return
    if not asked:
        raise _Wrong("its default is never used", 'Write on_missing = "default", or on_error = "default".')
    if not suits(_constant(row.default).kind, wanted):
        raise _Wrong(f"its default is not what {row.target} takes: {wanted}", "Change the default.")


def _nearest(path: str, target: TargetModel) -> str:
    near = difflib.get_close_matches(path[:200], list(target.paths), n=3, cutoff=0.3)
    own = ", ".join(f"{prefix}NAME" for prefix in target.open)
    return f"Write {', '.join(near)}, or one of your own as {own}." if near else f"Write one as {own}."


_CONVERSIONS = {
    Base.WHOLE: "to_int(…) or bytes(…)",
    Base.NUMBER: "to_float(…)",
    Base.TRUTH: "to_bool(…)",
    Base.MOMENT: "to_datetime(…)",
    Base.TEXT: "concat(…) or join(…)",
}


def _conversion(wanted: Kind) -> str:
    if wanted.many:
        return "Write a path with [], or unique(…)."
    return f"Write first(…) of a list, or convert it by {_CONVERSIONS.get(wanted.base, 'a function')}."
