"""Comparing the ledger with what Xray really holds, mending what differs, and rebuilding a lost ledger.

Xray has no list of custom issues. What makes a rebuild possible is that an issue's id follows from its
package's name: every package that a feed ever spoke of is asked for by it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

import msgspec
from sqlalchemy import Connection

from reedbed.errors import ReedbedError
from reedbed.intel.merge import Admission, merge
from reedbed.intel.push import Target
from reedbed.jfrog.custom_issue import custom_issue, enforceable, issue_id
from reedbed.jfrog.proof import same
from reedbed.model.advisory import Standing
from reedbed.model.ledger import Flagged, Pushed
from reedbed.store import advisories, ledger
from reedbed.store.database import Database

T = TypeVar("T")

A_TIME = 500

AS_FOUND = "found"
"""The fingerprint of what a rebuild found: like none that a plan could want."""


class Agreement(StrEnum):
    """How Xray and the ledger stand to each other about one issue."""

    AS_WRITTEN = "as-written"
    MISSING = "missing"  # somebody deleted it, or Xray lost it
    DIFFERENT = "different"  # somebody else writes it
    REPAIRED = "repaired"  # it was missing or different, and is as written now
    FOUND = "found"  # Xray has it and the ledger had not; now it has
    NOT_KNOWN = "not-known"  # Xray did not answer


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """One issue, and what was seen of it."""

    package: str
    issue_id: str
    agreement: Agreement
    detail: str = ""


class Verifier:
    """Looks at the issues of one platform, several at a time, and tells of each."""

    def __init__(
        self, db: Database, target: Target, *, now: Callable[[], datetime], told: Callable[[Verified], None]
    ) -> None:
        self._db = db
        self._target = target
        self._now = now
        self._told = told

    async def verify(self, *, repair: bool = False) -> None:
        """Read every issue of the ledger back, one request each; where asked, write again what differs.

        What a rebuild found is left as it is: only a run knows what is still said of it.
        """
        last = ""
        while page := await self._db.read(ledger.page, self._target.platform, after=last, limit=A_TIME):
            await self._each(page, lambda pushed: self._compare(pushed, repair=repair))
            last = str(page[-1].flagged.package)

    async def rebuild(self) -> None:
        """Ask Xray for the issue of every package that feeds spoke of and that the ledger does not know.

        What is found goes into the ledger, and the next run looks at it: it takes over what still is said,
        and deletes what was taken back meanwhile. One request a package.
        """
        last = ""
        while keys := await self._db.read(
            advisories.changed_packages, after_revision=0, after_key=last, limit=A_TIME
        ):
            unknown = await self._db.read(_unknown, self._target.platform, keys)
            await self._each(unknown, self._look_for)
            last = keys[-1]

    async def _each(self, items: Sequence[T], look: Callable[[T], Awaitable[Verified | None]]) -> None:
        """Look at several at once, and tell of each in its turn, whichever was answered first."""
        todo = enumerate(items)
        waiting: dict[int, Verified | None] = {}
        turn = 0

        async def work_off() -> None:
            nonlocal turn
            for place, item in todo:
                waiting[place] = await look(item)
                while turn in waiting:
                    if seen := waiting.pop(turn):
                        self._told(seen)
                    turn += 1

        async with asyncio.TaskGroup() as group:
            for _ in range(self._target.concurrency):
                group.create_task(work_off())

    async def _compare(self, pushed: Pushed, *, repair: bool) -> Verified | None:
        issue = custom_issue(pushed.flagged, self._target.style)
        try:
            echo = await self._target.xray.issue(pushed.issue_id)
            differences = [] if echo is None else same(issue, echo)
            if echo is not None and not differences:
                return await self._confirmed(pushed, Agreement.AS_WRITTEN, echo.malicious_package)
            if await self._has_changed(pushed):
                return None
            if repair and pushed.fingerprint != AS_FOUND:
                proof = await self._target.xray.put(issue)
                return await self._confirmed(pushed, Agreement.REPAIRED, proof.malicious)
        except ReedbedError as error:
            return _seen(pushed.flagged, Agreement.NOT_KNOWN, error.why)
        agreement = Agreement.MISSING if echo is None else Agreement.DIFFERENT
        return _seen(pushed.flagged, agreement, "; ".join(differences))

    async def _has_changed(self, pushed: Pushed) -> bool:
        """Whether a run has written or deleted the issue since its page of the ledger was read."""
        package = str(pushed.flagged.package)
        now = await self._db.read(ledger.of_packages, self._target.platform, [package])
        return package not in now or now[package].fingerprint != pushed.fingerprint

    async def _confirmed(self, pushed: Pushed, agreement: Agreement, malicious: bool | None) -> Verified:
        platform, package = self._target.platform, str(pushed.flagged.package)
        await self._db.write(ledger.mark_verified, platform, package, at=self._now(), malicious=malicious)
        return _seen(pushed.flagged, agreement)

    async def _look_for(self, flagged: Flagged) -> Verified | None:
        try:
            echo = await self._target.xray.issue(issue_id(flagged.package))
        except ReedbedError as error:
            return _seen(flagged, Agreement.NOT_KNOWN, error.why)
        if echo is None:
            return None
        pushed = Pushed(
            flagged=flagged,
            issue_id=issue_id(flagged.package),
            fingerprint=AS_FOUND,
            pushed_at=self._now(),
            verified_at=None,
        )
        await self._db.write(_take_in, self._target.platform, pushed)
        return _seen(flagged, Agreement.FOUND)


def _take_in(connection: Connection, platform: str, found: Pushed) -> None:
    """Record an issue that the ledger had lost, and have the next plan look at its package."""
    ledger.record(connection, platform, found)
    advisories.touch(connection, [str(found.flagged.package)])


def _unknown(connection: Connection, platform: str, keys: Sequence[str]) -> list[Flagged]:
    """Give the packages that the ledger has nothing of, as everybody together ever flagged them."""
    known = ledger.of_packages(connection, platform, keys)
    spoken_of = advisories.standings(connection, [key for key in keys if key not in known])
    flagged = (_ever_flagged(standings) for standings in spoken_of.values())
    return [each for each in flagged if each and enforceable(each.package.type)]


def _ever_flagged(standings: Sequence[Standing]) -> Flagged | None:
    feeds = frozenset(standing.advisory.feed for standing in standings)
    everything = Admission(suspicious=feeds, automated=feeds)
    return merge([Standing(standing.advisory) for standing in standings], everything)


def _seen(flagged: Flagged, agreement: Agreement, detail: str = "") -> Verified:
    return Verified(
        package=str(flagged.package),
        issue_id=issue_id(flagged.package),
        agreement=agreement,
        detail=detail,
    )
