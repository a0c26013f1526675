"""The part of a platform that a person named: a repository, the images of a path, or one of them. Acts.

A run over it lists and reads just that, closes nothing, and moves no watermark.
"""

import re
from collections.abc import Sequence

import msgspec

from reedbed.errors import ReedbedError, SettingsError
from reedbed.inventory.run.context import Sync
from reedbed.inventory.run.hinted import look
from reedbed.inventory.run.listing import IMAGE_TYPES, PAGE, Listed, follow, holders, keep
from reedbed.jfrog.artifactory import Artifactory, storages
from reedbed.jfrog.images import ListedImage, at_path, list_images
from reedbed.jfrog.wire import Repo
from reedbed.model.hints import Hint
from reedbed.model.identity import asset_id
from reedbed.model.inventory import AssetClass, Stream
from reedbed.store.inventory import wanted
from reedbed.store.inventory.scopes import Scope

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_NO_NAME = re.compile(r"[\s*?\x00-\x1f\x7f]|//|/$")


class Spot(msgspec.Struct, frozen=True, kw_only=True):
    """A repository; with a path its images there; with a tag or a digest one of these."""

    repository: str  # a remote's without "-cache"
    path: str = ""
    tag: str = ""  # or "sha256:…"

    def __str__(self) -> str:
        mark = "@" if _DIGEST.fullmatch(self.tag) else ":"
        image = f"/{self.path}" if self.path else ""
        return self.repository + image + (f"{mark}{self.tag}" if self.tag else "")


def spot(text: str) -> Spot:
    """Read `docker-local`, `docker-local/team/app`, `docker-local/team/app:1.0` or `…@sha256:…`.

    Raises:
        SettingsError: it is none of these; patterns are for filters.
    """
    repository, slash, rest = text.partition("/")
    path, mark, tag = rest.partition("@" if "@" in rest else ":")
    named = bool(repository) and bool(path) is bool(slash) and bool(tag) is bool(mark)
    if not named or _NO_NAME.search(text) or "/" in tag or (mark == "@" and not _DIGEST.fullmatch(tag)):
        raise SettingsError(
            f"Could not read what to sync: {text!r}",
            why="it names neither a repository nor an image",
            fix="Write docker-local, docker-local/team/app, docker-local/team/app:1.0 or …@sha256:….",
        )
    return Spot(repository=repository, path=path, tag=tag)


async def look_at(
    run: Sync, repositories: Sequence[Repo], spots: Sequence[Spot]
) -> tuple[Listed, frozenset[Scope]]:
    """List what spots name, and mark it to be read; what they name and is not there is told.

    Gives also the scopes in which a tag is gone. What the filters leave out is left out here, too.
    """
    hints = [Hint(each.repository, each.path, each.tag, "asked for") for each in spots if each.tag]
    listed, gone = await look(run, repositories, hints)
    some = storages([repo for repo in repositories if repo.packageType.lower() in IMAGE_TYPES])
    places = {key: at for at, key in some.items()}
    for each in spots:
        if each.tag:
            continue
        at = places.get(each.repository)
        found = await _list(run, at, each) if at is not None else Listed()
        if not found.images and found.complete:
            await run.tell(
                "warning", "not-there", "nothing is there to read", stream=Stream.IMAGES, item=str(each)
            )
        listed = listed.and_also(found)
    wanted = {each.repository for each in spots}
    await follow(run, {at: key for at, key in some.items() if key in wanted}, refused=list(listed.refused))
    return listed, gone


async def _list(run: Sync, at: str, spot: Spot) -> Listed:
    images, page = 0, list[ListedImage]()
    within = at_path(spot.path) if spot.path else ()
    try:
        held = await holders(run, at, within=within)
        async for image in list_images(Artifactory(run.jfrog), at, within=within):
            if spot.path in ("", image.path):
                page.append(image)
            if len(page) >= PAGE:
                images += await _keep(run, spot.repository, page, held)
                page = []
        images += await _keep(run, spot.repository, page, held)
    except ReedbedError as error:
        await run.tell("error", "not-listed", error.why, stream=Stream.IMAGES, item=str(spot))
        return Listed(images=images, refused={spot.repository: error.why})
    return Listed(images=images)


async def _keep(run: Sync, key: str, page: Sequence[ListedImage], held: set[str] | None) -> int:
    await keep(run, key, page, held)
    ids = [asset_id(run.connection, AssetClass.IMAGE, each.digest) for each in page]
    await run.db.write(wanted.want, run.connection, ids, run=run.id)
    return len(page)
