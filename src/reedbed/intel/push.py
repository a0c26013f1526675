"""Carrying out what is due: Xray first, then the ledger, so a crash repeats and never forgets."""

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec
import structlog

from reedbed.errors import ReedbedError, Refused, Unreachable
from reedbed.intel.plan import LONGEST_WAIT_S, Limits, needs_screening, wait_s
from reedbed.intel.screen import in_use_now
from reedbed.jfrog.artifactory import Artifactory
from reedbed.jfrog.custom_issue import IssueStyle, custom_issue, issue_id
from reedbed.jfrog.proof import fingerprint
from reedbed.jfrog.xray import Proof, Xray
from reedbed.model.ledger import Action, Change, HoldRule, Pushed
from reedbed.model.purl import Purl
from reedbed.model.versions import Clause
from reedbed.store import approvals, ledger, outbox
from reedbed.store.database import Database
from reedbed.store.outbox import Done, Due, Failed

log = structlog.get_logger(__name__)

BATCH = 500
"""Changes leased at once: what a process that dies keeps from others for `LEASE_S`."""

LEASE_S = 120.0
SETTLED_A_TIME = 50
"""Outcomes written in one transaction: what a crash has pushed again, which changes nothing in Xray."""

EVERYBODY_GETS = frozenset({401, 403})
"""Answers that every other change would get too: the rest waits for a person instead of being tried."""


