"""Which members of a repository answer for a package: by their patterns, and by priority resolution.

Sources: docs.jfrog.com, virtual repositories (priority resolution) and include and exclude patterns. On which
path a pattern is tried when an index is asked for, they do not say. Here it is the package's name and the
path at which Artifactory keeps the index. That priority holds for files as it does for indexes, whatever
version is asked for, is our reading.
"""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

import msgspec
from packaging.utils import canonicalize_name

from jfrog_standin.artifactory.coordinates import coordinates_of, go_escape
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.artifactory.storage import Storage


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asks a repository for."""

    package_type: str
    name: str  # "@pond/reed", "reed-stem", "example.com/Pond/reed"; empty: a file that is of no package
    path: str = ""  # of a file; empty: the package's index

    @property
    def paths(self) -> tuple[str, ...]:
        """All that a pattern may speak of."""
        index = _INDEXES.get(self.package_type, "").format(go_escape(self.name)) if self.name else ""
        return tuple(path for path in (self.path, self.name, index) if path)


_INDEXES = {"npm": ".npm/{}/package.json", "pypi": ".pypi/{}.html", "go": "{}/@v/list"}


def asked_file(package_type: str, path: str) -> Asked:
    """A file, with the package that it belongs to."""
    found = coordinates_of(package_type, path.removesuffix(".metadata"))
    return Asked(package_type=package_type, name=found.name if found else "", path=path)


def answering(storage: Storage, members: Iterable[Repository], asked: Asked) -> list[Repository]:
    """The members that are asked, in order: those with priority first, and alone if one has the package."""
    taking = [member for member in members if takes(member, asked.paths)]
    first = [member for member in taking if member.has_priority]
    if any(_has(storage, member, asked) for member in first):
        return first
    return [*first, *(member for member in taking if not member.has_priority)]


def takes(repository: Repository, paths: Sequence[str]) -> bool:
    """Does a repository have to do with any of some paths, by its patterns?"""
    if not paths:
        return True
    included = any(fits(pattern, path) for pattern in repository.includes for path in paths)
    return included and not any(fits(pattern, path) for pattern in repository.excludes for path in paths)


def fits(pattern: str, path: str) -> bool:
    """Does a path fit a pattern of Ant's: `*` within a name, `**` over any folders, also none?"""
    return _fit((pattern + "**" if pattern.endswith("/") else pattern).split("/"), path.split("/"))


def _fit(pattern: Sequence[str], path: Sequence[str]) -> bool:
    if not pattern:
        return not path
    if pattern[0] == "**":
        return any(_fit(pattern[1:], path[start:]) for start in range(len(path) + 1))
    return bool(path) and fnmatchcase(path[0], pattern[0]) and _fit(pattern[1:], path[1:])


def _has(storage: Storage, member: Repository, asked: Asked) -> bool:
    """Has a member any file of the package, in whatever version?"""
    match asked.package_type:
        case "npm":
            return storage.get(member.storage_key, f"{asked.name}/-") is not None
        case "go":
            return storage.get(member.storage_key, f"{go_escape(asked.name)}/@v") is not None
        case "pypi":
            files = (item for item in storage.items(member.storage_key) if not item.is_folder)
            found = (coordinates_of("pypi", item.path) for item in files)
            return any(each and each.name == canonicalize_name(asked.name) for each in found)
    return False
