"""Comparing the ledger with what Xray really holds. Nothing is written to Xray."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime
from enum import StrEnum

import msgspec

from reedbed.errors import ReedbedError
from reedbed.intel.terms import Terms
from reedbed.jfrog.custom_issue import custom_issue
from reedbed.jfrog.proof import same
from reedbed.jfrog.xray import Xray
from reedbed.model.ledger import Pushed
from reedbed.store import ledger
from reedbed.store.database import Database

A_TIME = 500


class Finding(StrEnum):
    AS_WRITTEN = "as-written"
    MISSING = "missing"  # somebody deleted it, or Xray lost it
    DIFFERENT = "different"  # somebody else writes it
    NOT_KNOWN = "not-known"  # Xray did not answer


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """One issue of the ledger and what Xray shows of it."""

    package: str
    issue_id: str
    finding: Finding
    detail: str = ""


async def verify(
    db: Database,
    xray: Xray,
    platform: str,
    terms: Terms,
    *,
    concurrency: int,
    now: Callable[[], datetime],
    told: Callable[[Verified], None],
) -> None:
    """Read every issue of the ledger back, and tell of each; one request an issue."""
    last = ""
    while page := await db.read(ledger.page, platform, after=last, limit=A_TIME):
        todo = iter(page)

        async def work_off(todo: Iterator[Pushed] = todo) -> None:
            for pushed in todo:
                told(await _one(db, xray, platform, pushed, terms=terms, now=now))

        async with asyncio.TaskGroup() as group:
            for _ in range(concurrency):
                group.create_task(work_off())
        last = str(page[-1].flagged.package)


async def _one(
    db: Database,
    xray: Xray,
    platform: str,
    pushed: Pushed,
    *,
    terms: Terms,
    now: Callable[[], datetime],
) -> Verified:
    package = str(pushed.flagged.package)

    def found(finding: Finding, detail: str = "") -> Verified:
        return Verified(package=package, issue_id=pushed.issue_id, finding=finding, detail=detail)

    try:
        echo = await xray.issue(pushed.issue_id)
    except ReedbedError as error:
        return found(Finding.NOT_KNOWN, error.why)
    if echo is None:
        return found(Finding.MISSING)
    if differences := same(custom_issue(pushed.flagged, terms.style), echo):
        return found(Finding.DIFFERENT, "; ".join(differences))
    await db.write(ledger.mark_verified, platform, package, at=now(), malicious=echo.malicious_package)
    return found(Finding.AS_WRITTEN)
