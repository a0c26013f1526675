"""Sends files: from a local repository, a remote's cache or its upstream, or not at all when Xray blocks."""

from email.utils import format_datetime

from aiohttp import web

from jfrog_standin import errors
from jfrog_standin.artifactory.content_types import content_type
from jfrog_standin.artifactory.coordinates import coordinates_of
from jfrog_standin.artifactory.gate import readable_members
from jfrog_standin.artifactory.members import ask_first
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.artifactory.storage import Item
from jfrog_standin.artifactory.upstream_files import upstream_url
from jfrog_standin.platform import Platform


async def send_first(platform: Platform, request: web.Request, key: str, path: str) -> web.Response:
    """Answer with the file at a path of the first member that has it, or that can fetch it."""
    caller, members = readable_members(platform, request, key, path)
    item = await ask_first(members, lambda member: _file(platform, key, member, path))
    if item is None:
        raise errors.artifactory(404, f"File not found: {key}/{path}")
    return send(platform, request, item, by=caller.user)


async def _file(platform: Platform, key: str, member: Repository, path: str) -> Item | None:
    """A member's file, fetched if need be.

    Xray is asked before anything is fetched: what is known to be malicious never gets onto this machine.
    """
    item = platform.artifactory.get(member.storage_key, path)
    url = await upstream_url(platform.remotes, member, path) if item is None else None
    if (item is None and url is None) or (item is not None and item.is_folder):
        return None
    refuse_blocked(platform, key, member, path)
    return item if url is None else await platform.remotes.fetch(member, path, url)


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
    through_virtual = platform.switches.blocked_through_virtual.get(found.package_type, 403)
    if key not in {member.key, member.storage_key} and through_virtual == 404:
        raise errors.artifactory(404, f"File not found: {key}/{path}")
    raise errors.artifactory(403, message)


def send(platform: Platform, request: web.Request, item: Item, *, by: str) -> web.Response:
    """Answer with a file and its checksums; only a GET that is not answered by 304 counts as a download."""
    headers = file_headers(item)
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return web.Response(status=304, headers=headers)
    if request.method == "HEAD":
        return web.Response(headers=headers | {"Content-Length": str(item.size)})
    platform.artifactory.count_download(item, by=by)
    return web.Response(body=platform.artifactory.body(item), headers=headers)


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
