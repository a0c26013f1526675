"""Which release of which package a file is, told from its path alone by Artifactory's layouts."""

import re
from functools import lru_cache

import msgspec
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)


class Coordinates(msgspec.Struct, frozen=True, kw_only=True):
    """A release: package type, name and version as the ecosystem spells them."""

    package_type: str  # "npm", "pypi", "go", "docker" or "oci"
    name: str
    version: str


GO_FILE = re.compile(r"(?P<module>.+)/@v/(?P<version>v[^/]+)\.(?:zip|mod|info)")


IMAGE = re.compile(r"(?P<name>.+)/(?P<tag>[^/]+)/(?:list\.)?manifest\.json")
"""The version of an image is its tag, or the digest that its folder is named by."""


@lru_cache(maxsize=20_000)
def coordinates_of(package_type: str, path: str) -> Coordinates | None:
    """The release that a file of a repository belongs to; None: it is no package file of that type."""
    reader = _READERS.get(package_type)
    found = reader(path) if reader is not None else None
    return Coordinates(package_type=package_type, name=found[0], version=found[1]) if found else None


def _npm(path: str) -> tuple[str, str] | None:
    name, separator, file = path.partition("/-/")
    prefix = name.rpartition("/")[2] + "-"
    file = file.rpartition("/")[2]  # some registries repeat the scope below "/-/"
    if not separator or not file.startswith(prefix) or not file.endswith(".tgz"):
        return None
    version = file[len(prefix) : -len(".tgz")]
    return (name, version) if version else None


def _pypi(path: str) -> tuple[str, str] | None:
    file = path.rpartition("/")[2]
    try:
        if file.endswith(".whl"):
            name, version = parse_wheel_filename(file)[:2]
        else:
            name, version = parse_sdist_filename(file)
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None
    return str(name), str(version)


def _go(path: str) -> tuple[str, str] | None:
    match = GO_FILE.fullmatch(path)
    return (go_unescape(match["module"]), go_unescape(match["version"])) if match else None


def _image(path: str) -> tuple[str, str] | None:
    match = IMAGE.fullmatch(path)
    return (match["name"], match["tag"]) if match else None


_READERS = {"npm": _npm, "pypi": _pypi, "go": _go, "docker": _image, "oci": _image}


def go_escape(text: str) -> str:
    """A module path or version as it stands in URLs and paths: "GitHub" is "!git!hub"."""
    return re.sub(r"[A-Z]", lambda match: "!" + match.group().lower(), text)


def go_unescape(text: str) -> str:
    """The module path or version that was escaped."""
    return re.sub(r"!([a-z])", lambda match: match.group(1).upper(), text)
