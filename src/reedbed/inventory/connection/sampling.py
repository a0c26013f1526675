"""The check “Data Fetch”: one image on its whole way, as a run would read it. Acts."""

from collections.abc import Sequence

import msgspec

from reedbed.jfrog import aql, docker
from reedbed.jfrog.artifactory import Artifactory, storage_keys
from reedbed.jfrog.check import Seen
from reedbed.jfrog.images import MANIFEST, ListedImage, listed
from reedbed.jfrog.session import JFrog
from reedbed.jfrog.summary import Answer, Findings
from reedbed.jfrog.wire import Repo
from reedbed.model.inventory import Coverage, Stream
from reedbed.model.records import Manifest

IMAGE_TYPES = frozenset({"docker", "oci"})
TRIED = 5
"""Repositories that are looked into until one has an image."""


async def sample(jfrog: JFrog, streams: Sequence[Stream]) -> Seen:
    """Read what the streams want of one image.

    Raises:
        Unreachable, Refused, Unreadable: a step failed.
    """
    found = await Artifactory(jfrog).repositories()
    if not found:
        fix = "Give the token's user permission to read the repositories that are to be listed."
        return Seen("the token sees no repository", "DATA_NO_REPOSITORIES", fix)
    counted = f"{len(found)} repositories, {len(of_images(found))} of them for images"
    if Stream.IMAGES not in streams:
        return Seen(counted)
    image = await _first(jfrog, storage_keys(of_images(found)))
    if image is None:
        fix = "If there should be images: give the token's user permission to read their repositories."
        return Seen(f"{counted}; no image was found", "DATA_NO_IMAGES", fix, fails=False)
    body = await docker.manifest(jfrog, image.repository, image.path, image.digest)
    read = f"{counted}; {image.repository}/{image.path}:{image.tag} has {_layers(body)} layers"
    if Stream.VULNERABILITIES not in streams:
        return Seen(read)
    [answer] = await Findings(jfrog).read([image.digest])
    return _with_findings(read, answer)


def of_images(found: Sequence[Repo]) -> list[Repo]:
    return [each for each in found if each.packageType.lower() in IMAGE_TYPES]


async def _first(jfrog: JFrog, keys: Sequence[str]) -> ListedImage | None:
    """Find an image that has a tag in one of the first repositories."""
    for key in keys[:TRIED]:
        text = aql.find_items({"repo": key, "name": MANIFEST}, include=("sha256",), limit=10)
        for item in (await Artifactory(jfrog).query(text)).results:
            image = listed(item)
            if image is not None and image.tag is not None:
                return image
    return None


def _layers(body: bytes) -> int:
    return len(msgspec.json.decode(body, type=Manifest).layers)


def _with_findings(read: str, answer: Answer) -> Seen:
    if answer.coverage is Coverage.SCANNED:
        return Seen(f"{read}; Xray knows {len(answer.vulnerabilities)} vulnerabilities in it")
    fix = "Have its repository indexed in Xray (Administration, Xray Settings, Indexed Resources)."
    return Seen(f"{read}; Xray has nothing on it: {answer.reason}", "DATA_NOT_SCANNED", fix, fails=False)
