"""`/artifactory/api/repositories…`: list, read, create, change and delete repositories."""

import re
from typing import Any

import msgspec
from aiohttp import web

from jfrog_standin import errors
from jfrog_standin.access import Caller, caller_of
from jfrog_standin.artifactory.base_url import base_url
from jfrog_standin.artifactory.gate import administrator, refusal
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.artifactory.repository_answers import configured, detailed, listed, reduced
from jfrog_standin.errors import json_answer
from jfrog_standin.platform import Platform

KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
BATCH = 100


async def get_all(platform: Platform, request: web.Request) -> web.Response:
    """The list, without pages: what the caller may read of the type and package type that the query names."""
    caller = caller_of(request)
    rclass, package_type = request.query.get("type", ""), request.query.get("packageType", "").lower()
    rows = [
        listed(repository, _url(platform, request, repository))
        for repository in platform.artifactory.repositories.values()
        if rclass.lower() in {"", repository.rclass}
        and package_type in {"", repository.package_type}
        and "project" not in request.query
        and readable(platform, caller, repository)
    ]
    return json_answer(rows)


async def get_configurations(platform: Platform, request: web.Request) -> web.Response:
    """Every configuration by type. The parameter is `repoType`; `repo_type` is ignored, as on a real one."""
    administrator(platform, request)
    rclass, package_type = request.query.get("repoType", ""), request.query.get("packageType", "")
    shown: dict[str, list[dict[str, Any]]] = {
        kind: [] for kind in ("LOCAL", "REMOTE", "VIRTUAL", "FEDERATED", "RELEASE_BUNDLE")
    }
    for repository in platform.artifactory.repositories.values():
        if rclass.lower() in {"", repository.rclass} and package_type.lower() in {
            "",
            repository.package_type,
        }:
            shown[repository.rclass.upper()].append(_detail(platform, repository))
    return json_answer(shown)


async def get_batch(platform: Platform, request: web.Request) -> web.Response:
    """`?names=a,b`: the configurations of at most 100 repositories; those that don't exist are left out."""
    administrator(platform, request)
    names = [name for name in request.query.get("names", "").split(",") if name]
    if len(names) > BATCH:
        raise errors.artifactory(400, f"At most {BATCH} names are answered at once.")
    found = [platform.artifactory.repositories.get(name) for name in names]
    return json_answer([_detail(platform, repository) for repository in found if repository is not None])


async def exists(platform: Platform, request: web.Request) -> web.Response:
    """`?type=local`: is there any repository of a type? There are no projects here but the default one.

    Source: the operation check_if_repository_exists of JFrog's OpenAPI.
    """
    administrator(platform, request)
    asked, project = request.query.get("type", "").lower(), request.query.get("projectKey", "default")
    there = {repository.rclass for repository in platform.artifactory.repositories.values()}
    matching = sorted(kind for kind in there if project == "default" and asked in {"", kind})
    return json_answer({"exists": bool(matching), "matchingRepoTypes": matching, "projectKey": project})


async def get_one(platform: Platform, request: web.Request) -> web.Response:
    """The configuration; a repository that does not exist is 400, not the documented 404."""
    caller = caller_of(request)
    repository = platform.artifactory.repositories.get(request.match_info["repo"])
    if repository is None:
        raise errors.artifactory(400, "Bad Request")
    if not readable(platform, caller, repository):
        raise refusal(platform, caller)
    return json_answer(_detail(platform, repository) if caller.admin else reduced(repository))


async def create(platform: Platform, request: web.Request) -> web.Response:
    """PUT: make a repository."""
    administrator(platform, request)
    key = request.match_info["repo"]
    if key.lower() in {existing.lower() for existing in platform.artifactory.repositories}:
        raise errors.artifactory(400, "Case insensitive repository key already exists")
    if not KEY.fullmatch(key):
        raise errors.artifactory(400, f"Invalid repository key: {key[:80]!r}")
    platform.artifactory.add(await _sent(request, key, None))
    return web.Response(text=f"Successfully created repository '{key}' \n")


async def update(platform: Platform, request: web.Request) -> web.Response:
    """POST: change a repository; what the body does not name stays."""
    administrator(platform, request)
    key = request.match_info["repo"]
    before = platform.artifactory.repositories.get(key)
    if before is None:
        raise errors.artifactory(400, "Bad Request")
    platform.artifactory.add(await _sent(request, key, before))
    return web.Response(text=f"Repository {key} update successfully.\n")


async def delete(platform: Platform, request: web.Request) -> web.Response:
    """Delete a repository with all its files."""
    administrator(platform, request)
    key = request.match_info["repo"]
    if key not in platform.artifactory.repositories:
        raise errors.artifactory(404, f"Repository {key} does not exist")
    platform.artifactory.remove(key)
    return web.Response(text=f"Repository {key} and all its content have been removed successfully.")


def readable(platform: Platform, caller: Caller, repository: Repository) -> bool:
    """May somebody read a repository, or any member of a virtual one?"""
    members = platform.artifactory.members(repository.key)
    return caller.admin or any(caller.may("read", member.key) for member in members)


async def _sent(request: web.Request, key: str, before: Repository | None) -> Repository:
    try:
        return configured(key, msgspec.json.decode(await request.read(), type=dict[str, Any]), before)
    except ValueError as error:  # msgspec's errors are ValueErrors
        raise errors.artifactory(400, str(error)) from error


def _detail(platform: Platform, repository: Repository) -> dict[str, Any]:
    return detailed(repository, platform.remotes.known_upstream(repository))


def _url(platform: Platform, request: web.Request, repository: Repository) -> str:
    """A remote shows where it fetches from, the others where they are."""
    if repository.rclass == "remote":
        return platform.remotes.known_upstream(repository)
    return f"{base_url(request)}/{repository.key}"
