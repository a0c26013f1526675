"""/xray/api/v1/webhooks: where Xray tells of violations; a policy's rule names them in `webhooks`.

Source: the Terraform provider's resource_xray_webhook.go: paths, fields, that names are alphanumeric, and
200 or 204 for DELETE. Not documented, so ours: who may write them, statuses and texts of refusals, and that
reading one leaves its password out.
"""

from typing import Any

import msgspec
from aiohttp import web

from jfrog_standin import errors
from jfrog_standin.access import caller_of
from jfrog_standin.errors import json_answer
from jfrog_standin.platform import Platform, platform_of
from jfrog_standin.xray.body import as_kind, json_object
from jfrog_standin.xray.webhook import Webhook, broken_webhook


def routes() -> list[web.RouteDef]:
    collection, one = "/xray/api/v1/webhooks", "/xray/api/v1/webhooks/{name}"
    return [
        web.get(collection, list_all, allow_head=False),
        web.post(collection, create),
        web.get(one, show, allow_head=False),
        web.put(one, replace),
        web.delete(one, delete),
    ]


async def list_all(request: web.Request) -> web.Response:
    return json_answer([_shown(webhook) for webhook in _for_managing(request).xray.webhooks.values()])


async def show(request: web.Request) -> web.Response:
    return json_answer(_shown(_stored(request)))


async def create(request: web.Request) -> web.Response:
    platform, webhook = _for_managing(request), await _read(request)
    if webhook.name in platform.xray.webhooks:
        raise errors.xray(409, f"Webhook {webhook.name} already exists")
    platform.xray.webhooks[webhook.name] = webhook
    return json_answer({"info": "Webhook has been successfully created"}, status=201)


async def replace(request: web.Request) -> web.Response:
    """Replace a webhook; without a password it keeps the one it has, for nobody can read it back."""
    platform, before = _for_managing(request), _stored(request)
    webhook = await _read(request, before.name)
    if not webhook.password:
        webhook = msgspec.structs.replace(webhook, password=before.password)
    platform.xray.webhooks[before.name] = webhook
    return json_answer({"info": "Webhook has been successfully updated"})


async def delete(request: web.Request) -> web.Response:
    platform = _for_managing(request)
    del platform.xray.webhooks[_stored(request).name]
    return json_answer({"info": "Webhook has been deleted successfully"})


def _for_managing(request: web.Request) -> Platform:
    if not caller_of(request).manage_policies:
        raise errors.forbidden("xray")
    return platform_of(request)


def _stored(request: web.Request) -> Webhook:
    webhook = _for_managing(request).xray.webhooks.get(request.match_info["name"])
    if webhook is None:
        raise errors.xray(404, "Webhook was not found")
    return webhook


async def _read(request: web.Request, name: str | None = None) -> Webhook:
    body = await json_object(request)
    webhook = as_kind(body if name is None else body | {"name": name}, Webhook)
    broken = broken_webhook(webhook)
    if broken:
        raise errors.xray(400, broken)
    return webhook


def _shown(webhook: Webhook) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(webhook)
    del shown["password"]
    return shown
