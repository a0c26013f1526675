"""Items as the storage API shows them. Sizes are text in one item's answer and numbers in a list. Pure.

Source: jfrog.com/help/r/jfrog-rest-apis/file-info, folder-info, file-list, file-statistics.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from jfrog_standin.artifactory.content_types import content_type
from jfrog_standin.artifactory.storage import Item, Statistics


def iso(at: datetime) -> str:
    """A timestamp as Artifactory writes it, in UTC with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def epoch_ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def storage_uri(base: str, item: Item) -> str:
    """The URL of an item in the storage API."""
    return f"{base}/api/storage/{item.repo}{_slashed(item)}"


def file_info(base: str, item: Item) -> dict[str, Any]:
    """The answer about one file."""
    assert item.checksums is not None, "a folder has another form"
    checksums = {"sha1": item.checksums.sha1, "md5": item.checksums.md5, "sha256": item.checksums.sha256}
    return {
        **_described(item),
        "downloadUri": f"{base}/{item.repo}{_slashed(item)}",
        "mimeType": content_type(item.name),
        "size": str(item.size),
        "checksums": checksums,
        "originalChecksums": checksums,
        "uri": storage_uri(base, item),
    }


def folder_info(base: str, item: Item, children: Iterable[Item]) -> dict[str, Any]:
    """The answer about one folder."""
    return {
        **_described(item),
        "children": [{"uri": f"/{child.name}", "folder": child.is_folder} for child in children],
        "uri": storage_uri(base, item),
    }


def file_list(base: str, folder: Item, items: Iterable[Item], *, now: datetime) -> dict[str, Any]:
    """The answer to `?list`: what is in a folder, each with its path from there."""
    return {
        "uri": storage_uri(base, folder),
        "created": iso(now),
        "files": [_listed(folder, item) for item in items],
    }


def statistics(base: str, item: Item, counted: Statistics) -> dict[str, Any]:
    """The answer to `?stats`; `lastDownloaded` is 0 for a file that nobody fetched."""
    return {
        "uri": f"{base}/{item.repo}{_slashed(item)}",
        "downloadCount": counted.downloads,
        "lastDownloaded": epoch_ms(counted.last_downloaded) if counted.last_downloaded else 0,
        **({"lastDownloadedBy": counted.last_downloaded_by} if counted.last_downloaded else {}),
        "remoteDownloadCount": 0,
        "remoteLastDownloaded": 0,
    }


def _described(item: Item) -> dict[str, Any]:
    return {
        "repo": item.repo,
        "path": f"/{item.path}",
        "created": iso(item.created),
        "createdBy": item.created_by,
        "lastModified": iso(item.modified),
        "modifiedBy": item.modified_by,
        "lastUpdated": iso(item.updated),
    }


def _listed(folder: Item, item: Item) -> dict[str, Any]:
    below = item.path[len(folder.path) :].lstrip("/")
    listed = {
        "uri": f"/{below}",
        "size": item.size if item.checksums else -1,
        "lastModified": iso(item.modified),
        "folder": item.is_folder,
    }
    if item.checksums is None:
        return listed
    return listed | {"sha1": item.checksums.sha1, "sha2": item.checksums.sha256}


def _slashed(item: Item) -> str:
    return "/" + quote(item.path, safe="/@:+!~,()") if item.path else ""
