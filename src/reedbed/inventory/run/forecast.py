"""What a run would do, told without doing it: only listings are asked for, and nothing is kept. Reads."""

import time
from collections.abc import Sequence
from datetime import datetime

import msgspec

from reedbed.inventory.connection.filters import Place, lets_in, lets_in_repository, newest
from reedbed.inventory.findings.of_summary import asks_xray
from reedbed.inventory.records.moments import moment
from reedbed.inventory.run import due
from reedbed.inventory.run.context import Mode, Sync
from reedbed.inventory.run.listing import IMAGE_TYPES, PAGE, seen_by_filters
from reedbed.inventory.run.working import REREAD_IMAGES, UNIT_IMAGES
from reedbed.jfrog.artifactory import Artifactory, storages
from reedbed.jfrog.images import ListedImage, list_images
from reedbed.jfrog.wire import Repo
from reedbed.model.identity import asset_id
from reedbed.model.inventory import AssetClass
from reedbed.store.inventory import assets, known, placements, wanted
from reedbed.store.rows import slices

REQUESTS_AN_IMAGE = 2
"""Of one that is new: its manifest and its configuration."""


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """What a run in one mode would come to, by what is listed now."""

    mode: Mode
    repositories: int  # that filters let in
    listed: int  # tags and digests; in a delta those that changed
    left_out: int  # of them, by filters
    new: int  # images that were never read
    moved: int  # tags that lead to another image than before
    gone: int | None  # tags that are not there any more; None: this mode does not look
    to_read: int  # images whose findings would be asked for, at least
    requests: int  # about
    seconds: float  # about, at the speed that the listing had


class _Seen(msgspec.Struct, kw_only=True):
    """What a listing has told so far."""

    listed: int = 0
    let_in: int = 0
    images: set[str] = msgspec.field(default_factory=set)
    new: set[str] = msgspec.field(default_factory=set)
    tags: set[tuple[str, str, str]] = msgspec.field(default_factory=set)  # repository, path, tag
    moved: int = 0
    requests: int = 1


async def forecast(run: Sync) -> Forecast:
    """List what a run would list, and compare it with the store.

    Raises:
        Unreachable, Refused, Unreadable: something could not be listed, so nothing can be told.
    """
    began = time.monotonic()
    run, since = await due.beginning(run)
    repositories = await _repositories(run)
    some = storages([each for each in repositories if each.packageType.lower() in IMAGE_TYPES])
    seen = _Seen()
    for at, key in some.items():
        wanted = run.scope.filters.properties
        listing = list_images(Artifactory(run.jfrog), at, updated_after=since, properties=wanted)
        listed = [image async for image in listing]
        await _compare(run, key, listed, seen)
        seen.requests += 2 + len(listed) // PAGE
    return await _forecast(run, seen, len(repositories), since, time.monotonic() - began)


async def _repositories(run: Sync) -> list[Repo]:
    found = await Artifactory(run.jfrog).repositories()
    return [repo for repo in found if lets_in_repository(run.scope.filters, seen_by_filters(repo))]


async def _compare(run: Sync, key: str, listed: Sequence[ListedImage], seen: _Seen) -> None:
    placed = [(_place(key, image), image.digest) for image in listed]
    may = (place for place, _ in placed if lets_in(run.scope.filters, place, now=run.started_at))
    here = newest(run.scope.filters, may)
    let_in = [
        (place, asset_id(run.connection, AssetClass.IMAGE, digest))
        for place, digest in placed
        if place in here
    ]
    seen.listed += len(listed)
    seen.let_in += len(let_in)
    seen.tags |= {(key, place.path, place.tag) for place, _ in placed if place.tag}
    for some in slices(let_in, PAGE):
        ids = {asset for _, asset in some}
        seen.images |= ids
        seen.new |= ids - await run.db.read(assets.known, ids)
        now_at = {(place.path, place.tag): asset for place, asset in some if place.tag}
        before = await run.db.read(placements.at_tags, run.connection, key, list(now_at))
        seen.moved += sum(now_at[at] != asset for at, asset in before.items())


def _place(key: str, image: ListedImage) -> Place:
    return Place(repository=key, path=image.path, tag=image.tag, uploaded_at=moment(image.created))


async def _forecast(
    run: Sync, seen: _Seen, repositories: int, since: datetime | None, listing_s: float
) -> Forecast:
    to_read = len(seen.images)
    if run.mode is not Mode.FULL:
        to_read = len(
            seen.new | await run.db.read(wanted.stale, run.connection, before=due.stale_before(run))
        )
    together = UNIT_IMAGES if run.mode is Mode.FULL else REREAD_IMAGES
    calls = -(-to_read // together) if asks_xray(run.scope.streams) else 0
    requests = seen.requests + REQUESTS_AN_IMAGE * len(seen.new) + calls
    platform = run.jfrog.platform
    one_s = max(listing_s / seen.requests / platform.concurrency, 1 / platform.per_second)
    return Forecast(
        mode=run.mode,
        repositories=repositories,
        listed=seen.listed,
        left_out=seen.listed - seen.let_in,
        new=len(seen.new),
        moved=seen.moved,
        gone=None if since or run.scope.filters.properties else await _gone(run, seen),
        to_read=to_read,
        requests=requests,
        seconds=round(requests * one_s, 1),
    )


async def _gone(run: Sync, seen: _Seen) -> int:
    places = await run.db.read(known.places, run.connection)
    return len({(each.repository, each.path, each.tag) for each in places if each.tag} - seen.tags)
