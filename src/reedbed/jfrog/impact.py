"""Which artifacts hold a package, anywhere inside them, as Xray's index has it.

Needs Xray 3.131, its SBOM service and the role “Manage Reports”. Source: SearchV2Api of JFrog's merged
OpenAPI; github.com/jfrog/jfrog-skills.
"""

from collections.abc import Iterable

import msgspec

from reedbed.jfrog.causes import Cause, Failure
from reedbed.jfrog.custom_issue import PACKAGE_TYPES
from reedbed.jfrog.exchange import Call
from reedbed.jfrog.session import JFrog
from reedbed.jfrog.wire import ImpactedPage, ImpactedResource
from reedbed.model.purl import Purl

PAGE_ROWS = 1_000
PAGES = 1_000
"""More than these are not read: a cursor that goes round would never end."""

_ABSENT = frozenset({Cause.FORBIDDEN, Cause.NOT_FOUND})


class Impacted(msgspec.Struct, frozen=True, kw_only=True):
    """Something that holds a release of the package."""

    kind: str  # in Xray's word: "Artifact", "Build", "ReleaseBundle"
    repository: str  # "" where it lies in none, as a build
    path: str  # below the repository; for a build its name
    version: str | None  # of the package; None: Xray does not say


def tells_all(found: Iterable[Impacted]) -> bool:
    """Whether every row tells place and version; one that does not may be any that is missed."""
    return all(each.path and each.version for each in found)


class Unavailable(msgspec.Struct, frozen=True):
    """This Xray can't be asked; that says nothing about what it holds."""

    reason: str


async def impacted(jfrog: JFrog, package: Purl) -> list[Impacted] | Unavailable:
    """List what holds a package, in any version: one request for each thousand.

    Raises:
        Unreachable, Unreadable: as any call.
        Refused: any 4xx but 403 and 404, which mean that this Xray has no such search.
    """
    found: list[Impacted] = []
    last_key = ""
    for _ in range(PAGES):
        page = await _page(jfrog, package, last_key)
        if isinstance(page, Unavailable):
            return page
        found += map(_impacted, page.result)
        last_key = page.last_key
        if not last_key:
            return found
    return Unavailable(f"Xray lists more than {PAGES * PAGE_ROWS:,} artifacts with {package}")


async def _page(jfrog: JFrog, package: Purl, last_key: str) -> ImpactedPage | Unavailable:
    query = {"name": package.name, "type": PACKAGE_TYPES[package.type], "limit": str(PAGE_ROWS)}
    call = Call(
        method="GET",
        route="/xray/api/v2/search/impactedResources",
        query={**query, "last_key": last_key} if last_key else query,
        doing=f"ask which artifacts hold {package}",
        needs="the Xray role “Manage Reports”",
    )
    answer = await jfrog.try_fetch(call, ImpactedPage)
    if isinstance(answer, Failure):
        if answer.cause in _ABSENT:
            return Unavailable(answer.seen)
        raise answer.error(call.doing, needs=call.needs)
    return answer


def _impacted(row: ImpactedResource) -> Impacted:
    """Take the repository from the path's start: a sample of JFrog's own has it there, another does not."""
    path = row.path or row.name
    return Impacted(
        kind=row.type,
        repository=row.repo,
        path=path.removeprefix("default/").removeprefix(f"{row.repo}/") if row.repo else path,
        version=row.impacted_pkg_version.version or None,
    )
