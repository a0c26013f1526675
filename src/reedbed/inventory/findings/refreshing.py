"""Importing EPSS and KEV again and again, as the settings say; and how that went. Acts."""

from collections.abc import Callable
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from reedbed.inventory.findings.enrich import EPSS, Given, import_epss, import_kev
from reedbed.inventory.findings.enrich_settings import Enrich
from reedbed.inventory.findings.score import Weights
from reedbed.inventory.findings.scoring import rescore
from reedbed.jobs import Counts
from reedbed.store import runs
from reedbed.store.database import Database
from reedbed.store.inventory import enrichment
from reedbed.store.runs import Fault, State

FLOW = "enrich"


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What there is of one source, and how the daemon's imports of it go."""

    name: str  # "epss", "kev:cisa"
    origin: str = ""
    as_of: str = ""  # the day that it says it is of; "" while nothing was imported
    count: int = 0
    imported_at: datetime | None = None
    asked_at: datetime | None = None  # when the daemon last asked and was answered, whether or not it was new
    failed: Fault | None = None  # why its newest import failed; what was there before stays


def wanted(settings: Enrich) -> dict[str, str]:
    """Name what the daemon imports, and from where."""
    all_ = {EPSS: settings.epss_url, f"kev:{settings.kev_source}": settings.kev_url}
    return {name: origin for name, origin in all_.items() if origin}


def feed_of(name: str) -> str:
    """Name a source as jobs do, whose names have no colon."""
    return name.replace(":", ".")


async def refresh(
    db: Database, name: str, settings: Enrich, weights: Weights, *, now: Callable[[], datetime]
) -> Counts:
    """Import one source anew, and score findings where it changed.

    Raises:
        Unreadable, Unreachable, Refused, SettingsError: it can't be had, or is not whole; nothing changed.
    """
    given = Given(origin=wanted(settings)[name], ca_file=settings.ca_file)
    if name == EPSS:
        done = await import_epss(db, given, now=now)
    else:
        done = await import_kev(db, given, source=name.partition(":")[2], now=now)
    counts = {"entries": done.count, "changed": int(done.changed), "findings": done.findings}
    if done.changed:
        rescored = await rescore(db, weights)
        counts |= {"rescored": rescored.findings}
    return counts


def standing(connection: Connection, settings: Enrich, *, now: datetime) -> list[Standing]:
    """Say how each source stands that was imported, or that the settings name."""
    imported = {each.name: each for each in enrichment.list_all(connection)}
    succeeded = {
        feed: at for (flow, _, feed), at in runs.last_success(connection, now=now).items() if flow == FLOW
    }
    faults = _faults(connection)
    found = []
    for name in sorted({*imported, *wanted(settings)}):
        last, feed = imported.get(name), feed_of(name)
        found.append(
            Standing(
                name=name,
                origin=last.origin if last else wanted(settings)[name],
                as_of=last.as_of if last else "",
                count=last.count if last else 0,
                imported_at=last.imported_at if last else None,
                asked_at=succeeded.get(feed),
                failed=faults.get(feed),
            )
        )
    return found


def _faults(connection: Connection) -> dict[str, Fault]:
    """Give why the newest run of each source failed, where it did."""
    ended = [each for each in runs.recent(connection, flow=FLOW, limit=50) if each.state is not State.RUNNING]
    newest = {each.feed: each for each in reversed(ended)}
    return {feed: run.error for feed, run in newest.items() if feed and run.error}
