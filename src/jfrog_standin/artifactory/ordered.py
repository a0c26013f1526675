"""Packages as a test orders them: by one value each, whatever their type."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from jfrog_standin.artifactory import packages
from jfrog_standin.artifactory.packages import ANY_PYTHON, NO_FILES, Files, Form
from jfrog_standin.artifactory.storage import Item, Storage

PackageType = Literal["npm", "pypi", "go"]


class Package(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A harmless package to build and put into a local repository."""

    package_type: PackageType
    name: str
    version: str  # Go wants its `v` before it
    repo: str = ""  # empty: "npm-local" for npm, and so on
    requires: Mapping[
        str, str
    ] = {}  # {"@pond/stem": "^1.1.0"}, {"reed-leaf": ">=2"}, {"example.com/x": "v1.0.0"}
    marker: str = ""  # a file into which it writes a line when it is installed (npm), or built (its sdist)
    files: Files = NO_FILES  # {"index.js": "…"}: of one's own, in place of what it would have
    published: datetime | None = None  # what indexes tell of its age; None: now
    manifest: Mapping[str, Any] = {}  # npm: what else stands in its package.json
    forms: Annotated[tuple[Form, ...], msgspec.Meta(min_length=1)] = ("wheel", "sdist")  # PyPI
    requires_python: str = ANY_PYTHON  # PyPI
    yanked: str | None = None  # PyPI: the reason


def add(storage: Storage, *ordered: Package) -> list[Item]:
    """Build some packages, put each into its repository, and give the files.

    Raises:
        ValueError: there is no such repository.
        NotStored: the repository does not take it.
    """
    for package in ordered:
        if _repo(package) not in storage.repositories:
            raise ValueError(f"There is no repository {_repo(package)}.")
    return [item for package in ordered for item in _add(storage, package)]


def _repo(package: Package) -> str:
    return package.repo or f"{package.package_type}-local"


def _add(storage: Storage, package: Package) -> list[Item]:
    repo, name, version = _repo(package), package.name, package.version
    match package.package_type:
        case "npm":
            required = {"dependencies": dict(package.requires)} if package.requires else {}
            manifest = {**required, **package.manifest}
            return [
                packages.add_npm(
                    storage,
                    repo,
                    name,
                    version,
                    manifest,
                    marker=package.marker,
                    files=package.files,
                    at=package.published,
                )
            ]
        case "pypi":
            return packages.add_pypi(
                storage,
                repo,
                name,
                version,
                requires=tuple(f"{other}{versions}" for other, versions in package.requires.items()),
                requires_python=package.requires_python,
                forms=package.forms,
                marker=package.marker,
                files=package.files,
                yanked=package.yanked,
                at=package.published,
            )
        case "go":
            return packages.add_go(
                storage,
                repo,
                name,
                version,
                requires=package.requires,
                files=package.files,
                at=package.published,
            )
