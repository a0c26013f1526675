"""What filters would come to, by the last listing in the store, or by one made now. Acts."""

from collections import defaultdict
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection as Sql

from reedbed.inventory.connection.current import Current, Tag, judged
from reedbed.inventory.connection.filters import Place, Preview, Repository, Share, Weight, preview
from reedbed.inventory.connection.scope import Filters
from reedbed.inventory.records.moments import moment
from reedbed.inventory.run.listing import IMAGE_TYPES, seen_by_filters
from reedbed.jfrog.artifactory import Artifactory, storages
from reedbed.jfrog.images import list_images, used_since
from reedbed.jfrog.session import JFrog
from reedbed.model.inventory import Applicability, Severity
from reedbed.store.database import Database
from reedbed.store.inventory import known


def from_store(sql: Sql, name: str, filters: Filters, *, now: datetime) -> Preview | None:
    """Count by what the last run listed; None: none has listed anything."""
    repositories = [
        Repository(key=row.key, type=row.repository_type or "", package_type=row.package_type or "")
        for row in known.repositories(sql, name)
    ]
    if not repositories:
        return None
    places = [
        Place(repository=row.repository, path=row.path, tag=row.tag or None, uploaded_at=row.uploaded_at)
        for row in known.places(sql, name)
    ]
    weights = [
        Weight(
            repository=row.repository,
            path=row.path,
            severity=Severity(row.severity),
            applicability=Applicability(row.applicability) if row.applicability else None,
            number=row.number,
        )
        for row in known.findings(sql, name)
    ]
    return preview(filters, repositories, places, weights, now=now)


async def live(jfrog: JFrog, filters: Filters, *, now: datetime) -> Preview:
    """Count by what Artifactory lists now; nothing is known of findings then.

    Raises:
        Unreachable, Refused, Unreadable: it could not be listed.
    """
    found = await Artifactory(jfrog).repositories()
    some = storages([each for each in found if each.packageType.lower() in IMAGE_TYPES])
    places = [
        Place(repository=key, path=image.path, tag=image.tag, uploaded_at=moment(image.created))
        for at, key in some.items()
        async for image in list_images(Artifactory(jfrog), at)
    ]
    return preview(filters, [seen_by_filters(each) for each in found], places, [], now=now)


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """What a policy on current images would come to."""

    images: Share  # paths that have a tag; current: one of their tags is
    tags: Share
    listed: bool  # False: no run has listed anything


async def current(jfrog: JFrog, db: Database, name: str, policy: Current, *, now: datetime) -> Counted:
    """Count by what the last run listed and let in; of downloads Artifactory is asked now.

    Raises:
        Unreachable, Refused, Unreadable: it was to be asked, and does not say.
    """
    repositories = await db.read(known.repositories, name)
    tags = defaultdict[str, list[Tag]](list)
    for row in await db.read(known.places, name):
        if row.tag and row.in_scope:
            tag = Tag(repository=row.repository, path=row.path, tag=row.tag, uploaded_at=row.uploaded_at)
            tags[row.repository].append(tag)
    counts: dict[Tag, bool | None] = {}
    for each in repositories:
        if here := tags.get(each.key):
            at = f"{each.key}-cache" if each.repository_type == "remote" else each.key
            counts |= judged(policy, here, await _used(jfrog, at, policy, now), now=now)
    yes = [each for each, is_ in counts.items() if is_]
    paths, every = ({(tag.repository, tag.path) for tag in some} for some in (yes, counts))
    return Counted(
        images=Share(len(paths), len(every - paths)),
        tags=Share(len(yes), len(counts) - len(yes)),
        listed=bool(repositories),
    )


async def _used(jfrog: JFrog, at: str, policy: Current, now: datetime) -> set[tuple[str, str]] | None:
    if policy.used_within_days is None:
        return None
    since = now - timedelta(days=policy.used_within_days)
    return {pair async for pair in used_since(Artifactory(jfrog), at, since)}
