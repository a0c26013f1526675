"""What a map makes of records before it is used: beside what another makes of them. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from reedbed.inventory.transform import values
from reedbed.inventory.transform.compiled import Mapped, Problems, Tally, TransformMap, Values
from reedbed.inventory.transform.expression import parse_path
from reedbed.inventory.transform.source import find, paths
from reedbed.inventory.transform.target import of_finding
from reedbed.model.records import ScanRecord

Named = tuple[str, msgspec.Struct]
"""A record and its native name."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A target that has another value than before."""

    native: str
    finding: str = ""  # the vulnerability and its component; "": the asset's
    target: str
    before: Any = None
    after: Any = None


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a trial."""

    records: int
    findings: int
    made: tuple[tuple[str, Mapped], ...]  # by native name
    differences: tuple[Difference, ...]  # from the map before; empty without one
    unread: tuple[str, ...]  # source paths that have values here, and that no row reads
    empty: dict[str, int]  # required targets without a value: how often
    problems: tuple[Tally, ...]


def preview(after: TransformMap, records: Sequence[Named], *, before: TransformMap | None = None) -> Preview:
    """Try a map on records, which are of its source model."""
    made = [(native, after.apply(record)) for native, record in records]
    old = [before.apply(record) for _, record in records] if before else []
    differences = [
        difference
        for (native, record), (_, new), was in zip(records, made, old, strict=bool(old))
        for difference in _differences(native, record, was, new)
    ]
    return Preview(
        records=len(records),
        findings=sum(len(each.findings) for _, each in made),
        made=tuple(made),
        differences=tuple(differences),
        unread=tuple(unread(after, [record for _, record in records])),
        empty=_empty(after, [each for _, each in made]),
        problems=tuple(_tallied(each for _, each in made)),
    )


def unread(transform: TransformMap, records: Sequence[msgspec.Struct]) -> list[str]:
    """List the source paths that have a value in some record, and that no row reads."""
    read = {each.replace("[]", "") for each in transform.reads}
    open_paths = [path for path in paths(transform.source) if not _covered(path.replace("[]", ""), read)]
    return [path for path in open_paths if any(_has(transform, path, record) for record in records)]


def _covered(path: str, read: set[str]) -> bool:
    return any(path == one or path.startswith(f"{one}.") or one.startswith(f"{path}.") for one in read)


def _has(transform: TransformMap, path: str, record: msgspec.Struct) -> bool:
    found = find(transform.source, parse_path(path))
    if not found.repeated:
        return bool(values.flat([found.read(record)]))
    each = record.vulnerabilities if isinstance(record, ScanRecord) else ()
    return any(values.flat([found.read(one)]) for one in each)


def _empty(transform: TransformMap, made: Sequence[Mapped]) -> dict[str, int]:
    lacking: Counter[str] = Counter()
    for target in transform.required - transform.given.keys():
        of_each = (
            [f for each in made for f in each.findings] if of_finding(target) else [m.asset for m in made]
        )
        lacking[target] = sum(values.empty(one.get(target)) for one in of_each)
    return {target: times for target, times in sorted(lacking.items()) if times}


def _tallied(made: Iterable[Mapped]) -> list[Tally]:
    problems = Problems()
    for each in made:
        for problem in each.problems:
            problems.add(problem)
    return problems.take()


def _differences(native: str, record: msgspec.Struct, was: Mapped, new: Mapped) -> Iterator[Difference]:
    yield from _between(native, "", was.asset, new.asset)
    found = record.vulnerabilities if isinstance(record, ScanRecord) else ()
    for one, old, made in zip(found, was.findings, new.findings, strict=True):
        yield from _between(native, f"{one.cve or one.issue_id} in {one.component}", old, made)


def _between(native: str, finding: str, was: Values, new: Values) -> Iterator[Difference]:
    for target in dict.fromkeys([*was, *new]):
        if was.get(target) != new.get(target):
            yield Difference(
                native=native, finding=finding, target=target, before=was.get(target), after=new.get(target)
            )
