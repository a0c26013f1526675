"""The outbox: changes to a platform's custom issues that wait to be carried out, or for a person."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    and_,
    case,
    delete,
    func,
    or_,
    select,
    type_coerce,
    update,
)

from reedbed.model.ledger import Action, Change, HoldRule, Pushed
from reedbed.store import approvals, ledger, planned
from reedbed.store.approvals import Approval
from reedbed.store.changes import CHANGES, Waiting, change_of, queued, waiting
from reedbed.store.columns import storable
from reedbed.store.holds import BITS
from reedbed.store.rows import slices

_ROW = CHANGES.c


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A change to carry out now. Nobody else will while the lease lasts."""

    change: Change
    attempts: int  # that failed before

    @property
    def package(self) -> str:
        return str(self.change.flagged.package)


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """A change was carried out: Xray now holds `pushed`, or nothing of the package, and that was seen."""

    change: Change
    pushed: Pushed | None


class Failed(msgspec.Struct, frozen=True, kw_only=True):
    """A change could not be carried out, or it is not known whether it was."""

    change: Change
    reason: str
    next_attempt_at: datetime


class Depth(msgspec.Struct, frozen=True, kw_only=True):
    queued: int = 0
    held: int = 0
    failing: int = 0  # of the queued ones, those that failed before
    oldest_queued_at: datetime | None = None
    oldest_held_at: datetime | None = None


