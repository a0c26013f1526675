"""Walking all that a repository holds, a thousand files at a time; their names tell the packages."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from reedbed.jfrog.artifactory import PAGE_ROWS, Artifactory
from reedbed.jfrog.layouts import release_of
from reedbed.model.ecosystem import PackageType
from reedbed.model.purl import Purl

RELEASES = {
    PackageType.NPM: "*.tgz",
    PackageType.PYPI: "*",  # wheels, and source archives in half a dozen formats
    PackageType.GO: "*.zip",
    PackageType.CARGO: "*.crate",
    PackageType.RUBYGEMS: "*.gem",
    PackageType.MAVEN: "*",  # what a pom describes may have any ending
    PackageType.COMPOSER: "*",
}
"""The names of files that are releases. Of other types the path does not tell the package."""


def walkable(package_type: PackageType) -> bool:
    """Whether a walk finds the packages of a type."""
    return package_type in RELEASES


async def packages_in(
    artifactory: Artifactory, package_type: PackageType, repository: str
) -> AsyncGenerator[set[Purl], None]:
    """Give the packages of each thousand files of one repository; one query for each, and two to end.

    Raises:
        Unreachable, Refused, Unreadable: as any query.
    """
    found: set[Purl] = set()
    files = 0
    criteria = {"name": {"$match": RELEASES[package_type]}}
    async with aclosing(artifactory.items(repository, criteria)) as items:
        async for item in items:
            release = release_of(package_type, item.path, item.name)
            found |= {release[0]} if release else set()
            files += 1
            if files % PAGE_ROWS == 0:
                yield found
                found = set()
    yield found
