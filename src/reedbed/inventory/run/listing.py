"""Listing what a platform holds: repositories, then the images of those that can hold any. Acts."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from reedbed.errors import ReedbedError
from reedbed.inventory.connection.filters import Place, Repository, lets_in, lets_in_repository
from reedbed.inventory.records.joining import repository_record
from reedbed.inventory.records.landing import landing_of
from reedbed.inventory.records.moments import moment
from reedbed.inventory.run.context import Mode, Sync
from reedbed.inventory.run.current import settle
from reedbed.inventory.run.streams.repository_facts import REPOSITORY, Facts, facts_of, known_before
from reedbed.jfrog.aql import Criteria
from reedbed.jfrog.artifactory import Artifactory, storages
from reedbed.jfrog.images import ListedImage, list_images
from reedbed.jfrog.wire import Repo
from reedbed.model.identity import asset_id
from reedbed.model.inventory import AssetClass, Lifecycle, Stream
from reedbed.model.records import RepositoryRecord
from reedbed.store.inventory import assets, landed, placements, presence
from reedbed.store.inventory.assets import Asset
from reedbed.store.inventory.placements import Placement

IMAGE_TYPES = frozenset({"docker", "oci"})
PAGE = 1_000


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """What a listing came to."""

    images: int = 0
    ended: int = 0  # places that are there no more
    refused: dict[str, str] = {}  # repository → why it could not be listed
    newest: datetime | None = None  # when the newest of what was listed was updated

    @property
    def complete(self) -> bool:
        return not self.refused

    def and_also(self, other: "Listed") -> "Listed":
        """Join it with what another listing of the same run came to."""
        return Listed(
            images=self.images + other.images,
            ended=self.ended + other.ended,
            refused=self.refused | other.refused,
            newest=max(filter(None, (self.newest, other.newest)), default=None),
        )


async def list_repositories(sync: Sync) -> list[Repo]:
    """List the repositories and keep them as assets; give those that the filters let in.

    Those that are missed now were deleted, or the token lost its rights: a second list tells.

    Raises:
        Unreachable, Refused, Unreadable: they could not be listed; nothing is known then.
    """
    found = await Artifactory(sync.jfrog).repositories()
    admitted = [repo for repo in found if lets_in_repository(sync.scope.filters, seen_by_filters(repo))]
    facts = await facts_of(sync, admitted)
    before = await known_before(sync, {repo.key for repo in admitted})
    records = [_record(sync, repo, facts, before.get(repo.key)) for repo in admitted]
    rows = [_asset(sync, record) for record in records]
    await sync.db.write(assets.save, sync.connection, rows, run=sync.id, now=sync.now())
    landings = [landing_of(REPOSITORY, record.key, record) for record in records]
    await sync.db.write(landed.land, sync.connection, landings, run=sync.id, now=sync.now())
    await sync.db.write(_settle, sync, found, admitted)
    return admitted


def _settle(connection: Connection, sync: Sync, found: Sequence[Repo], admitted: Sequence[Repo]) -> None:
    keys, let_in = [repo.key for repo in found], {repo.key for repo in admitted}
    name, counts = sync.connection, sync.mode is not Mode.DELTA
    presence.leave_out(connection, name, [key for key in keys if key not in let_in])
    presence.miss(connection, name, keys, run=sync.id, counts=counts)
    presence.end_retired(connection, name, now=sync.now())


def _record(sync: Sync, repo: Repo, facts: Facts, before: RepositoryRecord | None) -> RepositoryRecord:
    told, usage = facts.configurations.get(repo.key), facts.usage.get(repo.key)
    return repository_record(repo, sync.origin, told=told, usage=usage, before=before)


def _asset(sync: Sync, record: RepositoryRecord) -> Asset:
    return Asset(
        id=asset_id(sync.connection, AssetClass.REPOSITORY, record.key),
        asset_class=AssetClass.REPOSITORY,
        native=record.key,
        vendor_id=f"{sync.origin.host}/{record.key}",
        name=record.key,
        registry=sync.origin.host,
        repository=record.key,
        package_type=record.package_type.lower(),
        repository_type=record.type.lower(),
        project=record.project,
        xray_indexed=record.xray_index,
        description=record.description,
        size_bytes=record.used_bytes,
        artifact_count=record.artifact_count,
        mapped=sync.shapes.repository(record),
    )


async def list_all_images(
    sync: Sync, repositories: Sequence[Repo], *, updated_after: datetime | None = None
) -> Listed:
    """List the images of repositories and keep where they are, a page at a time.

    Only a complete listing of a repository ends what it did not have. One that can't be listed is told, and
    what was known of it stays.
    """
    images = ended = 0
    refused: dict[str, str] = {}
    newest: datetime | None = None
    some = [repo for repo in repositories if repo.packageType.lower() in IMAGE_TYPES]
    for at, key in storages(some).items():
        try:
            held = await holders(sync, at)
            async for page in _pages(sync, at, updated_after):
                await keep(sync, key, page, held)
                images += len(page)
                updates = [newest, *(moment(image.updated) for image in page)]
                newest = max(filter(None, updates), default=None)
        except ReedbedError as error:
            refused[key] = error.why
            await sync.tell("error", "not-listed", error.why, stream=Stream.IMAGES, item=key)
            continue
        if updated_after is None:
            ended += await sync.db.write(
                placements.end_unseen, sync.connection, key, run=sync.id, now=sync.now()
            )
    await follow(sync, storages(some), refused=list(refused))
    return Listed(images=images, ended=ended, refused=refused, newest=newest)


async def follow(sync: Sync, listed: Mapping[str, str], *, refused: Sequence[str] = ()) -> None:
    """Let images and repositories be as their places are, after a listing of repositories.

    These are named by where their files are; `refused` are the keys of those that could not be listed.
    """
    newest_tags = sync.scope.filters.newest_tags
    if newest_tags is not None:
        await sync.db.write(placements.leave_out_older, sync.connection, newest_tags)
    await settle(sync, listed)
    await sync.db.write(_follow, sync.connection, refused)


def _follow(connection: Connection, name: str, refused: Sequence[str]) -> None:
    presence.put_away(connection, name, refused)
    placements.follow_all_indexes(connection, name)
    presence.follow(connection, name)


async def holders(sync: Sync, repository: str, *, within: Sequence[Criteria] = ()) -> set[str] | None:
    """Have Artifactory say which files have the properties that the filters want; None: they want none."""
    wanted = sync.scope.filters.properties
    if not wanted:
        return None
    listing = list_images(Artifactory(sync.jfrog), repository, properties=wanted, within=within)
    return {image.file async for image in listing}


async def _pages(
    sync: Sync, repository: str, updated_after: datetime | None
) -> AsyncIterator[list[ListedImage]]:
    page: list[ListedImage] = []
    async for image in list_images(Artifactory(sync.jfrog), repository, updated_after=updated_after):
        page.append(image)
        if len(page) >= PAGE:
            yield page
            page = []
    if page:
        yield page


async def keep(sync: Sync, key: str, page: Sequence[ListedImage], held: set[str] | None) -> None:
    """Keep a page of a listing of a repository: its images, and where they are."""
    now = sync.now()
    rows = [_image(sync, key, image) for image in page]
    await sync.db.write(assets.save_listed, sync.connection, rows, run=sync.id, now=now)
    places = [_placement(sync, key, image, held) for image in page]
    await sync.db.write(placements.save, sync.connection, places, run=sync.id, now=now)


def _image(sync: Sync, repository: str, image: ListedImage) -> Asset:
    """An image as far as a listing tells."""
    return Asset(
        id=asset_id(sync.connection, AssetClass.IMAGE, image.digest),
        asset_class=AssetClass.IMAGE,
        native=image.digest,
        vendor_id=f"{sync.origin.host}/{repository}/{image.path}@{image.digest}",
        name=f"{repository}/{image.path}:{image.tag or image.digest}",
        lifecycle=Lifecycle.PRESENT,
        registry=sync.origin.host,
        repository=repository,
        path=image.path,
        tag=image.tag,
        manifest_digest=image.digest,
        uploaded_at=moment(image.created),
        is_index=image.index,
    )


def _admits(sync: Sync, image: ListedImage, held: set[str] | None) -> bool:
    """What is there by its digest alone has no properties: it goes as the index does that has it."""
    place = Place(
        repository=image.repository, path=image.path, tag=image.tag, uploaded_at=moment(image.created)
    )
    has = held is None or image.tag is None or image.file in held
    return has and lets_in(sync.scope.filters, place, now=sync.started_at)


def seen_by_filters(repo: Repo) -> Repository:
    return Repository(key=repo.key, type=repo.type, package_type=repo.packageType)


def _placement(sync: Sync, repository: str, image: ListedImage, held: set[str] | None) -> Placement:
    return Placement(
        repository=repository,
        path=image.path,
        tag=image.tag or "",
        asset=asset_id(sync.connection, AssetClass.IMAGE, image.digest),
        listed=msgspec.structs.asdict(image),
        in_scope=_admits(sync, image, held),
        uploaded_at=moment(image.created),
        uploaded_by=image.created_by,
    )
