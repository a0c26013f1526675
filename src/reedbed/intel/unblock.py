"""Break glass: a person frees what the feeds condemn, for a while, and it comes back by itself."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from reedbed.errors import SettingsError
from reedbed.model.ledger import Action, HoldRule
from reedbed.model.purl import Purl
from reedbed.model.versions import holds
from reedbed.store import advisories, approvals, audit, exemptions, ledger, platforms, runs
from reedbed.store.exemptions import Exemption

LONGEST = timedelta(days=90)


def unblock(
    connection: Connection,
    package: Purl,
    version: str | None,
    *,
    lasts: timedelta,
    reason: str,
    by: str,
    now: datetime,
) -> Exemption:
    """Free a package, or one version, on every platform; the next run carries it out. In one transaction.

    What is blocked now may come back without asking anybody, though people will have used it meanwhile.

    Raises:
        SettingsError: nobody flags it, it is not known whether this version is meant, no reason is given, or
            it would last longer than 90 days.
    """
    key = str(package)
    _check(connection, package, version, lasts=lasts, reason=reason)
    made = Exemption(
        id=runs.new_id(now),
        package=key,
        version=version,
        reason=reason.strip(),
        made_by=by,
        made_at=now,
        until=now + lasts,
    )
    exemptions.add(connection, made)
    _let_come_back(connection, key, by=by, now=now)
    advisories.touch(connection, [key])
    detail = {"version": version, "until": made.until.isoformat(), "reason": made.reason}
    audit.append(connection, at=now, who=by, action="unblock package", subject=key, detail=detail)
    return made


def end_exemptions(
    connection: Connection, *, now: datetime, package: str | None = None, by: str = "time"
) -> Sequence[Exemption]:
    """End what is over, and all of `package` if one is named: the next plan blocks it again."""
    ended = exemptions.end(connection, now=now, package=package)
    if ended:
        advisories.touch(connection, sorted({each.package for each in ended}))
    for each in ended:
        detail = {"version": each.version, "made_by": each.made_by}
        audit.append(connection, at=now, who=by, action="end unblock", subject=each.package, detail=detail)
    return ended


def _check(
    connection: Connection, package: Purl, version: str | None, *, lasts: timedelta, reason: str
) -> None:
    standings = advisories.standings(connection, [str(package)]).get(str(package), [])
    live = [standing.advisory for standing in standings if not standing.withdrawn]
    if not live:
        raise _refused(package, "nobody flags it.", "Look at what is known: reedbed intel show.")
    if version is not None:
        meant = {holds(advisory.versions, version, package.type) for advisory in live}
        if None in meant:
            why = f"whether an interval holds {version} is not known for {package.type} packages."
            raise _refused(package, why, "Name no version: that frees all of them.")
        if True not in meant:
            raise _refused(package, f"{version} is not flagged.", "Name a version that is, or none.")
    if not reason.strip():
        raise _refused(package, "no reason is given.", "Say why with --reason: it stands in the audit log.")
    if not timedelta() < lasts <= LONGEST:
        raise _refused(package, "it may last 90 days at most, and more than nothing.", "Say --for 24h.")


def _let_come_back(connection: Connection, key: str, *, by: str, now: datetime) -> None:
    """Approve that what is pushed now may be pushed again, however many have used it meanwhile."""
    for platform in platforms.list_all(connection):
        pushed = ledger.of_packages(connection, platform.name, [key]).get(key)
        if pushed is not None:
            given = [
                approvals.Approval(
                    package=key,
                    fingerprint=pushed.fingerprint,
                    action=action,
                    rule=HoldRule.IN_USE,
                    approved_by=by,
                    approved_at=now,
                )
                for action in (Action.CREATE, Action.UPDATE)
            ]
            approvals.save(connection, platform.name, given)


def _refused(package: Purl, why: str, fix: str) -> SettingsError:
    return SettingsError(f"Could not un-block {package}", why=why, fix=fix)
