"""`…/manifests/<tag or digest>`: what an image is made of, read, written and deleted.

Source: github.com/opencontainers/distribution-spec; Artifactory's answers: see `docker_call`. That only
somebody who may delete may move a tag is Artifactory's rule for every file. Ours: statuses of a manifest
that names what is not there; that an `Accept` with nothing but wildcards is as none.
"""

from aiohttp import web

from jfrog_standin import errors
from jfrog_standin.artifactory import docker_layout as layout
from jfrog_standin.artifactory import docker_remotes, oci
from jfrog_standin.artifactory.bodies import digest
from jfrog_standin.artifactory.coordinates import coordinates_of
from jfrog_standin.artifactory.docker_call import Call, checked_reference, unknown_manifest
from jfrog_standin.artifactory.downloads import file_headers
from jfrog_standin.artifactory.members import ask_first
from jfrog_standin.artifactory.oci import DIGEST, Manifest
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.artifactory.storage import Item, NotStored


async def get(call: Call) -> web.Response:
    """GET and HEAD: the manifest of the first member that has it, or that can fetch it."""
    reference = checked_reference(call.request.match_info["reference"])
    item = await ask_first(call.readable(), lambda member: _of_member(call, member, reference))
    if item is None:
        raise unknown_manifest(call)
    headers = _headers(call, item)
    if call.request.method == "HEAD":
        return web.Response(headers=headers | {"Content-Length": str(item.size)})
    call.platform.artifactory.count_download(item, by=call.caller.user)
    return web.Response(body=call.platform.artifactory.body(item), headers=headers)


async def put(call: Call) -> web.Response:
    """PUT: name a manifest whose blobs are here already; what the tag named before is gone."""
    reference = checked_reference(call.request.match_info["reference"])
    repository = call.target("upload a manifest to")
    folder = layout.folder_of(repository, call.name, reference)
    call.permit("deploy", repository, f"{folder}/{layout.MANIFEST}")
    body, manifest = await _sent(call, reference)
    _refuse_missing(call, repository, manifest)
    there = layout.find_manifest(call.platform.artifactory, repository, call.name, reference)
    pushed = f"sha256:{digest(body).sha256}"
    if there is not None and layout.digest_of(there) != pushed:
        call.permit("delete", repository, there.path)
    try:
        _keep(call, repository, reference, body, manifest)
    except NotStored as error:
        raise errors.docker(error.status, "MANIFEST_INVALID", error.message) from error
    return web.Response(
        status=201,
        headers={
            "Location": f"{call.base}/{call.name}/manifests/{pushed}",
            "Docker-Content-Digest": pushed,
            **_subject(call, manifest),
        },
    )


async def delete(call: Call) -> web.Response:
    """DELETE: a tag alone, or by digest the manifest with every tag that names it."""
    reference = checked_reference(call.request.match_info["reference"])
    repository, storage = call.target("delete a manifest from"), call.platform.artifactory
    found = [
        item
        for item in layout.manifests_of(storage, repository, call.name)
        if reference in {item.folder.rpartition("/")[2], layout.digest_of(item)}
    ]
    for item in found:
        call.permit("delete", repository, item.path)
    if not found:
        raise unknown_manifest(call)
    for item in found:
        storage.delete(repository.storage_key, item.folder)
    return web.Response(status=202)


def _subject(call: Call, manifest: Manifest) -> dict[str, str]:
    """The sign that what a manifest belongs to was understood, and that it will be listed there."""
    if manifest.subject is None or not call.platform.switches.docker_referrers:
        return {}
    return {"OCI-Subject": manifest.subject.digest}


async def _of_member(call: Call, member: Repository, reference: str) -> Item | None:
    """A member's manifest, fetched if need be. Xray is asked before anything is fetched."""
    storage = call.platform.artifactory
    folder = layout.folder_of(member, call.name, reference)
    if call.fetches(member):
        _refuse_blocked(call, member, f"{folder}/{layout.MANIFEST}")
        item = await docker_remotes.manifest(call, member, reference)
    else:
        item = layout.find_manifest(storage, member, call.name, reference)
    if item is None:
        return None
    _refuse_blocked(call, member, item.path)
    if member.rclass == "remote" and not _accepted(call.request, _media_type(call, item)):
        return None
    return item


