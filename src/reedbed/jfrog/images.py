"""Images as Artifactory stores them: a manifest's file in a folder for each tag.

`<image>/<tag>/manifest.json` is an image, `<image>/<tag>/list.manifest.json` a multi-arch index, whose images
are at `<image>/sha256:<digest>/manifest.json` (a remote's cache writes `sha256__`). The file's SHA-256 is the
manifest's digest. Source: docs.jfrog.com, AQL; github.com/jfrog/charts, container storage layout.
"""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import msgspec

from reedbed.jfrog.aql import Criteria
from reedbed.jfrog.artifactory import Artifactory
from reedbed.jfrog.wire import Item

MANIFEST, INDEX = "manifest.json", "list.manifest.json"
BY_DIGEST = re.compile(r"sha256(?::|__)[0-9a-f]{64}")
_FIELDS = ("size", "sha256", "created", "modified", "updated", "created_by", "modified_by")


class ListedImage(msgspec.Struct, frozen=True, kw_only=True):
    """A manifest that a repository holds under a tag, or by its digest alone."""

    repository: str  # where the file is: of a remote "docker-remote-cache"
    path: str  # the image's, without the tag: "team/app"
    tag: str | None  # None: by its digest
    index: bool
    digest: str  # "sha256:…"
    file: str  # the file's path below the repository
    size: int | None  # of the manifest's file, in bytes
    created: str | None  # ISO 8601 in JFrog's zone: when it arrived
    modified: str | None
    updated: str | None
    created_by: str | None
    modified_by: str | None


async def list_images(
    artifactory: Artifactory,
    repository: str,
    *,
    updated_after: datetime | None = None,
    properties: Mapping[str, str] = MappingProxyType({}),
    within: Sequence[Criteria] = (),
) -> AsyncIterator[ListedImage]:
    """List the manifests of one repository, by path; of a repository that can't hold any, none.

    With `properties` only those whose file has all of them; with `within` only what one of these lets in.

    Costs a request for each thousand files, and one to be sure of the end.

    Raises:
        Unreachable, Refused, Unreadable: as any call; what was not listed then is not known.
    """
    names: Mapping[str, Any] = {"$or": [{"name": MANIFEST}, {"name": INDEX}]}
    parts: list[Mapping[str, Any]] = [names, {"path": {"$nmatch": "*/_uploads*"}}]
    if updated_after is not None:
        moment = updated_after.astimezone(UTC).isoformat(timespec="milliseconds")
        parts.append({"updated": {"$gt": moment.replace("+00:00", "Z")}})
    parts += [{f"@{key}": value} for key, value in properties.items()]
    parts += [{"$or": list(within)}] if within else []
    async for item in artifactory.items(repository, {"$and": parts}, include=_FIELDS):
        if image := listed(item):
            yield image


async def used_since(
    artifactory: Artifactory, repository: str, since: datetime
) -> AsyncIterator[tuple[str, str]]:
    """List the tags of one repository that somebody downloaded later than that: (image path, tag).

    Costs and raises as `list_images`.
    """
    moment = since.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    within = [{"stat.downloaded": {"$gt": moment}}]
    async for image in list_images(artifactory, repository, within=within):
        if image.tag is not None:
            yield image.path, image.tag


def listed(item: Item) -> ListedImage | None:
    """Read a file of a listing; None: it is no image's manifest, or its digest is not told."""
    path, _, last = item.path.rpartition("/")
    if not path or not re.fullmatch(r"[0-9a-f]{64}", item.sha256) or item.name not in (MANIFEST, INDEX):
        return None
    return ListedImage(
        repository=item.repo,
        path=path,
        tag=None if BY_DIGEST.fullmatch(last) else last,
        index=item.name == INDEX,
        digest=f"sha256:{item.sha256}",
        file=item.full_path,
        size=item.size,
        created=item.created,
        modified=item.modified,
        updated=item.updated,
        created_by=item.created_by,
        modified_by=item.modified_by,
    )


def at_tags(path: str, tags: Sequence[str]) -> list[Criteria]:
    """Ask for an image's manifests under tags, or by digests ("sha256:…")."""
    folders = [each for tag in tags for each in dict.fromkeys((tag, tag.replace("sha256:", "sha256__")))]
    return [{"path": f"{path}/{folder}"} for folder in folders]


def by_digest(path: str) -> list[Criteria]:
    """Ask for what an image's path has by digests alone: the images of its indexes."""
    return [{"path": {"$match": f"{path}/sha256{separator}*"}} for separator in (":", "__")]


def at_path(path: str) -> list[Criteria]:
    """Ask for all of an image's manifests, and of those whose paths go on; it may have no `*` or `?`."""
    return [{"path": {"$match": f"{path}/*"}}]
