"""/xray/api/v1/policies and v2: rules that say what makes a violation, and what then happens.

Source: PoliciesV1Api and PoliciesV2Api of JFrog's merged OpenAPI. The sentences are ours where it shows none.
"""

from aiohttp import web

from jfrog_standin import errors
from jfrog_standin.access import caller_of
from jfrog_standin.errors import json_answer
from jfrog_standin.platform import Platform, platform_of
from jfrog_standin.xray.body import as_kind, json_object
from jfrog_standin.xray.looking import look_soon
from jfrog_standin.xray.policy import Policy, broken_policy
from jfrog_standin.xray.watches import assign
from jfrog_standin.xray.xray import StoredPolicy


def routes() -> list[web.RouteDef]:
    collection, one = "/xray/api/{version:v[12]}/policies", "/xray/api/{version:v[12]}/policies/{name}"
    return [
        web.get(collection, list_policies, allow_head=False),
        web.post(collection, create),
        web.get(one, show, allow_head=False),
        web.put(one, replace),
        web.delete(one, delete),
        web.post("/xray/api/v1/policies/{name}/assign", assign_to_watches),
    ]


async def list_policies(request: web.Request) -> web.Response:
    return json_answer([stored.body for stored in platform_of(request).xray.policies.values()])


async def show(request: web.Request) -> web.Response:
    return json_answer(_stored(request).body)


async def create(request: web.Request) -> web.Response:
    platform, stored = _for_writing(request), await _read(request)
    if stored.policy.name in platform.xray.policies:
        raise errors.xray(409, f"Policy {stored.policy.name} already exists")
    platform.xray.policies[stored.policy.name] = stored
    look_soon(platform)
    return json_answer({"info": "Policy created successfully"}, status=201)


async def replace(request: web.Request) -> web.Response:
    """Replace a policy as a whole; the name in the path wins over the body's."""
    platform = _for_writing(request)
    name = _stored(request).policy.name
    platform.xray.policies[name] = await _read(request, name)
    look_soon(platform)
    return json_answer({"info": "Policy updated successfully"})


async def delete(request: web.Request) -> web.Response:
    """Delete a policy, unless a watch still has it."""
    platform = _for_writing(request)
    name = _stored(request).policy.name
    for stored in platform.xray.watches.values():
        if any(entry.name == name for entry in stored.watch.assigned_policies):
            raise errors.xray(400, f"Policy {name} is assigned to watch {stored.watch.name}")
    del platform.xray.policies[name]
    return json_answer({"info": "Policy deleted successfully"})


async def assign_to_watches(request: web.Request) -> web.Response:
    """Add a policy to watches that there are, and say of each what became of it."""
    caller = caller_of(request)
    if not (caller.manage_policies and caller.manage_watches):
        raise errors.forbidden("xray")
    policy, body = _stored(request).policy, await json_object(request)
    watches = as_kind({"names": body.get("watches")}, dict[str, list[str]])["names"]
    platform = platform_of(request)
    result = {name: assign(platform.xray, policy, name) for name in watches}
    look_soon(platform)
    return json_answer({"result": result})


def _for_writing(request: web.Request) -> Platform:
    if not caller_of(request).manage_policies:
        raise errors.forbidden("xray")
    return platform_of(request)


def _stored(request: web.Request) -> StoredPolicy:
    stored = platform_of(request).xray.policies.get(request.match_info["name"])
    if stored is None:
        raise errors.xray(404, "Policy was not found")
    return stored


async def _read(request: web.Request, name: str | None = None) -> StoredPolicy:
    body = await json_object(request)
    if name is not None:
        body["name"] = name
    policy = as_kind(body, Policy)
    broken = broken_policy(policy)
    if broken:
        raise errors.xray(400, broken)
    return StoredPolicy(policy=policy, body=body)
