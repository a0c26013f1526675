"""Xray's ids of components, read into package URLs. Pure.

`npm://lodash:4.17.21`, `gav://group:artifact:1.0`, `go://github.com/x/y:v1.2.4`,
`deb://debian:bookworm:libc6:2.36`, `alpine://3.12:openssl:1.1.1k-r0`,
`rpm://8:openssl:1:1.1.1k`; in paths without the scheme. Name and version part at the last colon.
 Source: github.com/jfrog/jfrog-cli-security, component ids; recorded answers.
"""

import re
from functools import lru_cache
from urllib.parse import quote

import msgspec

from reedbed.model.ecosystem import RULES, PackageType

TYPES = {
    "npm": "npm", "pypi": "pypi", "gav": "maven", "maven": "maven", "gradle": "maven", "go": "golang",
    "nuget": "nuget", "rubygems": "gem", "gem": "gem", "cargo": "cargo", "composer": "composer",
    "alpine": "apk", "deb": "deb", "debian": "deb", "rpm": "rpm", "conan": "conan", "cocoapods": "cocoapods",
    "swift": "swift", "hex": "hex", "cran": "cran", "conda": "conda", "pub": "pub", "docker": "docker",
    "oci": "oci", "generic": "generic", "cpp": "generic", "build": "generic",
}  # fmt: skip
"""Xray's schemes, and the words of its `pkg_type`, lower case: the purl's types."""

SYSTEM = frozenset({"apk", "deb", "rpm"})
_ALPINE = re.compile(r"v?\d+\.\d+|edge")


class Component(msgspec.Struct, frozen=True, kw_only=True):
    """A package inside an artifact."""

    purl: str  # without a version; "~" and the name where the type is not known
    type: str  # the purl's: "npm", "apk"; "" where it is not known
    name: str  # as people write it: "@scope/name", "group:artifact"
    version: str  # "" where it is not told


@lru_cache(maxsize=20_000)  # the same packages are in image after image
def component(component_id: str, *, package_type: str = "", version: str = "") -> Component:
    """Read an id; `package_type` and `version` are what stands beside it, where something does.

    A distribution's release is no part of the purl: with the next base image it would be another component.
    """
    scheme, _, rest = component_id.rpartition("://")
    kind = TYPES.get(scheme.lower()) or TYPES.get(package_type.lower()) or _guessed(rest)
    name, told = _parted(rest, version)
    if not kind or not name:
        return Component(purl=f"~{name or rest}", type=kind or "", name=name or rest, version=told)
    if kind in SYSTEM:
        return _of_system(kind, name, told)
    name, told = _spelled(kind, name), told.removeprefix("v") if kind == "golang" else told
    return Component(purl=_purl(kind, name), type=kind, name=name, version=told)


def _guessed(rest: str) -> str | None:
    """Tell an Alpine package without its scheme by the release before it: `3.12:openssl:1.1.1k-r0`."""
    release, colon, _ = rest.partition(":")
    return "apk" if colon and _ALPINE.fullmatch(release) else None


def _parted(rest: str, version: str) -> tuple[str, str]:
    if version and rest.endswith(f":{version}"):
        return rest[: -len(version) - 1], version
    if version:  # the id comes without its version
        return rest, version
    name, _, told = rest.rpartition(":")
    return (name, told) if name else (rest, "")


def _of_system(kind: str, name: str, version: str) -> Component:
    """`debian:bookworm:libc6`, `3.12:openssl`, `8:openssl:1` (an epoch): the name is behind the system."""
    parts = name.split(":")
    if kind == "rpm" and len(parts) > 2 and parts[-1].isdigit():
        version, parts = f"{parts[-1]}:{version}", parts[:-1]
    system = {"apk": "alpine", "deb": "debian", "rpm": ""}[kind]
    if kind == "deb" and len(parts) > 1:
        system = parts[0]
    plain = parts[-1]
    within = f"{quote(system, safe='')}/" if system else ""
    return Component(
        purl=f"pkg:{kind}/{within}{quote(plain, safe='')}", type=kind, name=plain, version=version
    )


def _spelled(kind: str, name: str) -> str:
    try:
        return RULES[PackageType(kind)].normalise(name)
    except (ValueError, KeyError):
        return name


def _purl(kind: str, name: str) -> str:
    path = name.replace(":", "/") if kind == "maven" else name
    return f"pkg:{kind}/{quote(path, safe='/')}"
