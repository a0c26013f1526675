"""Manifests and config blobs, by their digests, through Artifactory's registry API.

Source: docs.jfrog.com, Docker registry API; github.com/opencontainers/image-spec (manifest, index, config).
"""

import hashlib
from typing import Any

import msgspec

from reedbed.errors import Unreadable
from reedbed.jfrog.causes import Cause, Failure
from reedbed.jfrog.exchange import Call, without_nul
from reedbed.jfrog.session import JFrog

LARGEST_MANIFEST = 4 * 1024 * 1024  # what registries take, github.com/opencontainers/distribution-spec
LARGEST_CONFIG = 8 * 1024 * 1024

MEDIA_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
)
"""Without all of them a remote answers 404 MANIFEST_UNKNOWN (JFrog KB 000007064)."""


async def manifest(jfrog: JFrog, repository: str, image: str, digest: str) -> bytes:
    """Fetch a manifest, or an index, as it was pushed.

    Raises:
        Unreachable, Refused: as any call.
        Unreadable: it is larger than any registry takes, or not what its digest says.
    """
    call = Call(
        method="GET",
        route="/artifactory/api/docker/{repository}/v2/{path}/manifests/{digest}",
        at={"repository": repository, "path": image, "digest": digest},
        doing=f"fetch the manifest of {repository}/{image}",
        needs=f"permission to read {repository}",
        headers={"Accept": ", ".join(MEDIA_TYPES)},
        reads="raw",
        max_bytes=LARGEST_MANIFEST,
    )
    return checked((await jfrog.tell(call)).body, digest, doing=call.doing)


async def config_blob(jfrog: JFrog, repository: str, image: str, digest: str) -> dict[str, Any]:
    """Fetch and read the config blob of an image.

    Raises:
        Unreachable, Refused: as any call; or it is kept in a store elsewhere, which does not give it.
        Unreadable: it is too large, no JSON object, not what its digest says, or kept in a store elsewhere
            that is none of the platform's blob hosts.
    """
    call = Call(
        method="GET",
        route="/artifactory/api/docker/{repository}/v2/{path}/blobs/{digest}",
        at={"repository": repository, "path": image, "digest": digest},
        doing=f"fetch the configuration of {repository}/{image}",
        needs=f"permission to read {repository}",
        reads="raw",
        max_bytes=LARGEST_CONFIG,
    )
    body = checked(await _blob(jfrog, call), digest, doing=call.doing)
    try:
        return msgspec.json.decode(without_nul(body), type=dict[str, Any])
    except (ValueError, RecursionError) as error:
        raise _wrong(call.doing, "it is no JSON object") from error


async def _blob(jfrog: JFrog, call: Call) -> bytes:
    """Fetch a blob from where it is: Artifactory may redirect to a store in a cloud."""
    outcome = await jfrog.outcome(call)
    if isinstance(outcome, Failure) and outcome.location and outcome.cause is Cause.REDIRECT:
        if jfrog.stores is not None:
            outcome = await jfrog.stores.get(outcome.location, max_bytes=call.max_bytes)
        if isinstance(outcome, Failure) and outcome.cause is Cause.REDIRECT:
            raise _elsewhere(call.doing, jfrog.platform.name, outcome.seen)
    if isinstance(outcome, Failure):
        raise outcome.error(call.doing, needs=call.needs)
    return outcome.body


def _elsewhere(doing: str, platform: str, seen: str) -> Unreadable:
    return Unreadable(
        f"Could not {doing}",
        why=f"it is kept in a store that may not be asked: {seen}",
        fix=f"If that store is yours, name its host: reedbed platform edit {platform} --blob-host HOST.",
    )


def checked(body: bytes, digest: str, *, doing: str) -> bytes:
    """Give content back whose digest is right: whatever lies between us and the registry, it is what it says.

    Raises:
        Unreadable: it is not.
    """
    if f"sha256:{hashlib.sha256(body).hexdigest()}" != digest:
        raise _wrong(doing, "the content is not what its digest says")
    return body


def _wrong(doing: str, why: str) -> Unreadable:
    return Unreadable(
        f"Could not {doing}",
        why=why,
        fix="Try again; if it lasts, push the image anew: what Artifactory holds is damaged.",
    )