class Pushes(msgspec.Struct, frozen=True, kw_only=True):
    """What one push came to, in changes."""

    created: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0  # Xray had it so already
    held: int = 0  # people use what would be blocked
    failed: int = 0  # stays in the outbox, with its reason


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One change that went through, for whoever shows them as they come."""

    platform: str
    package: Purl
    outcome: Literal["created", "updated", "unchanged", "deleted"]
    added: tuple[Clause, ...] = ()  # what is blocked now and was not before
    issue_id: str
    status: int | None = None  # what Xray answered to the write, where one was made


Observer = Callable[[Told], None]


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """One platform to push to, and how."""

    platform: str
    xray: Xray
    artifactory: Artifactory
    style: IssueStyle
    limits: Limits
    concurrency: int
    told: Observer | None = None


async def push(
    db: Database,
    target: Target,
    *,
    owner: str,
    now: Callable[[], datetime],
    leaving: Callable[[], bool] = lambda: False,
) -> tuple[Pushes, ReedbedError | None]:
    """Carry out all that is due, a batch at a time, and give the first error, if any.

    To be called under the lease of this platform's run, so that what is leased still was a dead run's.
    Once `leaving` says so, what is under way is ended and nothing more begun; what is left stays due.
    """
    await db.write(outbox.reclaim, target.platform, now=now(), longest_wait_s=LONGEST_WAIT_S)
    counts = dict.fromkeys(Pushes.__struct_fields__, 0)
    error: ReedbedError | None = None
    while batch := await db.write(
        outbox.lease, target.platform, owner, now=now(), lease_s=LEASE_S, limit=BATCH
    ):
        pushing = _Batch(db, target, owner, now, leaving)
        try:
            await pushing.carry_out(batch)
        finally:
            await db.write(outbox.give_back, target.platform, owner)
        for name, more in pushing.counts.items():
            counts[name] += more
        error = error or pushing.error
        if pushing.pointless or leaving():
            break
    return Pushes(**counts), error


class _Batch:
    """Some leased changes: carried out several at a time, written down in groups."""

    def __init__(
        self,
        db: Database,
        target: Target,
        owner: str,
        now: Callable[[], datetime],
        leaving: Callable[[], bool],
    ) -> None:
        self._db = db
        self._target = target
        self._owner = owner
        self._now = now
        self._leaving = leaving
        self._settled: list[Done | Failed] = []
        self.counts: dict[str, int] = {}
        self.error: ReedbedError | None = None
        self.pointless = False  # an answer came that all the others would get too

    async def carry_out(self, batch: Sequence[Due]) -> None:
        todo = iter(await self._screened(batch))
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._target.concurrency):
                    group.create_task(self._work_off(todo))
        finally:
            await self._settle()

    async def _screened(self, batch: Sequence[Due]) -> Sequence[Due]:
        """Leave out what would block releases that people use; where that can't be told, try it later."""
        asked = await self._to_ask_about(batch)
        try:
            left_out = await in_use_now(
                self._target.artifactory, [due.change for due in asked], self._target.limits
            )
        except ReedbedError as error:
            self._settled += [self._failed(due, error) for due in asked]  # what names versions goes on
            left_out = {due.package for due in asked}
        else:
            await self._hold([due.change for due in asked if due.package in left_out])
        return [due for due in batch if due.package not in left_out]

    async def _to_ask_about(self, batch: Sequence[Due]) -> Sequence[Due]:
        wide = [due for due in batch if needs_screening(due.change, self._target.limits)]
        changes = [due.change for due in wide]
        waived = await self._db.read(approvals.of_changes, self._target.platform, changes)
        return [due for due in wide if HoldRule.IN_USE not in waived.get(due.package, ())]

    async def _hold(self, used: Sequence[Change]) -> None:
        platform = self._target.platform
        await self._db.write(outbox.hold, platform, self._owner, used, HoldRule.IN_USE)
        self._count("held", len(used))
        for each in used:
            package = str(each.flagged.package)
            log.warning("change_held", platform=platform, package=package, rule=HoldRule.IN_USE)

    async def _work_off(self, todo: Iterator[Due]) -> None:
        for due in todo:  # one iterator for all: each takes the next that nobody has
            outcome = await self._one(due)  # apart: another worker may settle meanwhile, into a new list
            self._settled.append(outcome)
            if len(self._settled) >= SETTLED_A_TIME:
                await self._settle()
            if self.pointless or self._leaving():
                return

    async def _one(self, due: Due) -> Done | Failed:
        try:
            if due.change.action is Action.DELETE:
                await self._remove(due)
                pushed, outcome = None, "deleted"
            else:
                pushed, outcome = await self._put(due)
        except ReedbedError as error:
            self.pointless |= isinstance(error, Refused) and error.status in EVERYBODY_GETS
            return self._failed(due, error)
        self._count(outcome)
        log.info("issue_settled", platform=self._target.platform, package=due.package, outcome=outcome)
        return Done(change=due.change, pushed=pushed)

    async def _remove(self, due: Due) -> None:
        package = due.change.flagged.package
        await self._target.xray.remove(issue_id(package))
        if self._target.told:
            self._target.told(
                Told(
                    platform=self._target.platform,
                    package=package,
                    outcome="deleted",
                    issue_id=issue_id(package),
                )
            )

    async def _put(self, due: Due) -> tuple[Pushed, str]:
        issue = custom_issue(due.change.flagged, self._target.style)
        proof = await self._target.xray.put(issue)
        await self._tell(due, proof)
        at = self._now()
        pushed = Pushed(
            flagged=due.change.flagged,
            issue_id=issue.id,
            fingerprint=fingerprint(issue),
            pushed_at=at,
            verified_at=at,
            malicious=proof.malicious,
        )
        return pushed, proof.outcome

    async def _tell(self, due: Due, proof: Proof) -> None:
        if not self._target.told:
            return
        flagged = due.change.flagged
        held = await self._db.read(ledger.of_packages, self._target.platform, [due.package])
        before = held[due.package].flagged.versions.clauses if due.package in held else ()
        self._target.told(
            Told(
                platform=self._target.platform,
                package=flagged.package,
                outcome=proof.outcome,
                added=tuple(clause for clause in flagged.versions.clauses if clause not in before),
                issue_id=proof.issue_id,
                status=proof.status,
            )
        )

    def _failed(self, due: Due, error: ReedbedError) -> Failed:
        asked_s = error.retry_after_s if isinstance(error, Unreachable) else None
        pause_s = wait_s(due.attempts + 1, asked_s=asked_s, chance=random.random())  # noqa: S311 - jitter
        self.error = self.error or error
        self._count("failed")
        log.warning("change_failed", platform=self._target.platform, package=due.package, why=error.why)
        next_attempt_at = self._now() + timedelta(seconds=pause_s)
        return Failed(change=due.change, reason=str(error), next_attempt_at=next_attempt_at)

    def _count(self, name: str, more: int = 1) -> None:
        self.counts[name] = self.counts.get(name, 0) + more

    async def _settle(self) -> None:
        settled, self._settled = self._settled, []
        if settled:
            await self._db.write(outbox.settle, self._target.platform, self._owner, settled)
