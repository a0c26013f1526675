"""/xray/api/v1/ignore_rules: make, list, read and delete rules; they can't be changed, and there is no v2.

Source: IgnoreRulesV1Api of JFrog's merged OpenAPI: statuses, fields, filters and orders of the list. That
the new id stands only inside the sentence of `info` is a published sample's. Texts of errors are ours.
"""

import re
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from aiohttp import web

from jfrog_standin import errors
from jfrog_standin.access import Caller, caller_of
from jfrog_standin.errors import json_answer
from jfrog_standin.platform import Platform, platform_of
from jfrog_standin.xray.body import as_kind, json_object
from jfrog_standin.xray.ignoring import IgnoreFilters, IgnoreRule, broken_ignore_rule
from jfrog_standin.xray.paging import page_of
from jfrog_standin.xray.xray import StoredIgnoreRule

ORDERS: Mapping[str, Callable[[StoredIgnoreRule], str]] = {
    "external_id": lambda stored: stored.id,
    "author": lambda stored: stored.author,
    "created": lambda stored: stored.created.isoformat(),
    "expires_at": lambda stored: stored.rule.expires_at.isoformat() if stored.rule.expires_at else "",
}

FILTERS: Mapping[str, Callable[[IgnoreFilters], set[str]]] = {
    "vulnerability": lambda filters: {*(filters.vulnerabilities or ())},
    "cve": lambda filters: {*(filters.cves or ())},
    "license": lambda filters: {*(filters.licenses or ())},
    "policy": lambda filters: {*(filters.policies or ())},
    "watch": lambda filters: {*(filters.watches or ())},
    "component_name": lambda filters: {entry.name for entry in filters.components or ()},
    "component_version": lambda filters: {entry.version for entry in filters.components or ()},
    "artifact_name": lambda filters: {entry.name for entry in filters.artifacts or ()},
    "artifact_version": lambda filters: {entry.version for entry in filters.artifacts or ()},
    "artifact_path": lambda filters: {entry.path for entry in filters.artifacts or ()},
}


def routes() -> list[web.RouteDef]:
    collection, one = "/xray/api/v1/ignore_rules", "/xray/api/v1/ignore_rules/{id}"
    return [
        web.get(collection, list_rules, allow_head=False),
        web.post(collection, create),
        web.get(one, show, allow_head=False),
        web.delete(one, delete),
    ]


async def create(request: web.Request) -> web.Response:
    """Make a rule; the only place where its id is told is the sentence."""
    platform, caller = _for_managing(request)
    body = await json_object(request)
    rule = as_kind(_with_underscores(body), IgnoreRule)
    broken = broken_ignore_rule(rule)
    if broken:
        raise errors.xray(400, broken)
    stored = StoredIgnoreRule(
        id=str(uuid.uuid4()), author=caller.user, created=platform.clock.now(), rule=rule, body=body
    )
    platform.xray.ignore_rules[stored.id] = stored
    return json_answer({"info": f"Successfully added Ignore rule with id: {stored.id}"}, status=201)


async def list_rules(request: web.Request) -> web.Response:
    """List what the query lets through, by pages that count from 1."""
    platform, _ = _for_managing(request)
    query, now = request.query, platform.clock.now()
    order = ORDERS.get(query.get("order_by", "created"))
    if order is None:
        raise errors.xray(400, f"order_by must be one of {', '.join(ORDERS)}")
    found = [stored for stored in platform.xray.ignore_rules.values() if _wanted(stored, query)]
    found.sort(key=order, reverse=query.get("direction", "asc").lower() == "desc")
    page = page_of(found, number=query.get("page_num", ""), size=query.get("num_of_rows", ""))
    return json_answer({"data": [_shown(stored, now) for stored in page], "total_count": len(found)})


async def show(request: web.Request) -> web.Response:
    platform, _ = _for_managing(request)
    return json_answer(_shown(_stored(platform, request), platform.clock.now()))


async def delete(request: web.Request) -> web.Response:
    """Delete a rule: what it covered counts again."""
    platform, _ = _for_managing(request)
    del platform.xray.ignore_rules[_stored(platform, request).id]
    return web.Response(status=204)


def _for_managing(request: web.Request) -> tuple[Platform, Caller]:
    caller = caller_of(request)
    if not caller.manage_watches:
        raise errors.forbidden("xray")
    return platform_of(request), caller


def _stored(platform: Platform, request: web.Request) -> StoredIgnoreRule:
    stored = platform.xray.ignore_rules.get(request.match_info["id"])
    if stored is None:
        raise errors.xray(404, "Ignore rule was not found")
    return stored


def _wanted(stored: StoredIgnoreRule, query: Mapping[str, str]) -> bool:
    filters, expires_at = stored.rule.ignore_filters, stored.rule.expires_at
    before, after = _time(query, "expires_before"), _time(query, "expires_after")
    return (
        all(query[name] in read(filters) for name, read in FILTERS.items() if name in query)
        and (before is None or (expires_at is not None and expires_at < before))
        and (after is None or (expires_at is not None and expires_at > after))
    )


def _time(query: Mapping[str, str], name: str) -> datetime | None:
    """Read a time of the query, whose plus sign may have come as a space."""
    if name not in query:
        return None
    try:
        read = msgspec.convert(re.sub(r" (?=\d\d:\d\d$)", "+", query[name]), datetime)
    except msgspec.ValidationError as error:
        raise errors.xray(400, f"{name} is no time") from error
    if read.tzinfo is None:
        raise errors.xray(400, f"{name} has no time zone")
    return read


def _shown(stored: StoredIgnoreRule, now: datetime) -> dict[str, Any]:
    shown = {
        "id": stored.id,
        "author": stored.author,
        "created": f"{stored.created:%Y-%m-%dT%H:%M:%SZ}",
        "notes": stored.rule.notes,
        "is_expired": stored.rule.is_expired(now),
        "ignore_filters": stored.body.get("ignore_filters", {}),
    }
    return shown if stored.rule.expires_at is None else shown | {"expires_at": stored.rule.expires_at}


def _with_underscores(body: dict[str, Any]) -> dict[str, Any]:
    filters = body.get("ignore_filters")
    if not isinstance(filters, dict):
        return body
    return body | {"ignore_filters": {name.replace("-", "_"): value for name, value in filters.items()}}
