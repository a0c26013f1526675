"""`…/blobs/<digest>`: configs and layers, whole or in part.

Source: github.com/opencontainers/distribution-spec. A remote fetches a layer only when a manifest that it
has names it, and else says at once that there is none (measured on 7.161, see `docker_call`).
"""

from aiohttp import web

from jfrog_standin import errors
from jfrog_standin.artifactory import docker_layout as layout
from jfrog_standin.artifactory import docker_remotes
from jfrog_standin.artifactory.docker_call import Call, unknown_blob
from jfrog_standin.artifactory.downloads import file_headers
from jfrog_standin.artifactory.members import ask_first
from jfrog_standin.artifactory.oci import DIGEST
from jfrog_standin.artifactory.ranges import part
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.artifactory.storage import Item


async def get(call: Call) -> web.Response:
    """GET and HEAD: the blob of the first member that has it, or that can fetch it."""
    digest = checked_digest(call.request.match_info["digest"])
    item = await ask_first(call.readable(), lambda member: _of_member(call, member, digest))
    if item is None:
        raise unknown_blob(digest)
    headers = file_headers(item) | {
        "Content-Type": "application/octet-stream",
        "Accept-Ranges": "bytes",
        "Docker-Content-Digest": digest,
        "Content-Disposition": f'attachment; filename="{item.name}"',
    }
    if call.request.method == "HEAD":
        return web.Response(headers=headers | {"Content-Length": str(item.size)})
    call.platform.artifactory.count_download(item, by=call.caller.user)
    if call.platform.switches.blob_redirects:
        return web.Response(status=302, headers={"Location": call.platform.blob_store.address(digest[7:])})
    return part(call.request, call.platform.artifactory.body(item), headers)


async def delete(call: Call) -> web.Response:
    """DELETE: blobs go with the last manifest that names them, not by themselves."""
    raise errors.docker(405, "UNSUPPORTED", "The operation is unsupported.")


def checked_digest(text: str) -> str:
    """A digest.

    Raises:
        errors.Refused: it is none.
    """
    if not DIGEST.fullmatch(text):
        message = "provided digest did not match uploaded content"
        raise errors.docker(400, "DIGEST_INVALID", message, {"digest": text[:255]})
    return text


async def _of_member(call: Call, member: Repository, digest: str) -> Item | None:
    found = layout.find_blob(call.platform.artifactory, member, call.name, digest)
    if found is None and call.fetches(member):
        return await docker_remotes.blob(call, member, digest)
    return found
