"""Every route under /artifactory but its system's."""

from collections.abc import Awaitable, Callable

from aiohttp import web

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
    ("GET", "/api/npm/{repo}/{path:.*}", npm.get),
    ("PUT", "/api/npm/{repo}/{path:.*}", npm.put),
    ("POST", "/api/npm/{repo}/{path:.*}", npm.post),
    ("DELETE", "/api/npm/{repo}/{path:.*}", npm.delete),
    ("POST", "/api/pypi/{repo}", pypi_upload.post),
    ("POST", "/api/pypi/{repo}/", pypi_upload.post),
    ("GET", "/api/pypi/{repo}/{path:.*}", pypi.get),
    ("GET", "/api/go/{repo}/{path:.*}", go.get),
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
