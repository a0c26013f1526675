"""Writing the plan into the outbox. Nothing is sent to JFrog here."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from datetime import datetime

import msgspec
import structlog
from sqlalchemy import Connection

from reedbed.intel.plan import Tally, change, on_allow_list, tally, too_many
from reedbed.intel.relevance import grounds
from reedbed.intel.terms import Terms
from reedbed.intel.unblock import end_exemptions
from reedbed.jfrog.custom_issue import enforceable
from reedbed.model.advisory import Standing
from reedbed.model.ecosystem import PackageType
from reedbed.model.ledger import Change, HoldRule, Pushed
from reedbed.model.relevance import Ground
from reedbed.store import (
    advisories,
    approvals,
    changes,
    exemptions,
    ledger,
    left_out,
    outbox,
    planned,
    planning,
    relevant,
)
from reedbed.store.database import Database
from reedbed.store.exemptions import Exemption
from reedbed.store.left_out import Admitted

log = structlog.get_logger(__name__)

PACKAGES_A_TIME = 500
"""Bounds memory, and keeps each reading short."""


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """What one plan came to."""

    tally: Tally = Tally()  # changes that nobody has agreed to before
    held: frozenset[HoldRule] = frozenset()  # directions that wait as a whole
    on_allow_list: int = 0
    packages: int = 0  # that were looked at


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Some packages of which something new was said, and the changes that this calls for."""

    packages: Sequence[str]  # purls
    changes: Sequence[Change]
    waived: Mapping[str, Collection[HoldRule]]  # purl → what a person has agreed to for just this change
    left_out: int  # flagged ones that do not matter to the platform


async def prepare(
    db: Database,
    platform: str,
    terms: Terms,
    *,
    run_id: str,
    now: Callable[[], datetime],
    full: bool = False,
) -> Prepared:
    """Plan what was said since the last plan, or everything when `full` or when the terms changed.

    All of a plan becomes due, or is held, in one transaction; after a crash it is planned again.
    """
    for ended in await db.write(end_exemptions, now=now()):
        log.warning("exemption_ended", package=ended.package, version=ended.version, made_by=ended.made_by)
    revision = await db.read(advisories.latest_revision)
    await db.write(planning.discard, platform)
    done = Prepared()
    async for page in pages(db, platform, terms, now=now(), full=full):
        await db.write(_put_down, platform, page, terms, run_id=run_id, now=now())
        done = Prepared(
            tally=done.tally + tally(page.changes, page.waived),
            on_allow_list=done.on_allow_list + sum(on_allow_list(c, terms.limits) for c in page.changes),
            packages=done.packages + len(page.packages),
        )
    done = msgspec.structs.replace(done, held=too_many(done.tally, terms.limits))
    await db.write(_commit, platform, terms, done, revision=revision, run_id=run_id, now=now())
    log.info("planned", platform=platform, run=run_id, **msgspec.structs.asdict(done.tally))
    for rule in sorted(done.held):
        log.warning("plan_held", platform=platform, rule=rule)
    return done


async def pages(
    db: Database, platform: str, terms: Terms, *, now: datetime, full: bool
) -> AsyncIterator[Page]:
    """Decide package by package, in the order of their purls. Writes nothing."""
    before = await db.read(planned.load, platform)
    anew = full or before is None or before.settings != terms.digest
    after_revision = 0 if anew or before is None else before.revision
    last = ""
    while keys := await db.read(
        advisories.changed_packages, after_revision=after_revision, after_key=last, limit=PACKAGES_A_TIME
    ):
        yield await db.read(decide, platform, keys, terms, now=now)
        last = keys[-1]


def decide(
    connection: Connection, platform: str, keys: Sequence[str], terms: Terms, *, now: datetime
) -> Page:
    """Decide about some packages (purls)."""
    standings = advisories.standings(connection, keys)
    pushed = ledger.of_packages(connection, platform, keys)
    exempt = exemptions.of_packages(connection, keys)
    ties = ties_of(connection, platform, keys, pushed)
    found: list[Change] = []
    aside = 0
    for key in keys:
        said = standings.get(key, [])
        if not said or not enforceable(said[0].advisory.package.type):
            continue
        if not grounds(said, ties[key], admission=terms.admission, relevance=terms.relevance, now=now):
            aside += any(_flags(each, terms) for each in said)
        elif each := _change(said, pushed.get(key), exempt.get(key, []), terms=terms):
            found.append(each)
    waived = approvals.of_changes(connection, platform, found)
    return Page(packages=keys, changes=found, waived=waived, left_out=aside)


def ties_of(
    connection: Connection, platform: str, keys: Sequence[str], pushed: Collection[str]
) -> dict[str, frozenset[Ground]]:
    """Say what ties a platform to each of some packages, whatever their age; `pushed` are those in Xray."""
    kept = relevant.of_packages(connection, platform, keys)
    waits = changes.waiting_by_themselves(connection, platform, keys)
    return {
        key: kept.get(key, frozenset())
        | ({Ground.PUSHED} if key in pushed else frozenset())
        | ({Ground.WAITS} if key in waits else frozenset())
        for key in keys
    }


def _flags(standing: Standing, terms: Terms) -> bool:
    return not standing.withdrawn and terms.admission.admits(standing.advisory)


def _change(
    standings: Sequence[Standing], pushed: Pushed | None, exempt: Sequence[Exemption], *, terms: Terms
) -> Change | None:
    return change(
        standings,
        pushed,
        admission=terms.admission,
        fingerprint=terms.fingerprint,
        exempt=[each.version for each in exempt],
    )


def _put_down(
    connection: Connection, platform: str, page: Page, terms: Terms, *, run_id: str, now: datetime
) -> None:
    changed = {str(c.flagged.package) for c in page.changes}
    outbox.drop(connection, platform, [key for key in page.packages if key not in changed], now=now)
    listed = [
        msgspec.structs.replace(c, held=(HoldRule.ALLOW_LIST,)) if on_allow_list(c, terms.limits) else c
        for c in page.changes
    ]
    planning.stage(connection, platform, run_id, listed, now=now)


def _commit(
    connection: Connection,
    platform: str,
    terms: Terms,
    done: Prepared,
    *,
    revision: int,
    run_id: str,
    now: datetime,
) -> None:
    planning.commit(connection, platform, run_id, holds=done.held)
    planned.save(
        connection,
        platform,
        revision=revision,
        settings=terms.digest,
        left_out=_left_out(connection, platform, terms) if done.packages else None,
        now=now,
    )


def _left_out(connection: Connection, platform: str, terms: Terms) -> int:
    """Count, which takes some tenths of a second with the whole public backlog."""
    return left_out.count(connection, platform, admitted(terms)) if terms.relevance.window_days else 0


def admitted(terms: Terms) -> Admitted:
    """Say in the store's words which statements flag a package that Xray can enforce."""
    return Admitted(
        types=frozenset(filter(enforceable, PackageType)),
        suspicious=terms.admission.suspicious,
        automated=terms.admission.automated,
    )
