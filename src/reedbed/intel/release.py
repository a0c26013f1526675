"""Letting held changes go, on a person's word."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection

from reedbed.model.ledger import HoldRule
from reedbed.store import audit, outbox
from reedbed.store.database import Database

A_TIME = 500


async def release(
    db: Database,
    platform: str,
    packages: Collection[str] | None,
    *,
    rules: Collection[HoldRule] | None,
    by: str,
    now: datetime,
) -> list[str]:
    """Approve changes that are held now, and note who did; give the packages (purls) that are due by that.

    `packages` None means every held change; `rules` None means whatever holds them.
    """
    if packages is not None:
        return await db.write(_release, platform, sorted(packages), rules=rules, by=by, now=now)
    released: list[str] = []
    last = ""
    while page := await db.read(outbox.page, platform, held=True, after=last, limit=A_TIME):
        keys = [each.package for each in page]
        released += await db.write(_release, platform, keys, rules=rules, by=by, now=now)
        last = keys[-1]
    return released


def _release(
    connection: Connection,
    platform: str,
    keys: Collection[str],
    *,
    rules: Collection[HoldRule] | None,
    by: str,
    now: datetime,
) -> list[str]:
    released = outbox.release(connection, platform, keys, rules=rules, by=by, now=now)
    for package in released:
        detail = {"platform": platform, "rules": sorted(rules) if rules else "all"}
        audit.append(connection, who=by, action="release change", subject=package, detail=detail, at=now)
    return released
