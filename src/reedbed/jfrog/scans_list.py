"""Xray's list of scans: how many issues each artifact of a repository has, a thousand at a time.

The cheapest sign that findings changed on images that did not. `offset` is opaque, and -1 at the end; a
request has 30 s. Source: jfrog.com/help, scans-list-get-artifacts; JFrog KB 000005950.
"""

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from reedbed.jfrog.exchange import Call
from reedbed.jfrog.images import BY_DIGEST, MANIFEST
from reedbed.jfrog.session import JFrog

ROWS = 1_000
PAGES = 10_000
"""More than these are not read: a cursor that goes round would never end."""


class _Row(msgspec.Struct, frozen=True):
    repo_path: str = ""
    sec_issues: dict[str, Any] | None = None
    violations: int | None = None


class _Page(msgspec.Struct, frozen=True):
    data: tuple[_Row, ...] | None = None
    offset: int = -1


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """The counts of one image."""

    path: str
    tag: str
    digest: str | None  # where it is there by its digest
    counts: str  # as JSON: equal text, equal counts


async def scanned_images(jfrog: JFrog, repository: str) -> AsyncIterator[list[Counted]]:
    """List the scanned images of a repository (of a remote its cache), a page at a time.

    Raises:
        Unreachable, Refused, Unreadable: as any call.
    """
    offset = 0
    for _ in range(PAGES):
        call = Call(
            method="GET",
            route="/xray/api/v1/artifacts",
            query={
                "repo": repository,
                "order_by": "repo_path",
                "direction": "asc",
                "num_of_rows": str(ROWS),
                "offset": str(offset),
            },
            doing=f"list what Xray scanned in {repository}",
            needs="the Xray permission “Read”",
        )
        page = await jfrog.fetch(call, _Page)
        yield [counted for row in page.data or () if (counted := _counted(row))]
        if page.offset < 0 or not page.data:
            return
        offset = page.offset


def _counted(row: _Row) -> Counted | None:
    """Read a row; None: it is no image. Its path may begin with a slash, and end with the manifest's file."""
    path, _, last = row.repo_path.strip("/").removesuffix(f"/{MANIFEST}").rpartition("/")
    if not path:
        return None
    by_digest = BY_DIGEST.fullmatch(last) is not None
    return Counted(
        path=path,
        tag="" if by_digest else last,
        digest=f"sha256:{last[-64:]}" if by_digest else None,
        counts=msgspec.json.encode([row.sec_issues, row.violations], order="sorted").decode(),
    )
