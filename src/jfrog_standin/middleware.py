"""What happens to every request, from the outside in: it is logged, may go wrong, is let in or not."""

import asyncio
import time
from email.utils import format_datetime

from aiohttp import web

from jfrog_standin import errors, system
from jfrog_standin.access import CALLER, Access, Caller, ServiceCode, Unknown, caller_of
from jfrog_standin.control import CONTROL
from jfrog_standin.faulty import Handler, play
from jfrog_standin.platform import Platform, platform_of
from jfrog_standin.requestlog import Entry

FAULT: web.RequestKey[str] = web.RequestKey("fault")
NO_ANSWER = frozenset(("hung", "drop_before", "drop_after"))
AUDIENCES: dict[errors.Service, ServiceCode] = {"artifactory": "jfrt", "xray": "jfxr"}
"""Services that refuse a token meant for others. Access takes any: a token may always ask about itself."""
SELF_GUARDED = frozenset(("docker", "other"))
"""What lets callers in by itself: a registry's refusal names the address that was asked."""


@web.middleware
async def logged(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Find out who calls, and write down what became of the request; the control API is left alone."""
    if request.path.startswith(CONTROL):
        return await handler(request)
    started = time.perf_counter()
    platform = platform_of(request)
    request[CALLER] = _identify(platform.access, request)
    status = 500
    try:
        response = await handler(request)
        status = response.status
    finally:
        platform.log.add(_entry(request, platform, status, time.perf_counter() - started))
    return response


@web.middleware
async def faulted(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Add the platform's latency, and play the fault that strikes the request, if one does."""
    if request.path.startswith(CONTROL):
        return await handler(request)
    platform = platform_of(request)
    if platform.switches.latency_ms:
        await asyncio.sleep(platform.switches.latency_ms / 1_000)
    fault = platform.faults.strike(request.method, request.path)
    if fault is None:
        return await handler(request)
    request[FAULT] = fault.kind
    return await play(fault, request, handler)


@web.middleware
async def answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn a refusal into its body, and a path that nobody knows into what stands there."""
    try:
        return await handler(request)
    except errors.Refused as refused:
        return refused.response()
    except (web.HTTPNotFound, web.HTTPMethodNotAllowed) as error:
        page = platform_of(request).switches.login_page
        return system.nothing_here(request.path, error.status, with_login_page=page)
    except web.HTTPRequestEntityTooLarge as error:
        return errors.failure(errors.service_of(request.path), error.status).response()


@web.middleware
async def gated(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let nobody in who is not known, or whose token is meant for another service."""
    switches, service = platform_of(request).switches, errors.service_of(request.path)
    if switches.asleep and request.path != system.ASLEEP_PATH and not request.path.startswith(CONTROL):
        return web.Response(status=302, headers={"Location": platform_of(request).url + system.ASLEEP_PATH})
    if service == "xray" and switches.xray_missing:
        raise web.HTTPNotFound
    if service not in SELF_GUARDED and request.path not in system.OPEN:
        caller = caller_of(request)
        if service in AUDIENCES and not caller.is_heard_by(AUDIENCES[service]):
            raise errors.unauthorized(service, "audience" if caller.token_id else "missing")
        if switches.cold_refusals:
            platform_of(request).cold_start.refuse(request, caller, switches.cold_refusals)
    return await handler(request)


async def stamped(request: web.Request, response: web.StreamResponse) -> None:
    """Give an answer the platform's time, if that is skewed, and Artifactory's own headers."""
    platform = platform_of(request)
    if platform.switches.clock_skew_s and request.get(FAULT) != "clock_skew":
        response.headers["Date"] = format_datetime(platform.clock.now(), usegmt=True)
    if errors.service_of(request.path) in {"artifactory", "docker"}:
        response.headers.setdefault("X-JFrog-Version", f"Artifactory/{system.ARTIFACTORY_VERSION}")
        response.headers.setdefault("X-Artifactory-Id", "standin")
        response.headers.setdefault("X-Artifactory-Node-Id", "standin-0")


def _identify(access: Access, request: web.Request) -> Caller | Unknown:
    headers = request.headers
    return access.identify(headers.get("Authorization", ""), headers.get("X-JFrog-Art-Api", ""))


def _entry(request: web.Request, platform: Platform, status: int, took_s: float) -> Entry:
    caller, fault = request[CALLER], request.get(FAULT, "")
    resource = request.match_info.route.resource
    return Entry(
        at=platform.clock.now(),
        subject=caller.subject if isinstance(caller, Caller) else "",
        token_id=caller.token_id,
        method=request.method,
        route=resource.canonical if resource is not None else "",
        path=request.path,
        status=0 if fault in NO_ANSWER else status,
        took_ms=round(took_s * 1_000, 3),
        fault=fault,
    )
