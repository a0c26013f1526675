"""The routes of the registry, in each of the forms in which a client may address it, and its tokens.

Source: docs.docker.com/registry/spec/auth/token for the exchange of a password for a token; that
Artifactory's answer is `token` and `expires_in` 9000 and nothing else, and that it looks at no scope:
measured on 7.161, see `docker_call`.
"""

from collections.abc import Awaitable, Callable

from aiohttp import web

from jfrog_standin import errors
from jfrog_standin.access import CALLER, Caller
from jfrog_standin.artifactory import (
    docker_blobs,
    docker_lists,
    docker_manifests,
    docker_promotion,
    docker_uploads,
)
from jfrog_standin.artifactory.docker_call import API, Call, begin
from jfrog_standin.artifactory.gate import refusal
from jfrog_standin.errors import json_answer
from jfrog_standin.platform import Platform, platform_of
from jfrog_standin.tokens import Token

LIFETIME_S = 9000

Answer = Callable[[Call], Awaitable[web.Response]]

_CALLS: list[tuple[str, str, Answer]] = [
    ("GET", "/{name:.+}/tags/list", docker_lists.tags),
    ("GET", "/{name:.+}/referrers/{digest}", docker_lists.referrers),
    ("GET", "/{name:.+}/manifests/{reference}", docker_manifests.get),
    ("PUT", "/{name:.+}/manifests/{reference}", docker_manifests.put),
    ("DELETE", "/{name:.+}/manifests/{reference}", docker_manifests.delete),
    ("POST", "/{name:.+}/blobs/uploads", docker_uploads.post),
    ("POST", "/{name:.+}/blobs/uploads/", docker_uploads.post),
    ("GET", "/{name:.+}/blobs/uploads/{upload}", docker_uploads.get),
    ("PATCH", "/{name:.+}/blobs/uploads/{upload}", docker_uploads.patch),
    ("PUT", "/{name:.+}/blobs/uploads/{upload}", docker_uploads.put),
    ("DELETE", "/{name:.+}/blobs/uploads/{upload}", docker_uploads.delete),
    ("GET", "/{name:.+}/blobs/{digest}", docker_blobs.get),
    ("DELETE", "/{name:.+}/blobs/{digest}", docker_blobs.delete),
]


def routes(platform: Platform) -> list[web.RouteDef]:
    """Every route of the registry; a GET answers HEAD too."""
    found: list[web.RouteDef] = []
    for base in (f"{API}/{{repo}}/v2", "/v2"):
        found += [web.get(f"{base}/token", token), web.post(f"{base}/token", token)]
        found += [web.get(f"{base}{end}", _bound(platform, docker_lists.ping)) for end in ("", "/")]
        found += [web.post(f"{base}/promote", _bound(platform, docker_promotion.promote))]
        found += [web.get(f"{base}/_catalog", _bound(platform, docker_lists.catalog))]
        found += [
            _route(method, f"{base}{path}", _bound(platform, answer)) for method, path, answer in _CALLS
        ]
    found.append(web.get("/v2/{name:[^/]+}/_catalog", _bound(platform, docker_lists.catalog)))
    found.append(web.route("*", f"{API}/{{repo}}/{{path:.*}}", misplaced))
    return found


async def token(request: web.Request) -> web.Response:
    """Change a password, or a token, for a token of the same rights that docker's clients can use.

    What a client sends in a form is not read: a real one is known to answer 401 to that, whereupon clients
    come back with Basic (github.com/containerd/containerd, core/remotes/docker/authorizer.go).
    """
    platform, caller = platform_of(request), request[CALLER]
    if not isinstance(caller, Caller):
        raise errors.unauthorized("artifactory", caller.why)
    if not caller.is_heard_by("jfrt"):
        raise errors.unauthorized("artifactory", "audience")
    if caller.anonymous:
        raise refusal(platform, caller)
    known = platform.access.tokens.get(caller.token_id or "")
    lives_s = _lifetime_s(known, platform.clock.seconds())
    issued = platform.access.issue(
        caller.user,
        scope=known.scope if known is not None else "applied-permissions/user",
        audience=("jfrt@*",),
        expires_in_s=lives_s,
    )
    return json_answer({"token": issued.access_token, "expires_in": lives_s})


def _lifetime_s(given: Token | None, now_s: int) -> int:
    """No longer than the token that it was given for."""
    if given is None or given.expiry is None:
        return LIFETIME_S
    return min(LIFETIME_S, given.expiry - now_s)


async def misplaced(request: web.Request) -> web.Response:
    """Whatever else is asked for; `…/api/docker/v2/<repo>/…` is the order that people get wrong.

    Source: github.com/jfrog/artifactory-docker-examples issue 168.
    """
    key = request.match_info["repo"]
    raise errors.artifactory(400, f"Unsupported docker repository request for '{key}'")


def _route(method: str, path: str, handler: Callable[[web.Request], Awaitable[web.Response]]) -> web.RouteDef:
    return web.get(path, handler) if method == "GET" else web.route(method, path, handler)


def _bound(platform: Platform, answer: Answer) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        response = await answer(begin(platform, request))
        response.headers["Docker-Distribution-Api-Version"] = "registry/2.0"
        return response

    return handle
