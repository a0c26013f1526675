"""The package document of one local or remote npm repository."""

from typing import Any
from urllib.parse import quote

import msgspec

from jfrog_standin.artifactory.contents import Unreadable, npm_manifest
from jfrog_standin.artifactory.npm_metadata import (
    DIST_TAG,
    Packument,
    packument,
    tarball_file,
    version_document,
    without,
)
from jfrog_standin.artifactory.remotes import Remotes
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.artifactory.storage import Item, Storage
from jfrog_standin.platform import Platform


async def member_packument(platform: Platform, member: Repository, name: str) -> Packument | None:
    """The full document of a package, as Curation lets it be seen; None: the repository does not have it."""
    if member.rclass != "remote":
        return local_packument(platform.artifactory, member, name)
    document = await remote_packument(platform.remotes, member, name)
    if document is None or not platform.switches.curation_hides_versions:
        return document
    return without(document, platform.curation.hidden(member, "npm", name, document["versions"]))


def tarballs(storage: Storage, member: Repository, name: str) -> list[Item]:
    """The tarballs of a package in a local repository."""
    folder = storage.get(member.storage_key, f"{name}/-")
    found = storage.children(folder) if folder is not None else []
    return [item for item in found if item.name.endswith(".tgz")]


def local_packument(storage: Storage, member: Repository, name: str) -> Packument | None:
    """Made from the tarballs; one that can't be read is not in it."""
    versions: dict[str, dict[str, Any]] = {}
    times, tags = {}, {}
    for item in tarballs(storage, member, name):
        body = storage.body(item)
        try:
            manifest = npm_manifest(body)
        except Unreadable:
            continue
        version = manifest["version"]
        versions[version] = version_document(manifest, body, item.checksums.sha1 if item.checksums else "")
        times[version] = item.created
        tags.update(dict.fromkeys(item.properties.get(DIST_TAG, ()), version))
    return packument(name, versions, tags, times) if versions else None


async def remote_packument(remotes: Remotes, member: Repository, name: str) -> Packument | None:
    """The upstream's document, without what is not in the form that documents have."""
    url = f"{await remotes.upstream(member)}/{quote(name, safe='@')}"
    document = await remotes.document(member, url, accept="application/json")
    if document is None:
        return None
    try:
        read: Packument = msgspec.json.decode(document.body, type=dict[str, Any])
    except msgspec.DecodeError:
        return None
    parts = {part: _mapping(read.get(part)) for part in ("versions", "dist-tags", "time")}
    versions = {version: shown for version, shown in parts["versions"].items() if _is_version(shown)}
    return {**read, **parts, "versions": versions} if read.get("name") == name else None


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _is_version(shown: Any) -> bool:
    dist = shown.get("dist") if isinstance(shown, dict) else None
    return isinstance(dist, dict) and isinstance(shown.get("version"), str)


async def remote_tarball(remotes: Remotes, member: Repository, name: str, file: str) -> str | None:
    """The upstream's own URL of a tarball, looked up in its document; None: no version has that file."""
    document = await remote_packument(remotes, member, name)
    for shown in document["versions"].values() if document is not None else ():
        if tarball_file(name, shown) == file:
            return str(shown["dist"].get("tarball") or "") or None
    return None
