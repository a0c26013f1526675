"""JSON in the seed's shape: its target paths, each where it belongs."""

import json
from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from reedbed.sinks import etm
from sinks.rows import Rows, finding, hostile, image, repository, whole

SEED = {
    "asset.assetHeader.assetTypeName",
    "asset.assetHeader.externalAssetId",
    "asset.assetHeader.vendorAssetId",
    "asset.assetDetail.name",
    *(
        f"asset.assetDetail.containerImageAssetClass.{name}"
        for name in (
            *("digestType", "registry", "repository", "name", "tag", "architecture", "digest", "imageDigest"),
            *("manifestDigest", "sizeInBytes", "creationDate", "layers[].digest", "layers[].sizeInBytes"),
        )
    ),
    "asset.assetDetail.repositoryAssetClass.repositoryPackageType",
    "asset.assetDetail.repositoryAssetClass.repoUrl",
    *(
        f"findingGroup.findings[].{name}"
        for name in (
            *("severity", "externalFindingId", "name", "description", "sourceSeverity", "firstFoundOn"),
            *("findingDetectionURL", "solutionRecommendation", "findingType.vulnerability.cveId"),
            *("findingType.vulnerability.cweIds[]", "findingType.vulnerability.cweId"),
            "findingType.vulnerability.cvss.cvss3Base",
        )
    ),
}
OPEN = (
    "asset.assetDetail.typedAttributes.",
    "asset.assetDetail.untypedAttributes.",
    "findingGroup.findings[].attributes.",
)
"""Prefixes below which the seed names attributes of the vendor's own."""


def _paths(value: Any, before: str = "") -> Iterator[str]:
    match value:
        case dict():
            for name, each in value.items():
                yield from _paths(each, f"{before}.{name}" if before else name)
        case list():
            for each in value:
                yield from _paths(each, f"{before}[]")
        case _:
            yield before


def strangers(written: list[dict[str, Any]]) -> set[str]:
    """Name the paths in a document that are not the seed's."""
    return {p for each in written for p in _paths(each) if p not in SEED and not p.startswith(OPEN)}


async def _written(rows: Rows) -> list[dict[str, Any]]:
    read: list[dict[str, Any]] = json.loads(await whole(etm.write(rows)))
    assert strangers(read) == set()
    return read


async def test_an_image_and_its_findings_are_one_object_by_the_seeds_paths() -> None:
    (read,) = await _written(Rows([finding(), finding("XRAY-9")], [image()]))

    assert read["asset"]["assetHeader"]["assetTypeName"] == "container-image"
    assert read["asset"]["assetDetail"]["containerImageAssetClass"]["sizeInBytes"] == 1_234_567
    first, second = read["findingGroup"]["findings"]
    assert first["findingType"]["vulnerability"] == {
        "cveId": "CVE-2026-1111",
        "cweId": "CWE-787",
        "cweIds": ["CWE-787", "NVD-CWE-noinfo"],
        "cvss": {"cvss3Base": 9.8},
    }
    assert first["firstFoundOn"] == "2026-11-22T03:00:00Z"
    assert first["solutionRecommendation"] == "Upgrade debian/openssl to 3.0.8-1."
    assert "cveId" not in second["findingType"]["vulnerability"]


async def test_a_finding_in_two_images_has_an_id_in_each() -> None:
    two = [image(), image("team/api", "sha256:" + "ef" * 32)]
    one = finding(images=two)

    read = await _written(Rows([one], two))

    ids = [each["findingGroup"]["findings"][0]["externalFindingId"] for each in read]
    assert ids == [f"{one.id}:abababababab", f"{one.id}:efefefefefef"]


async def test_a_repository_is_an_asset_without_findings() -> None:
    (read,) = await _written(Rows([], [repository()]))

    assert read["asset"]["assetDetail"]["repositoryAssetClass"] == {"repositoryPackageType": "docker"}
    assert read["asset"]["assetDetail"]["typedAttributes"]["jfrog_artifact_type"] == "LOCAL"
    assert "findingGroup" not in read


async def test_what_a_map_made_is_written_and_nothing_beside_it() -> None:
    image_class = "asset.assetDetail.containerImageAssetClass"
    mapped = {
        f"{image_class}.layers[].digest": ["sha256:1", "sha256:2"],
        f"{image_class}.layers[].sizeInBytes": [10, None],
        "asset.assetDetail.untypedAttributes.jfrog_container_env": ["PATH=/bin"],
    }
    of_finding = {
        "findingGroup.findings[].name": "by the map",
        "asset.assetDetail.name": "not from here",
    }
    one = replace(finding(), mapped=of_finding)

    (read,) = await _written(Rows([one], [replace(image(), mapped=mapped)]))

    detail = read["asset"]["assetDetail"]
    assert detail["containerImageAssetClass"] == {
        "layers": [{"digest": "sha256:1", "sizeInBytes": 10}, {"digest": "sha256:2"}]
    }
    assert detail["untypedAttributes"] == {"jfrog_container_env": ["PATH=/bin"]}
    assert detail["name"] == image().name
    assert set(read["findingGroup"]["findings"][0]) == {"name", "firstFoundOn", "externalFindingId"}


async def test_hostile_names_stay_values() -> None:
    made = hostile()

    (read,) = await _written(Rows(made, [image()]))

    assert [each.get("name", "") for each in read["findingGroup"]["findings"]] == [
        each.title for each in made
    ]
