"""The tests that a map carries, run. Pure."""

from typing import Any

import msgspec

from reedbed.inventory.transform.compiled import TransformMap, Values
from reedbed.inventory.transform.document import Case
from reedbed.inventory.transform.target import of_finding


class Different(msgspec.Struct, frozen=True, kw_only=True):
    """A target that did not get what its test expects; of a finding, a list with the value of each."""

    target: str
    expected: Any
    made: Any


class Tested(msgspec.Struct, frozen=True, kw_only=True):
    """What one test came to."""

    name: str
    different: tuple[Different, ...] = ()
    unreadable: str = ""  # why its record is none

    @property
    def passed(self) -> bool:
        return not self.different and not self.unreadable


def run_tests(transform: TransformMap) -> list[Tested]:
    return [_tested(case, transform) for case in transform.document.tests]


def _tested(case: Case, transform: TransformMap) -> Tested:
    try:
        record = msgspec.convert(case.record, transform.source.record)
    except msgspec.ValidationError as error:
        return Tested(name=case.name, unreadable=str(error))
    mapped = transform.apply(record)
    different = tuple(
        Different(target=target, expected=expected, made=made)
        for target, expected in case.expect.items()
        if (made := _made(target, mapped.asset, mapped.findings)) != expected
    )
    return Tested(name=case.name, different=different)


def _made(target: str, asset: Values, findings: tuple[Values, ...]) -> Any:
    if of_finding(target):
        return [finding.get(target) for finding in findings]
    return asset.get(target)
