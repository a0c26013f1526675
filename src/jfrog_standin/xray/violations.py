"""/xray/api/v1/violations: search them by pages, read one, list the ignored ones and bring those back.

Source: ViolationsV1Api of JFrog's merged OpenAPI; that `offset` is a page number and that
`violation_details_url` names an internal host: jfrog/fluent-plugin-jfrog-siem, xray.rb.
"""

from typing import Any

import msgspec
from aiohttp import web

from jfrog_standin import errors
from jfrog_standin.access import Caller, caller_of
from jfrog_standin.errors import json_answer
from jfrog_standin.platform import Platform, platform_of
from jfrog_standin.xray.body import as_kind, json_object
from jfrog_standin.xray.looking import look
from jfrog_standin.xray.paging import page_of
from jfrog_standin.xray.violation import (
    ORDERS,
    Filters,
    Pagination,
    Search,
    Violation,
    detailed,
    ignored,
    listed,
    wanted,
)

MOST_RESTORED = 500
USUAL_IGNORED = 500


def routes() -> list[web.RouteDef]:
    base = "/xray/api/v1/violations"
    return [
        web.post(base, search),
        web.get(base, show, allow_head=False),
        web.get(f"{base}/ignored/{{watch}}", ignored_of_watch, allow_head=False),
        web.post(f"{base}/ignored", list_ignored),
        web.post(f"{base}/restore", restore),
    ]


async def search(request: web.Request) -> web.Response:
    """Answer one page of what counts; ignored violations are not among it."""
    body = await json_object(request)
    asked = as_kind({name: value for name, value in body.items() if value is not None}, Search)
    _refuse_local_times(asked.filters)
    platform, caller = platform_of(request), caller_of(request)
    if platform.switches.violations_hang and asked.filters == Filters():
        await platform.stopping.wait()
    look(platform)
    found = [
        violation
        for violation in platform.xray.violations.values()
        if not violation.ignored_by and _readable(caller, violation) and wanted(asked.filters, violation)
    ]
    page = _page(found, asked.pagination)
    rows = [listed(violation, details=asked.filters.include_details) for violation in page]
    return json_answer({"total_violations": len(found), "violations": rows})


async def show(request: web.Request) -> web.Response:
    """Show what a `violation_details_url` names, once its host was replaced by the platform's."""
    platform, caller = platform_of(request), caller_of(request)
    look(platform)
    violation = platform.xray.violations.get(request.query.get("comp_id", ""))
    if violation is None or not _readable(caller, violation):
        raise errors.xray(404, "Violation was not found")
    return json_answer(detailed(violation))


async def ignored_of_watch(request: web.Request) -> web.Response:
    platform, query = _for_managing(request), request.query
    found = _ignored(platform, Filters(watch_name=request.match_info["watch"]))
    rows = _ordered(found, query.get("order_by", "updated"))
    page = page_of(
        rows, number=query.get("offset", ""), size=query.get("limit", ""), usual_size=USUAL_IGNORED
    )
    shown = [_shown_ignored(platform, violation) for violation in page]
    return json_answer({"violations_count": len(found), "violations": shown})


class IgnoredSearch(msgspec.Struct, frozen=True, kw_only=True):
    """The filters that say something about what is imitated here; empty ones let everything through."""

    vulnerabilities: tuple[str, ...] = ()
    cves: tuple[str, ...] = ()
    watches: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()


async def list_ignored(request: web.Request) -> web.Response:
    """List the ignored violations of all watches, by the lists of names in the body."""
    platform, query = _for_managing(request), request.query
    asked = as_kind(await json_object(request), IgnoredSearch)
    found = [violation for violation in _ignored(platform, Filters()) if _is_asked_for(asked, violation)]
    rows = _ordered(found, query.get("order_by", "updated"))
    page = page_of(
        rows, number=query.get("offset", ""), size=query.get("limit", ""), usual_size=USUAL_IGNORED
    )
    data = [_shown_ignored(platform, violation) for violation in page]
    return json_answer({"data": data, "total_count": len(found)})


async def restore(request: web.Request) -> web.Response:
    """Let ignored violations count again, whatever their rule says."""
    platform = _for_managing(request)
    body = await json_object(request)
    ids = as_kind({"ids": body.get("ids") or []}, dict[str, list[str]])["ids"]
    if not 0 < len(ids) <= MOST_RESTORED:
        raise errors.xray(400, f"Between 1 and {MOST_RESTORED} violation ids are expected")
    look(platform)
    platform.xray.restored.update(set(ids) & set(platform.xray.violations))
    return web.Response()


def _for_managing(request: web.Request) -> Platform:
    if not caller_of(request).manage_watches:
        raise errors.forbidden("xray")
    return platform_of(request)


def _refuse_local_times(filters: Filters) -> None:
    if any(at is not None and at.tzinfo is None for at in (filters.created_from, filters.created_until)):
        raise errors.xray(400, "created_from and created_until need a time zone")


def _readable(caller: Caller, violation: Violation) -> bool:
    return caller.may("read", violation.release.repository.key, violation.release.path)


def _page(found: list[Violation], pagination: Pagination) -> list[Violation]:
    rows = _ordered(found, pagination.order_by)
    if pagination.direction == "desc":
        rows.reverse()
    return list(page_of(rows, number=pagination.offset, size=pagination.limit))


def _ordered(found: list[Violation], name: str) -> list[Violation]:
    order = ORDERS.get(name)
    if order is None:
        raise errors.xray(400, f"order_by must be one of {', '.join(ORDERS)}")
    return sorted(found, key=lambda violation: (order(violation), violation.id))


def _ignored(platform: Platform, filters: Filters) -> list[Violation]:
    look(platform)
    hidden = (violation for violation in platform.xray.violations.values() if violation.ignored_by)
    return [violation for violation in hidden if wanted(filters, violation)]


def _is_asked_for(asked: IgnoredSearch, violation: Violation) -> bool:
    pairs = (
        (asked.vulnerabilities, {violation.issue.id}),
        (asked.cves, {entry.cve for entry in violation.issue.cves or ()}),
        (asked.watches, {violation.watch}),
        (asked.policies, {entry.policy for entry in violation.matched}),
    )
    return all(not names or there & set(names) for names, there in pairs)


def _shown_ignored(platform: Platform, violation: Violation) -> dict[str, Any]:
    rule = platform.xray.ignore_rules[violation.ignored_by]
    return ignored(violation, {"id": rule.id, "author": rule.author, "notes": rule.rule.notes})
