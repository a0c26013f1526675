"""What the store knows, gathered for people: nothing here asks JFrog or a feed."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from reedbed.intel.explain import not_admitted
from reedbed.intel.relevance import Cost, cost
from reedbed.intel.terms import Terms
from reedbed.jfrog.custom_issue import enforceable
from reedbed.model.advisory import Standing
from reedbed.model.ecosystem import PackageType
from reedbed.model.ledger import Pushed
from reedbed.model.platform import Platform
from reedbed.store import advisories, cursors, ledger, outbox, planned, platforms, profiles, runs, unusable
from reedbed.store.changes import Waiting

FLOW_OF_FEEDS = "feed"
FLOW_OF_PLATFORMS = "push"
RUNS_LOOKED_AT = 200
FAILING_SHOWN = 10


class FeedStatus(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    live: int  # statements that stand
    withdrawn: int
    unusable: int
    watermark: datetime | None  # the newest record read
    last_success: datetime | None


class PlatformStatus(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    issues: int  # that we wrote, and that stand
    queued: int
    failing: int  # of the queued ones, those that failed before
    held: int
    oldest_queued_at: datetime | None
    oldest_held_at: datetime | None
    last_success: datetime | None
    token_expires_at: datetime | None
    token: str  # in words, with a warning when it is near
    left_out: Cost | None  # flagged packages that are not relevant, and pushing all; None: not counted yet


class LoginStatus(msgspec.Struct, frozen=True, kw_only=True):
    profile: str
    tenant: str
    key_expires_at: datetime | None
    key: str  # in words, as a platform's token


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """The newest run of a job, where it failed."""

    job: str
    at: datetime
    why: str
    fix: str


class Failing(msgspec.Struct, frozen=True, kw_only=True):
    """A change that failed and is tried again."""

    platform: str
    package: str
    attempts: int
    reason: str
    next_attempt_at: datetime


class Status(msgspec.Struct, frozen=True, kw_only=True):
    feeds: Sequence[FeedStatus]
    platforms: Sequence[PlatformStatus]
    failures: Sequence[Failure]
    failing: Sequence[Failing]  # the first of each platform
    logins: Sequence[LoginStatus]  # at SafeDep


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of one package; the maps are by platform."""

    statements: Sequence[Standing]
    pushed: Mapping[str, Pushed]
    waiting: Mapping[str, Waiting]


