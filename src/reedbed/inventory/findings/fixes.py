"""Which upgrade removes most: “upgrade openssl to 3.0.8 removes 40 findings in 12 images”. Pure.

A version mends a finding if it is one of those that its advisory names, or later on the same release line.
Where an ecosystem's order is not known here, only exactly the named versions count.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Any

import msgspec

from reedbed.model.ecosystem import RULES, PackageType

_NUMBERS = re.compile(r"\d+")


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Occurrences that one decision is about: a component in one version, mended in the same versions."""

    component: str  # the purl without a version
    package_type: str
    version: str  # that is installed; "" where it is not known
    fixed_versions: tuple[str, ...]
    occurrences: int


class Upgrade(msgspec.Struct, frozen=True, kw_only=True):
    """An upgrade, and the groups that it mends: (installed version, versions that mend)."""

    component: str
    package_type: str
    to: str
    order_known: bool
    mends: tuple[tuple[str, tuple[str, ...]], ...]


def upgrades(groups: Iterable[Group]) -> list[Upgrade]:
    """Say which upgrades there are. `groups` are sorted by component; one without a fix gives none."""
    return [
        upgrade
        for _, some in groupby(groups, key=lambda group: group.component)
        for upgrade in _of_component([group for group in some if group.fixed_versions])
    ]


def _of_component(groups: Sequence[Group]) -> list[Upgrade]:
    """For each installed version the upgrade that mends most; those to the same version are one."""
    found: dict[tuple[str, bool], list[tuple[str, tuple[str, ...]]]] = {}
    by_version = sorted(groups, key=lambda group: (group.version, group.fixed_versions))
    for _, some in groupby(by_version, key=lambda group: group.version):
        for to, known, mended in _targets(list(some)):
            found.setdefault((to, known), []).extend((each.version, each.fixed_versions) for each in mended)
    return [
        Upgrade(
            component=groups[0].component,
            package_type=groups[0].package_type,
            to=to,
            order_known=known,
            mends=tuple(mends),
        )
        for (to, known), mends in found.items()
    ]


def _targets(groups: Sequence[Group]) -> list[tuple[str, bool, list[Group]]]:
    offered, installed = _all_fixes(groups), groups[0].version
    order = order_of(groups[0].package_type, [installed, *offered])
    if order is None:
        return [(to, False, [each for each in groups if to in each.fixed_versions]) for to in offered]
    best: tuple[int, str, list[Group]] | None = None
    for to in sorted(offered, key=order):
        if installed and order(to) <= order(installed):
            continue  # never a downgrade
        mended = [each for each in groups if mends(to, each.fixed_versions, order)]
        many = sum(each.occurrences for each in mended)
        if best is None or many > best[0]:  # of equal ones the lowest
            best = (many, to, mended)
    return [(best[1], True, best[2])] if best else []


def _all_fixes(groups: Iterable[Group]) -> list[str]:
    return sorted({version for group in groups for version in group.fixed_versions})


def order_of(package_type: str, versions: Iterable[str]) -> Callable[[str], Any] | None:
    """Give the order of an ecosystem's versions; None: it is not known, or one of these can't be read."""
    try:
        order = RULES[PackageType(package_type)].order
        for version in versions:
            if order and version:
                order(version)
    except (ValueError, KeyError):
        return None
    return order


def mends(to: str, fixed: Sequence[str], order: Callable[[str], Any]) -> bool:
    """Say whether a version mends what is fixed in some, each the first good one of its release line.

    1.3.0 mends what is fixed in 1.2.5 and 2.0.1, but not what is fixed in 1.2.5 and 1.3.2.
    """
    lines = sorted(fixed, key=order)
    before = [each for each in lines if order(each) <= order(to)]
    behind = [each for each in lines if order(each) > order(to)]
    if not before or not behind:
        return bool(before)
    return order(before[-1]) == order(to) or _alike(to, before[-1]) > _alike(to, behind[0])


def _alike(one: str, other: str) -> int:
    """Count the numbers from the first on that two versions share: how near their release lines are."""
    pairs = zip(_NUMBERS.findall(one), _NUMBERS.findall(other), strict=False)
    count = 0
    for a, b in pairs:
        if int(a[:18]) != int(b[:18]):
            break
        count += 1
    return count
