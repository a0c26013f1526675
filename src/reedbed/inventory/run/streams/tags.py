"""Tags out of properties on Artifactory's files, and of what repositories are for. Acts.

The labels of images are read with the images. A file that an answer does not have keeps its tags: whether one
without properties is left out of an answer differs from release to release.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from reedbed.errors import ReedbedError
from reedbed.inventory.records.moments import moment
from reedbed.inventory.run.context import Mode, Sync
from reedbed.inventory.run.due import OVERLAP
from reedbed.inventory.run.streams.outcome import Outcome
from reedbed.inventory.run.streams.repository_facts import known_before
from reedbed.jfrog.artifactory import Artifactory, storages
from reedbed.jfrog.placed_properties import Placed, properties_between, properties_updated
from reedbed.jfrog.wire import Repo
from reedbed.model.inventory import Stream
from reedbed.model.records import RepositoryRecord
from reedbed.store.inventory import filed, placements, streams
from reedbed.store.inventory import tags as store
from reedbed.store.inventory.filed import Filed
from reedbed.store.inventory.tags import Tagged, place_of

PAGE = 500
IMAGE_TYPES = frozenset({"docker", "oci"})


async def read(run: Sync, repositories: Sequence[Repo]) -> Outcome:
    """Read the properties of what repositories hold: all of them, or what was updated since the last time.

    Raises:
        Refused, Unreachable, Unreadable: the store, or the token, is not taken any more.
    """
    known = await run.db.read(streams.mark, run.connection, Stream.TAGS)
    watermark = moment(known.watermark)
    since = watermark - OVERLAP if watermark and run.mode is Mode.DELTA else None
    held = set(await run.db.read(placements.repositories, run.connection))
    facts = await known_before(run, held)
    gaps = files = 0
    for repo in [each for each in repositories if each.key in held]:
        try:
            async for some in _pages(run, repo, since):
                files += await run.db.write(_save, run, repo, facts.get(repo.key), some)
        except ReedbedError as error:
            gaps += 1
            await run.tell("warning", "properties-not-read", error.why, stream=Stream.TAGS, item=repo.key)
    after: str | None = ""
    while after is not None:
        after = await run.db.write(store.forget_left, run.connection, after=after)
    if not gaps:
        mark = msgspec.structs.replace(known, watermark=run.started_at.isoformat())
        await run.db.write(streams.save_mark, mark)
    counts = await run.db.read(store.count, run.connection)
    return Outcome(complete=not gaps and since is None, gaps=gaps, counts={"files": files, **counts})


async def _pages(
    run: Sync, repo: Repo, since: datetime | None
) -> AsyncIterator[list[tuple[Filed, Placed | None]]]:
    """Give what a repository holds, a page at a time, with its properties; None: no answer has them."""
    artifactory, manifests = Artifactory(run.jfrog), repo.packageType.lower() in IMAGE_TYPES
    key = next(iter(storages([repo])), repo.key)
    updated: dict[str, Placed] | None = None
    if since is not None:
        found = await properties_updated(artifactory, key, since, manifests=manifests)
        updated = {each.path: each for each in found}
    after: Filed | None = None
    while page := await run.db.read(filed.page, run.connection, repo.key, after=after, limit=PAGE):
        told = dict(updated or {})
        if updated is None:
            folders = sorted({each.file.rpartition("/")[0] or "." for each in page})
            async for some in properties_between(artifactory, key, folders, manifests=manifests):
                told |= {each.path: each for each in some}
        yield [(each, told.get(each.file)) for each in page if updated is None or each.file in told]
        after = page[-1]


def _save(
    connection: Connection,
    run: Sync,
    repo: Repo,
    record: RepositoryRecord | None,
    some: Sequence[tuple[Filed, Placed | None]],
) -> int:
    rules = run.scope.tags
    of_repository = rules.tags(
        {
            "repository": (repo.key,),
            "project": (record.project,) if record and record.project else (),
            "environment": record.environments if record else (),
        }
    )
    at = {Tagged(each.asset, place_of(each.repository, each.path, each.tag)): placed for each, placed in some}
    store.replace(connection, store.REPOSITORY, dict.fromkeys(at, of_repository))
    answered = {tagged: rules.tags(placed.properties) for tagged, placed in at.items() if placed}
    store.replace(connection, store.PROPERTY, answered)
    return len(answered)
