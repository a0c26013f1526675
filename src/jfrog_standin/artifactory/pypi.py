"""`/artifactory/api/pypi/<repo>/`: the simple index, the files, and uploads in twine's form."""

import re

from aiohttp import web
from packaging.utils import canonicalize_name

from jfrog_standin import errors
from jfrog_standin.artifactory.downloads import send_first
from jfrog_standin.artifactory.gate import readable_members
from jfrog_standin.artifactory.members import ask_each
from jfrog_standin.artifactory.pypi_index import JSON_PAGE, Link, href, html_page, json_page
from jfrog_standin.artifactory.pypi_packages import WEB_PREFIX, local_links, local_projects, remote_links
from jfrog_standin.artifactory.repository import Repository
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
    return await send_first(platform, request, repo, path.removeprefix(WEB_PREFIX))


def _projects(platform: Platform, request: web.Request, repo: str) -> web.Response:
    """Only what is stored: an upstream's whole list is tens of megabytes that no installer asks for."""
    _, members = readable_members(platform, request, repo)
    names = sorted({name for member in members for name in local_projects(platform.artifactory, member)})
    links = [(f"{name}/", Link(file=name, url="")) for name in names]
    return web.Response(text=html_page("all projects", links), content_type="text/html")


async def _project(platform: Platform, request: web.Request, repo: str, name: str) -> web.Response:
    """A project's page. Names other than the normalised one are not found: Artifactory does not normalise."""
    _, members = readable_members(platform, request, repo)
    links: dict[str, tuple[str, Link]] = {}
    asked = members if canonicalize_name(name) == name else []
    for found in await ask_each(asked, lambda member: _links(platform, member, name)):
        for target, link in found:
            links.setdefault(link.file, (target, link))
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
        found = await remote_links(platform.remotes, member, name)
        return [(href(WEB_PREFIX + link.cache_path), link) for link in found] or None
    return [(href(link.url), link) for link in local_links(platform.artifactory, member, name)] or None
