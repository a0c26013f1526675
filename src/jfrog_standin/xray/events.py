"""/xray/api/v1/events and v2: custom issues are written by v1 and read by v2, and there is no list.

Source: docs.jfrog.com/security/reference, create-issue-event, update-issue-event, delete-issue-event and
get-issue-events-v2; jfrog.com/help/r/xray-rest-apis/get-issue-events-v1. Not documented, so ours: the texts
of errors but the 404 of v2 (terraform-provider-xray issue 398), and the status of PUT and DELETE on an
unknown id.
"""

from typing import Any

from aiohttp import web

from jfrog_standin import errors
from jfrog_standin.access import caller_of
from jfrog_standin.errors import json_answer
from jfrog_standin.faulty import FORGET_WRITE
from jfrog_standin.platform import Platform, platform_of
from jfrog_standin.xray.body import as_kind, json_object
from jfrog_standin.xray.custom_issue import CustomIssue, broken_rule, missing
from jfrog_standin.xray.known_issues import KNOWN, WRITTEN, WRITTEN_S
from jfrog_standin.xray.looking import look_soon
from jfrog_standin.xray.xray import StoredIssue

NEVER = "0001-01-01T00:00:00Z"  # Go's zero time, which JFrog's samples show


def routes() -> list[web.RouteDef]:
    return [
        web.post("/xray/api/v1/events", create),
        web.put("/xray/api/v1/events/{id}", replace),
        web.delete("/xray/api/v1/events/{id}", delete),
        web.get("/xray/api/v1/events/{id}", read_v1, allow_head=False),
        web.get("/xray/api/v2/events/{id}", read_v2, allow_head=False),
    ]


async def create(request: web.Request) -> web.Response:
    """Make a custom issue: 201, or 400 if there is one with the id or a required field is missing."""
    platform = _for_writing(request)
    issue = as_kind(await json_object(request), CustomIssue)
    _refuse_incomplete(issue)
    if issue.id in platform.xray.issues:
        raise errors.xray(400, f"Issue with id {issue.id} already exists")
    kept = _keep(request, issue)
    return json_answer(_written(kept or platform.xray.stamped(issue)), status=201)


async def replace(request: web.Request) -> web.Response:
    """Replace a custom issue; the body may leave the id out."""
    platform = _for_writing(request)
    issue_id, body = request.match_info["id"], await json_object(request)
    if body.get("id") not in {None, "", issue_id}:
        raise errors.xray(400, "The id in the body is not the id in the path")
    issue = as_kind({**body, "id": issue_id}, CustomIssue)
    if issue_id not in platform.xray.issues and not platform.switches.put_creates:
        raise _not_found(issue_id)
    _refuse_incomplete(issue)
    kept = _keep(request, issue)
    return json_answer(_written(kept or platform.xray.stamped(issue)))


async def delete(request: web.Request) -> web.Response:
    platform, issue_id = _for_writing(request), request.match_info["id"]
    if issue_id not in platform.xray.issues:
        raise _not_found(issue_id)
    if not request.get(FORGET_WRITE):
        platform.xray.forget(issue_id)
    return json_answer({"info": f"Vulnerability with id {issue_id} has been successfully deleted"})


async def read_v1(request: web.Request) -> web.Response:
    """Show an issue in the flat shape of the deprecated version."""
    return json_answer(_flat(_stored(request)))


async def read_v2(request: web.Request) -> web.Response:
    stored, xray = _stored(request), platform_of(request).xray
    own = stored.issue.id in KNOWN
    malicious = stored.issue.malicious_package if own else xray.is_malicious(stored.issue)
    return json_answer(_full(stored, malicious=malicious))


def _for_writing(request: web.Request) -> Platform:
    if not caller_of(request).manage_xray_metadata:
        raise errors.forbidden("xray")
    return platform_of(request)


def _refuse_incomplete(issue: CustomIssue) -> None:
    absent = missing(issue)
    if absent:
        raise errors.xray(400, absent)


