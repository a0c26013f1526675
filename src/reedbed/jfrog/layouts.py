"""Where Artifactory keeps the files of a package: how to ask for them, and which release a path is. Pure.

Known for npm, PyPI and Go, in local repositories and in the caches of remotes; of the other package types
the layout is the deployer's choice, and the answer is “not known”.
"""

import re

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)

from reedbed.jfrog.aql import Criteria
from reedbed.model.ecosystem import PackageType
from reedbed.model.purl import Purl, purl

REPOSITORY_TYPES = {PackageType.NPM: "npm", PackageType.PYPI: "pypi", PackageType.GO: "go"}
"""Artifactory's word for the repositories that hold packages of a type."""


def criteria_of(package: Purl) -> Criteria | None:
    """Ask for the files of a package, and perhaps others, which `release_of` tells. None: not known."""
    if "*" in package.name or "?" in package.name:
        return None  # legal in old npm names, and wild cards in a query
    match package.type:
        case PackageType.NPM:  # axios/-/axios-1.0.0.tgz; some registries repeat a scope below "-"
            return {"path": {"$match": f"{package.name}/-*"}, "name": {"$match": "*.tgz"}}
        case PackageType.PYPI:  # flask_foo-1.0-py3-none-any.whl, in whatever folder; `?` stands for - _ and .
            by_file = {"name": {"$match": package.name.replace("-", "?") + "-*"}}
            return {"$or": [by_file, {"@pypi.name": package.name}]}
        case PackageType.GO:
            return {"path": f"{go_escape(package.name)}/@v", "name": {"$match": "*.zip"}}
        case _:
            return None


def release_of(package_type: PackageType, path: str, name: str) -> tuple[Purl, str] | None:
    """Say which release a file is, by its folder and name; None: none that can be told."""
    reader = {PackageType.NPM: _npm, PackageType.PYPI: _pypi, PackageType.GO: _go}.get(package_type)
    found = reader(path, name) if reader else None
    try:
        return (purl(package_type, found[0]), found[1]) if found else None
    except ValueError:
        return None


def _npm(path: str, name: str) -> tuple[str, str] | None:
    package, separator, _ = path.partition("/-")
    prefix = package.rpartition("/")[2] + "-"
    version = name.removeprefix(prefix).removesuffix(".tgz")
    if not separator or not name.startswith(prefix) or not name.endswith(".tgz") or not version:
        return None
    return package, version


def _pypi(path: str, name: str) -> tuple[str, str] | None:
    try:
        if name.endswith(".whl"):
            project, version = parse_wheel_filename(name)[:2]
        else:
            project, version = parse_sdist_filename(name)
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None
    return str(project), str(version)


def _go(path: str, name: str) -> tuple[str, str] | None:
    module = path.removesuffix("/@v")
    if module == path or not name.endswith(".zip"):
        return None
    return go_unescape(module), go_unescape(name.removesuffix(".zip")).removeprefix("v")


def go_escape(text: str) -> str:
    """Write a module path as it stands in URLs and folders: `GitHub` is `!git!hub` (go.dev/ref/mod)."""
    return re.sub(r"[A-Z]", lambda match: "!" + match.group().lower(), text)


def go_unescape(text: str) -> str:
    return re.sub(r"!([a-z])", lambda match: match.group(1).upper(), text)
