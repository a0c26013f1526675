"""The 68 rows of the seed's page, each with what the default map makes of a record that has everything."""

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from inventory.transform_records import CONFIG, IMAGE, LAYERS, REPOSITORY, SCAN, SHA
from reedbed.inventory.transform import compile_map, defaults
from reedbed.jfrog.issues import vulnerabilities
from reedbed.jfrog.summary_wire import Summaries
from reedbed.model.records import ImageRecord, ScanRecord, VulnerabilityRecord

DETAIL = "asset.assetDetail."
HEADER = "asset.assetHeader."
IMAGE_CLASS = f"{DETAIL}containerImageAssetClass."
TYPED = f"{DETAIL}typedAttributes."
UNTYPED = f"{DETAIL}untypedAttributes."
FINDING = "findingGroup.findings[]."
VULNERABILITY = f"{FINDING}findingType.vulnerability."
ATTRIBUTES = f"{FINDING}attributes."
VENDOR_ID = f"jfrog.example/docker-local/team/app@sha256:{SHA}"
MANIFEST = "https://jfrog.example/artifactory/docker-local/team/app/1.2.0/manifest.json"

IMAGE_ROWS: list[tuple[str, Any]] = [
    (f"{HEADER}assetTypeName", "container-image"),
    (f"{DETAIL}name", "docker-local/team/app:1.2.0"),
    (f"{IMAGE_CLASS}digestType", "sha256"),
    (f"{IMAGE_CLASS}registry", "jfrog.example"),
    (f"{IMAGE_CLASS}repository", "docker-local"),
    (f"{IMAGE_CLASS}name", "team/app"),
    (f"{IMAGE_CLASS}tag", "1.2.0"),
    (f"{IMAGE_CLASS}architecture", "arm64"),
    (f"{IMAGE_CLASS}digest", CONFIG),
    (f"{IMAGE_CLASS}manifestDigest", f"sha256:{SHA}"),
    (f"{IMAGE_CLASS}sizeInBytes", 3_500),
    (f"{IMAGE_CLASS}creationDate", "2026-02-03T04:05:06.123456Z"),
    (f"{IMAGE_CLASS}layers[].digest", list(LAYERS)),
    (f"{IMAGE_CLASS}layers[].sizeInBytes", [1_000, 2_000]),
    (f"{HEADER}externalAssetId", "rba1:abcd"),
    (f"{HEADER}vendorAssetId", VENDOR_ID),
    (f"{TYPED}jfrog_artifactory_manifestUrl", MANIFEST),
    (f"{TYPED}jfrog_artifactory_createdBy", "alice"),
    (f"{TYPED}jfrog_artifactory_modifiedBy", "admin"),
    (f"{UNTYPED}jfrog_container_cmd", ["serve", "--port", "8080"]),
    (f"{UNTYPED}jfrog_container_env", ["PATH=/usr/bin", "DB_PASSWORD=[redacted]"]),
    (f"{TYPED}jfrog_container_workingDir", "/srv"),
    (f"{TYPED}jfrog_container_os", "linux"),
    (f"{TYPED}jfrog_container_dockerVersion", "24.0.7"),
    (f"{UNTYPED}jfrog_container_uncompressed_layers", ["sha256:d1", "sha256:d2"]),
    (f"{UNTYPED}jfrog_container_history", [{"created_by": "COPY app /bin/app", "empty_layer": False}]),
]

REPOSITORY_ROWS: list[tuple[str, Any]] = [
    (f"{HEADER}assetTypeName", "binary-repository"),
    (f"{HEADER}externalAssetId", "rba1:efgh"),
    (f"{HEADER}vendorAssetId", "jfrog.example/npm-remote"),
    (f"{DETAIL}name", "npm-remote"),
    (f"{DETAIL}repositoryAssetClass.repositoryPackageType", "npm"),
    (f"{DETAIL}repositoryAssetClass.repoUrl", "https://jfrog.example/artifactory/npm-remote"),
    (f"{TYPED}jfrog_artifact_description", "npm for everyone"),
    (f"{TYPED}jfrog_artifact_type", "REMOTE"),
]

