"""/xray/api/v2/search/impactedResources: which artifacts are or hold a package, or have a vulnerability.

Source: SearchV2Api of JFrog's merged OpenAPI, with the sample of JFrog's own field notes (jfrog/jfrog-skills)
for the two package objects and for a path that begins with the repository. Ours: the texts of errors; that
a namespace other than `public` is put before the name; the order; that `limit` above 10000 is 400;
that an image has one row, with the first of the packages in it that fit.
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any

import msgspec
from aiohttp import web

from jfrog_standin import errors
from jfrog_standin.access import caller_of
from jfrog_standin.errors import json_answer
from jfrog_standin.platform import Platform, platform_of
from jfrog_standin.xray.custom_issue import affects, normal_name, normal_type
from jfrog_standin.xray.lookup import artifacts_in
from jfrog_standin.xray.scan import TOLD, ScannedComponent
from jfrog_standin.xray.scanned import IMAGES, ScannedArtifact
from jfrog_standin.xray.xray import Xray

DEFAULT_LIMIT, MAX_LIMIT, MOST_DIGITS = 1000, 10_000, 9
PUBLIC, GENERIC = "public", "generic"  # the defaults of namespace and ecosystem


class Package(msgspec.Struct, frozen=True, kw_only=True):
    """A release, of an artifact or of what is inside of one."""

    kind: str
    name: str
    version: str


Holds = Callable[[ScannedArtifact], Package | None]
"""Which package of an artifact is what is searched for, if any."""


def routes() -> list[web.RouteDef]:
    return [web.get("/xray/api/v2/search/impactedResources", search, allow_head=False)]


async def search(request: web.Request) -> web.Response:
    """Answer one page; `last_key` is empty on the last one."""
    platform, query = _for_reading(request), request.query
    limit, after = _limit(query.get("limit", "")), _place(query.get("last_key", ""))
    holds = _wanted(platform.xray, query)
    found = (
        (artifact, package)
        for repo in platform.artifactory.storage_keys()
        if repo >= after[0]
        for artifact in artifacts_in(platform, repo)
        if _key(artifact) > after and (package := holds(artifact)) is not None
    )
    page = list(islice(found, limit + 1))
    rows = [_row(artifact, package) for artifact, package in page[:limit]]
    return json_answer({"result": rows, "last_key": _cursor(page[limit - 1][0]) if len(page) > limit else ""})


def _for_reading(request: web.Request) -> Platform:
    platform = platform_of(request)
    if not caller_of(request).has_role("manage_reports"):
        raise errors.forbidden("xray")
    if not platform.switches.sbom_service:
        raise errors.xray(403, "SBOM feature is disabled")
    return platform


def _wanted(xray: Xray, query: Mapping[str, str]) -> Holds:
    """Read the mode of the search: by vulnerability, or by package with or without a version."""
    if vulnerability := query.get("vulnerability"):
        return _suffers(xray, vulnerability)
    name, kind = query.get("name", ""), normal_type(query.get("type", ""))
    if not name or not kind:
        raise errors.xray(400, "Either vulnerability, or name and type are required")
    if query.get("ecosystem", GENERIC) != GENERIC:
        return lambda _: None
    namespace, version = query.get("namespace", PUBLIC), query.get("version", "")
    asked = normal_name(kind, name if namespace in {"", PUBLIC} else f"{namespace}/{name}")

    def holds(artifact: ScannedArtifact) -> Package | None:
        packages = (_itself(artifact), *(_package(part) for part in _told_components(artifact)))
        fitting = (
            package
            for package in packages
            if package.kind == kind
            and normal_name(kind, package.name) == asked
            and version in {"", package.version}
        )
        return next(fitting, None)

    return holds


def _suffers(xray: Xray, vulnerability: str) -> Holds:
    issues = xray.about(vulnerability)

    def holds(artifact: ScannedArtifact) -> Package | None:
        itself = _itself(artifact)
        if any(affects(issue, itself.kind, itself.name, itself.version) for issue in issues):
            return itself
        inside = (
            _package(hit.component)
            for issue in (artifact.issues if artifact.status in TOLD else ())
            if vulnerability == issue.id or any(entry.cve == vulnerability for entry in issue.cves)
            for hit in issue.hits
        )
        return next(inside, None)

    return holds


def _told_components(artifact: ScannedArtifact) -> Iterable[ScannedComponent]:
    return artifact.components if artifact.status in TOLD else ()


def _itself(artifact: ScannedArtifact) -> Package:
    return Package(kind=artifact.kind, name=artifact.name, version=artifact.version)


def _package(component: ScannedComponent) -> Package:
    return Package(kind=component.kind, name=component.name, version=component.version)


def _row(artifact: ScannedArtifact, impacted: Package) -> dict[str, Any]:
    file = artifact.path.rpartition("/")[2]
    is_image = artifact.kind in IMAGES
    return {
        "type": "Artifact",
        "name": artifact.name if is_image else file,
        "path": f"{artifact.repo}/{artifact.path}",
        "repo": artifact.repo,
        "version": artifact.version,
        "artifact_name": artifact.display_name if is_image else file,
        "scan_date": f"{artifact.at:%Y-%m-%dT%H:%M:%SZ}",
        "artifact_pkg_version": _shown(_itself(artifact)),
        "impacted_pkg_version": _shown(impacted),
    }


def _shown(package: Package) -> dict[str, str]:
    return {
        "type": package.kind,
        "name": package.name,
        "namespace": PUBLIC,
        "version": package.version,
        "ecosystem": GENERIC,
    }


def _limit(text: str) -> int:
    readable = text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
    limit = int(text) if readable else 0
    if text and not 0 < limit <= MAX_LIMIT:
        raise errors.xray(400, f"limit must be between 1 and {MAX_LIMIT}")
    return limit or DEFAULT_LIMIT


def _key(artifact: ScannedArtifact) -> tuple[str, str]:
    return artifact.repo, artifact.path


def _cursor(artifact: ScannedArtifact) -> str:
    return base64.urlsafe_b64encode("\n".join(_key(artifact)).encode()).decode()


def _place(last_key: str) -> tuple[str, str]:
    """Read a cursor of ours; no repository's key and no path holds a line end."""
    try:
        repo, _, path = base64.b64decode(last_key.encode(), b"-_", validate=True).decode().partition("\n")
    except (binascii.Error, UnicodeError) as error:
        raise errors.xray(400, "last_key is none that was given") from error
    return repo, path
