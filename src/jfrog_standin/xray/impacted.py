"""/xray/api/v2/search/impactedResources: which artifacts hold a package, or suffer from a vulnerability.

Source: SearchV2Api of JFrog's merged OpenAPI, with the sample of JFrog's own field notes (jfrog/jfrog-skills)
for the two package objects and for a path that begins with the repository. Ours: the texts of errors; that
a namespace other than `public` is put before the name; the order; that `limit` above 10000 is 400.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

from aiohttp import web

from jfrog_standin import errors
from jfrog_standin.access import caller_of
from jfrog_standin.errors import json_answer
from jfrog_standin.platform import Platform, platform_of
from jfrog_standin.xray.artifacts import Artifact, indexed
from jfrog_standin.xray.custom_issue import affects, normal_name, normal_type
from jfrog_standin.xray.xray import Xray

DEFAULT_LIMIT, MAX_LIMIT, MOST_DIGITS = 1000, 10_000, 9
PUBLIC, GENERIC = "public", "generic"  # the defaults of namespace and ecosystem

Matches = Callable[[Artifact], bool]


def routes() -> list[web.RouteDef]:
    return [web.get("/xray/api/v2/search/impactedResources", search, allow_head=False)]


async def search(request: web.Request) -> web.Response:
    """Answer one page; `last_key` is empty on the last one."""
    platform, query = _for_reading(request), request.query
    limit, after = _limit(query.get("limit", "")), _place(query.get("last_key", ""))
    matches = _wanted(platform.xray, query)
    found = (
        artifact for artifact in indexed(platform.artifactory) if _key(artifact) > after and matches(artifact)
    )
    page = list(islice(found, limit + 1))
    rows = [_row(artifact) for artifact in page[:limit]]
    return json_answer({"result": rows, "last_key": _cursor(page[limit - 1]) if len(page) > limit else ""})


def _for_reading(request: web.Request) -> Platform:
    platform = platform_of(request)
    if not caller_of(request).has_role("manage_reports"):
        raise errors.forbidden("xray")
    if not platform.switches.sbom_service:
        raise errors.xray(403, "SBOM feature is disabled")
    return platform


def _wanted(xray: Xray, query: Mapping[str, str]) -> Matches:
    """Read the mode of the search: by vulnerability, or by package with or without a version."""
    if vulnerability := query.get("vulnerability"):
        return _suffers(xray, vulnerability)
    name, kind = query.get("name", ""), normal_type(query.get("type", ""))
    if not name or not kind:
        raise errors.xray(400, "Either vulnerability, or name and type are required")
    if query.get("ecosystem", GENERIC) != GENERIC:
        return lambda _: False
    namespace, version = query.get("namespace", PUBLIC), query.get("version", "")
    asked = normal_name(kind, name if namespace in {"", PUBLIC} else f"{namespace}/{name}")
    return lambda artifact: (
        artifact.release.package_type == kind
        and normal_name(kind, artifact.release.name) == asked
        and version in {"", artifact.release.version}
    )


def _suffers(xray: Xray, vulnerability: str) -> Matches:
    issues = xray.about(vulnerability)

    def matches(artifact: Artifact) -> bool:
        release = artifact.release
        return any(affects(issue, release.package_type, release.name, release.version) for issue in issues)

    return matches


def _row(artifact: Artifact) -> dict[str, Any]:
    release, item = artifact.release, artifact.item
    package = {
        "type": release.package_type,
        "name": release.name,
        "namespace": PUBLIC,
        "version": release.version,
        "ecosystem": GENERIC,
    }
    return {
        "type": "Artifact",
        "name": item.name,
        "path": f"{item.repo}/{item.path}",
        "repo": item.repo,
        "version": release.version,
        "artifact_name": item.name,
        "scan_date": f"{item.updated:%Y-%m-%dT%H:%M:%SZ}",
        "artifact_pkg_version": package,
        "impacted_pkg_version": package,
    }


def _limit(text: str) -> int:
    readable = text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
    limit = int(text) if readable else 0
    if text and not 0 < limit <= MAX_LIMIT:
        raise errors.xray(400, f"limit must be between 1 and {MAX_LIMIT}")
    return limit or DEFAULT_LIMIT


def _key(artifact: Artifact) -> tuple[str, str]:
    return artifact.item.repo, artifact.item.path


def _cursor(artifact: Artifact) -> str:
    return base64.urlsafe_b64encode("\n".join(_key(artifact)).encode()).decode()


def _place(last_key: str) -> tuple[str, str]:
    """Read a cursor of ours; no repository's key and no path holds a line end."""
    try:
        repo, _, path = base64.b64decode(last_key.encode(), b"-_", validate=True).decode().partition("\n")
    except (binascii.Error, UnicodeError) as error:
        raise errors.xray(400, "last_key is none that was given") from error
    return repo, path
