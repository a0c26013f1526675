"""Every route under /artifactory but its system's."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from jfrog_standin.artifactory import npm
from jfrog_standin.platform import Platform

Handler = Callable[[Platform, web.Request], Awaitable[web.StreamResponse]]


def routes(platform: Platform) -> list[web.RouteDef]:
    """The routes of one platform's Artifactory; the most specific come first, as aiohttp takes the first."""
    return [
        web.route(method, f"/artifactory{path}", _bound(platform, handler))
        for method, path, handler in [*_npm()]
    ]


def _npm() -> list[tuple[str, str, Handler]]:
    at = "/api/npm/{repo}/{path:.*}"
    return [
        ("GET", at, npm.get),
        ("HEAD", at, npm.get),
        ("PUT", at, npm.put),
        ("POST", at, npm.post),
        ("DELETE", at, npm.delete),
    ]


def _bound(platform: Platform, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        return await handler(platform, request)

    return handle
