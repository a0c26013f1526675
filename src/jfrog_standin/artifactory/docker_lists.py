"""What a registry lists: images, tags, and what refers to an image.

Artifactory's pages are odd. `last` is the number of names that were shown, not the last of them (a name is
understood too), and the address of the next page lacks whatever stands before "/v2" in the one that was
asked for, so that a client that follows it to the letter gets a 404 (github.com/renovatebot/renovate issues
15030 and 15080). The switch `docker_paging` makes pages as the specification has them.
"""

from collections.abc import Iterable
from contextlib import suppress
from itertools import chain

import msgspec
from aiohttp import web

from jfrog_standin import errors
from jfrog_standin.artifactory import docker_layout as layout
from jfrog_standin.artifactory import docker_remotes, oci
from jfrog_standin.artifactory.docker_blobs import checked_digest
from jfrog_standin.artifactory.docker_call import Call, unknown_name
from jfrog_standin.artifactory.members import ask_each
from jfrog_standin.artifactory.oci import Descriptor, Manifest
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.artifactory.storage import Item
from jfrog_standin.errors import json_answer

MOST_DIGITS = 9


async def ping(call: Call) -> web.Response:
    """`/v2/`: yes, this is a registry, and you may enter."""
    return json_answer({})


async def catalog(call: Call) -> web.Response:
    """`_catalog`: the images in all members that the caller may read.

    An upstream that has no such list adds nothing.
    """
    members = call.platform.artifactory.members(call.key)
    found = await ask_each(members, lambda member: _images(call, member))
    names, link = _page(call, set(chain.from_iterable(found)), "_catalog")
    return _listed({"repositories": names}, link)


async def tags(call: Call) -> web.Response:
    """`tags/list`: the tags of an image in all members."""
    found = await ask_each(call.readable(), lambda member: _tags(call, member))
    if not found:
        raise unknown_name(call)
    shown, link = _page(call, set(chain.from_iterable(found)), f"{call.name}/tags/list")
    return _listed({"name": call.name, "tags": shown}, link)


async def referrers(call: Call) -> web.Response:
    """`referrers/<digest>`: signatures, SBOMs and whatever else names an image as its subject.

    Source: github.com/opencontainers/distribution-spec, "Listing Referrers". Older versions don't know it.
    """
    subject = checked_digest(call.request.match_info["digest"])
    if not call.platform.switches.docker_referrers:
        raise errors.docker(404, "UNSUPPORTED", "The operation is unsupported.")
    wanted = call.request.query.get("artifactType", "")
    found = {
        described.digest: described
        for member in call.readable()
        for described in _referring(call, member, subject)
        if wanted in {"", described.artifact_type}
    }
    index = Manifest(schema_version=2, media_type=oci.OCI_INDEX, manifests=tuple(found.values()))
    body = msgspec.json.encode({"manifests": [], **msgspec.to_builtins(index)})
    filtered = {"OCI-Filters-Applied": "artifactType"} if wanted else {}
    return web.Response(body=body, content_type=oci.OCI_INDEX, headers=filtered)


async def _images(call: Call, member: Repository) -> Iterable[str]:
    found: Iterable[str] = layout.images(call.platform.artifactory, member)
    if call.fetches(member):
        with suppress(errors.Refused):  # measured on 7.161: an upstream without a catalog is an empty list
            found = await docker_remotes.names(call, member, "_catalog") or found
    return [name for name in found if call.may_read(member, name)]


async def _tags(call: Call, member: Repository) -> Iterable[str] | None:
    stored = layout.tags(call.platform.artifactory, member, call.name) or None
    if not call.fetches(member):
        return stored
    try:
        return await docker_remotes.names(call, member, f"{call.name}/tags/list") or stored
    except errors.Refused:
        if stored is None:
            raise
        return stored


def _page(call: Call, names: Iterable[str], path: str) -> tuple[list[str], str]:
    """The names of one page, in order, and the Link to the next one; without `n`, or with 0, all of them."""
    asked, last = call.request.query.get("n", "0"), call.request.query.get("last", "")
    if not asked.isdecimal() or len(asked) > MOST_DIGITS:
        raise errors.artifactory(404, "Not Found")  # measured on 7.161
    every, by_position = sorted(names), call.platform.switches.docker_paging == "position"
    if by_position and last.isdecimal() and len(last) <= MOST_DIGITS:
        every_after, shown_before = every[int(last) :], int(last)
    else:
        every_after = [name for name in every if name > last]
        shown_before = len(every) - len(every_after)
    size = int(asked) or len(every)
    shown = every_after[:size]
    if len(every_after) <= size:
        return shown, ""
    if by_position:
        return shown, f'</v2/{path}?last={shown_before + size}&n={size}>; rel="next"'
    return shown, f'<{call.base}/{path}?n={size}&last={shown[-1]}>; rel="next"'


def _listed(body: object, link: str) -> web.Response:
    answer = json_answer(body)
    if link:
        answer.headers["Link"] = link
    return answer


def _referring(call: Call, member: Repository, subject: str) -> Iterable[Descriptor]:
    storage = call.platform.artifactory
    for item in layout.manifests_of(storage, member, call.name):
        manifest = oci.stored_manifest(storage.body(item))
        if manifest is not None and manifest.subject is not None and manifest.subject.digest == subject:
            yield _described(item, manifest)


def _described(item: Item, manifest: Manifest) -> Descriptor:
    config = manifest.config.media_type if manifest.config is not None else ""
    return Descriptor(
        media_type=manifest.media_type,
        digest=layout.digest_of(item),
        size=item.size,
        artifact_type=manifest.artifact_type or config,
        annotations=manifest.annotations,
    )
