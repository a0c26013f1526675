"""What a run has to read: everything, or what changed and what was not read for long. Acts.

Images change, which Artifactory's own dates tell; and findings change on images that do not, whenever
Xray's database grows. Of those Xray's list of scans gives counts, a hint; what that does not show is found by
reading every image again in time.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
import structlog

from reedbed.errors import ReedbedError
from reedbed.inventory.records.moments import moment
from reedbed.inventory.run.context import Mode, Sync
from reedbed.inventory.run.listing import IMAGE_TYPES, Listed
from reedbed.jfrog.artifactory import storages
from reedbed.jfrog.scans_list import Counted, scanned_images
from reedbed.jfrog.wire import Repo
from reedbed.model.identity import asset_id
from reedbed.model.inventory import AssetClass, Stream
from reedbed.store.inventory import placements, streams, wanted

log = structlog.get_logger(__name__)

OVERLAP = timedelta(minutes=15)
"""Read again before the last watermark: the clocks of a cluster's nodes differ."""


async def beginning(run: Sync) -> tuple[Sync, datetime | None]:
    """Say in which mode a run can be, and from when on a delta has to list.

    Without a complete run before it, or with filters that changed since, a delta would miss things.
    """
    known = await run.db.read(streams.mark, run.connection, Stream.IMAGES)
    watermark = moment(known.watermark)
    if run.mode is not Mode.DELTA:
        return run, None
    if watermark is None or known.scope_digest != scope_digest(run):
        log.info("delta_becomes_reconcile", connection=run.connection, first=watermark is None)
        return msgspec.structs.replace(run, mode=Mode.RECONCILE), None
    return run, watermark - OVERLAP


async def mark(run: Sync, repositories: Sequence[Repo]) -> None:
    """Mark the images that this run has to read."""
    if run.mode is Mode.FULL:
        await run.db.write(wanted.want_all, run.connection, run=run.id)
        return
    await run.db.write(
        wanted.want_stale, run.connection, run=run.id, before=stale_before(run), since=run.started_at
    )
    if run.mode is Mode.RETRY or Stream.VULNERABILITIES not in run.scope.streams:
        return
    some = [repo for repo in repositories if repo.packageType.lower() in IMAGE_TYPES]
    for at, key in storages(some).items():
        try:
            async for page in scanned_images(run.jfrog, at):
                await _compare(run, key, page)
        except ReedbedError as error:  # no more than a hint: every image is read again in time
            log.warning("scans_not_listed", connection=run.connection, repository=key, why=error.why)


def stale_before(run: Sync) -> datetime:
    """Say since when an image has to have been read for this run to leave it."""
    return run.now() - timedelta(hours=run.scope.refresh_h)


async def _compare(run: Sync, repository: str, page: Sequence[Counted]) -> None:
    tags = [(each.path, each.tag) for each in page if each.digest is None]
    at = await run.db.read(placements.at_tags, run.connection, repository, tags)
    counts: dict[str, str] = {}
    for each in page:
        if each.digest is not None:
            counts[asset_id(run.connection, AssetClass.IMAGE, each.digest)] = each.counts
        elif (asset := at.get((each.path, each.tag))) is not None:
            counts[asset] = each.counts
    await run.db.write(wanted.want_changed, counts, run=run.id)


async def remember(run: Sync, listed: Listed) -> None:
    """Keep what the next delta begins with; called when everything was read."""
    known = await run.db.read(streams.mark, run.connection, Stream.IMAGES)
    newest = max(filter(None, (listed.newest, moment(known.watermark))), default=None)
    whole = run.mode is not Mode.DELTA
    await run.db.write(
        streams.save_mark,
        streams.Mark(
            connection=run.connection,
            stream=Stream.IMAGES,
            watermark=newest.isoformat() if newest else None,
            complete_run=run.id if whole else known.complete_run,
            complete_at=run.now() if whole else known.complete_at,
            scope_digest=scope_digest(run),
        ),
    )


def scope_digest(run: Sync) -> str:
    """Name what a run lets in; where it changed, what was left out before has to be looked at."""
    said = (run.scope.streams, run.scope.filters, run.scope.current)
    return hashlib.sha256(msgspec.json.encode(said)).hexdigest()
