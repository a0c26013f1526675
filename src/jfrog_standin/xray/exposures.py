"""/xray/api/v1/{secrets|iac|services|applications}/results: what an advanced scan found in files.

That they exist, and that they ask for a repository and a path: JFrog's merged OpenAPI. The shape of a row is
that of JFrog's own reports of exposures; pages are ours.
"""

from typing import Any

from aiohttp import web

from jfrog_standin import errors
from jfrog_standin.access import caller_of
from jfrog_standin.errors import json_answer
from jfrog_standin.platform import platform_of
from jfrog_standin.xray.lookup import artifact_at
from jfrog_standin.xray.paging import page_of
from jfrog_standin.xray.scan import Exposure


def routes() -> list[web.RouteDef]:
    path = "/xray/api/v1/{category:secrets|iac|services|applications}/results"
    return [web.get(path, results, allow_head=False)]


async def results(request: web.Request) -> web.Response:
    """List what was found of one category."""
    repo, path = request.query.get("repo", ""), request.query.get("path", "").lstrip("/")
    if not repo or not path:
        raise errors.xray(400, "repo and path are required")
    found = artifact_at(platform_of(request), repo, path)
    if found is None or not caller_of(request).may("read", repo, path):
        raise errors.xray(404, "Artifact was not found")
    category = request.match_info["category"]
    entries = [entry for entry in found.exposures if entry.category == category]
    number, size = request.query.get("page_num", ""), request.query.get("num_of_rows", "")
    rows = [shown(entry) for entry in page_of(entries, number=number, size=size)]
    return json_answer({"data": rows, "total_count": len(entries)})


def shown(entry: Exposure) -> dict[str, Any]:
    """Write one exposure."""
    return {
        "id": entry.id,
        "status": "to_fix",
        "jfrog_severity": entry.severity,
        "description": entry.description,
        "abbreviation": entry.abbreviation,
        "cwe": {"cwe_id": entry.cwe, "cwe_name": ""},
        "outcomes": entry.outcomes,
        "fix_cost": entry.fix_cost,
        "file_path": entry.file,
        "line": entry.line,
    }
