"""npm's package documents as values: made from tarballs, read from registries, merged, shortened. Pure."""

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import nodesemver

from jfrog_standin.artifactory.contents import integrity

Packument = dict[str, Any]
"""A package document: name, dist-tags, versions by number, and in its full form time."""

ABBREVIATED = "application/vnd.npm.install-v1+json"
DIST_TAG = "npm.disttag"
"""The property of a tarball that holds the tags of its version."""

_INSTALL_FIELDS = (
    "name", "version", "deprecated", "dependencies", "optionalDependencies", "devDependencies",
    "bundleDependencies", "bundledDependencies", "peerDependencies", "peerDependenciesMeta", "bin",
    "directories", "dist", "engines", "cpu", "os", "libc", "funding", "hasInstallScript", "_hasShrinkwrap",
)  # fmt: skip


def version_document(manifest: Mapping[str, Any], tarball: bytes, sha1: str) -> dict[str, Any]:
    """A version as it stands in a packument; `dist.tarball` is set by `with_tarballs`."""
    scripts = manifest.get("scripts")
    installs = isinstance(scripts, dict) and not {"preinstall", "install", "postinstall"}.isdisjoint(scripts)
    return {
        **manifest,
        "_id": f"{manifest['name']}@{manifest['version']}",
        "dist": {"shasum": sha1, "integrity": integrity(tarball)},
        **({"hasInstallScript": True} if installs else {}),
    }


def packument(
    name: str, versions: Mapping[str, dict[str, Any]], tags: Mapping[str, str], times: Mapping[str, datetime]
) -> Packument:
    """A full package document; without a tag `latest` the highest release has it."""
    newest = {} if "latest" in tags else {"latest": highest(versions)}
    created, modified = min(times.values()), max(times.values())
    return {
        "_id": name,
        "name": name,
        "dist-tags": {**newest, **tags},
        "versions": dict(versions),
        "time": {
            "created": _iso(created),
            "modified": _iso(modified),
            **{version: _iso(at) for version, at in times.items()},
        },
    }


def merge(documents: Iterable[Packument]) -> Packument | None:
    """What a virtual repository shows: all versions and tags, the first member's where two have the same."""
    merged: Packument | None = None
    for document in documents:
        if merged is None:
            merged = dict(document)
            continue
        for part in ("versions", "time", "dist-tags"):
            merged[part] = {**document.get(part, {}), **merged.get(part, {})}
    return merged


def without(document: Packument, hidden: AbstractSet[str]) -> Packument | None:
    """The document without some versions; `latest` then is the highest that is left. None: none is left."""
    versions = {version: shown for version, shown in document["versions"].items() if version not in hidden}
    if not versions:
        return None
    tags = {tag: version for tag, version in document["dist-tags"].items() if version not in hidden}
    return {
        **document,
        "versions": versions,
        "time": {version: at for version, at in document["time"].items() if version not in hidden},
        "dist-tags": {"latest": highest(versions), **tags},
    }


def with_tarballs(document: Packument, base: str) -> Packument:
    """The document with every `dist.tarball` below `base`, the URL of the repository that answers."""
    versions = {
        version: {
            **shown,
            "dist": {**shown["dist"], "tarball": f"{base}/{_tarball_path(document['name'], shown)}"},
        }
        for version, shown in document["versions"].items()
    }
    return {**document, "versions": versions}


def tarball_file(name: str, shown: Mapping[str, Any]) -> str:
    """The file name of a version's tarball: its upstream's, else npm's own form."""
    url = shown["dist"].get("tarball")
    if isinstance(url, str) and url.endswith(".tgz"):
        return url.rpartition("/")[2]
    return f"{name.rpartition('/')[2]}-{shown['version']}.tgz"


def _tarball_path(name: str, shown: Mapping[str, Any]) -> str:
    return quote(f"{name}/-/{tarball_file(name, shown)}", safe="/@")


def abbreviated(document: Packument) -> Packument:
    """The form that installing needs: no readme, no times, a few fields a version."""
    return {
        "name": document["name"],
        "modified": document.get("time", {}).get("modified"),
        "dist-tags": document.get("dist-tags", {}),
        "versions": {
            version: {field: shown[field] for field in _INSTALL_FIELDS if field in shown}
            for version, shown in document["versions"].items()
        },
    }


def highest(versions: Iterable[str]) -> str:
    """The highest release, or where there is none the highest pre-release."""
    every = sorted(versions)  # so that equals come out the same each time
    releases = [version for version in every if "-" not in version]
    return _maximum(releases or every, nodesemver.compare)


def _maximum(versions: list[str], compare: Callable[[str, str, bool], int]) -> str:
    best = versions[0]
    for version in versions[1:]:
        try:
            if compare(version, best, True) > 0:
                best = version
        except ValueError:  # a version that is none counts for nothing
            continue
    return best


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
