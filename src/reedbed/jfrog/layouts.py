"""Where Artifactory keeps the files of a package: how to ask for them, and which release a path is. Pure.

Known are the layouts that Artifactory gives its repositories unless somebody chose another
(jfrog.com/help/r/jfrog-artifactory-documentation, repository layouts), local ones and the caches of remotes.
NuGet ignores the case of names and a query does not, so there the answer is “not known”.
"""

import re
from collections.abc import Callable

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)

from reedbed.jfrog.aql import Criteria
from reedbed.model.ecosystem import PackageType
from reedbed.model.purl import Purl, purl

REPOSITORY_TYPES: dict[PackageType, frozenset[str]] = {
    PackageType.NPM: frozenset({"npm"}),
    PackageType.PYPI: frozenset({"pypi"}),
    PackageType.GO: frozenset({"go"}),
    PackageType.CARGO: frozenset({"cargo"}),
    PackageType.RUBYGEMS: frozenset({"gems"}),
    PackageType.MAVEN: frozenset({"maven", "gradle", "ivy", "sbt"}),
    PackageType.COMPOSER: frozenset({"composer"}),
    PackageType.NUGET: frozenset({"nuget"}),
}
"""Artifactory's words for the repositories that hold packages of a type."""

_OF_WORD = {word: package_type for package_type, words in REPOSITORY_TYPES.items() for word in words}


def package_type_of(repository_type: str) -> PackageType | None:
    """Say what packages a repository of a type holds; None: none that an issue could be about."""
    return _OF_WORD.get(repository_type.lower())


def findable(package_type: PackageType) -> bool:
    """Whether Artifactory can be asked where the files of such packages are."""
    return package_type in _ASKERS


def criteria_of(package: Purl) -> Criteria | None:
    """Ask for the files of a package, and perhaps others, which `release_of` tells. None: not known."""
    if "*" in package.name or "?" in package.name:
        return None  # legal in old npm names, and wild cards in a query
    asker = _ASKERS.get(package.type)
    return asker(package.name) if asker else None


def _pypi_files(name: str) -> Criteria:
    """flask_foo-1.0-py3-none-any.whl, in whatever folder; `?` stands for - _ and ."""
    by_file = {"name": {"$match": name.replace("-", "?") + "-*"}}
    return {"$or": [by_file, {"@pypi.name": name}]}


def _maven_folder(name: str) -> str:
    group, _, artifact = name.partition(":")
    return f"{group.replace('.', '/')}/{artifact}"


_ASKERS: dict[PackageType, Callable[[str], Criteria]] = {
    # axios/-/axios-1.0.0.tgz; some registries repeat a scope below "-"
    PackageType.NPM: lambda name: {"path": {"$match": f"{name}/-*"}, "name": {"$match": "*.tgz"}},
    PackageType.PYPI: _pypi_files,
    PackageType.GO: lambda name: {"path": f"{go_escape(name)}/@v", "name": {"$match": "*.zip"}},
    # crates/evil/evil-1.0.0.crate
    PackageType.CARGO: lambda name: {"name": {"$match": name.replace("-", "?") + "-*.crate"}},
    # gems/evil-1.0.gem, gems/evil-1.0-java.gem
    PackageType.RUBYGEMS: lambda name: {"name": {"$match": f"{name}-*.gem"}},
    # com/example/evil/1.0/evil-1.0.jar
    PackageType.MAVEN: lambda name: {"path": {"$match": _maven_folder(name) + "/*"}},
    # vendor/name/…, or the name in a property
    PackageType.COMPOSER: lambda name: {"$or": [{"path": {"$match": f"{name}*"}}, {"@composer.name": name}]},
}


def release_of(package_type: PackageType, path: str, name: str) -> tuple[Purl, str | None] | None:
    """Say which release a file is, by its folder and name; None: none that can be told.

    The version is None where the path names the package alone.
    """
    reader = _READERS.get(package_type)
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


def _crate(path: str, name: str) -> tuple[str, str] | None:
    found = re.fullmatch(r"(.+?)-(\d+\.\d+\.\d+.*)\.crate", name)
    return (found[1], found[2]) if found else None


def _gem(path: str, name: str) -> tuple[str, str] | None:
    found = re.fullmatch(r"(.+?)-(\d[^-]*)(-.+)?\.gem", name)
    return (found[1], found[2]) if found else None


def _maven(path: str, name: str) -> tuple[str, str] | None:
    folders = path.split("/")
    if len(folders) < 3 or not name.startswith(f"{folders[-2]}-"):
        return None
    return f"{'.'.join(folders[:-2])}:{folders[-2]}", folders[-1]


def _composer(path: str, name: str) -> tuple[str, None] | None:
    folders = path.split("/")
    return ("/".join(folders[:2]), None) if len(folders) >= 2 else None


_READERS: dict[PackageType, Callable[[str, str], tuple[str, str | None] | None]] = {
    PackageType.NPM: _npm,
    PackageType.PYPI: _pypi,
    PackageType.GO: _go,
    PackageType.CARGO: _crate,
    PackageType.RUBYGEMS: _gem,
    PackageType.MAVEN: _maven,
    PackageType.COMPOSER: _composer,
}


def go_escape(text: str) -> str:
    """Write a module path as it stands in URLs and folders: `GitHub` is `!git!hub` (go.dev/ref/mod)."""
    return re.sub(r"[A-Z]", lambda match: "!" + match.group().lower(), text)


def go_unescape(text: str) -> str:
    return re.sub(r"!([a-z])", lambda match: match.group(1).upper(), text)
