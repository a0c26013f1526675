"""Two calls of an operator: how much is stored where, and forget a remote's metadata."""

from typing import Any

from aiohttp import web

from jfrog_standin.artifactory.gate import administrator, permit, unknown_repository
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.artifactory.storage import Storage
from jfrog_standin.errors import json_answer
from jfrog_standin.platform import Platform


async def storage_info(platform: Platform, request: web.Request) -> web.Response:
    """`GET /api/storageinfo`: counts and sizes; a size is a text unless its field says bytes."""
    administrator(platform, request)
    rows = [
        _summary(platform.artifactory, repository)
        for repository in platform.artifactory.repositories.values()
    ]
    files, used = sum(row["filesCount"] for row in rows), sum(row["usedSpaceInBytes"] for row in rows)
    shown = {
        "binariesSummary": {"binariesCount": str(files), "binariesSize": _size(used)},
        "fileStoreSummary": {"storageType": "memory", "usedSpace": _size(used)},
        "repositoriesSummaryList": rows,
    }
    return json_answer(shown)


async def calculate(platform: Platform, request: web.Request) -> web.Response:
    """`POST /api/storageinfo/calculate`: nothing is cached here, so there is nothing to wait for."""
    administrator(platform, request)
    return web.Response(status=202)


async def zap(platform: Platform, request: web.Request) -> web.Response:
    """`POST /api/zap/<remote>-cache/<path>`: read the remote's metadata anew; files stay."""
    key = request.match_info["repo"]
    repository = platform.artifactory.owner(key)
    if repository is None or repository.rclass != "remote":
        raise unknown_repository(key)
    permit(platform, request, "delete", repository)
    platform.remotes.forget(repository)
    return web.Response()


def _summary(storage: Storage, repository: Repository) -> dict[str, Any]:
    stored = [] if repository.rclass == "virtual" else list(storage.items(repository.storage_key))
    folders, used = sum(item.is_folder for item in stored), sum(item.size for item in stored)
    return {
        "repoKey": repository.storage_key,
        "repoType": "CACHE" if repository.rclass == "remote" else repository.rclass.upper(),
        "foldersCount": folders,
        "filesCount": len(stored) - folders,
        "usedSpace": _size(used),
        "usedSpaceInBytes": used,
        "itemsCount": len(stored),
        "packageType": repository.package_type.capitalize(),
        "projectKey": "default",
        "percentage": "0%",
    }


def _size(size: int) -> str:
    """A size as a person reads it: "1.50 KB"."""
    amount, units = float(size), ["bytes", "KB", "MB", "GB"]
    while amount >= 1024 and len(units) > 1:
        amount /= 1024
        units.pop(0)
    return f"{amount:.2f} {units[0]}" if units[0] != "bytes" else f"{size} bytes"
