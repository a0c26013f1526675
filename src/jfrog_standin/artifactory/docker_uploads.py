"""`…/blobs/uploads/`: blobs that are sent at once, in chunks, or mounted from another image.

What is complete waits at `<image>/_uploads/sha256__<hex>` until a manifest names it.

Source: github.com/opencontainers/distribution-spec, "Pushing blobs".
"""

import re

from aiohttp import web

from jfrog_standin import errors
from jfrog_standin.artifactory import docker_layout as layout
from jfrog_standin.artifactory.bodies import digest
from jfrog_standin.artifactory.docker_blobs import checked_digest
from jfrog_standin.artifactory.docker_call import Call
from jfrog_standin.artifactory.docker_sessions import Upload
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.artifactory.storage import Item, NotStored

CHUNK = re.compile(r"(?:bytes )?(\d{1,18})-(\d{1,18})(?:/.*)?")


async def post(call: Call) -> web.Response:
    """POST: begin an upload, or with `?mount=` or `?digest=` end it in the same breath."""
    repository, query = _target(call), call.request.query
    if "mount" in query and (found := _elsewhere(call, repository)) is not None:
        return _kept(call, repository, query["mount"], call.platform.artifactory.body(found))
    body = await call.request.read()
    if "digest" in query:
        return _kept(call, repository, query["digest"], body)
    uploads = call.platform.uploads
    upload_id = uploads.begin(repository.key, call.name)
    _mark(call, repository, upload_id)
    return _accepted(call, upload_id, 0)


async def patch(call: Call) -> web.Response:
    """PATCH: the next chunk; one that is not next is 416."""
    repository, upload_id = _target(call), call.request.match_info["upload"]
    upload = _open(call, repository, upload_id)
    body = await call.request.read()
    sent = CHUNK.fullmatch(call.request.headers.get("Content-Range", ""))
    if sent is not None and (int(sent[1]), int(sent[2])) != (
        len(upload.body),
        len(upload.body) + len(body) - 1,
    ):
        return _progress(call, upload_id, len(upload.body), status=416)
    if len(upload.body) + len(body) > call.platform.artifactory.max_file_bytes:
        raise errors.docker(413, "SIZE_INVALID", "the blob is too large")
    upload.body += body
    return _accepted(call, upload_id, len(upload.body))


async def put(call: Call) -> web.Response:
    """PUT: the last chunk, if one is left, and the digest of all."""
    repository, upload_id = _target(call), call.request.match_info["upload"]
    upload = _open(call, repository, upload_id)
    body = bytes(upload.body) + await call.request.read()
    answer = _kept(call, repository, call.request.query.get("digest", ""), body)
    _forget(call, repository, upload_id)
    return answer


async def get(call: Call) -> web.Response:
    """GET: how much has arrived."""
    repository, upload_id = _target(call), call.request.match_info["upload"]
    upload = _open(call, repository, upload_id)
    return _progress(call, upload_id, len(upload.body), status=204)


async def delete(call: Call) -> web.Response:
    """DELETE: give the upload up."""
    repository, upload_id = _target(call), call.request.match_info["upload"]
    _open(call, repository, upload_id)
    _forget(call, repository, upload_id)
    return web.Response(status=204)


def _target(call: Call) -> Repository:
    repository = call.target("upload blobs to")
    call.permit("deploy", repository, f"{call.name}/{layout.UPLOADS}")
    return repository


def _open(call: Call, repository: Repository, upload_id: str) -> Upload:
    upload = call.platform.uploads.get(upload_id, repository.key, call.name)
    if upload is None:
        raise errors.docker(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")
    return upload


def _elsewhere(call: Call, repository: Repository) -> Item | None:
    """The blob to mount; a client of the path method names the image with the repository's key before it."""
    digest, source = call.request.query["mount"], call.request.query.get("from", "")
    first, _, rest = source.partition("/")
    owner = call.platform.artifactory.repositories.get(first)
    own = layout.find_blob(call.platform.artifactory, repository, source, digest)
    if own is not None or owner is None or not call.caller.may("read", owner.key, rest):
        return own
    members = call.platform.artifactory.members(owner.key)
    found = (layout.find_blob(call.platform.artifactory, member, rest, digest) for member in members)
    return next((item for item in found if item is not None), None)


def _kept(call: Call, repository: Repository, named: str, body: bytes) -> web.Response:
    """Keep a whole blob, if it is the one that it is said to be."""
    if checked_digest(named) != f"sha256:{digest(body).sha256}":
        message = "provided digest did not match uploaded content"
        raise errors.docker(400, "DIGEST_INVALID", message, {"digest": named})
    _store(call, repository, layout.blob_name(named), body)
    return web.Response(
        status=201,
        headers={"Location": f"{call.base}/{call.name}/blobs/{named}", "Docker-Content-Digest": named},
    )


def _mark(call: Call, repository: Repository, upload_id: str) -> None:
    """Show that something is on its way, as an empty file where the blob will be."""
    _store(call, repository, upload_id, b"")


def _forget(call: Call, repository: Repository, upload_id: str) -> None:
    call.platform.uploads.end(upload_id)
    call.platform.artifactory.delete(repository.storage_key, f"{call.name}/{layout.UPLOADS}/{upload_id}")


def _store(call: Call, repository: Repository, file: str, body: bytes) -> None:
    path = f"{call.name}/{layout.UPLOADS}/{file}"
    try:
        call.platform.artifactory.put(repository.storage_key, path, body, by=call.caller.user)
    except NotStored as error:
        raise errors.docker(error.status, "SIZE_INVALID", error.message) from error


def _accepted(call: Call, upload_id: str, arrived: int) -> web.Response:
    return _progress(call, upload_id, arrived, status=202)


def _progress(call: Call, upload_id: str, arrived: int, *, status: int) -> web.Response:
    return web.Response(
        status=status,
        headers={
            "Location": f"{call.base}/{call.name}/blobs/uploads/{upload_id}",
            "Range": f"0-{max(arrived - 1, 0)}",
            "Docker-Upload-UUID": upload_id,
        },
    )
