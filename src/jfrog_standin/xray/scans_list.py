"""/xray/api/v1/artifacts and repos, the “Scans List”: what is indexed, with counts of issues.

Source: jfrog.com/help, scans-list-get-artifacts and -get-repositories; that a request of many rows runs into
a limit of 30 s: KB 000005950. `offset` is opaque, and -1 when there is no more. Ours: that a size is a text,
and that artifacts without a scan are absent.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec
from aiohttp import web

from jfrog_standin import errors
from jfrog_standin.access import Caller, caller_of
from jfrog_standin.artifactory.storage import Item
from jfrog_standin.errors import json_answer
from jfrog_standin.platform import Platform, platform_of
from jfrog_standin.xray.body import as_kind
from jfrog_standin.xray.bundle import package_type
from jfrog_standin.xray.lookup import artifact_of, files_in, indexed_repository, named_as
from jfrog_standin.xray.scan import TOLD
from jfrog_standin.xray.scanned import ScannedArtifact

ORDERS: Mapping[str, str] = {"created": "created", "size": "size", "name": "path", "repo_path": "path"}
END = -1


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The query of a list."""

    repo: str = ""
    search: str = ""
    order_by: str = "created"
    direction: str = "desc"
    num_of_rows: int = 25
    offset: int = 0
    created_start: datetime | None = None
    created_end: datetime | None = None


def routes() -> list[web.RouteDef]:
    return [
        web.get("/xray/api/v1/artifacts", artifacts, allow_head=False),
        web.get("/xray/api/v1/repos", repositories, allow_head=False),
    ]


async def artifacts(request: web.Request) -> web.Response:
    """List one page of the scanned artifacts of a repository."""
    platform, caller, asked = platform_of(request), caller_of(request), _asked(request)
    if not asked.repo:
        raise errors.xray(400, "repo is required")
    most = platform.switches.scans_list_most_rows
    if most and asked.num_of_rows > most:
        raise errors.xray(500, "failed to get artifacts")
    rows: list[dict[str, Any]] = []
    offset = END
    violations = Counter(
        found.impacted for found in platform.xray.violations.values() if not found.ignored_by
    )
    for place, found in _from(platform, asked):
        if len(rows) == asked.num_of_rows:
            offset = place
            break
        if _is_wanted(caller, asked, found):
            rows.append(_row(found, violations[f"default/{found.repo}/{found.path}"]))
    return json_answer({"data": rows, "offset": offset})


async def repositories(request: web.Request) -> web.Response:
    """List one page of the indexed repositories."""
    platform, caller, asked = platform_of(request), caller_of(request), _asked(request)
    rows = [_summed(platform, key) for key in platform.artifactory.storage_keys() if caller.may("read", key)]
    shown = [row for row in rows if row is not None and asked.search in row["repo"]]
    end = asked.offset + asked.num_of_rows
    return json_answer({"data": shown[asked.offset : end], "offset": end if end < len(shown) else END})


def _asked(request: web.Request) -> Asked:
    numbers = ("num_of_rows", "offset")
    query = {name: _number(text) if name in numbers else text for name, text in request.query.items()}
    asked = as_kind(query, Asked)
    if asked.order_by not in ORDERS or asked.direction not in {"asc", "desc"}:
        raise errors.xray(400, f"order_by must be one of {', '.join(ORDERS)}, direction asc or desc")
    if asked.num_of_rows < 1 or asked.offset < 0:
        raise errors.xray(400, "num_of_rows must be positive, and offset one that was given")
    return asked


def _number(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text


def _from(platform: Platform, asked: Asked) -> Iterator[tuple[int, ScannedArtifact]]:
    """The artifacts from an offset on, each with its own."""
    repository = indexed_repository(platform, asked.repo)
    files = files_in(platform, asked.repo, ORDERS[asked.order_by])
    for place in range(asked.offset, len(files)):
        item = files[place if asked.direction == "asc" else -1 - place]
        if repository is not None and _is_in_time(asked, item):
            found = artifact_of(platform, repository, item)
            if found is not None and found.status in TOLD:
                yield place, found


def _is_in_time(asked: Asked, item: Item) -> bool:
    start, end = asked.created_start, asked.created_end
    return (start is None or item.created >= start) and (end is None or item.created <= end)


def _is_wanted(caller: Caller, asked: Asked, found: ScannedArtifact) -> bool:
    return asked.search in found.path and caller.may("read", found.repo, found.path)


def _row(found: ScannedArtifact, violations: int) -> dict[str, Any]:
    return {
        "name": found.display_name,
        "repo_path": f"/{found.path}",
        "package_id": f"{found.kind}://{found.name}",
        "version": found.version,
        "sec_issues": found.counts,
        "size": f"{found.size / 2**20:.2f} MB",
        "violations": violations,
        "created": f"{found.created:%Y-%m-%dT%H:%M:%SZ}",
        "deployed_by": found.deployed_by,
        "repo_full_path": f"{found.repo}/{found.path}",
    }


def _summed(platform: Platform, key: str) -> dict[str, Any] | None:
    repository = indexed_repository(platform, key)
    if repository is None:
        return None
    files = files_in(platform, key, "created")
    names = [(item, named) for item in files if (named := named_as(repository, item)) is not None]
    return {
        "repo": key,
        "indexed_artifact": len(names),
        "latest_artifact": ":".join(names[-1][1]) if names else "",
        "package_type": package_type(repository.package_type),
        "created_at": f"{names[-1][0].created if names else platform.clock.now():%Y-%m-%dT%H:%M:%SZ}",
    }
