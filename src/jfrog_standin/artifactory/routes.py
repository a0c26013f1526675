"""Every route under /artifactory but its system's."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from jfrog_standin.artifactory import go, npm, pypi, pypi_upload
from jfrog_standin.platform import Platform

Handler = Callable[[Platform, web.Request], Awaitable[web.StreamResponse]]


def routes(platform: Platform) -> list[web.RouteDef]:
    """The routes of one platform's Artifactory; GET answers HEAD too."""
    return [
        web.route(method, f"/artifactory{path}", _bound(platform, handler))
        for method, path, handler in [*_npm(), *_pypi(), *_go()]
    ]


def _npm() -> list[tuple[str, str, Handler]]:
    at = "/api/npm/{repo}/{path:.*}"
    return [
        ("GET", at, npm.get),
        ("PUT", at, npm.put),
        ("POST", at, npm.post),
        ("DELETE", at, npm.delete),
    ]


def _pypi() -> list[tuple[str, str, Handler]]:
    at = "/api/pypi/{repo}"
    return [
        ("POST", at, pypi_upload.post),
        ("POST", f"{at}/", pypi_upload.post),
        ("GET", f"{at}/{{path:.*}}", pypi.get),
    ]


def _go() -> list[tuple[str, str, Handler]]:
    return [("GET", "/api/go/{repo}/{path:.*}", go.get)]


def _bound(platform: Platform, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        return await handler(platform, request)

    return handle
