"""`/artifactory/api/go/<repo>/`: the GOPROXY protocol.

Sources: go.dev/ref/mod#goproxy-protocol, #checksum-database; that a remote passes the checksum database on:
JFrog knowledge base 000005477.
"""

import re
from collections.abc import Iterable
from urllib.parse import quote

import nodesemver
from aiohttp import web

from jfrog_standin import errors
from jfrog_standin.artifactory.coordinates import GO_FILE, go_unescape
from jfrog_standin.artifactory.downloads import send_first
from jfrog_standin.artifactory.gate import answering_members, readable_members
from jfrog_standin.artifactory.members import ask_each, ask_first
from jfrog_standin.artifactory.remotes import Document
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.artifactory.resolution import Asked
from jfrog_standin.platform import Platform

LIST = re.compile(r"(?P<module>.+)/@v/list")
LATEST = re.compile(r"(?P<module>.+)/@latest")
QUERY = re.compile(r".+/@v/[^/]+\.info")
"""A branch or a commit in a version's place: an upstream turns it into a version, and nothing is kept."""
PSEUDO = re.compile(r"-(?:0\.|[^+]*\.0\.)?\d{14}-[0-9a-f]{12}(?:\+|$)")


async def get(platform: Platform, request: web.Request) -> web.StreamResponse:
    """GET and HEAD: the versions, the latest one, or a file of one.

    Without the switch the checksum database is 404, and the go command asks the real one unless GONOSUMDB
    or GOSUMDB says otherwise.
    """
    repo, path = request.match_info["repo"], request.match_info["path"]
    if path.startswith("sumdb/"):
        return await _checksums(platform, request, repo, path)
    if found := LIST.fullmatch(path):
        return await _list(platform, request, repo, found["module"])
    if found := LATEST.fullmatch(path):
        return await _latest(platform, request, repo, found["module"])
    if GO_FILE.fullmatch(path):
        return await send_first(platform, request, repo, path)
    if QUERY.fullmatch(path):
        return await _query(platform, request, repo, path)
    raise errors.artifactory(404, f"Not found: {repo}/{path}")


async def _checksums(platform: Platform, request: web.Request, repo: str, path: str) -> web.Response:
    """`sumdb/<database>/supported`, `…/latest`, `…/lookup/…`, `…/tile/…`: what the upstream says of it."""
    _, members = readable_members(platform, request, repo)
    remotes = [member for member in members if member.rclass == "remote" and platform.switches.go_sumdb]
    found = await ask_first(remotes, lambda member: _upstream_document(platform, member, path))
    if found is None:
        raise errors.artifactory(404, f"Not found: {path}")
    return web.Response(body=found.body, content_type=found.content_type)


async def _list(platform: Platform, request: web.Request, repo: str, module: str) -> web.Response:
    """The releases, one a line; pseudo-versions are in no list."""
    members = _members(platform, request, repo, module)
    found = await ask_each(members, lambda member: _versions(platform, member, module))
    if not found:
        raise errors.artifactory(404, f"Module not found: {module}")
    versions = {version for each in found for version in each if not PSEUDO.search(version)}
    return web.Response(text="".join(f"{version}\n" for version in sorted(versions)))


async def _latest(platform: Platform, request: web.Request, repo: str, module: str) -> web.StreamResponse:
    """The latest version that the first member who knows the module names."""
    members = _members(platform, request, repo, module)
    found: Document | str | None = await ask_first(
        members, lambda member: _latest_of(platform, member, module)
    )
    if found is None:
        raise errors.artifactory(404, f"Module not found: {module}")
    if isinstance(found, Document):
        return web.Response(body=found.body, content_type="application/json")
    return await send_first(platform, request, repo, found)


async def _latest_of(platform: Platform, member: Repository, module: str) -> Document | str | None:
    """An upstream's own answer, or the path of the highest version's .info in a local repository."""
    if member.rclass == "remote":
        return await _upstream_document(platform, member, f"{module}/@latest")
    versions = local_versions(platform, member, module)
    return f"{module}/@v/{highest(versions)}.info" if versions else None


async def _query(platform: Platform, request: web.Request, repo: str, path: str) -> web.Response:
    members = _members(platform, request, repo, path.partition("/@v/")[0])
    remotes = [member for member in members if member.rclass == "remote"]
    found = await ask_first(remotes, lambda member: _upstream_document(platform, member, path))
    if found is None:
        raise errors.artifactory(404, f"Not found: {repo}/{path}")
    return web.Response(body=found.body, content_type="application/json")


def _members(platform: Platform, request: web.Request, repo: str, module: str) -> list[Repository]:
    """The members that answer for a module, which is escaped as in the request."""
    asked = Asked(package_type="go", name=go_unescape(module))
    return answering_members(platform, request, repo, asked, f"{module}/@v/")[1]


async def _versions(platform: Platform, member: Repository, module: str) -> set[str] | None:
    """The versions of a module in one member; None: it does not know the module."""
    if member.rclass != "remote":
        return local_versions(platform, member, module) or None
    document = await _upstream_document(platform, member, f"{module}/@v/list")
    return set(document.body.decode("utf-8", "replace").split()) if document is not None else None


def local_versions(platform: Platform, member: Repository, module: str) -> set[str]:
    """The versions of a module, escaped as in the request, that a local repository has a zip of."""
    folder = platform.artifactory.get(member.storage_key, f"{module}/@v")
    children = platform.artifactory.children(folder) if folder is not None else []
    return {item.name.removesuffix(".zip") for item in children if item.name.endswith(".zip")}


def highest(versions: Iterable[str]) -> str:
    """The highest release, else the highest pre-release, else the highest pseudo-version."""
    every = sorted(versions)
    tagged = [version for version in every if not PSEUDO.search(version)]
    releases = [version for version in tagged if "-" not in version]
    candidates = releases or tagged or every
    best = candidates[0]
    for version in candidates[1:]:
        if _semver_above(version, best):
            best = version
    return best


def _semver_above(version: str, other: str) -> bool:
    try:
        return bool(nodesemver.gt(go_unescape(version)[1:], go_unescape(other)[1:], True))
    except ValueError:
        return False


async def _upstream_document(platform: Platform, member: Repository, path: str) -> Document | None:
    url = f"{await platform.remotes.upstream(member)}/{quote(path, safe='/@!+')}"
    return await platform.remotes.document(member, url)
