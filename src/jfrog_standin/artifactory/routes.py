"""Every route under /artifactory but its system's."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from jfrog_standin import errors
from jfrog_standin.access import caller_of
from jfrog_standin.artifactory import (
    go,
    items,
    maintenance,
    npm,
    pypi,
    pypi_upload,
    repositories,
    uploads,
)
from jfrog_standin.artifactory.aql import Searches
from jfrog_standin.platform import Platform

Handler = Callable[[Platform, web.Request], Awaitable[web.StreamResponse]]
Bound = Callable[[web.Request], Awaitable[web.StreamResponse]]
Route = tuple[str, str, Handler]


def of_type(package_type: str, handler: Handler) -> Handler:
    """A package manager's calls, which a repository of another type does not know."""

    async def handle(platform: Platform, request: web.Request) -> web.StreamResponse:
        repository = platform.artifactory.owner(request.match_info["repo"])
        if repository is not None and repository.package_type != package_type:
            caller_of(request)  # whoever is unknown learns nothing of repositories
            raise errors.artifactory(404, f"'{repository.key}' is no {package_type} repository.")
        return await handler(platform, request)

    return handle


_REPOSITORIES: list[Route] = [
    ("GET", "/api/repositories", repositories.get_all),
    ("GET", "/api/repositories/configurations", repositories.get_configurations),
    ("GET", "/api/repositories/existence", repositories.exists),
    ("GET", "/api/v2/repositories/batch", repositories.get_batch),
    ("GET", "/api/v2/repositories/{repo}", repositories.get_one),
    ("GET", "/api/repositories/{repo}", repositories.get_one),
    ("PUT", "/api/repositories/{repo}", repositories.create),
    ("POST", "/api/repositories/{repo}", repositories.update),
    ("DELETE", "/api/repositories/{repo}", repositories.delete),
]
_ITEMS: list[Route] = [
    ("GET", "/api/storage/{repo}", items.get),
    ("GET", "/api/storage/{repo}/{path:.*}", items.get),
    ("PUT", "/api/storage/{repo}/{path:.*}", items.put),
    ("DELETE", "/api/storage/{repo}/{path:.*}", items.delete),
    ("PATCH", "/api/metadata/{repo}/{path:.*}", items.patch),
    ("POST", "/api/copy/{repo}/{path:.*}", uploads.copy),
    ("POST", "/api/move/{repo}/{path:.*}", uploads.move),
    ("GET", "/api/storageinfo", maintenance.storage_info),
    ("POST", "/api/storageinfo/calculate", maintenance.calculate),
    ("POST", "/api/zap/{repo}/{path:.*}", maintenance.zap),
]
_PACKAGES: list[Route] = [
    ("GET", "/api/npm/{repo}/{path:.*}", of_type("npm", npm.get)),
    ("PUT", "/api/npm/{repo}/{path:.*}", of_type("npm", npm.put)),
    ("POST", "/api/npm/{repo}/{path:.*}", of_type("npm", npm.post)),
    ("DELETE", "/api/npm/{repo}/{path:.*}", of_type("npm", npm.delete)),
    ("POST", "/api/pypi/{repo}", of_type("pypi", pypi_upload.post)),
    ("POST", "/api/pypi/{repo}/", of_type("pypi", pypi_upload.post)),
    ("GET", "/api/pypi/{repo}/{path:.*}", of_type("pypi", pypi.get)),
    ("GET", "/api/go/{repo}/{path:.*}", of_type("go", go.get)),
]
_FILES: list[Route] = [
    ("*", "//{path:.*}", uploads.without_repository),
    ("GET", "/{repo:(?!api/)[^/]+}/{path:.*}", uploads.get),
    ("PUT", "/{repo:(?!api/)[^/]+}/{path:.*}", uploads.put),
    ("DELETE", "/{repo:(?!api/)[^/]+}/{path:.*}", uploads.delete),
]


def routes(platform: Platform) -> list[web.RouteDef]:
    """The routes of one platform's Artifactory; a GET answers HEAD too."""
    searches: list[Route] = [("POST", "/api/search/aql", Searches().search)]
    return [
        _route(method, f"/artifactory{path}", _bound(platform, handler))
        for method, path, handler in [*searches, *_REPOSITORIES, *_ITEMS, *_PACKAGES, *_FILES]
    ]


def _route(method: str, path: str, handler: Bound) -> web.RouteDef:
    return web.get(path, handler) if method == "GET" else web.route(method, path, handler)


def _bound(platform: Platform, handler: Handler) -> Bound:
    async def handle(request: web.Request) -> web.StreamResponse:
        return await handler(platform, request)

    return handle
