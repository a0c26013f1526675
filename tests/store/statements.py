"""What feeds may say, and what becomes of it, in the fewest words that a test needs."""

from datetime import UTC, datetime, timedelta

from reedbed.model.advisory import Advisory, Unusable, Withdrawal
from reedbed.model.ecosystem import PackageType
from reedbed.model.ledger import Action, Change, Flagged, HoldRule, Pushed, Source
from reedbed.model.platform import Platform
from reedbed.model.purl import purl
from reedbed.model.versions import Exactly, version, versions

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
PROD = Platform(name="prod", url="https://jfrog.example")


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def advisory(
    record: str = "MAL-1",
    package: str = "axios",
    *,
    feed: str = "osv",
    minute: float = 0,
    bad: str = "1.0.0",
    summary: str = "Malicious code",
) -> Advisory:
    """What a feed said of one version of an npm package."""
    return Advisory(
        feed=feed,
        id=record,
        package=purl(PackageType.NPM, package),
        spelling=package,
        versions=versions([Exactly(version(bad))]),
        summary=summary,
        url=None,
        modified=at(minute),
    )


def withdrawal(record: str = "MAL-1", *, feed: str = "osv", minute: float = 0) -> Withdrawal:
    return Withdrawal(feed=feed, id=record, modified=at(minute))


def unusable(record: str = "MAL-1", reason: str = "it names no version") -> Unusable:
    return Unusable(feed="osv", id=record, reason=reason)


def key(package: str) -> str:
    return str(purl(PackageType.NPM, package))


def flagged(package: str, bad: str = "1.0.0") -> Flagged:
    return Flagged(
        package=purl(PackageType.NPM, package),
        spellings=(package,),
        versions=versions([Exactly(version(bad))]),
        sources=(Source("osv", "MAL-1", "https://example.com/MAL-1"),),
        summary="Malicious code",
    )


def change(
    package: str,
    bad: str = "1.0.0",
    *,
    action: Action = Action.CREATE,
    held: tuple[HoldRule, ...] = (),
) -> Change:
    return Change(
        action=action,
        flagged=flagged(package, bad),
        fingerprint=f"{package}@{bad}",
        unblocks=action is Action.DELETE,
        held=held,
    )


def pushed(package: str, bad: str = "1.0.0") -> Pushed:
    return Pushed(
        flagged=flagged(package, bad),
        issue_id=f"rb-{package}",
        fingerprint=f"{package}@{bad}",
        pushed_at=NOW,
        verified_at=NOW,
        malicious=True,
    )
