"""Puts a file into a repository with the properties that Artifactory reads out of packages."""

from datetime import datetime

from jfrog_standin.artifactory.contents import Unreadable, npm_manifest, python_metadata
from jfrog_standin.artifactory.coordinates import coordinates_of
from jfrog_standin.artifactory.docker_layout import PACKAGE_TYPES
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.artifactory.storage import Item, Properties, Storage


def deploy(
    storage: Storage,
    repository: Repository,
    path: str,
    body: bytes,
    *,
    by: str,
    properties: Properties | None = None,
    modified: datetime | None = None,
    at: datetime | None = None,
) -> Item:
    """Keep a file in a local repository or in a remote's cache, now unless `at` says when.

    `properties` stand above the package's own.

    Raises:
        NotStored: Artifactory would refuse it.
    """
    described = package_properties(repository.package_type, path, body)
    return storage.put(
        repository.storage_key,
        path,
        body,
        by=by,
        properties={**described, **(properties or {})},
        modified=modified,
        at=at,
    )


def package_properties(package_type: str, path: str, body: bytes) -> Properties:
    """What Artifactory sets on a package file: `npm.name` and `npm.version`, and so on for PyPI and Go.

    A file that can't be read gets none and is kept all the same, as a real one does.
    """
    found = coordinates_of(package_type, path)
    if found is None or package_type in PACKAGE_TYPES:  # an image's are set with its manifest
        return {}
    try:
        name, version = found.name, found.version
        if package_type == "npm":
            manifest = npm_manifest(body)
            name, version = manifest["name"], manifest["version"]
        if package_type == "pypi":
            metadata = python_metadata(path.rpartition("/")[2], body)
            name, version = metadata["name"], metadata["version"]
    except Unreadable:
        return {}
    return {f"{package_type}.name": (name,), f"{package_type}.version": (version,)}
