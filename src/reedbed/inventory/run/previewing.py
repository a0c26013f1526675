"""What filters would come to, by the last listing in the store, or by one made now. Acts."""

from datetime import datetime

from sqlalchemy import Connection as Sql

from reedbed.inventory.connection.filters import Place, Preview, Repository, Weight, preview
from reedbed.inventory.connection.scope import Filters
from reedbed.inventory.records.moments import moment
from reedbed.inventory.run.listing import IMAGE_TYPES, seen_by_filters
from reedbed.jfrog.artifactory import Artifactory, storages
from reedbed.jfrog.images import list_images
from reedbed.jfrog.session import JFrog
from reedbed.model.inventory import Applicability, Severity
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