def _keep(request: web.Request, issue: CustomIssue) -> StoredIssue | None:
    """Store an issue; None: it is dropped in silence, by a rule or by a fault."""
    platform = platform_of(request)
    broken = broken_rule(issue)
    if broken and platform.switches.mode == "strict":
        raise errors.xray(400, broken)
    if broken or request.get(FORGET_WRITE):
        return None
    stored = platform.xray.keep(issue)
    look_soon(platform)
    return stored


def _stored(request: web.Request) -> StoredIssue:
    issue_id = request.match_info["id"]
    stored = platform_of(request).xray.issues.get(issue_id) or _known(issue_id)
    if stored is None:
        raise _not_found(issue_id)
    return stored


def _known(issue_id: str) -> StoredIssue | None:
    """Give one of JFrog's own issues, which can be read like any other."""
    issue = KNOWN.get(issue_id)
    if issue is None:
        return None

    return StoredIssue(
        issue=issue,
        created=WRITTEN,
        modified=WRITTEN,
        modified_s=WRITTEN_S,
        edited=False,
        written_at=0.0,
    )


def _not_found(issue_id: str) -> errors.Refused:
    return errors.xray(404, f"Failed to get vulnerability {issue_id}")


# The three shapes of an answer


def _written(stored: StoredIssue) -> dict[str, Any]:
    """Echo what was written: the type in lower case, `fixed_versions` as null where there are none."""
    issue = stored.issue
    return {
        "id": issue.id,
        "package_type": issue.package_type,
        "type": issue.type.lower(),
        "provider": issue.provider,
        "summary": issue.summary,
        "description": issue.description,
        "severity": issue.severity,
        "created": stored.created,
        "cves": issue.cves or (),
        "sources": issue.sources or (),
        "components": [_component(entry) for entry in _components(issue)],
        "modified": stored.modified,
        "edited": stored.modified if stored.edited else NEVER,
    }


def _full(stored: StoredIssue, *, malicious: bool) -> dict[str, Any]:
    """Show an issue as v2 does; the unit of `modified_time` is not documented."""
    shown = _written(stored)
    if not stored.issue.cves:
        del shown["cves"]
    return shown | {
        "components": _components(stored.issue),
        "malicious_package": malicious,
        "leading_severity": {"severity": stored.issue.severity},
        "modified_time": stored.modified_s,
        "issue_kind": stored.issue.issue_kind,
    }


def _flat(stored: StoredIssue) -> dict[str, Any]:
    """Show an issue as v1 did: its first source and CVE in fields of their own."""
    issue = stored.issue
    first = next(iter(issue.sources or ()), None)
    return {
        "id": issue.id,
        "type": issue.type.lower(),
        "source_id": first.source_id if first else "",
        "url": (first.url if first else None) or "",
        "severity": issue.severity,
        "provider": issue.provider,
        "created": stored.created,
        "modified": stored.modified,
        "updated": NEVER,
        "summary": issue.summary,
        "description": issue.description,
        "components": [_component(entry) for entry in _components(issue)],
    }


def _component(component: dict[str, Any]) -> dict[str, Any]:
    return {name: component[name] for name in ("id", "vulnerable_versions", "fixed_versions")}


def _components(issue: CustomIssue) -> list[dict[str, Any]]:
    """Show components with their versions mirrored in `vulnerable_ranges`, and back."""
    shown = []
    for component in issue.components or ():
        ranges = component.vulnerable_ranges or (component,)
        nested = [
            {
                "vulnerable_versions": entry.vulnerable_versions or (),
                "fixed_versions": entry.fixed_versions or None,
                "container_affected_cpes": None,
            }
            for entry in ranges
        ]
        shown.append(
            {
                "id": component.id,
                "vulnerable_versions": component.vulnerable(),
                "fixed_versions": component.fixed(),
                "vulnerable_ranges": nested,
            }
        )
    return shown
