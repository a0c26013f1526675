"""What else a person should know of a platform before reading it; none of it stops anybody. Acts."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import msgspec

from reedbed.errors import ReedbedError
from reedbed.inventory.connection.sampling import of_images
from reedbed.jfrog.access import token_facts
from reedbed.jfrog.artifactory import Artifactory
from reedbed.jfrog.causes import Cause, Failure
from reedbed.jfrog.check import PING, Seen
from reedbed.jfrog.exchange import JSON, Call, json_body
from reedbed.jfrog.session import JFrog
from reedbed.jfrog.watching import Watching
from reedbed.jfrog.wire import Version
from reedbed.model.inventory import Stream

SKEW = timedelta(seconds=60)
SHORT_RETENTION_DAYS = 30
USUAL_RETENTION = "Xray's own default is 90 days after the last download"
ADMIN = "applied-permissions/admin"
OF_XRAY = frozenset(Stream) - {Stream.REPOSITORIES, Stream.IMAGES, Stream.TAGS}

Look = Callable[[JFrog, Sequence[Stream], datetime], Awaitable[Seen]]


async def _versions(jfrog: JFrog, streams: Sequence[Stream], now: datetime) -> Seen:
    artifactory = await _version(jfrog, "/artifactory/api/system/version")
    told = f"Artifactory {artifactory}"
    if OF_XRAY.isdisjoint(streams):
        return Seen(told)
    told += f", Xray {await _version(jfrog, '/xray/api/v1/system/version')}"
    if await _knows_fixes(jfrog):
        return Seen(f"{told}; summaries name the versions that fix")
    fix = "Update Xray: its older summaries name no version that fixes a vulnerability."
    return Seen(f"{told}; summaries are of the first form", "XRAY_V1_ONLY", fix, fails=False)


async def _version(jfrog: JFrog, route: str) -> str:
    found = await jfrog.try_fetch(Call(method="GET", route=route, doing="ask for a version"), Version)
    if isinstance(found, Failure):
        return f"of unknown version ({found.seen})"
    return found.xray_version or found.version or "of unknown version"


async def _knows_fixes(jfrog: JFrog) -> bool:
    call = Call(
        method="POST",
        route="/xray/api/v2/summary/artifact",
        doing="ask Xray for a summary",
        send=json_body({"checksums": ["0" * 64]}),
        headers=JSON,
    )
    outcome = await jfrog.outcome(call)
    return not (isinstance(outcome, Failure) and outcome.cause is Cause.NOT_FOUND)


async def _indexing(jfrog: JFrog, streams: Sequence[Stream], now: datetime) -> Seen:
    """Say what share of the repositories of images Xray indexes: of the others it knows nothing."""
    if OF_XRAY.isdisjoint(streams):
        return Seen("nothing is asked of Xray")
    found = of_images(await Artifactory(jfrog).repositories())
    wanted = {each.key for each in found if each.type.upper() != "VIRTUAL"}
    try:
        indexed = {each.name for each in (await Watching(jfrog).indexing()).indexed_repos or ()}
    except ReedbedError as error:
        return Seen(f"Xray does not tell this token: {error.why}")
    share = f"{len(wanted & indexed)} of {len(wanted)} repositories of images are indexed by Xray"
    if not (without := sorted(wanted - indexed)):
        return Seen(share)
    named = ", ".join(without[:5]) + (", …" if len(without) > 5 else "")
    fix = "Have them indexed (Administration, Xray Settings, Indexed Resources); else nothing is found there."
    return Seen(f"{share}; not {named}", "XRAY_NOT_INDEXED", fix, fails=False)


async def _clock(jfrog: JFrog, streams: Sequence[Stream], now: datetime) -> Seen:
    answer = await jfrog.tell(PING)
    try:
        skew = parsedate_to_datetime(answer.headers.get("Date", "")) - answer.received_at
    except (TypeError, ValueError):
        return Seen("the platform does not tell its time")
    seconds = round(skew.total_seconds())
    if abs(skew) <= SKEW:
        return Seen(f"the clocks are within {abs(seconds) + 1} s of each other")
    ahead = "ahead" if seconds > 0 else "behind"
    fix = "Set the clocks by NTP, here and there: deltas go by the platform's moments."
    return Seen(f"the platform's clock is {abs(seconds)} s {ahead}", "CLOCK_SKEW", fix, fails=False)


class _Config(msgspec.Struct):
    retention_in_days: int | None = None


class _RepoConfig(msgspec.Struct):
    repo_config: _Config | None = None


async def _retention(jfrog: JFrog, streams: Sequence[Stream], now: datetime) -> Seen:
    """Say how long Xray keeps a scan: after it an image looks as if nothing were known of it.

    Source: jfrog.com/help/r/xray-rest-apis/get-repositories-configurations, for administrators alone.
    """
    found = of_images(await Artifactory(jfrog).repositories())
    if OF_XRAY.isdisjoint(streams) or not found:
        return Seen("nothing is asked of Xray")
    key = min(each.key for each in found)
    call = Call(
        method="GET",
        route="/xray/api/v1/repos_config/{repository}",
        at={"repository": key},
        doing="ask how long Xray keeps scans",
    )
    told = await jfrog.try_fetch(call, _RepoConfig)
    days = (
        None if isinstance(told, Failure) or told.repo_config is None else told.repo_config.retention_in_days
    )
    if days is None:
        return Seen(f"Xray does not tell this token; {USUAL_RETENTION}")
    if days >= SHORT_RETENTION_DAYS:
        return Seen(f"Xray keeps the scans of {key} for {days} days")
    fix = "Have Xray keep scans longer, or expect images whose findings can't be confirmed any more."
    return Seen(f"Xray keeps the scans of {key} for {days} days", "RETENTION_SHORT", fix, fails=False)


async def _least_privilege(jfrog: JFrog, streams: Sequence[Stream], now: datetime) -> Seen:
    facts = await token_facts(jfrog)
    user = facts.user or "somebody"
    if ADMIN in facts.scopes:
        fix = "A token of a user who may only read the wanted repositories is enough: make such a one."
        return Seen(f"the token is an administrator's: {user}", "AUTH_ADMIN", fix, fails=False)
    return Seen(f"the token is of {user}, with {', '.join(facts.scopes) or 'a scope that it does not tell'}")


LOOKS: dict[str, Look] = {
    "Versions": _versions,
    "Xray Indexing": _indexing,
    "Clock Skew": _clock,
    "Retention": _retention,
    "Least Privilege": _least_privilege,
}
"""By the names under which they are shown. What cannot be found out is told, and is no warning."""
