"""What a remote repository of images fetches from its upstream, and where in its cache it keeps it.

A manifest brings a marker for each of its blobs, and only what has a marker is fetched. There is no memory
for manifests that the upstream lacks: each question is asked there anew (both measured on 7.161, see
`docker_call`).
"""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec
from yarl import URL

from jfrog_standin import errors
from jfrog_standin.artifactory import docker_layout as layout
from jfrog_standin.artifactory import oci
from jfrog_standin.artifactory.bodies import digest
from jfrog_standin.artifactory.docker_call import Call
from jfrog_standin.artifactory.oci import DIGEST, Manifest
from jfrog_standin.artifactory.remotes import MAX_METADATA_BYTES, read_bounded, shown
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.artifactory.storage import Item

FRESH_S = 21_600.0
"""How long a tag is answered out of the cache: the retrieval period of a remote of images."""
MOST_PAGES = 15
CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
NEXT = re.compile(r'<([^>]+)>;\s*rel="?next"?')


async def manifest(call: Call, member: Repository, reference: str) -> Item | None:
    """A manifest out of the cache while it is fresh, else from the upstream; None: neither has it.

    What is cached is answered all the same when the upstream does not answer.
    """
    storage, remotes = call.platform.artifactory, call.platform.remotes
    cached = layout.find_manifest(storage, member, call.name, reference)
    fixed = DIGEST.fullmatch(reference) is not None
    if cached is not None and (fixed or remotes.is_fresh(member, cached, for_s=FRESH_S)):
        return cached
    try:
        return await _fetch_manifest(call, member, reference) or cached
    except errors.Refused:
        if cached is None:
            raise
        return cached


async def _fetch_manifest(call: Call, member: Repository, reference: str) -> Item | None:
    accept = ",".join(call.request.headers.getall("Accept", ["*/*"]))
    async with _get(call, member, f"{call.name}/manifests/{reference}", accept) as answer:
        if answer is None:
            return None
        body = await read_bounded(answer, oci.MAX_MANIFEST_BYTES)
        media_type = answer.content_type
    try:
        read = oci.read_manifest(body, media_type)
    except oci.NoManifest as error:
        raise errors.artifactory(502, f"The upstream sent no manifest: {error}.") from error
    if DIGEST.fullmatch(reference) and reference != f"sha256:{digest(body).sha256}":
        raise errors.artifactory(502, "The upstream sent another manifest than the one with this digest.")
    return _cache(call, member, reference, body, read)


async def blob(call: Call, member: Repository, digest_: str) -> Item | None:
    """A blob in the place of its markers; None: no manifest named it, or the upstream has lost it."""
    storage = call.platform.artifactory
    if not layout.markers(storage, member, call.name, digest_):
        return None
    async with _get(call, member, f"{call.name}/blobs/{digest_}", "*/*") as answer:
        if answer is None:
            return None
        body = await read_bounded(answer, storage.max_file_bytes)
    if digest_ != f"sha256:{digest(body).sha256}":
        raise errors.artifactory(502, "The upstream sent another blob than the one with this digest.")
    for marker in layout.markers(storage, member, call.name, digest_):  # there may be more of them by now
        storage.put(member.storage_key, marker.path.removesuffix(layout.MARKER), body, by="anonymous")
        storage.delete(member.storage_key, marker.path)
    return layout.find_blob(storage, member, call.name, digest_)


async def names(call: Call, member: Repository, path: str) -> list[str] | None:
    """All names of the upstream's catalog or list of tags, page by page; None: it has no such list."""
    found: list[str] = []
    following = path
    for _ in range(MOST_PAGES):
        async with _get(call, member, following, "application/json") as answer:
            if answer is None:
                return found or None
            found += _names_in(await read_bounded(answer, MAX_METADATA_BYTES))
            link = NEXT.search(answer.headers.get("Link", ""))
        if link is None:
            break
        following = f"{path}?{URL(link[1], encoded=True).raw_query_string}"
    return found


def _cache(call: Call, member: Repository, reference: str, body: bytes, read: Manifest) -> Item:
    storage = call.platform.artifactory
    folder = layout.folder_of(member, call.name, reference)
    for part in read.blobs:
        if layout.find_blob(storage, member, call.name, part.digest) is None:
            marker = f"{folder}/{layout.blob_name(part.digest)}{layout.MARKER}"
            storage.put(member.storage_key, marker, b"", by="anonymous")
    properties = layout.described(call.name, reference, f"sha256:{digest(body).sha256}", read)
    kept = layout.put_manifest(
        storage, member, folder, body, read.media_type, properties=properties, by="anonymous"
    )
    layout.clear(storage, member, folder, read)
    return kept


def _names_in(body: bytes) -> list[str]:
    try:
        read = msgspec.json.decode(body, type=dict[str, Any])
        return msgspec.convert(read.get("tags") or read.get("repositories") or [], list[str])
    except msgspec.MsgspecError as error:
        raise errors.artifactory(502, "The upstream's list can't be read.") from error


@asynccontextmanager
async def _get(
    call: Call, member: Repository, path: str, accept: str
) -> AsyncIterator[aiohttp.ClientResponse | None]:
    """An answer with status 200, or None when the upstream lacks it; anything else is this gateway's 502.

    A challenge is met once: with the user and password of the remote's configuration, or with none.
    """
    url = f"{await call.platform.remotes.upstream(member)}/v2/{path}"
    session, headers = call.platform.remotes.session(), {"Accept": accept}
    try:
        async with session.get(URL(url, encoded=True), headers=headers) as first:
            challenge = first.headers.get("WWW-Authenticate", "") if first.status == 401 else ""
            if not challenge:
                yield _checked(first, url)
                return
        headers["Authorization"] = await _credentials(session, member, challenge)
        async with session.get(URL(url, encoded=True), headers=headers) as second:
            yield _checked(second, url)
    except (aiohttp.ClientError, TimeoutError) as error:
        why = type(error).__name__
        raise errors.artifactory(502, f"The upstream did not answer for {shown(url)}: {why}.") from error


def _checked(answer: aiohttp.ClientResponse, url: str) -> aiohttp.ClientResponse | None:
    if answer.status == 404:
        return None
    if answer.status != 200:
        raise errors.artifactory(502, f"The upstream answered {answer.status} for {shown(url)}.")
    return answer


async def _credentials(session: aiohttp.ClientSession, member: Repository, challenge: str) -> str:
    """What a challenge asks for: the password itself, or a token that the password is changed for."""
    own = _password(member.configuration)
    parts = dict(CHALLENGE.findall(challenge))
    if not challenge.lower().startswith("bearer") or "realm" not in parts:
        return own
    query = {name: parts[name] for name in ("service", "scope") if name in parts}
    headers = {"Authorization": own} if own else {}
    async with session.get(parts["realm"], params=query, headers=headers) as answer:
        if answer.status != 200:
            raise errors.artifactory(502, f"The upstream gave no token: it answered {answer.status}.")
        given = msgspec.json.decode(await read_bounded(answer, MAX_METADATA_BYTES), type=dict[str, Any])
    return f"Bearer {given.get('token') or given.get('access_token') or ''}"


def _password(configuration: Mapping[str, Any]) -> str:
    user, password = configuration.get("username"), configuration.get("password")
    return aiohttp.encode_basic_auth(str(user), str(password)) if user and password else ""
