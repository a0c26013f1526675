"""The software of an artifact out of Xray's summary, which is read anyway. Pure."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from reedbed.jfrog.component_id import component
from reedbed.jfrog.sbom import Software
from reedbed.model.records import Shape, VulnerabilityRecord

UNKNOWN = "unknown"
"""What Xray calls the licence of what has none."""


def software_of(vulnerabilities: Iterable[VulnerabilityRecord], licences: Sequence[Shape]) -> list[Software]:
    """Name the components that issues and licences name, each version once.

    Licences name every component that Xray knows; where one lies, only an issue's path tells.
    """
    found: dict[tuple[str, str], Software] = {}
    for licence in licences:
        name, ids = licence.get("name"), licence.get("components")
        for component_id in ids if isinstance(ids, list | tuple) else ():
            if isinstance(component_id, str) and isinstance(name, str):
                _add_licence(found, component_id, name)
    for record in vulnerabilities:
        named = component(record.component_id, package_type=record.package_type)
        for place in record.found:
            key = (record.component, place.version or "")
            known = found.get(key) or Software(purl=key[0], version=key[1], type=named.type, name=named.name)
            path = known.path or (place.paths[0] if place.paths else None)
            found[key] = replace(known, path=path, layer=known.layer or place.layer)
    return [each for each in found.values() if each.purl.startswith("pkg:")]


def _add_licence(found: dict[tuple[str, str], Software], component_id: str, licence: str) -> None:
    part = component(component_id)
    key = (part.purl, part.version)
    known = found.get(key) or Software(purl=part.purl, version=part.version, type=part.type, name=part.name)
    if licence not in known.licences and licence.lower() != UNKNOWN:
        known = replace(known, licences=tuple(sorted((*known.licences, licence))))
    found[key] = known
