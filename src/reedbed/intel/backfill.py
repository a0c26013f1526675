"""Pushing what is not relevant by itself, because a person wants it: chosen, counted, then written down."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from reedbed.errors import SettingsError
from reedbed.intel.prepare import admitted, decide
from reedbed.intel.relevance import Cost, cost
from reedbed.intel.terms import Terms
from reedbed.model.ledger import Change, HoldRule
from reedbed.model.platform import Platform
from reedbed.model.relevance import Ground
from reedbed.store import advisories, approvals, audit, left_out, relevant
from reedbed.store.approvals import Approval
from reedbed.store.database import Database
from reedbed.store.left_out import Selection

A_TIME = 500
"""Packages in one transaction."""


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """What a backfill of one platform would push."""

    platform: str
    packages: tuple[str, ...]  # purls
    cost: Cost


async def choose(db: Database, platform: Platform, terms: Terms, selection: Selection) -> Chosen:
    """Find the flagged packages that were left out and are meant; changes nothing."""
    found: list[str] = []
    while page := await db.read(
        left_out.page,
        platform.name,
        admitted(terms),
        selection,
        after=found[-1] if found else "",
        limit=A_TIME,
    ):
        found += page
    return Chosen(
        platform=platform.name,
        packages=tuple(found),
        cost=cost(len(found), per_second=platform.per_second),
    )


async def backfill(
    db: Database, chosen: Chosen, terms: Terms, *, selection: Selection, reason: str, by: str, now: datetime
) -> int:
    """Have the next runs push what was chosen, and no more; give the number of packages that are new in it.

    That they are many is agreed to by that, of exactly these issues. Other rules hold them as any change, and
    an un-block is never agreed to here. Each transaction is whole by itself: after a crash the same command
    does the rest.

    Raises:
        SettingsError: no reason is given.
    """
    if not reason.strip():
        raise SettingsError(
            "Nothing was backfilled",
            why="no reason is given.",
            fix="Say why with --reason: it stands in the audit log.",
        )
    detail = {
        "packages": len(chosen.packages),
        "reason": reason.strip(),
        "selection": msgspec.to_builtins(selection),
    }
    await db.write(
        audit.append, at=now, who=by, action="backfill packages", subject=chosen.platform, detail=detail
    )
    new = 0
    for start in range(0, len(chosen.packages), A_TIME):
        some = chosen.packages[start : start + A_TIME]
        new += await db.write(_want, chosen.platform, some, terms, by=by, now=now)
    return new


def _want(
    connection: Connection, platform: str, keys: Sequence[str], terms: Terms, *, by: str, now: datetime
) -> int:
    new = relevant.add(connection, platform, keys, Ground.BACKFILLED, now=now)
    changes = decide(connection, platform, keys, terms, now=now).changes
    approvals.save(
        connection, platform, [_agreed(each, by=by, at=now) for each in changes if not each.unblocks]
    )
    advisories.touch(connection, keys)
    return len(new)


def _agreed(change: Change, *, by: str, at: datetime) -> Approval:
    return Approval(
        package=str(change.flagged.package),
        fingerprint=change.fingerprint,
        action=change.action,
        rule=HoldRule.MANY_BLOCKS,
        approved_by=by,
        approved_at=at,
    )