def _refuse_blocked(call: Call, member: Repository, path: str) -> None:
    """Raise Xray's refusal: DENIED, but 404 through a virtual repository (JFrog knowledge base 000007180)."""
    found = coordinates_of(member.package_type, path)
    if found is None:
        return
    message = call.platform.xray.block(member.key, found.package_type, found.name, found.version, path)
    if message is None:
        return
    through_virtual = call.platform.switches.blocked_through_virtual.get(found.package_type, 403)
    if call.key not in {member.key, member.storage_key} and through_virtual == 404:
        raise unknown_manifest(call)
    raise errors.docker(403, "DENIED", message, {"manifest": call.name})


def _accepted(request: web.Request, media_type: str) -> bool:
    """Does the client take this type? A remote says 404 otherwise (JFrog knowledge base 000007064)."""
    offered = ",".join(request.headers.getall("Accept", []))
    return media_type in {entry.partition(";")[0].strip() for entry in offered.split(",")}


def _media_type(call: Call, item: Item) -> str:
    """The type that it was pushed as; of a file that somebody uploaded, the one that it says."""
    known = item.properties.get("docker.manifest.type", ("",))[0]
    if known in oci.MANIFESTS | oci.INDEXES:
        return known
    read = oci.stored_manifest(call.platform.artifactory.body(item))
    return read.media_type if read is not None else "application/json"


def _headers(call: Call, item: Item) -> dict[str, str]:
    owner = call.platform.artifactory.owner(item.repo)
    assert owner is not None, "what was found is in a repository"
    return file_headers(item) | {
        "Content-Type": _media_type(call, item),
        "Docker-Content-Digest": layout.digest_of(item),
        "X-Artifactory-Docker-Registry": owner.key,
    }


async def _sent(call: Call, reference: str) -> tuple[bytes, Manifest]:
    body = await call.request.read()
    try:
        manifest = oci.read_manifest(body, call.request.headers.get("Content-Type", "").partition(";")[0])
    except oci.NoManifest as error:
        raise errors.docker(400, "MANIFEST_INVALID", f"manifest invalid: {error}") from error
    if DIGEST.fullmatch(reference) and reference != f"sha256:{digest(body).sha256}":
        raise errors.docker(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
    return body, manifest


def _refuse_missing(call: Call, repository: Repository, manifest: Manifest) -> None:
    """Refuse a manifest that names a blob or another manifest that the image does not have."""
    storage, name = call.platform.artifactory, call.name
    for blob in manifest.blobs:
        if layout.find_blob(storage, repository, name, blob.digest) is None:
            raise _unknown_part(blob.digest)
    for child in manifest.manifests:
        if layout.find_manifest(storage, repository, name, child.digest) is None:
            raise _unknown_part(child.digest)


def _unknown_part(digest: str) -> errors.Refused:
    return errors.docker(400, "MANIFEST_BLOB_UNKNOWN", "blob unknown to registry", {"digest": digest})


def _keep(call: Call, repository: Repository, reference: str, body: bytes, manifest: Manifest) -> None:
    """Gather the blobs beside the manifest, out of `_uploads` or from another tag of the image."""
    storage, by = call.platform.artifactory, call.caller.user
    folder = layout.folder_of(repository, call.name, reference)
    for blob in manifest.blobs:
        found = layout.find_blob(storage, repository, call.name, blob.digest)
        assert found is not None, "looked for before"
        if found.folder != folder:
            storage.put(repository.storage_key, f"{folder}/{found.name}", storage.body(found), by=by)
        storage.delete(repository.storage_key, f"{call.name}/{layout.UPLOADS}/{found.name}")
    described = layout.described(call.name, reference, f"sha256:{digest(body).sha256}", manifest)
    properties = {**described, **_labels(call, repository, manifest)}
    media_type = manifest.media_type
    layout.put_manifest(storage, repository, folder, body, media_type, properties=properties, by=by)
    layout.clear(storage, repository, folder, manifest)


def _labels(call: Call, repository: Repository, manifest: Manifest) -> dict[str, tuple[str, ...]]:
    if manifest.config is None:
        return {}
    storage = call.platform.artifactory
    config = layout.find_blob(storage, repository, call.name, manifest.config.digest)
    return oci.label_properties(storage.body(config)) if config is not None else {}
