"""npm's dist-tags in a local repository, kept as a property of the tarball that each one names."""

import msgspec
from aiohttp import web

from jfrog_standin import errors
from jfrog_standin.artifactory.contents import Unreadable, npm_manifest
from jfrog_standin.artifactory.gate import deployable, permit
from jfrog_standin.artifactory.npm_metadata import DIST_TAG
from jfrog_standin.artifactory.npm_packages import tarballs
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.artifactory.storage import Item, Storage
from jfrog_standin.errors import json_answer
from jfrog_standin.platform import Platform


async def put(platform: Platform, request: web.Request, name: str, tag: str) -> web.Response:
    """Let a tag name the version that the body says, a JSON string."""
    repo = request.match_info["repo"]
    version = await _sent_version(request)
    repository = deployable(platform, repo)
    permit(platform, request, "deploy", repository, f"{name}/-/")
    if not tag_version(platform.artifactory, repository, name, tag, version):
        raise errors.artifactory(404, f"version not found: {name}@{version}")
    return json_answer({"ok": True})


def delete(platform: Platform, request: web.Request, name: str, tag: str) -> web.Response:
    """Take a tag away; `latest` then names the highest version again."""
    repository = deployable(platform, request.match_info["repo"])
    permit(platform, request, "deploy", repository, f"{name}/-/")
    untag(platform.artifactory, repository, name, tag)
    return json_answer({"ok": True})


async def _sent_version(request: web.Request) -> str:
    try:
        return msgspec.json.decode(await request.read(), type=str)
    except msgspec.DecodeError as error:
        raise errors.artifactory(400, "The body is no version.") from error


def tag_version(storage: Storage, repository: Repository, name: str, tag: str, version: str) -> bool:
    """Move a tag to a version; False: there is no such version."""
    for item in tarballs(storage, repository, name):
        if _version(storage, item) == version:
            untag(storage, repository, name, tag)
            held = storage.get(item.repo, item.path) or item
            _set(storage, held, (*held.properties.get(DIST_TAG, ()), tag))
            return True
    return False


def untag(storage: Storage, repository: Repository, name: str, tag: str) -> None:
    for item in tarballs(storage, repository, name):
        tags = item.properties.get(DIST_TAG, ())
        if tag in tags:
            _set(storage, item, tuple(other for other in tags if other != tag))


def _version(storage: Storage, item: Item) -> str:
    try:
        return str(npm_manifest(storage.body(item))["version"])
    except Unreadable:
        return ""


def _set(storage: Storage, item: Item, tags: tuple[str, ...]) -> None:
    others = {key: values for key, values in item.properties.items() if key != DIST_TAG}
    storage.set_properties(item, {**others, **({DIST_TAG: tags} if tags else {})})
