"""Sends files: from a local repository, a remote's cache or its upstream, unless Xray or Curation blocks."""

from email.utils import format_datetime

from aiohttp import web

from jfrog_standin import errors
from jfrog_standin.artifactory.content_types import content_type
from jfrog_standin.artifactory.coordinates import coordinates_of
from jfrog_standin.artifactory.curation import WAIVER, Refusal
from jfrog_standin.artifactory.gate import answering_members
from jfrog_standin.artifactory.members import ask_first
from jfrog_standin.artifactory.ranges import part
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.artifactory.resolution import asked_file
from jfrog_standin.artifactory.storage import Item
from jfrog_standin.artifactory.upstream_files import upstream_url
from jfrog_standin.platform import Platform


async def send_first(platform: Platform, request: web.Request, key: str, path: str) -> web.Response:
    """Answer with the file at a path of the first member that has it, or that can fetch it."""
    package_type = package_type_of(platform, key)
    asked = asked_file(package_type, path)
    caller, members = answering_members(platform, request, key, asked, path)
    waiver = request.headers.get(WAIVER, "")
    try:
        item = await ask_first(members, lambda member: _file(platform, key, member, path, waiver=waiver))
    except Refusal as refused:
        if hides_blocks(platform, package_type) and platform.artifactory.is_virtual(key):
            raise not_found(key, path) from refused
        raise
    if item is None:
        raise not_found(key, path)
    return send(platform, request, item, by=caller.user)


async def _file(
    platform: Platform, key: str, member: Repository, path: str, *, waiver: str = ""
) -> Item | None:
    """A member's file, fetched if need be.

    Xray and Curation are asked before anything is fetched: what is known to be malicious never gets onto
    this machine.
    """
    item = platform.artifactory.get(member.storage_key, path)
    url = await upstream_url(platform.remotes, member, path) if item is None else None
    if (item is None and url is None) or (item is not None and item.is_folder):
        return None
    refuse_curated(platform, member, path, waiver=waiver)
    refuse_blocked(platform, key, member, path)
    return item if url is None else await platform.remotes.fetch(member, path, url)


def refuse_curated(platform: Platform, member: Repository, path: str, *, waiver: str) -> None:
    """Raise Curation's refusal, if there is one; what a cache holds already is refused too."""
    found = coordinates_of(member.package_type, path)
    block = platform.curation.find(member, found.package_type, found.name, found.version) if found else None
    if found is not None and block is not None:
        html = platform.switches.curation_html
        raise platform.curation.refusal(block, found.name, found.version, waiver=waiver, html=html)


def refuse_blocked(platform: Platform, key: str, member: Repository, path: str) -> None:
    """Raise Xray's refusal, if there is one; `key` is the repository that was asked, virtual or not.

    A download that is refused is not counted.
    """
    found = coordinates_of(member.package_type, path)
    if found is None:
        return
    message = platform.xray.block(member.key, found.package_type, found.name, found.version, path)
    if message is None:
        return
    if platform.artifactory.is_virtual(key) and hides_blocks(platform, found.package_type):
        raise not_found(key, path)
    raise errors.artifactory(403, message)


def hides_blocks(platform: Platform, package_type: str) -> bool:
    """Is what is blocked 404 through a virtual repository?"""
    return platform.switches.blocked_through_virtual.get(package_type, 403) == 404


def package_type_of(platform: Platform, key: str) -> str:
    repository = platform.artifactory.owner(key)
    return repository.package_type if repository is not None else ""


def not_found(key: str, path: str) -> errors.Refused:
    return errors.artifactory(404, f"File not found: {key}/{path}")


def send(platform: Platform, request: web.Request, item: Item, *, by: str) -> web.Response:
    """Answer with a file and its checksums; only a GET that is not answered by 304 counts as a download."""
    headers, ranges = file_headers(item), platform.switches.file_ranges
    headers |= {"Accept-Ranges": "bytes"} if ranges else {}
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return web.Response(status=304, headers=headers)
    if request.method == "HEAD":
        return web.Response(headers=headers | {"Content-Length": str(item.size)})
    platform.artifactory.count_download(item, by=by)
    body = platform.artifactory.body(item)
    return part(request, body, headers) if ranges else web.Response(body=body, headers=headers)


def file_headers(item: Item) -> dict[str, str]:
    """The headers of a download."""
    assert item.checksums is not None, "a folder is not sent"
    return {
        "Content-Type": content_type(item.name),
        "ETag": item.checksums.sha1,
        "Last-Modified": format_datetime(item.modified, usegmt=True),
        "X-Checksum-Sha1": item.checksums.sha1,
        "X-Checksum-Sha256": item.checksums.sha256,
        "X-Checksum-Md5": item.checksums.md5,
        "X-Artifactory-Filename": item.name.encode("ascii", "replace").decode(),
    }
