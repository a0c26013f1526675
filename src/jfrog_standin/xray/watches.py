"""/xray/api/v2/watches: which repositories are watched, and by which policies.

Source: WatchesV2Api of JFrog's merged OpenAPI; the sentence of the 404 is Xray's, the others are ours.
"""

import msgspec
from aiohttp import web

from jfrog_standin import errors
from jfrog_standin.access import caller_of
from jfrog_standin.errors import json_answer
from jfrog_standin.platform import Platform, platform_of
from jfrog_standin.xray.body import as_kind, json_object
from jfrog_standin.xray.looking import look, look_soon
from jfrog_standin.xray.policy import AssignedPolicy, Policy, Watch, broken_watch
from jfrog_standin.xray.xray import StoredWatch, Xray


def routes() -> list[web.RouteDef]:
    collection, one = "/xray/api/v2/watches", "/xray/api/v2/watches/{name}"
    return [
        web.get(collection, list_watches, allow_head=False),
        web.post(collection, create),
        web.get(one, show, allow_head=False),
        web.put(one, replace),
        web.delete(one, delete),
        *(web.post(f"/xray/api/v1/{spelling}", apply) for spelling in ("applyWatch", "applywatch")),
    ]


async def list_watches(request: web.Request) -> web.Response:
    return json_answer([stored.body for stored in platform_of(request).xray.watches.values()])


async def show(request: web.Request) -> web.Response:
    return json_answer(_stored(request, request.match_info["name"]).body)


async def create(request: web.Request) -> web.Response:
    platform = _for_writing(request)
    stored = await _read(request)
    if stored.watch.name in platform.xray.watches:
        raise errors.xray(409, f"Watch {stored.watch.name} already exists")
    platform.xray.watches[stored.watch.name] = stored
    look_soon(platform)
    return json_answer({"info": "Watch has been successfully created"}, status=201)


async def replace(request: web.Request) -> web.Response:
    platform = _for_writing(request)
    name = _stored(request, request.match_info["name"]).watch.name
    stored = await _read(request)
    if stored.watch.name != name:
        raise errors.xray(400, "The name in the body is not the name in the path")
    platform.xray.watches[name] = stored
    look_soon(platform)
    return json_answer({"info": "Watch has been successfully updated"})


async def delete(request: web.Request) -> web.Response:
    platform = _for_writing(request)
    name = _stored(request, request.match_info["name"]).watch.name
    del platform.xray.watches[name]
    return json_answer({"info": "Watch has been deleted successfully"})


async def apply(request: web.Request) -> web.Response:
    """Look at what is there already; here by every watch, those that are named must exist."""
    platform = _for_writing(request)
    body = await json_object(request)
    for name in as_kind({"names": body.get("watch_names")}, dict[str, list[str]])["names"]:
        _stored(request, name)
    look(platform)
    return json_answer({"info": "History scan is in progress"}, status=202)


def assign(xray: Xray, policy: Policy, watch_name: str) -> str:
    """Give a watch one more policy, and say what became of it."""
    stored = xray.watches.get(watch_name)
    if stored is None:
        return "Watch was not found"
    if any(entry.name == policy.name for entry in stored.watch.assigned_policies):
        return "Policy is already assigned"
    assigned = (*stored.watch.assigned_policies, AssignedPolicy(name=policy.name, type=policy.type))
    xray.watches[watch_name] = StoredWatch(
        watch=msgspec.structs.replace(stored.watch, assigned_policies=assigned),
        body=stored.body | {"assigned_policies": msgspec.to_builtins(assigned)},
    )
    return "Policy assigned successfully to Watch"


def _for_writing(request: web.Request) -> Platform:
    if not caller_of(request).manage_watches:
        raise errors.forbidden("xray")
    return platform_of(request)


def _stored(request: web.Request, name: str) -> StoredWatch:
    stored = platform_of(request).xray.watches.get(name)
    if stored is None:
        raise errors.xray(404, "Watch was not found")
    return stored


async def _read(request: web.Request) -> StoredWatch:
    body = await json_object(request)
    watch = as_kind(body, Watch)
    broken = broken_watch(watch, frozenset(platform_of(request).xray.policies))
    if broken:
        raise errors.xray(400, broken)
    return StoredWatch(watch=watch, body=body)
