"""The files of packages in repositories that hold no images, and what tells a release from its index.

Of the package types whose layout is known, releases are named; of the others every file is one that is not
known to be an index or a checksum. Source: jfrog.com/help, repository layouts and package types.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from reedbed.jfrog.artifactory import Artifactory
from reedbed.jfrog.layouts import package_type_of, release_of
from reedbed.jfrog.walking import RELEASES
from reedbed.jfrog.wire import Item, Repo

WITHOUT_PACKAGES = frozenset({"docker", "oci", "buildinfo", "releasebundles", "trashcan", "distribution"})
"""Repositories of these types hold images, or nothing that Xray would tell of by the file."""

OWN = ("*-build-info", "release-bundles*", "*-release-bundles-v2", "*-application-versions", "auto-trashcan",
       "jfrog-*", "_intransit")  # fmt: skip
"""Keys of repositories that the platform keeps for itself."""

BESIDE = (
    "*.sha1", "*.sha256", "*.sha512", "*.md5", "*.asc", "*.sig", "maven-metadata.xml", "*.pom", "*.mod",
    "*.info", "index.html", "index.json", "package.json", "packages.json", "Packages*", "Release*",
    "repomd.xml", "primary.xml*", "filelists.xml*", "other.xml*", "index.yaml", ".*",
)  # fmt: skip
"""Names of files that stand beside releases."""

INDEXES = (".npm", ".pypi", ".index", ".composer", ".conan", ".jfrog", "repodata", "dists", "_uploads")
"""Folders of indexes."""

_FIELDS = ("size", "sha256", "created", "modified", "updated", "created_by", "modified_by")


def holds_packages(repo: Repo) -> bool:
    """Say whether a repository may hold packages that are no images."""
    own = any(fnmatchcase(repo.key, pattern) for pattern in OWN)
    return not own and repo.packageType.lower() not in WITHOUT_PACKAGES


class PackageFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a release."""

    repository: str  # where it is: of a remote "npm-remote-cache"
    file: str  # its path below the repository
    digest: str  # "sha256:…"
    package: str | None  # the purl, where the path tells
    version: str | None
    size: int | None
    created: str | None
    updated: str | None
    created_by: str | None


async def package_files(
    artifactory: Artifactory, repository: str, package_type: str, *, updated_after: datetime | None = None
) -> AsyncGenerator[PackageFile, None]:
    """List the releases of one repository, by path; a request for each thousand files, and one for the end.

    Raises:
        Unreachable, Refused, Unreadable: as any call; what was not listed then is not known.
    """
    known = package_type_of(package_type)
    names: Mapping[str, Any] = {"name": {"$match": RELEASES.get(known, "*") if known else "*"}}
    parts = [names]
    if updated_after is not None:
        moment = updated_after.astimezone(UTC).isoformat(timespec="milliseconds")
        parts.append({"updated": {"$gt": moment.replace("+00:00", "Z")}})
    async with aclosing(artifactory.items(repository, {"$and": parts}, include=_FIELDS)) as items:
        async for item in items:
            if found := read(item, package_type):
                yield found


def read(item: Item, package_type: str) -> PackageFile | None:
    """Read a file of a listing; None: it is no release, or its checksum is not told."""
    if not item.sha256 or _is_beside(item):
        return None
    known = package_type_of(package_type)
    release = release_of(known, item.path, item.name) if known else None
    return PackageFile(
        repository=item.repo,
        file=item.full_path,
        digest=f"sha256:{item.sha256}",
        package=str(release[0]) if release else None,
        version=release[1] if release else None,
        size=item.size,
        created=item.created,
        updated=item.updated,
        created_by=item.created_by,
    )


def _is_beside(item: Item) -> bool:
    folders = item.path.split("/")
    return any(fnmatchcase(item.name, pattern) for pattern in BESIDE) or any(
        folder in INDEXES for folder in folders
    )
