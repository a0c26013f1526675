"""Looking at what hints are about: Artifactory lists just these tags, and what is there is read. Acts.

A hint proves nothing. What it names is asked for, so a forged one costs a request or two; and what it does
not name is found by the next delta, so a lost one costs time.
"""

from collections.abc import Iterable, Sequence

import msgspec

from reedbed.errors import ReedbedError
from reedbed.inventory.run.context import Sync
from reedbed.inventory.run.listing import IMAGE_TYPES, PAGE, Listed, follow, holders, keep
from reedbed.jfrog import aql
from reedbed.jfrog.artifactory import Artifactory, storages
from reedbed.jfrog.images import ListedImage, at_tags, by_digest, list_images
from reedbed.jfrog.wire import Repo
from reedbed.model.hints import Hint
from reedbed.model.identity import asset_id
from reedbed.model.inventory import AssetClass, Stream
from reedbed.store.inventory import placements, wanted
from reedbed.store.inventory.scopes import Scope
from reedbed.store.rows import slices

ROOM = 3_000
"""Characters of a query that may name folders."""


class _Image(msgspec.Struct):
    """An image path, and what hints name of it."""

    at: str  # where the repository's files are
    key: str
    path: str
    tags: set[str] = msgspec.field(default_factory=set)  # or "sha256:…"


async def look(
    run: Sync, repositories: Sequence[Repo], hints: Iterable[Hint]
) -> tuple[Listed, frozenset[Scope]]:
    """List what hints name, mark it to be read, and end the tags that are not there any more.

    Gives also the scopes in which there are fewer than hints name. What is of no repository that the filters
    let in is left alone.
    """
    listed, gone = Listed(), set[Scope]()
    images = _images(repositories, hints)
    for image in images:
        try:
            one = await _look(run, image)
        except ReedbedError as error:
            await run.tell("error", "not-listed", error.why, stream=Stream.IMAGES, item=image.key)
            one = Listed(refused={image.key: error.why})
        else:
            if one.images < len(image.tags):
                gone.add(Scope(run.connection, image.key, image.path))
        listed = listed.and_also(one)
    await follow(run, {image.at: image.key for image in images})
    return listed, frozenset(gone)


def _images(repositories: Sequence[Repo], hints: Iterable[Hint]) -> list[_Image]:
    some = storages([repo for repo in repositories if repo.packageType.lower() in IMAGE_TYPES])
    known = {name: (at, key) for at, key in some.items() for name in (key, at)}
    found: dict[tuple[str, str], _Image] = {}
    for hint in hints:
        if (place := known.get(hint.repository)) is not None:
            image = found.setdefault((place[1], hint.path), _Image(*place, hint.path))
            image.tags.add(hint.tag)
    return list(found.values())


async def _look(run: Sync, image: _Image) -> Listed:
    found = await _list(run, image, at_tags(image.path, sorted(image.tags)))
    ids = [asset_id(run.connection, AssetClass.IMAGE, each.digest) for each in found]
    await run.db.write(wanted.want, run.connection, ids, run=run.id)
    if any(each.index for each in found):
        parts = await _list(run, image, by_digest(image.path))
        new = [asset_id(run.connection, AssetClass.IMAGE, each.digest) for each in parts]
        await run.db.write(wanted.want_unread, run.connection, new, run=run.id)
    there = {each.tag for each in found if each.tag}
    missing = sorted(image.tags - there)
    at = (image.key, image.path)
    ended = await run.db.write(placements.end_tags, run.connection, at, missing, now=run.now())
    return Listed(images=len(found), ended=ended)


async def _list(run: Sync, image: _Image, within: Sequence[aql.Criteria]) -> list[ListedImage]:
    found: list[ListedImage] = []
    for some in aql.chunks([(None, each) for each in within], ROOM):
        criteria = [each for _, each in some]
        held = await holders(run, image.at, within=criteria)
        listing = list_images(Artifactory(run.jfrog), image.at, within=criteria)
        here = [each async for each in listing if each.path == image.path]
        for page in slices(here, PAGE):
            await keep(run, image.key, page, held)
        found += here
    return found
