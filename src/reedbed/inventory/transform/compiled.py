"""A map ready to run: its rows as closures, parted by what they read.

Rows of an asset are made once an asset. Of a finding, rows that read only the advisory's text
(`records.TEXT`) are the same in every image, and are made once a text (`text`); the rest is made for each
finding (`finding`).
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from reedbed.inventory.transform import values
from reedbed.inventory.transform.bounds import bounded
from reedbed.inventory.transform.checking import Checked, checked
from reedbed.inventory.transform.document import Document, Otherwise, read_document
from reedbed.inventory.transform.evaluating import Read
from reedbed.inventory.transform.fault import MapInvalid, Problem
from reedbed.inventory.transform.kinds import Test
from reedbed.inventory.transform.source import SOURCES, SourceModel
from reedbed.inventory.transform.target import TARGETS, TargetModel, of_finding
from reedbed.model.records import ScanRecord, VulnerabilityRecord

Values = dict[str, Any]
"""Target path → value; only what has one."""

Report = Callable[[Problem], None]

FAILURES = (ValueError, TypeError, OverflowError, RecursionError)
"""What a function may raise at a value that it was not made for; everything else is a bug of ours."""


class Mapped(msgspec.Struct, frozen=True, kw_only=True):
    """What a map makes of one record."""

    asset: Values
    findings: tuple[Values, ...] = ()  # side by side with `vulnerabilities`
    problems: tuple[Problem, ...] = ()


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """How often a row failed, and how it did first."""

    problem: Problem
    times: int


class Problems:
    """What rows could not do, counted by row: a platform's worth of failures is as short as a map."""

    def __init__(self) -> None:
        self._first: dict[int, Problem] = {}
        self._times: Counter[int] = Counter()

    def add(self, problem: Problem) -> None:
        self._first.setdefault(problem.row, problem)
        self._times[problem.row] += 1

    def take(self) -> list[Tally]:
        """Give what came up since the last call, by row."""
        first, times = self._first, self._times
        self._first, self._times = {}, Counter()
        return [Tally(problem=first[row], times=times[row]) for row in sorted(first)]


class _Ready(msgspec.Struct, frozen=True, kw_only=True):
    """A row that is ready to run."""

    number: int
    target: str
    read: Read
    test: Test | None  # None: the value can't be of another kind
    aligned: bool  # a list beside other lists: what is missing in it keeps its place
    required: bool
    on_missing: Otherwise
    on_error: Otherwise
    default: Any