class Skip(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a feed says and that is not pushed."""

    feed: str
    id: str
    reason: str
    package: str = ""


def status(connection: Connection, *, feeds: Sequence[str], now: datetime) -> Status:
    """Gather the state of every feed (those configured, and those that left statements) and platform."""
    tallies = advisories.tally(connection)
    ended = runs.last_success(connection, now=now)
    names = sorted({*feeds, *(tally.feed for tally in tallies)})
    return Status(
        feeds=[_feed(connection, name, tallies, ended) for name in names],
        platforms=_platforms(connection, ended, now),
        failures=_failures(connection),
        failing=_failing(connection),
        logins=[_login(profile, now) for profile in profiles.list_all(connection)],
    )


Ended = Mapping[tuple[str, str | None, str | None], datetime]


def _feed(connection: Connection, name: str, tallies: Sequence[advisories.Tally], ended: Ended) -> FeedStatus:
    of_feed = [tally for tally in tallies if tally.feed == name]
    marks = [cursor.watermark for cursor in cursors.load(connection, name).values() if cursor.watermark]
    return FeedStatus(
        name=name,
        live=sum(tally.statements for tally in of_feed if tally.live),
        withdrawn=sum(tally.statements for tally in of_feed if not tally.live),
        unusable=unusable.count(connection).get(name, 0),
        watermark=max(marks, default=None),
        last_success=ended.get((FLOW_OF_FEEDS, "all", name)),
    )


def _platforms(connection: Connection, ended: Ended, now: datetime) -> list[PlatformStatus]:
    depths = outbox.depths(connection)
    left_out = planned.left_out(connection)
    found = []
    for platform in platforms.shielded(connection):
        depth = depths.get(platform.name, outbox.Depth())
        found.append(
            PlatformStatus(
                name=platform.name,
                issues=ledger.count(connection, platform.name),
                queued=depth.queued,
                failing=depth.failing,
                held=depth.held,
                oldest_queued_at=depth.oldest_queued_at,
                oldest_held_at=depth.oldest_held_at,
                last_success=ended.get((FLOW_OF_PLATFORMS, platform.name, "all")),
                token_expires_at=platform.token_expires_at,
                token=in_words(platform.token_expires_at, now),
                left_out=_left_out(left_out.get(platform.name), platform),
            )
        )
    return found


def _left_out(packages: int | None, platform: Platform) -> Cost | None:
    return None if packages is None else cost(packages, per_second=platform.per_second)


def _login(profile: profiles.Profile, now: datetime) -> LoginStatus:
    return LoginStatus(
        profile=profile.name,
        tenant=profile.tenant,
        key_expires_at=profile.key_expires_at,
        key=in_words(profile.key_expires_at, now, renew="reedbed auth login"),
    )


def in_words(expires_at: datetime | None, now: datetime, *, renew: str = "reedbed platform rotate") -> str:
    """Say when a token ends, louder at 30, 7 and 1 days, and how to renew it once it has."""
    if expires_at is None:
        return "not known"
    days = (expires_at - now).total_seconds() / 86_400
    if days <= 0:
        return f"EXPIRED {expires_at:%Y-%m-%d}: {renew}"
    mark = "!" * sum(days <= limit for limit in (30, 7, 1))
    return f"{mark}{' ' if mark else ''}in {days:.0f} days"


def _failures(connection: Connection) -> list[Failure]:
    newest: dict[str, runs.Run] = {}
    for run in runs.recent(connection, limit=RUNS_LOOKED_AT):
        newest.setdefault(f"{run.flow}:{run.feed}:{run.platform}", run)
    return [
        Failure(job=job, at=run.ended_at or run.started_at, why=run.error.why, fix=run.error.fix)
        for job, run in sorted(newest.items())
        if run.state is runs.State.FAILED and run.error
    ]


def _failing(connection: Connection) -> list[Failing]:
    return [
        Failing(
            platform=platform.name,
            package=each.package,
            attempts=each.attempts,
            reason=each.reason or "",
            next_attempt_at=each.next_attempt_at,
        )
        for platform in platforms.list_all(connection)
        for each in outbox.page(connection, platform.name, held=False, failing=True, limit=FAILING_SHOWN)
    ]


def known_of(connection: Connection, package: str) -> Known:
    """Gather what is known of one package (a purl)."""
    names = [platform.name for platform in platforms.list_all(connection)]
    pushed = {name: ledger.of_packages(connection, name, [package]).get(package) for name in names}
    waiting = {name: outbox.get(connection, name, package) for name in names}
    return Known(
        statements=advisories.standings(connection, [package]).get(package, []),
        pushed={name: found for name, found in pushed.items() if found},
        waiting={name: found for name, found in waiting.items() if found},
    )


def skipped(connection: Connection, terms: Terms, *, feed: str | None, limit: int) -> list[Skip]:
    """List records that can't be used, then packages that Xray can't enforce or that are not admitted."""
    found = [
        Skip(feed=each.feed, id=each.record, reason=each.reason)
        for each in unusable.page(connection, feed=feed, limit=limit)
    ]
    for package_type in PackageType:
        if not enforceable(package_type):
            page = advisories.page(connection, feed=feed, package_type=package_type, live=True, limit=limit)
            reason = f"not enforceable in Xray: it knows no {package_type} packages"
            found += [_skip(each, reason) for each in page]
    doubtful = advisories.doubtful(connection, feed=feed, limit=limit)
    not_admitted_ = [each for each in doubtful if not terms.admission.admits(each.advisory)]
    return [*found, *(_skip(each, not_admitted(each.advisory)) for each in not_admitted_)]


def _skip(each: advisories.Stated, reason: str) -> Skip:
    statement = each.advisory
    return Skip(feed=statement.feed, id=statement.id, package=str(statement.package), reason=reason)