FINDING_ROWS: list[tuple[str, Any]] = [
    (f"{HEADER}assetTypeName", "container-image"),
    (f"{DETAIL}name", "docker-local/team/app:1.2.0"),
    (f"{HEADER}externalAssetId", "rba1:abcd"),
    (f"{HEADER}vendorAssetId", VENDOR_ID),
    (f"{IMAGE_CLASS}registry", "jfrog.example"),
    (f"{IMAGE_CLASS}repository", "docker-local"),
    (f"{IMAGE_CLASS}name", "team/app"),
    (f"{IMAGE_CLASS}tag", "1.2.0"),
    (f"{IMAGE_CLASS}imageDigest", CONFIG),
    (f"{IMAGE_CLASS}layers[].digest", list(LAYERS)),
    (f"{IMAGE_CLASS}layers[].sizeInBytes", [1_000, 2_000]),
    (f"{IMAGE_CLASS}sizeInBytes", 3_500),
    (f"{IMAGE_CLASS}manifestDigest", f"sha256:{SHA}"),
    (f"{IMAGE_CLASS}creationDate", "2026-02-03T04:05:06.123456Z"),
    (f"{TYPED}jfrog_artifactory_manifestUrl", MANIFEST),
    (f"{TYPED}jfrog_artifactory_createdBy", "alice"),
    (f"{TYPED}jfrog_artifactory_modifiedBy", "admin"),
    (f"{FINDING}severity", 5),
    (f"{FINDING}externalFindingId", "finding-id"),  # given when it is shown, as is firstFoundOn
    (f"{FINDING}name", "CVE-2021-3711 in pkg:apk/alpine/openssl"),
    (f"{FINDING}description", "OpenSSL SM2 decryption overflows a buffer"),
    (f"{FINDING}sourceSeverity", "Critical"),
    (f"{VULNERABILITY}cveId", "CVE-2021-3711"),
    (f"{VULNERABILITY}cweIds", ["CWE-120", "CWE-787"]),
    (f"{VULNERABILITY}cweId", "CWE-120"),
    (f"{VULNERABILITY}cvss.cvss3Base", 9.8),
    (f"{FINDING}firstFoundOn", "first-found"),
    (
        f"{FINDING}findingDetectionURL",
        "https://jfrog.example/ui/repos/tree/General/docker-local/team/app/1.2.0/manifest.json",
    ),
    (
        f"{FINDING}solutionRecommendation",
        "Upgrade pkg:apk/alpine/openssl to 1.1.1l-r0 or 3.0.0-r0. Turn SM2 off.",
    ),
    (f"{ATTRIBUTES}jfrog_fullDescription", "Full <b>text</b>."),
    (f"{ATTRIBUTES}jfrog_shortDescription", "Short."),
    (f"{ATTRIBUTES}jfrog_researchSeverity", "Medium"),
    (f"{ATTRIBUTES}jfrog_provider", "JFrog"),
    (
        f"{ATTRIBUTES}jfrog_impactPath",
        ["docker-local/team/app/1.2.0/sha256__aa.tar.gz/3.12:openssl:1.1.1k-r0"],
    ),
]

MAPS = {name: compile_map(defaults.text(name, version) or "") for name, version in defaults.FILES}


@pytest.mark.parametrize(("target", "value"), IMAGE_ROWS, ids=lambda each: str(each)[:60])
def test_an_image_row_of_the_seed_has_its_value(target: str, value: Any) -> None:
    mapped = MAPS[defaults.IMAGE].asset(IMAGE)

    assert mapped[target] == value


@pytest.mark.parametrize(("target", "value"), REPOSITORY_ROWS, ids=lambda each: str(each)[:60])
def test_a_repository_row_of_the_seed_has_its_value(target: str, value: Any) -> None:
    mapped = MAPS[defaults.REPOSITORY].asset(REPOSITORY)

    assert mapped[target] == value