def lease(
    connection: Connection, platform: str, owner: str, *, now: datetime, lease_s: float, limit: int
) -> list[Due]:
    """Take changes that are due, those that wait longest first; nobody else gets them for `lease_s`."""
    free = or_(_ROW.leased_until.is_(None), _ROW.leased_until <= now)
    query = (
        select(CHANGES)
        .where(_ROW.platform == platform, queued(), _ROW.next_attempt_at <= now, free)
        .order_by(_ROW.next_attempt_at, _ROW.package)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = {row.package: row for row in connection.execute(query)}
    for some in slices(list(taken)):
        connection.execute(
            update(CHANGES)
            .where(_ROW.platform == platform, _ROW.package.in_(some))
            .values(lease_owner=owner, leased_until=now + timedelta(seconds=lease_s), tried=True)
        )
    return [Due(change=change_of(row), attempts=row.attempts) for row in taken.values()]


def settle(connection: Connection, platform: str, owner: str, outcomes: Sequence[Done | Failed]) -> None:
    """Write down what came of leased changes, together with the ledger, and end their leases."""
    for outcome in outcomes:
        match outcome:
            case Done():
                _done(connection, platform, owner, outcome)
            case Failed():
                _failed(connection, platform, owner, outcome)


def hold(
    connection: Connection, platform: str, owner: str, changes: Sequence[Change], rule: HoldRule
) -> None:
    """Hold leased changes for a person under one more rule, and end their leases."""
    held = type_coerce(_ROW.held, Integer).bitwise_or(BITS[rule])
    for change in changes:
        connection.execute(update(CHANGES).where(_is(platform, change)).values(held=held))
        _end_lease(connection, platform, owner, str(change.flagged.package))


def give_back(connection: Connection, platform: str, owner: str) -> None:
    """Let others have what an owner leased and did not settle."""
    connection.execute(
        update(CHANGES)
        .where(_ROW.platform == platform, _ROW.lease_owner == owner)
        .values(lease_owner=None, leased_until=None)
    )


def reclaim(connection: Connection, platform: str, *, now: datetime, longest_wait_s: float) -> None:
    """End every lease on a platform's changes, for a run that alone may push there, after one that died.

    What would wait longer than anything is made to wait was written when a clock was ahead: it is due now.
    """
    connection.execute(
        update(CHANGES)
        .where(_ROW.platform == platform, _ROW.lease_owner.is_not(None))
        .values(lease_owner=None, leased_until=None)
    )
    longest = now + timedelta(seconds=longest_wait_s)
    connection.execute(
        update(CHANGES)
        .where(_ROW.platform == platform, _ROW.next_attempt_at > longest)
        .values(next_attempt_at=now)
    )


def drop(connection: Connection, platform: str, keys: Collection[str], *, now: datetime) -> None:
    """Take back changes that are needed no more.

    Of one that was tried, nobody knows whether Xray holds it: a crash may have come between the push and its
    settling. It gives way to a change that brings Xray to what the ledger says.
    """
    for some in slices(list(keys)):
        of_some = and_(_ROW.platform == platform, _ROW.package.in_(some))
        connection.execute(delete(CHANGES).where(of_some, _ROW.tried.is_(False)))
        tried = connection.execute(select(CHANGES).where(of_some)).all()
        pushed = ledger.of_packages(connection, platform, [row.package for row in tried])
        for row in tried:
            undoing = _undoing(change_of(row), pushed.get(row.package))
            _replace(connection, platform, row.package, undoing, now=now)


def release(
    connection: Connection,
    platform: str,
    keys: Collection[str],
    *,
    rules: Collection[HoldRule] | None = None,
    by: str,
    now: datetime,
) -> list[str]:
    """Approve held changes under some rules (None: under all that hold them); give the purls now queued.

    The approval is of exactly this change. It is remembered, so planning the same again holds nothing.
    """
    released = []
    for some in slices(list(keys)):
        query = select(CHANGES).where(_ROW.platform == platform, _ROW.package.in_(some), ~queued())
        for row in connection.execute(query.with_for_update()).all():
            waived = [rule for rule in row.held if rules is None or rule in rules]
            approvals.save(connection, platform, _approvals(change_of(row), waived, by=by, now=now))
            left = [rule for rule in row.held if rule not in waived]
            _hold_by(connection, platform, row.package, left, now=now)
            released += [] if left else [row.package]
    return released


def get(connection: Connection, platform: str, key: str) -> Waiting | None:
    """Give the change that waits for a package."""
    query = select(CHANGES).where(_ROW.platform == platform, _ROW.package == key)
    return next(iter(waiting(connection, query)), None)


def page(
    connection: Connection,
    platform: str,
    *,
    held: bool | None = None,
    failing: bool | None = None,
    after: str = "",
    limit: int,
) -> list[Waiting]:
    """List changes by purl, from the one after `after` on; only those held, or failed before, if asked."""
    query = select(CHANGES).where(_ROW.platform == platform, _ROW.package > after)
    if held is not None:
        query = query.where(~queued() if held else queued())
    if failing is not None:
        query = query.where(_ROW.attempts > 0 if failing else _ROW.attempts == 0)
    return waiting(connection, query.order_by(_ROW.package).limit(limit))


def depths(connection: Connection) -> dict[str, Depth]:
    """How many changes wait on each platform that has any, and since when."""
    is_queued = queued()
    query = select(
        _ROW.platform,
        func.count(case((is_queued, 1))).label("queued"),
        func.count(case((~is_queued, 1))).label("held"),
        func.count(case((and_(is_queued, _ROW.attempts > 0), 1))).label("failing"),
        func.min(case((is_queued, _ROW.planned_at))).label("oldest_queued_at"),
        func.min(case((~is_queued, _ROW.planned_at))).label("oldest_held_at"),
    ).group_by(_ROW.platform)
    rows = (dict(row) for row in connection.execute(query).mappings())
    return {row.pop("platform"): Depth(**row) for row in rows}


def _done(connection: Connection, platform: str, owner: str, done: Done) -> None:
    """Write the ledger, and take the change out of the outbox; a newer one of its package stays.

    Where none waits at all, two owners have carried this one out, and what the later of them left in Xray
    may be old: the next plan looks at everything.
    """
    package = str(done.change.flagged.package)
    if done.pushed is None:
        ledger.forget(connection, platform, package)
    else:
        ledger.record(connection, platform, done.pushed)
    if connection.execute(delete(CHANGES).where(_is(platform, done.change))).rowcount:
        return
    if get(connection, platform, package) is None:
        planned.forget(connection, platform)
    _end_lease(connection, platform, owner, package)


def _failed(connection: Connection, platform: str, owner: str, failed: Failed) -> None:
    connection.execute(
        update(CHANGES)
        .where(_is(platform, failed.change))
        .values(
            attempts=_ROW.attempts + 1,
            reason=storable(failed.reason),
            next_attempt_at=failed.next_attempt_at,
        )
    )
    _end_lease(connection, platform, owner, str(failed.change.flagged.package))


def _end_lease(connection: Connection, platform: str, owner: str, package: str) -> None:
    connection.execute(
        update(CHANGES)
        .where(_ROW.platform == platform, _ROW.package == package, _ROW.lease_owner == owner)
        .values(lease_owner=None, leased_until=None)
    )


def _is(platform: str, change: Change) -> ColumnElement[bool]:
    return and_(
        _ROW.platform == platform,
        _ROW.package == str(change.flagged.package),
        _ROW.fingerprint == change.fingerprint,
        _ROW.action == change.action,
    )


def _undoing(change: Change, pushed: Pushed | None) -> Change:
    return Change(
        action=Action.UPDATE if pushed else Action.DELETE,
        flagged=pushed.flagged if pushed else change.flagged,
        fingerprint=pushed.fingerprint if pushed else change.fingerprint,
        unblocks=True,
    )


def _replace(connection: Connection, platform: str, package: str, change: Change, *, now: datetime) -> None:
    """Put a change in the place of a tried one. The lease stays: who has it may be at work still."""
    connection.execute(
        update(CHANGES)
        .where(_ROW.platform == platform, _ROW.package == package, ~_is(platform, change))
        .values(
            action=change.action,
            flagged=change.flagged,
            fingerprint=change.fingerprint,
            unblocks=change.unblocks,
            held=(),
            planned_at=now,
            next_attempt_at=now,
            attempts=0,
            reason=None,
        )
    )


def _approvals(change: Change, rules: Collection[HoldRule], *, by: str, now: datetime) -> list[Approval]:
    return [
        Approval(
            package=str(change.flagged.package),
            fingerprint=change.fingerprint,
            action=change.action,
            rule=rule,
            approved_by=by,
            approved_at=now,
        )
        for rule in rules
    ]


def _hold_by(
    connection: Connection, platform: str, key: str, rules: Sequence[HoldRule], *, now: datetime
) -> None:
    connection.execute(
        update(CHANGES)
        .where(_ROW.platform == platform, _ROW.package == key)
        .values(held=rules, next_attempt_at=now)
    )