class TransformMap:
    """A compiled map. It keeps the count of its `problems`, and what it made of the last image."""

    def __init__(self, document: Document, rows: Sequence[Checked]) -> None:
        self.document = document
        self.source: SourceModel = SOURCES[document.source]
        self.target: TargetModel = TARGETS[document.target]
        self.given = {row.target: row.given for row in rows if row.given}
        """Target paths whose value Reedbed fills in when a finding is shown, by what it is."""
        self.reads = frozenset().union(*(row.made.paths for row in rows))
        """The source paths that are read."""
        self.required = frozenset(row.target for row in rows if row.required)
        self.problems = Problems()
        running = [row for row in rows if not row.given]
        self._asset = [_ready(row) for row in running if not of_finding(row.target)]
        self._text = [_ready(row) for row in running if of_finding(row.target) and _of_text(row)]
        own = [row for row in running if of_finding(row.target) and not _of_text(row)]
        self.everywhere = frozenset(row.number for row in rows if not _differs(row))
        """The rows that make the same of a finding in every image."""
        self._of_image = [_ready(row) for row in own if not row.made.of_one]
        self._of_both = [_ready(row) for row in own if row.made.of_one and row.made.of_record]
        self._finding = [_ready(row) for row in own if not row.made.of_record]
        self._last: tuple[object, Values] = (None, {})

    def asset(self, record: msgspec.Struct, *, report: Report | None = None) -> Values:
        """Make what is said of the asset. `record` is of the source model."""
        return _run(self._asset, record, None, report or self.problems.add)

    def text(self, one: VulnerabilityRecord, *, report: Report | None = None) -> Values:
        """Make the part of a finding that is its advisory's, and the same in every image."""
        return _run(self._text, None, one, report or self.problems.add)

    def finding(
        self, one: VulnerabilityRecord, record: ScanRecord | None = None, *, report: Report | None = None
    ) -> Values:
        """Make the rest of a finding; with a record also what its rows read of that image.

        A finding may stand in several images: what is said of it in all of them reads none.
        """
        report = report or self.problems.add
        made = _run(self._finding, None, one, report)
        if record is None:
            return made
        return made | self._said_of_image(record, report) | _run(self._of_both, record, one, report)

    def _said_of_image(self, record: ScanRecord, report: Report) -> Values:
        """Make what a finding says of its image alone: once an image, not once a finding."""
        last, made = self._last
        if last is not record:
            made = _run(self._of_image, record, None, report)
            self._last = (record, made)
        return made

    def apply(self, record: msgspec.Struct) -> Mapped:
        """Make everything of one record. It raises nothing, whatever is in the record."""
        problems: list[Problem] = []
        asset = self.asset(record, report=problems.append)
        findings: list[Values] = []
        if isinstance(record, ScanRecord):
            for one in record.vulnerabilities:
                shared = self.text(one, report=problems.append)
                findings.append(shared | self.finding(one, record, report=problems.append))
        return Mapped(asset=asset, findings=tuple(findings), problems=tuple(problems))


def compile_map(text: str | Document) -> TransformMap:
    """Read, check and compile a map.

    Raises:
        MapInvalid: it can't be used; it names every fault with its row and what to do.
    """
    document = read_document(text) if isinstance(text, str) else text
    rows, faults = checked(document)
    if faults:
        raise MapInvalid(document.name, faults)
    return TransformMap(document, rows)


def _of_text(row: Checked) -> bool:
    return row.made.shared and not row.made.of_record


def _differs(row: Checked) -> bool:
    return of_finding(row.target) and (row.made.of_record or any(map(_of_places, row.made.paths)))


def _of_places(path: str) -> bool:
    return path.startswith(("vulnerabilities[].found", "vulnerabilities[].impact_path"))


def _ready(row: Checked) -> _Ready:
    return _Ready(
        number=row.number,
        target=row.target,
        read=row.made.read,
        test=row.test,
        aligned="[]." in row.target.removeprefix("findingGroup.findings[]."),
        required=row.required,
        on_missing=row.row.on_missing,
        on_error=row.row.on_error,
        default=row.row.default,
    )


def _run(rows: Sequence[_Ready], record: Any, one: Any, report: Report) -> Values:
    made: Values = {}
    for row in rows:
        otherwise = row.on_missing
        try:
            value = _value(row, record, one)
        except FAILURES as error:
            report(Problem(row=row.number, target=row.target, what=str(error)[:200]))
            value, otherwise = None, row.on_error
        if value is None:
            if otherwise is Otherwise.DEFAULT:
                value = row.default
            elif row.required:
                report(Problem(row=row.number, target=row.target, what="it is required, and has no value"))
            if otherwise is Otherwise.OMIT:
                continue
        kept, cut = bounded(value)
        if cut:
            report(Problem(row=row.number, target=row.target, what="the value is too large, and was cut"))
        made[row.target] = kept
    return made


def _value(row: _Ready, record: Any, one: Any) -> Any:
    """Make a row's value; None where there is none."""
    value = row.read(record, one)
    if isinstance(value, list):
        present = [each for each in value if each is not None]
        value = value if row.aligned and present else present
    if values.empty(value):
        return None
    if row.test is not None and not row.test(value):
        raise values.Unfit(f"{values.shown(value)} is not what {row.target} takes")
    return value
