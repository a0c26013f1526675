"""Health, ping and version of each service, and the pages that stand where no service does.

Which of them want a user: the System pages of JFrog's merged OpenAPI; jfrog/vault-plugin-secrets-artifactory
issue 217 for Artifactory 7.90.
"""

from aiohttp import web

from jfrog_standin import errors
from jfrog_standin.access import caller_of
from jfrog_standin.platform import platform_of

ARTIFACTORY_VERSION = "7.125.4"
XRAY_VERSION = "3.140.2"
REVISION = "0a1b2c3d"
ADDONS = ("docker", "ha", "keys", "rest", "xray")

OPEN = frozenset(
    (
        "/router/api/v1/system/health",
        "/artifactory/api/system/ping",
        "/access/api/v1/system/ping",
        "/xray/api/v1/system/ping",
        "/xray/api/v1/system/version",
        "/xray/api/v1/system/liveness",
        "/xray/api/v1/system/readiness",
    )
)
"""Paths that answer without credentials, so that a 200 from them says nothing about a token."""

LOGIN_PAGE = """<!DOCTYPE html>
<html lang="en"><head><title>JFrog</title></head>
<body><form action="/ui/login/" method="post"><input name="user"><input name="password" type="password">
<button>Log in</button></form></body></html>
"""
ASLEEP_PAGE = """<!DOCTYPE html>
<html lang="en"><head><title>Reactivate server</title></head>
<body><h1>Your JFrog server is asleep</h1></body></html>
"""
ASLEEP_PATH = "/reactivate-server/standin"


def routes() -> list[web.RouteDef]:
    return [
        web.get("/router/api/v1/system/health", health),
        web.get("/artifactory/api/system/ping", text_ping),
        web.get("/access/api/v1/system/ping", text_ping),
        web.get("/artifactory/api/system/version", artifactory_version),
        web.get("/xray/api/v1/system/ping", xray_ping),
        web.get("/xray/api/v1/system/version", xray_version),
        web.get("/xray/api/v1/system/liveness", alive),
        web.get("/xray/api/v1/system/readiness", alive),
        web.get(ASLEEP_PATH, asleep_page),
    ]


async def health(request: web.Request) -> web.Response:
    """Say that the router and each service behind it are healthy."""
    names = ["jfrt", "jfac", "jfevt"]
    if not platform_of(request).switches.xray_missing:
        names.append("jfxr")
    node = {"node_id": "standin-0", "state": "HEALTHY", "message": "OK"}
    services = [{"service_id": f"{name}@standin", **node} for name in names]
    return errors.json_answer({"router": node, "services": services})


async def text_ping(request: web.Request) -> web.Response:
    return web.Response(text="OK")


async def artifactory_version(request: web.Request) -> web.Response:
    """Tell the version to a caller that the middleware has let in."""
    caller_of(request)
    body = {"version": ARTIFACTORY_VERSION, "revision": REVISION, "addons": ADDONS, "license": "standin"}
    return errors.json_answer(body)


async def xray_ping(request: web.Request) -> web.Response:
    return errors.json_answer({"status": "pong"})


async def xray_version(request: web.Request) -> web.Response:
    """Tell the version to anybody, or with the switch only to somebody known."""
    if platform_of(request).switches.xray_version_needs_user:
        caller_of(request)
    return errors.json_answer({"xray_version": XRAY_VERSION, "xray_revision": REVISION})


async def alive(request: web.Request) -> web.Response:
    return errors.json_answer({"status": "UP"})


async def asleep_page(request: web.Request) -> web.Response:
    return web.Response(text=ASLEEP_PAGE, content_type="text/html")


def login_page() -> web.Response:
    """Answer as single sign-on in front of a platform does: a page, with 200."""
    return web.Response(text=LOGIN_PAGE, content_type="text/html")


def nothing_here(path: str, status: int, *, with_login_page: bool) -> web.Response:
    """Answer for a path or method that no service knows."""
    match errors.service_of(path):
        case "artifactory":
            text = "Method Not Allowed" if status == 405 else "Not Found"
            return errors.artifactory(status, text).response()
        case "docker":
            return errors.failure("docker", status).response()
        case "access":
            code = "METHOD_NOT_ALLOWED" if status == 405 else "NOT_FOUND"
            return errors.access(status, code, "No such resource").response()
        case "other" if with_login_page and status == 404:
            return login_page()
    return web.Response(status=status, text="404 page not found" if status == 404 else "Method Not Allowed")
