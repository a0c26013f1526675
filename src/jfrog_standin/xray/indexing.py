"""/xray/api/v1/binMgr/default/repos: which repositories Xray indexes.

Source: terraform-provider-xray, resource_xray_binary_manager_repos.go. That PUT replaces the whole list is
the reading that costs a careless client most; what a real Xray does with a repository in neither list is
not documented.
"""

import msgspec
from aiohttp import web

from jfrog_standin import errors
from jfrog_standin.access import caller_of
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.errors import json_answer
from jfrog_standin.platform import platform_of
from jfrog_standin.xray.body import as_kind, json_object

PATH = "/xray/api/v1/binMgr/default/repos"
INDEXABLE = frozenset(("local", "remote", "federated"))  # a virtual repository holds nothing to index


class IndexedRepository(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of either list."""

    name: str
    type: str = "local"
    pkg_type: str = ""


class Lists(msgspec.Struct, frozen=True, kw_only=True):
    """The configuration: every repository that can be indexed is in one of two lists."""

    bin_mgr_id: str = "default"
    indexed_repos: tuple[IndexedRepository, ...] = ()
    non_indexed_repos: tuple[IndexedRepository, ...] = ()


def routes() -> list[web.RouteDef]:
    return [web.get(PATH, show, allow_head=False), web.put(PATH, replace)]


async def show(request: web.Request) -> web.Response:
    """List what is indexed and what is not."""
    if not caller_of(request).manage_resources:
        raise errors.forbidden("xray")
    repositories = platform_of(request).xray.repositories.values()
    indexable = [entry for entry in repositories if entry.rclass in INDEXABLE]
    lists = Lists(
        indexed_repos=tuple(_entry(found) for found in indexable if found.xray_index),
        non_indexed_repos=tuple(_entry(found) for found in indexable if not found.xray_index),
    )
    return json_answer(lists)


async def replace(request: web.Request) -> web.Response:
    """Index exactly the repositories of `indexed_repos`."""
    if not caller_of(request).manage_resources:
        raise errors.forbidden("xray")
    lists = as_kind(await json_object(request), Lists)
    repositories = platform_of(request).xray.repositories
    for entry in (*lists.indexed_repos, *lists.non_indexed_repos):
        if entry.name not in repositories:
            raise errors.xray(404, f"Repository {entry.name} was not found")
    chosen = {entry.name for entry in lists.indexed_repos}
    for key, repository in repositories.items():
        repositories[key] = msgspec.structs.replace(repository, xray_index=key in chosen)
    return json_answer({"info": "Repositories list has been successfully sent for indexing"})


def _entry(repository: Repository) -> IndexedRepository:
    return IndexedRepository(
        name=repository.key, type=repository.rclass, pkg_type=repository.package_type.capitalize()
    )
