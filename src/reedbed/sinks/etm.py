"""JSON in the shape of the seed's data model: its target paths, one object an asset with its findings.

Not a push interface: where such a product takes findings in, and how, is not publicly documented. Where a
transform map has made the values, those are written, and nothing that the map leaves out.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from reedbed.model.exports import Asset, Finding, Source, named
from reedbed.model.identity import occurrence_id
from reedbed.model.inventory import AssetClass
from reedbed.sinks.streaming import array

HEADER, DETAIL = "asset.assetHeader.", "asset.assetDetail."
IMAGE = f"{DETAIL}containerImageAssetClass."
REPOSITORY = f"{DETAIL}repositoryAssetClass."
FINDING = "findingGroup.findings[]."
VULNERABILITY = f"{FINDING}findingType.vulnerability."

Paths = Mapping[str, Any]


async def write(source: Source) -> AsyncIterator[bytes]:
    """Write a JSON array with one asset a line."""
    async for chunk in array(_assets(source)):
        yield chunk
    yield b"\n"


async def _assets(source: Source) -> AsyncIterator[Sequence[dict[str, Any]]]:
    async for some in source.assets(details=True):
        yield [shaped(asset) for asset in some]


def shaped(asset: Asset) -> dict[str, Any]:
    """Put an asset and its findings into the seed's shape."""
    tree: dict[str, Any] = {}
    _put(tree, _asset(asset))
    if asset.findings:
        findings = [_finding(finding, asset) for finding in asset.findings]
        tree["findingGroup"] = {"findings": findings}
    return tree


def _put(tree: dict[str, Any], paths: Paths) -> None:
    for path, value in sorted(paths.items()):
        if value is not None:
            _place(tree, path.split("."), value)


def _place(tree: dict[str, Any], steps: Sequence[str], value: Any) -> None:
    """Set a value where a path leads; below `layers[]` the value is a list, an entry for each layer."""
    step, *rest = steps
    if not rest:
        tree[step.removesuffix("[]")] = value
    elif step.endswith("[]"):
        entries = tree.setdefault(step[:-2], [])
        for number, each in enumerate(value if isinstance(value, list | tuple) else [value]):
            if number == len(entries):
                entries.append({})
            if each is not None:
                _place(entries[number], rest, each)
    else:
        below = tree.setdefault(step, {})
        if isinstance(below, dict):
            _place(below, rest, value)


def _asset(asset: Asset) -> Paths:
    required = {
        f"{HEADER}assetTypeName": asset.asset_class.value,
        f"{HEADER}externalAssetId": asset.id,
        f"{HEADER}vendorAssetId": asset.vendor_id,
        f"{DETAIL}name": asset.name,
    }
    if asset.mapped:
        return required | dict(asset.mapped)
    if asset.asset_class is AssetClass.REPOSITORY:
        return required | {
            f"{REPOSITORY}repositoryPackageType": asset.package_type,
            f"{DETAIL}typedAttributes.jfrog_artifact_description": asset.description,
            f"{DETAIL}typedAttributes.jfrog_artifact_type": (asset.repository_type or "").upper() or None,
        }
    return required | {
        f"{IMAGE}digestType": "sha256" if asset.manifest_digest else None,
        f"{IMAGE}registry": asset.registry,
        f"{IMAGE}repository": asset.repository,
        f"{IMAGE}name": asset.path,
        f"{IMAGE}tag": asset.tag,
        f"{IMAGE}architecture": asset.architecture,
        f"{IMAGE}digest": asset.config_digest,
        f"{IMAGE}manifestDigest": asset.manifest_digest,
        f"{IMAGE}sizeInBytes": asset.size_bytes,
        f"{IMAGE}creationDate": _moment(asset.built_at),
        f"{DETAIL}typedAttributes.jfrog_container_os": asset.os,
    }


def _finding(finding: Finding, asset: Asset) -> dict[str, Any]:
    """One entry a finding in this asset, with an id of its own: strict consumers want one an asset."""
    known = dict(finding.mapped) or _known(finding)
    known |= {f"{FINDING}firstFoundOn": _moment(finding.first_found_at)}
    if asset.manifest_digest:
        known |= {f"{FINDING}externalFindingId": occurrence_id(finding.id, asset.manifest_digest)}
    tree: dict[str, Any] = {}
    _put(tree, {path.removeprefix(FINDING): value for path, value in _of_findings(known.items())})
    return tree


def _of_findings(paths: Iterable[tuple[str, Any]]) -> Iterable[tuple[str, Any]]:
    """A map of findings may name the asset as well; that is written once, by the asset's own map."""
    return ((path, value) for path, value in paths if path.startswith(FINDING))


def _known(finding: Finding) -> dict[str, Any]:
    text = finding.advisory
    fix = f"Upgrade {named(finding.component)} to {finding.fix_version}." if finding.fix_version else None
    cwe = list(text.cwe)
    cve = finding.vulnerability if finding.vulnerability.startswith("CVE-") else None
    return {
        f"{FINDING}externalFindingId": finding.id,
        f"{FINDING}name": finding.title,
        f"{FINDING}description": text.summary or text.description or None,
        f"{FINDING}severity": int(finding.severity),
        f"{FINDING}sourceSeverity": finding.source_severity,
        f"{FINDING}solutionRecommendation": fix or text.remediation or None,
        f"{VULNERABILITY}cveId": cve,
        f"{VULNERABILITY}cweId": cwe[0] if cwe else None,
        f"{VULNERABILITY}cweIds": cwe or None,
        f"{VULNERABILITY}cvss.cvss3Base": finding.cvss3_score,
        f"{FINDING}attributes.jfrog_provider": text.provider or None,
        f"{FINDING}attributes.jfrog_impactPath": sorted({p for each in finding.places for p in each.paths})
        or None,
    }


def _moment(at: datetime | None) -> str | None:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None