@pytest.mark.parametrize(("target", "value"), FINDING_ROWS, ids=lambda each: str(each)[:60])
def test_a_vulnerability_row_of_the_seed_has_its_value(target: str, value: Any) -> None:
    transform = MAPS[defaults.VULNERABILITY]

    mapped = transform.apply(SCAN)

    assert (mapped.asset | mapped.findings[0] | transform.given)[target] == value
    assert mapped.problems == ()


def test_the_rows_are_those_of_the_page_and_stand_first() -> None:
    for name, rows in (
        (defaults.IMAGE, IMAGE_ROWS),
        (defaults.REPOSITORY, REPOSITORY_ROWS),
        (defaults.VULNERABILITY, FINDING_ROWS),
    ):
        targets = [row.target for row in MAPS[name].document.rows]

        assert targets[: len(rows)] == [target for target, _ in rows]

    assert (len(IMAGE_ROWS), len(REPOSITORY_ROWS), len(FINDING_ROWS)) == (26, 8, 34)


REAL = sorted((Path(__file__).parents[3] / "shared/data/xray").glob("*.json"))
ANSWER = msgspec.json.encode(
    {
        "artifacts": [
            {
                "general": {"sha256": SHA},
                "issues": [
                    {
                        "issue_id": "XRAY-1",
                        "severity": "High",
                        "summary": "Two at once",
                        "created": "2026-01-02T03:04:05Z",
                        "cves": [
                            {"cve": "CVE-2026-1", "cwe": ["CWE-79"], "cvss_v3": "7.5/CVSS:3.1/AV:N"},
                            {"cve": "CVE-2026-2"},
                        ],
                        "impact_path": ["default/app/sha256__aa.tar.gz/3.12:openssl:1.1.1k-r0"],
                    },
                    {"severity": "Unknown", "summary": "Of an age without ids", "cves": [{"cvss_v2": "5.9"}]},
                ],
            }
        ]
    }
)


@pytest.mark.parametrize(
    "answer", [ANSWER, *(file.read_bytes() for file in REAL)], ids=["own", *(file.name for file in REAL)]
)
def test_an_answer_of_xray_becomes_findings_without_a_row_that_fails(answer: bytes) -> None:
    for summary in msgspec.json.decode(answer, type=Summaries).artifacts or ():
        found = vulnerabilities(summary.issues or ())

        mapped = MAPS[defaults.VULNERABILITY].apply(ScanRecord(image=IMAGE, vulnerabilities=found))

        assert mapped.problems == ()
        for one, finding in zip(found, mapped.findings, strict=True):
            _check_against(one, finding)


def _check_against(one: VulnerabilityRecord, finding: dict[str, Any]) -> None:
    assert finding.get(f"{VULNERABILITY}cveId") == one.cve
    assert finding[f"{FINDING}sourceSeverity"] == one.severity
    assert finding[f"{FINDING}description"] == (one.summary or one.description)
    assert finding.get(f"{ATTRIBUTES}jfrog_impactPath", []) == list(one.impact_path)
    assert finding[f"{FINDING}name"].startswith(one.cve or one.issue_id or "An issue without an id in ")
    score = (one.cvss_v3 or "").partition("/")[0]
    assert finding.get(f"{VULNERABILITY}cvss.cvss3Base") == (float(score) if score else None)


@pytest.mark.parametrize(
    ("name", "record"),
    [
        (defaults.IMAGE, IMAGE),
        (defaults.REPOSITORY, REPOSITORY),
        (defaults.VULNERABILITY, SCAN),
        (defaults.IMAGE, ImageRecord(image_name="bare")),
    ],
    ids=["image", "repository", "vulnerability", "bare-image"],
)
def test_a_default_map_makes_its_golden_file(
    name: str, record: msgspec.Struct, request: pytest.FixtureRequest
) -> None:
    file = Path(__file__).parent / "golden" / f"map-{request.node.callspec.id}.json"

    made = msgspec.json.format(msgspec.json.encode(MAPS[name].apply(record)), indent=2).decode() + "\n"

    if os.environ.get("GOLDEN") == "write":
        file.write_text(made, encoding="utf-8")
    assert made == file.read_text(encoding="utf-8")
