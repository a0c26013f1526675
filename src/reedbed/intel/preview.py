"""What a run would change, said without changing anything."""

from datetime import datetime

import msgspec

from reedbed.intel.plan import Tally, on_allow_list, tally, too_many
from reedbed.intel.prepare import pages
from reedbed.intel.push import Target
from reedbed.intel.screen import in_use_now
from reedbed.intel.terms import Terms
from reedbed.jfrog.custom_issue import component_ids, issue_id, vulnerable_versions
from reedbed.model.ledger import Action, Change, HoldRule
from reedbed.store.database import Database


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """One change as it would be made."""

    package: str  # the purl
    action: Action
    issue_id: str
    component_ids: tuple[str, ...]
    vulnerable_versions: tuple[str, ...]
    sources: tuple[str, ...]  # feed: record
    held: tuple[HoldRule, ...]  # why it would wait for a person


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """A run on one platform."""

    platform: str
    tally: Tally  # of all changes, but for those that a person has agreed to
    changes: tuple[Planned, ...]  # the first of them
    more: int  # that are not in `changes`
    left_out: int  # flagged packages among those looked at that do not matter to the platform

    @property
    def held(self) -> int:
        """How many of the shown changes would wait."""
        return sum(bool(change.held) for change in self.changes)


async def preview(
    db: Database, target: Target, terms: Terms, *, now: datetime, full: bool, limit: int
) -> Preview:
    """Plan as a run would, and ask Artifactory as a run would; write nothing.

    Raises:
        Unreachable, Refused, Unreadable: Artifactory could not be asked what people use.
    """
    shown: list[tuple[Change, frozenset[HoldRule]]] = []
    counted, total, left_out = Tally(), 0, 0
    async for page in pages(db, target.platform, terms, now=now, full=full):
        counted += tally(page.changes, page.waived)
        total += len(page.changes)
        left_out += page.left_out
        room = page.changes[: limit - len(shown)]
        shown += [(each, frozenset(page.waived.get(_package(each), ()))) for each in room]
    used = await in_use_now(target.artifactory, [each for each, _ in shown], terms.limits)
    whole = too_many(counted, terms.limits)
    return Preview(
        platform=target.platform,
        tally=counted,
        changes=tuple(
            _planned(each, _rules(each, whole, used, terms) - waived, terms) for each, waived in shown
        ),
        more=total - len(shown),
        left_out=left_out,
    )


def _rules(each: Change, whole: frozenset[HoldRule], used: set[str], terms: Terms) -> frozenset[HoldRule]:
    direction = HoldRule.MANY_UNBLOCKS if each.unblocks else HoldRule.MANY_BLOCKS
    found = {
        direction: direction in whole,
        HoldRule.ALLOW_LIST: on_allow_list(each, terms.limits),
        HoldRule.IN_USE: _package(each) in used,
    }
    return frozenset(rule for rule, holds in found.items() if holds)


def _planned(each: Change, held: frozenset[HoldRule], terms: Terms) -> Planned:
    flagged = each.flagged
    return Planned(
        package=_package(each),
        action=each.action,
        issue_id=issue_id(flagged.package),
        component_ids=component_ids(flagged, terms.style),
        vulnerable_versions=vulnerable_versions(flagged.versions, flagged.package.type, terms.style),
        sources=tuple(f"{source.feed}: {source.id}" for source in flagged.sources),
        held=tuple(sorted(held)),
    )


def _package(each: Change) -> str:
    return str(each.flagged.package)
