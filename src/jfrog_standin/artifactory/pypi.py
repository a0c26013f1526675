"""`/artifactory/api/pypi/<repo>/`: the simple index, the files, and uploads in twine's form."""

import re

from aiohttp import web
from msgspec.structs import replace
from packaging.utils import canonicalize_name

from jfrog_standin import errors
from jfrog_standin.artifactory.contents import Unreadable, core_metadata
from jfrog_standin.artifactory.coordinates import coordinates_of
from jfrog_standin.artifactory.downloads import send_first
from jfrog_standin.artifactory.gate import answering_members, readable_members
from jfrog_standin.artifactory.members import ask_each
from jfrog_standin.artifactory.pypi_index import JSON_PAGE, Link, href, html_page, json_page
from jfrog_standin.artifactory.pypi_packages import (
    METADATA,
    WEB_PREFIX,
    local_links,
    local_projects,
    remote_links,
)
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.artifactory.resolution import Asked, asked_file
from jfrog_standin.artifactory.storage import Item
from jfrog_standin.errors import json_answer
from jfrog_standin.platform import Platform

PROJECT = re.compile(r"simple/(?P<name>[^/]+)/")


async def get(platform: Platform, request: web.Request) -> web.StreamResponse:
    """GET and HEAD: the list of projects, a project's page, or a file."""
    repo, path = request.match_info["repo"], request.match_info["path"]
    if path in {"simple", "simple/"}:
        return _projects(platform, request, repo)
    if path.startswith("simple/") and path.count("/") == 1:
        raise web.HTTPFound(f"{request.path}/")
    if found := PROJECT.fullmatch(path):
        return await _project(platform, request, repo, found["name"])
    path = path.removeprefix(WEB_PREFIX)
    if path.endswith(METADATA):
        return await _metadata(platform, request, repo, path)
    return await send_first(platform, request, repo, path)


def _projects(platform: Platform, request: web.Request, repo: str) -> web.Response:
    """Only what is stored: an upstream's whole list is tens of megabytes that no installer asks for."""
    _, members = readable_members(platform, request, repo)
    names = sorted({name for member in members for name in local_projects(platform.artifactory, member)})
    links = [(f"{name}/", Link(file=name, url="")) for name in names]
    return web.Response(text=html_page("all projects", links), content_type="text/html")


async def _project(platform: Platform, request: web.Request, repo: str, name: str) -> web.Response:
    """A project's page. Names other than the normalised one are not found: Artifactory does not normalise."""
    _, members = answering_members(platform, request, repo, Asked(package_type="pypi", name=name), "")
    links: dict[str, tuple[str, Link]] = {}
    asked = members if canonicalize_name(name) == name else []
    for found in await ask_each(asked, lambda member: _links(platform, member, name)):
        for target, link in found:
            links.setdefault(link.file, (target, _shown(platform, link)))
    if not links:
        raise errors.artifactory(404, f"Package '{name}' not found")
    if platform.switches.pypi_simple_json and JSON_PAGE in request.headers.get("Accept", ""):
        answer = json_answer(json_page(name, links.values()))
        answer.content_type = JSON_PAGE
        return answer
    return web.Response(text=html_page(name, links.values()), content_type="text/html")


async def _links(platform: Platform, member: Repository, name: str) -> list[tuple[str, Link]] | None:
    """The files of one member, each with the href that leads to it; None: it has none."""
    if member.rclass == "remote":
        found = _dated(await remote_links(platform.remotes, member, name))
        if platform.switches.curation_hides_versions:
            blocked = platform.curation.hidden(member, "pypi", name, {link.version for link in found})
            found = [link for link in found if link.version not in blocked]
        return [(href(WEB_PREFIX + link.cache_path), link) for link in found] or None
    return [(href(link.url), link) for link in local_links(platform.artifactory, member, name)] or None


def _dated(links: list[Link]) -> list[Link]:
    """An upstream's links with the versions that their files' names tell."""
    found = [(link, coordinates_of("pypi", link.file)) for link in links]
    return [replace(link, version=release.version if release else "") for link, release in found]


def _shown(platform: Platform, link: Link) -> Link:
    """A link without what this Artifactory is not set to tell."""
    switches = platform.switches
    told = link if switches.pypi_metadata else replace(link, metadata=None)
    return told if switches.pypi_upload_time else replace(told, size=None, uploaded="")


async def _metadata(platform: Platform, request: web.Request, repo: str, path: str) -> web.Response:
    """A wheel's metadata: out of the wheel that a local member has, or as the upstream has them."""
    if not platform.switches.pypi_metadata:
        raise errors.artifactory(404, f"File not found: {repo}/{path}")
    wheel = path.removesuffix(METADATA)
    _, members = answering_members(platform, request, repo, asked_file("pypi", path), wheel)
    for member in members:
        item = platform.artifactory.get(member.storage_key, wheel) if member.rclass != "remote" else None
        if item is not None and not item.is_folder:
            return web.Response(body=_read_metadata(platform, item), content_type="text/plain")
    return await send_first(platform, request, repo, path)


def _read_metadata(platform: Platform, item: Item) -> bytes:
    try:
        return core_metadata(platform.artifactory.body(item))
    except Unreadable as error:
        raise errors.artifactory(404, f"File not found: {item.repo}/{item.path}{METADATA}") from error
