"""/event/api/v1/subscriptions: who wants to be told of what.

Source: the Terraform provider's *_webhook resources: paths and fields. Ours: statuses, texts, that only an
administrator may, and that reading one hides its secrets.
"""

from typing import Any

import msgspec
from aiohttp import web

from jfrog_standin import errors
from jfrog_standin.access import caller_of
from jfrog_standin.errors import json_answer
from jfrog_standin.event.subscription import Subscription, broken
from jfrog_standin.platform import Platform, platform_of


def routes() -> list[web.RouteDef]:
    collection, one = "/event/api/v1/subscriptions", "/event/api/v1/subscriptions/{key}"
    return [
        web.get(collection, list_all, allow_head=False),
        web.post(collection, create),
        web.get(one, show, allow_head=False),
        web.put(one, replace),
        web.delete(one, delete),
    ]


async def list_all(request: web.Request) -> web.Response:
    return json_answer([_shown(one) for one in _for_managing(request).subscriptions.values()])


async def show(request: web.Request) -> web.Response:
    return json_answer(_shown(_stored(request)))


async def create(request: web.Request) -> web.Response:
    platform, new = _for_managing(request), await _read(request)
    if new.key in platform.subscriptions:
        raise errors.access(409, "CONFLICT", f"Subscription {new.key} already exists")
    platform.subscriptions[new.key] = new
    return json_answer(_shown(new), status=201)


async def replace(request: web.Request) -> web.Response:
    platform, before, new = _for_managing(request), _stored(request), await _read(request)
    platform.subscriptions[before.key] = msgspec.structs.replace(new, key=before.key)
    return web.Response(status=204)


async def delete(request: web.Request) -> web.Response:
    del _for_managing(request).subscriptions[_stored(request).key]
    return web.Response(status=204)


def _for_managing(request: web.Request) -> Platform:
    caller = caller_of(request)
    if not caller.is_heard_by("jfevt"):
        raise errors.unauthorized("access", "audience")
    if not caller.admin:
        raise errors.forbidden("access")
    return platform_of(request)


def _stored(request: web.Request) -> Subscription:
    found = _for_managing(request).subscriptions.get(request.match_info["key"])
    if found is None:
        raise errors.access(404, "NOT_FOUND", "Subscription was not found")
    return found


async def _read(request: web.Request) -> Subscription:
    try:
        read = msgspec.json.decode(await request.read(), type=Subscription)
    except (msgspec.MsgspecError, ValueError) as error:
        raise errors.access(400, "BAD_REQUEST", str(error)) from error
    wrong = broken(read)
    if wrong is not None:
        raise errors.access(400, "BAD_REQUEST", wrong)
    return read


def _shown(subscription: Subscription) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(subscription)
    for handler in shown["handlers"]:
        del handler["secret"]
    return shown
