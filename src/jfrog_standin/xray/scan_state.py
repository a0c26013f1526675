"""/xray/api/v1/artifact/status, scan/status/artifact, and the calls that ask for a new scan.

Source: JFrog's merged OpenAPI. Ours: the text of 404, and that it is the answer too for what lies where Xray
does not index. A new scan is done at once: what was PENDING is DONE, and what had expired is there again.
"""

from datetime import datetime

import msgspec
from aiohttp import web

from jfrog_standin import errors
from jfrog_standin.access import caller_of
from jfrog_standin.errors import json_answer
from jfrog_standin.platform import Platform, platform_of
from jfrog_standin.xray.body import as_kind, json_object
from jfrog_standin.xray.lookup import artifact_at, artifacts_in
from jfrog_standin.xray.scan import ScanStatus
from jfrog_standin.xray.scanned import ScannedArtifact

MOST_REINDEXED = 1_000
CATEGORIES = ("iac", "secrets", "services", "applications")


def routes() -> list[web.RouteDef]:
    return [
        web.post("/xray/api/v1/artifact/status", status),
        web.post("/xray/api/v1/scan/status/artifact", older_status),
        web.post("/xray/api/v1/scanArtifact", scan_again),
        web.post("/xray/api/v1/forceReindex", reindex),
        web.post("/xray/api/v2/index", reindex),
    ]


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """One artifact; the path without its repository."""

    repo: str
    path: str


async def status(request: web.Request) -> web.Response:
    """Tell how far each kind of scan is."""
    place = as_kind(await json_object(request), Place)
    artifact = _readable(request, place.repo, place.path.lstrip("/"))
    shown, at = _shown(artifact.status), _stamp(artifact.at)
    one = {"status": shown, "time": at}
    advanced = {"status": shown if artifact.kind == "docker" else "NOT_SUPPORTED", "time": at}
    exposures = advanced | {"categories": dict.fromkeys(CATEGORIES, advanced)}
    details = {"sca": one, "contextual_analysis": advanced, "exposures": exposures, "violations": one}
    return json_answer({"overall": one, "details": details})


class OldPlace(msgspec.Struct, frozen=True, kw_only=True):
    repository_pkg_type: str = ""
    path: str
    sha256: str = ""


async def older_status(request: web.Request) -> web.Response:
    """Tell the status alone; the path begins with the repository."""
    place = as_kind(await json_object(request), OldPlace)
    repo, _, path = place.path.removeprefix("default/").lstrip("/").partition("/")
    return json_answer({"status": _shown(_readable(request, repo, path).status).lower()})


async def scan_again(request: web.Request) -> web.Response:
    """Scan one component anew, named by "docker://team/app:1.0" or by its path."""
    body = await json_object(request)
    platform = _for_managing(request)
    name = as_kind({"id": body.get("componentID", "")}, dict[str, str])["id"]
    for repo in platform.artifactory.storage_keys():
        for artifact in artifacts_in(platform, repo):
            if name in {artifact.component, artifact.shown_path}:
                platform.xray.scan_anew(artifact.sha256, artifact.bundles)
                return json_answer({"info": "Scan of artifact is in progress"})
    raise errors.xray(404, "Artifact was not found")


class Reindexed(msgspec.Struct, frozen=True, kw_only=True):
    artifacts: tuple[
        dict[str, str], ...
    ] = ()  # [{"repository": "docker-local", "path": "a/1/manifest.json"}]


async def reindex(request: web.Request) -> web.Response:
    """Scan artifacts anew."""
    asked = as_kind(await json_object(request), Reindexed)
    platform = _for_managing(request)
    if len(asked.artifacts) > MOST_REINDEXED:
        raise errors.xray(400, f"At most {MOST_REINDEXED} entities are indexed at once")
    for place in asked.artifacts:
        found = artifact_at(platform, place.get("repository", ""), place.get("path", "").lstrip("/"))
        if found is not None:
            platform.xray.scan_anew(found.sha256, found.bundles)
    return json_answer({"info": "Indexing of resources is in progress"})


def _for_managing(request: web.Request) -> Platform:
    if not caller_of(request).manage_resources:
        raise errors.forbidden("xray")
    return platform_of(request)


def _readable(request: web.Request, repo: str, path: str) -> ScannedArtifact:
    found = artifact_at(platform_of(request), repo, path)
    if found is None or not caller_of(request).may("read", repo, path):
        raise errors.xray(404, "Artifact was not found")
    return found


def _shown(status: ScanStatus) -> str:
    return "NOT_SCANNED" if status == "EXPIRED" else status


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
