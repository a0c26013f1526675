"""`POST …/v2/promote`: an image moved or copied to another repository, with all that belongs to it.

Source: jfrog.com/help/r/jfrog-rest-apis/promote-docker-image. Ours: the texts of refusals, and that
a platform's image stays behind when another tag than the promoted one names it too.
"""

from collections.abc import Iterable

import msgspec
from aiohttp import web

from jfrog_standin import errors
from jfrog_standin.artifactory import docker_layout as layout
from jfrog_standin.artifactory import oci
from jfrog_standin.artifactory.docker_call import NAME, Call, checked_reference
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.artifactory.storage import Item, NotStored


class Promotion(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is to be promoted; without a tag it is every one of the image."""

    target_repo: str
    docker_repository: str
    target_docker_repository: str | None = None  # None: the same name
    tag: str | None = None
    target_tag: str | None = None  # None: the same tag
    copy: bool = False  # move, unless it says otherwise


async def promote(call: Call) -> web.Response:
    """Move or copy, and say so in plain text."""
    wanted = _wanted(await call.request.read())
    source, target = _local(call, call.key), _local(call, wanted.target_repo)
    name = wanted.target_docker_repository or wanted.docker_repository
    call.permit("read" if wanted.copy else "delete", source, f"{wanted.docker_repository}/")
    call.permit("deploy", target, f"{name}/")
    tagged = _chosen(call, source, wanted)
    if not tagged:
        raise errors.artifactory(404, f"Unable to find {wanted.docker_repository}:{wanted.tag or '*'}.")
    parts = {item.path: item for item in _parts(call, source, wanted.docker_repository, tagged)}
    for item in (*parts.values(), *tagged):
        tag = wanted.target_tag if item in tagged else None
        _copy(call, target, item, name, tag or item.folder.rpartition("/")[2])
    if not wanted.copy:
        _take_away(call, source, wanted.docker_repository, tagged, parts.values())
    return web.Response(text="Promotion ended successfully")


def _wanted(body: bytes) -> Promotion:
    try:
        wanted = msgspec.json.decode(body, type=Promotion)
    except msgspec.DecodeError as error:
        raise errors.artifactory(400, str(error)) from error
    names = (wanted.docker_repository, wanted.target_docker_repository or wanted.docker_repository)
    if not all(NAME.fullmatch(name) for name in names) or (wanted.target_tag and not wanted.tag):
        raise errors.artifactory(
            400, "A promotion needs names of images, and a tag where it gives a new one."
        )
    for tag in (wanted.tag, wanted.target_tag):
        checked_reference(tag or "latest")
    return wanted


def _local(call: Call, key: str) -> Repository:
    found = call.platform.artifactory.repositories.get(key)
    if found is None or found.rclass != "local" or found.package_type not in layout.PACKAGE_TYPES:
        raise errors.artifactory(400, f"'{key}' is no local repository of images.")
    return found


def _chosen(call: Call, source: Repository, wanted: Promotion) -> list[Item]:
    found = layout.manifests_of(call.platform.artifactory, source, wanted.docker_repository)
    if wanted.tag is None:
        return [item for item in found if layout.tagged(item)]
    return [item for item in found if item.folder.rpartition("/")[2] == wanted.tag]


def _parts(call: Call, source: Repository, name: str, lists: Iterable[Item]) -> Iterable[Item]:
    """The manifests that some lists name."""
    storage = call.platform.artifactory
    for each in lists:
        read = oci.stored_manifest(storage.body(each)) if each.name == layout.LIST else None
        for child in read.manifests if read is not None else ():
            found = layout.find_manifest(storage, source, name, child.digest)
            if found is not None:
                yield found


def _copy(call: Call, target: Repository, manifest: Item, name: str, reference: str) -> None:
    """The folder of one manifest, under another name and tag."""
    storage, by = call.platform.artifactory, call.caller.user
    source = storage.get(manifest.repo, manifest.folder)
    named = {"docker.repoName": (name,), "docker.manifest": (reference,)}
    try:
        for item in storage.children(source) if source is not None else ():
            properties = {**item.properties, **(named if item.path == manifest.path else {})}
            path = f"{name}/{reference}/{item.name}"
            storage.put(target.storage_key, path, storage.body(item), by=by, properties=properties)
    except NotStored as error:
        raise errors.artifactory(error.status, error.message) from error


def _take_away(
    call: Call, source: Repository, name: str, tagged: Iterable[Item], parts: Iterable[Item]
) -> None:
    """Remove what was moved, but what a list that stays names as well."""
    storage = call.platform.artifactory
    for item in tagged:
        storage.delete(source.storage_key, item.folder)
    left = {item.path for item in _parts(call, source, name, layout.manifests_of(storage, source, name))}
    for item in parts:
        if item.path not in left:
            storage.delete(source.storage_key, item.folder)
