"""`/artifactory/api/npm/<repo>/`: the registry that npm speaks to.

Sources: the npm registry's public API (github.com/npm/registry); on audits JFrog's knowledge base 000007048.
"""

import re

import msgspec
from aiohttp import web

from jfrog_standin import errors
from jfrog_standin.access import caller_of
from jfrog_standin.artifactory import npm_tags
from jfrog_standin.artifactory.base_url import base_url
from jfrog_standin.artifactory.downloads import send_first
from jfrog_standin.artifactory.gate import answering_members, readable_members
from jfrog_standin.artifactory.members import ask_each
from jfrog_standin.artifactory.npm_advisories import affecting
from jfrog_standin.artifactory.npm_metadata import ABBREVIATED, Packument, abbreviated, merge, with_tarballs
from jfrog_standin.artifactory.npm_packages import member_packument
from jfrog_standin.artifactory.npm_publish import publish
from jfrog_standin.artifactory.resolution import Asked
from jfrog_standin.errors import json_answer
from jfrog_standin.platform import Platform

NAME = r"(?P<name>(?:@[^/]+/)?[^/@][^/]*)"
TARBALL = re.compile(NAME + r"/-/(?:@[^/]+/)?(?P<file>[^/]+\.tgz)")
PACKAGE = re.compile(NAME + r"(?:/(?P<version>[^/]+))?")
TAGS = re.compile(rf"-/package/{NAME}/dist-tags(?:/(?P<tag>[^/]+))?")

RETIRED = {"-/npm/v1/security/audits", "-/npm/v1/security/audits/quick"}
"""Answered with 410 since npm retired them; JFrog knowledge base 000007048."""
ADVISORIES = "-/npm/v1/security/advisories/bulk"


async def get(platform: Platform, request: web.Request) -> web.Response:
    """GET and HEAD: ping, whoami, dist-tags, a tarball, or a package document."""
    repo, path = request.match_info["repo"], request.match_info["path"]
    if path == "-/whoami":
        return json_answer({"username": caller_of(request).user})
    if path in {"", "-/ping"}:
        readable_members(platform, request, repo)
        return json_answer({})
    if found := TAGS.fullmatch(path):
        return json_answer((await _packument(platform, request, repo, found["name"]))["dist-tags"])
    if found := TARBALL.fullmatch(path):
        return await send_first(platform, request, repo, f"{found['name']}/-/{found['file']}")
    if found := PACKAGE.fullmatch(path):
        return await _show(platform, request, found["name"], found["version"])
    raise errors.artifactory(404, f"Not found: {repo}/{path}")


async def put(platform: Platform, request: web.Request) -> web.Response:
    """PUT: publish a package, or set a dist-tag."""
    repo, path = request.match_info["repo"], request.match_info["path"]
    if (found := TAGS.fullmatch(path)) and found["tag"]:
        return await npm_tags.put(platform, request, found["name"], found["tag"])
    if found := PACKAGE.fullmatch(path):
        return await publish(platform, request, repo, found["name"])
    raise errors.artifactory(404, f"Not found: {repo}/{path}")


async def delete(platform: Platform, request: web.Request) -> web.Response:
    """DELETE: take a dist-tag away."""
    repo, path = request.match_info["repo"], request.match_info["path"]
    if (found := TAGS.fullmatch(path)) and found["tag"]:
        return npm_tags.delete(platform, request, found["name"], found["tag"])
    raise errors.artifactory(404, f"Not found: {repo}/{path}")


async def post(platform: Platform, request: web.Request) -> web.Response:
    """POST: npm's audit, answered from the advisories that a test has put; at first there are none."""
    repo, path = request.match_info["repo"], request.match_info["path"]
    readable_members(platform, request, repo)
    if path == ADVISORIES and platform.switches.npm_bulk_advisories:
        return json_answer(affecting(platform.advisories, await _audited(request)))
    if path in RETIRED:
        raise errors.artifactory(410, "This endpoint is retired. Use the bulk advisory endpoint instead.")
    raise errors.artifactory(404, f"Not found: {repo}/{path}")


async def _audited(request: web.Request) -> dict[str, list[str]]:
    """Versions by package; npm sends them packed, which aiohttp undoes."""
    try:
        return msgspec.json.decode(await request.read(), type=dict[str, list[str]])
    except msgspec.DecodeError as error:
        raise errors.artifactory(400, "The body is no list of versions by package.") from error


async def _show(platform: Platform, request: web.Request, name: str, version: str | None) -> web.Response:
    repo = request.match_info["repo"]
    document = with_tarballs(
        await _packument(platform, request, repo, name), f"{base_url(request)}/api/npm/{repo}"
    )
    if version is not None:
        number = document["dist-tags"].get(version, version)
        if number not in document["versions"]:
            raise errors.artifactory(404, f"version not found: {name}@{version}")
        return json_answer(document["versions"][number])
    if ABBREVIATED not in request.headers.get("Accept", ""):
        return json_answer(document)
    answer = json_answer(abbreviated(document))
    answer.content_type = ABBREVIATED
    return answer


async def _packument(platform: Platform, request: web.Request, repo: str, name: str) -> Packument:
    asked = Asked(package_type="npm", name=name)
    _, members = answering_members(platform, request, repo, asked, f"{name}/-/")
    merged = merge(await ask_each(members, lambda member: member_packument(platform, member, name)))
    if merged is None:
        raise errors.artifactory(404, f"Package '{name}' not found")
    return merged
