"""The components of an artifact out of Xray's export: a ZIP with a CycloneDX document, read leniently. Pure.

Xray's documents are not quite valid: lists that are null, tools in the form of older versions, components
without a purl. What can be read is, and what was mended is told. Nothing is unpacked to disk, no name in the
archive is trusted, and sizes are bounded whatever it says of itself.
"""

import io
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote

import msgspec

from reedbed.errors import Unreadable
from reedbed.jfrog.component_id import Component, component

LARGEST = 64 * 1024 * 1024
"""Bytes of a document once unpacked."""

MEMBERS = 20
DEEPEST = 20
"""Levels of components within components."""

ENDING = "cyclonedx.json"


class Software(msgspec.Struct, frozen=True, kw_only=True):
    """A package that is installed in an artifact."""

    purl: str  # without a version
    version: str  # "" where it is not told
    type: str  # the purl's: "npm", "apk"
    name: str
    licences: tuple[str, ...] = ()
    path: str | None = None
    layer: str | None = None  # a layer's digest


class Sbom(msgspec.Struct, frozen=True, kw_only=True):
    software: tuple[Software, ...] = ()
    repaired: dict[str, int] = {}  # what was mended, and how often: "null instead of a list" …


def read_export(body: bytes, *, largest: int = LARGEST) -> Sbom:
    """Read the ZIP of an export.

    Raises:
        Unreadable: it is no ZIP, has no CycloneDX document, unpacks to too much, or to no JSON object.
    """
    return read_cyclonedx(_document(body, largest))


def read_cyclonedx(text: bytes) -> Sbom:
    """Read a CycloneDX document in JSON.

    Raises:
        Unreadable: it is no JSON object.
    """
    try:
        document = msgspec.json.decode(text, type=dict[str, Any])
    except (ValueError, RecursionError) as error:
        raise _wrong("the CycloneDX document is no JSON object") from error
    repaired: Counter[str] = Counter()
    _look_at_tools(document, repaired)
    found: dict[tuple[str, str], Software] = {}
    for each in _components(document, repaired):
        software = _software(each, repaired)
        if software is not None:
            found.setdefault((software.purl, software.version), software)
    for flaw in _list(document, "vulnerabilities", repaired):
        if isinstance(flaw, dict) and "cwes" in flaw and flaw["cwes"] is None:
            repaired["“cwes” is null"] += 1
    return Sbom(software=tuple(found[key] for key in sorted(found)), repaired=dict(sorted(repaired.items())))


def _document(body: bytes, largest: int) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            for member in archive.infolist()[:MEMBERS]:
                if member.filename.lower().endswith(ENDING):
                    return _unpacked(archive, member, largest)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise _wrong(f"the answer is no ZIP archive that can be read: {str(error)[:200]}") from error
    raise _wrong("the archive has no CycloneDX document")


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, largest: int) -> bytes:
    with archive.open(member) as file:
        text = file.read(largest + 1)
    if len(text) > largest:
        raise _wrong(f"the CycloneDX document unpacks to more than {largest} bytes")
    return text


def _look_at_tools(document: dict[str, Any], repaired: Counter[str]) -> None:
    metadata = document.get("metadata")
    if isinstance(metadata, dict) and isinstance(metadata.get("tools"), list):
        repaired["“tools” in the form before CycloneDX 1.5"] += 1


def _components(parent: dict[str, Any], repaired: Counter[str], depth: int = 0) -> Iterator[dict[str, Any]]:
    for each in _list(parent, "components", repaired):
        if not isinstance(each, dict):
            repaired["a component that is no object"] += 1
            continue
        yield each
        if depth < DEEPEST and each.get("components"):
            yield from _components(each, repaired, depth + 1)


def _list(parent: dict[str, Any], name: str, repaired: Counter[str]) -> list[Any]:
    """Give a list; what is no list has nothing in it."""
    value = parent.get(name)
    if isinstance(value, list):
        return value
    if name in parent:
        repaired[f"“{name}” is {'null' if value is None else 'no list'}"] += 1
    return []


def _software(told: dict[str, Any], repaired: Counter[str]) -> Software | None:
    """Read a component by Xray's id in `bom-ref`, which summaries have too, else by its purl."""
    found = _by_id(told.get("bom-ref")) or _by_purl(told.get("purl"))
    if found is None:
        repaired["a component without a purl that can be read"] += 1
        return None
    version, where = told.get("version"), _where(told)
    return Software(
        purl=found.purl,
        version=found.version or (version if isinstance(version, str) else ""),
        type=found.type,
        name=found.name,
        licences=tuple(sorted(set(_licences(told, repaired)))),
        path=where.path,
        layer=where.layer,
    )


SCHEMES = {"golang": "go", "apk": "alpine"}
"""Types of purls whose words Xray does not use; the others are its own."""


def _by_purl(text: object) -> Component | None:
    """Read a purl as Xray's ids are read, so that both name one package alike."""
    if not isinstance(text, str) or not text.startswith("pkg:"):
        return None
    kind, _, rest = text[4:].partition("#")[0].partition("?")[0].lstrip("/").partition("/")
    at = rest.rfind("@")
    path, version = (rest[:at], unquote(rest[at + 1 :])) if at > 0 else (rest, "")
    kind, name = kind.lower(), unquote(path).strip("/")
    if not kind or not name:
        return None
    scheme = SCHEMES.get(kind, kind)
    found = component(f"{scheme}://{_id(kind, name)}:{version}", version=version)
    return None if found.purl.startswith("~") else found


def _id(kind: str, name: str) -> str:
    """Write a purl's name as Xray would: `debian:libc6`, `group:artifact`."""
    namespace, slash, plain = name.rpartition("/")
    if kind in {"maven", "deb"} and slash:
        return f"{namespace}:{plain}"
    return plain if kind in {"apk", "rpm"} else name


def _by_id(text: object) -> Component | None:
    if not isinstance(text, str) or "://" not in text:
        return None
    found = component(text)
    return None if found.purl.startswith("~") else found


def _licences(told: dict[str, Any], repaired: Counter[str]) -> Iterator[str]:
    for each in _list(told, "licenses", repaired):
        entry = each if isinstance(each, dict) else {}
        licence = entry.get("license")
        named = licence if isinstance(licence, dict) else {}
        for name in (named.get("id"), named.get("name"), entry.get("expression")):
            if isinstance(name, str) and name:
                yield name[:200]
                break


class _Where(NamedTuple):
    path: str | None = None
    layer: str | None = None


def _where(told: dict[str, Any]) -> _Where:
    """Where a component is, as far as it says."""
    entries = told.get("properties")
    pairs: dict[str, str] = {}
    for each in entries if isinstance(entries, list) else ():
        name, value = (each.get("name"), each.get("value")) if isinstance(each, dict) else (None, None)
        if isinstance(name, str) and isinstance(value, str):
            pairs[name.rpartition(":")[2].lower()] = value
    return _Where(
        path=pairs.get("path") or pairs.get("filepath"), layer=pairs.get("layerdigest") or pairs.get("layer")
    )


def _wrong(why: str) -> Unreadable:
    return Unreadable(
        "Could not read an export of components", why=why, fix="Try again; if it lasts, export it by hand."
    )
