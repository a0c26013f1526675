"""Deciding what to change in Xray, and what a person should see first. Values in, values out."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

import msgspec

from reedbed.intel.merge import Admission, merge, with_silent_sources
from reedbed.model.advisory import Standing
from reedbed.model.ecosystem import PackageType
from reedbed.model.ledger import Action, Change, Flagged, HoldRule, Pushed
from reedbed.model.versions import EVERY, Between, Clause, Versions, holds, without

Fingerprint = Callable[[Flagged], str]
"""Names the custom issue that a flagged package would become; equal issues have equal names."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one run may do unasked."""

    allow_list: tuple[str, ...] = ()  # purls, `*` allowed: never blocked before a person has agreed
    blocks: int = 500  # new or wider blocks in one run
    unblocks: int = 50  # packages freed, wholly or in part, in one run
    ask_in_use: bool = True  # whether an interval waits for a person where people use what it blocks
    downloads: int = 1  # of a release, from which on its package counts as in use


class Use(msgspec.Struct, frozen=True):
    """A release that Artifactory holds, and how often people fetched it there."""

    version: str | None  # None: the file's name does not tell
    downloads: int


def change(
    standings: Sequence[Standing],
    pushed: Pushed | None,
    *,
    admission: Admission,
    fingerprint: Fingerprint,
    exempt: Sequence[str | None] = (),
) -> Change | None:
    """Compare what is said of one package with what was pushed; None where nothing is to be done.

    Nothing un-flags a package but its sources: each record that the pushed issue was made from must
    have been withdrawn, downgraded or restated; or a person, who un-blocks versions (`exempt`; None: all
    of them) for a while. Once a change is carried out, the next is None.
    """
    wanted = merge(standings, admission)
    if pushed is not None:
        wanted = with_silent_sources(wanted, pushed, standings)
    wanted = exempted(wanted, exempt)
    if pushed is None:
        return _create(wanted, fingerprint(wanted)) if wanted else None
    if wanted is None:
        return Change(
            action=Action.DELETE, flagged=pushed.flagged, fingerprint=pushed.fingerprint, unblocks=True
        )
    print_of_wanted = fingerprint(wanted)
    if print_of_wanted == pushed.fingerprint:
        return None
    return Change(
        action=Action.UPDATE,
        flagged=wanted,
        fingerprint=print_of_wanted,
        unblocks=_frees(pushed.flagged.versions, wanted.versions, wanted.package.type),
    )


def exempted(wanted: Flagged | None, exempt: Sequence[str | None]) -> Flagged | None:
    """Take out what a person has un-blocked; None: nothing is left to block."""
    for released in exempt:
        if wanted is None or released is None:
            return None
        left = without(wanted.versions, released, wanted.package.type)
        wanted = msgspec.structs.replace(wanted, versions=left) if left else None
    return wanted


def _create(wanted: Flagged, fingerprint: str) -> Change:
    return Change(action=Action.CREATE, flagged=wanted, fingerprint=fingerprint, unblocks=False)


def _frees(before: Versions, after: Versions, package_type: PackageType) -> bool:
    return not all(_covered(clause, after, package_type) for clause in before.clauses)


def _covered(clause: Clause, by: Versions, package_type: PackageType) -> bool:
    if clause in by.clauses or EVERY in by.clauses:
        return True
    return not isinstance(clause, Between) and bool(holds(by, clause.version, package_type))


class Tally(msgspec.Struct, frozen=True):
    """How many changes a run plans in each direction; those that a person released do not count."""

    blocks: int = 0
    unblocks: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.blocks + other.blocks, self.unblocks + other.unblocks)


def tally(changes: Iterable[Change], released: Mapping[str, Collection[HoldRule]]) -> Tally:
    """Count the changes of a run; `released` maps a package (its purl) to the rules a person waived."""
    blocks = unblocks = 0
    for each in changes:
        waived = released.get(str(each.flagged.package), ())
        if each.unblocks:
            unblocks += HoldRule.MANY_UNBLOCKS not in waived
        else:
            blocks += HoldRule.MANY_BLOCKS not in waived
    return Tally(blocks, unblocks)


def too_many(counted: Tally, limits: Limits) -> frozenset[HoldRule]:
    """Say which directions of a run must wait for a person, each as a whole.

    A feed gone mad would otherwise get its first few hundred wrongs through; one emptied by an
    attacker, its first few hundred un-blocks.
    """
    rules = set()
    if counted.blocks > limits.blocks:
        rules.add(HoldRule.MANY_BLOCKS)
    if counted.unblocks > limits.unblocks:
        rules.add(HoldRule.MANY_UNBLOCKS)
    return frozenset(rules)


def on_allow_list(each: Change, limits: Limits) -> bool:
    """Say whether a change would block a package that the operator wants to be asked about."""
    package = str(each.flagged.package)
    return each.action is not Action.DELETE and any(fnmatchcase(package, p) for p in limits.allow_list)


def needs_screening(each: Change, limits: Limits) -> bool:
    """Say whether a change blocks releases that no source has named: then it matters who uses them."""
    return limits.ask_in_use and each.action is not Action.DELETE and each.flagged.versions.wide


def in_use(each: Change, uses: Iterable[Use], limits: Limits) -> bool:
    """Say whether people download releases that only an interval, and no source by name, condemns.

    A release whose version or order is not known counts as condemned: then a person should look.
    """
    wide = [clause for clause in each.flagged.versions.clauses if isinstance(clause, Between)]
    if not wide:
        return False
    span, package_type = Versions(tuple(wide)), each.flagged.package.type
    return any(
        release.downloads >= limits.downloads
        and (release.version is None or holds(span, release.version, package_type) is not False)
        for release in uses
    )


LONGEST_WAIT_S = 3600.0


def wait_s(attempts: int, *, asked_s: float | None, chance: float) -> float:
    """Say how long a change waits that has failed `attempts` times: doubling from 5 s to an hour.

    `chance` in [0, 1) spreads changes that failed together over half of that time. What the other side
    asked for (Retry-After) is waited at least.
    """
    grown = min(5.0 * 2.0 ** min(attempts - 1, 20), LONGEST_WAIT_S)
    return max(grown * (0.5 + chance / 2), asked_s or 0.0)
