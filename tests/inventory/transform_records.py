"""Records for the tests of transform maps, written by hand: everything that a row of the defaults reads."""

from typing import Any

from reedbed.model.records import (
    Digested,
    Found,
    ImageRecord,
    Manifest,
    RepositoryRecord,
    ScanRecord,
    StoredChecksums,
    StoredManifest,
    VulnerabilityRecord,
)

SHA = "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"
CONFIG = "sha256:8254c329a92850f6d539dd376f4816ee2764517da5e0235514af433164480d7a"
LAYERS = ("sha256:aa" + "0" * 62, "sha256:bb" + "0" * 62)

BLOB: dict[str, Any] = {
    "architecture": "arm64",
    "variant": "v8",
    "os": "linux",
    "os.version": "12",
    "created": "2026-02-03T04:05:06.123456789Z",
    "docker_version": "24.0.7",
    "config": {
        "Cmd": ["serve", "--port", "8080"],
        "Entrypoint": ["/bin/app"],
        "Env": ["PATH=/usr/bin", "DB_PASSWORD=[redacted]"],
        "WorkingDir": "/srv",
        "User": "app",
        "ExposedPorts": {"8080/tcp": {}},
        "Labels": {
            "org.opencontainers.image.source": "https://git.example.com/team/app",
            "org.opencontainers.image.revision": "1f2e3d",
            "org.opencontainers.image.base.name": "docker.example/debian:12",
        },
    },
    "rootfs": {"type": "layers", "diff_ids": ["sha256:d1", "sha256:d2"]},
    "history": [{"created_by": "COPY app /bin/app", "empty_layer": False}],
}

IMAGE = ImageRecord(
    image_name="team/app",
    image_registry="jfrog.example",
    image_repository="docker-local",
    image_tag="1.2.0",
    image_tags=("1.2.0", "latest"),
    image_size=3_500,
    eval_external_id="rba1:abcd",
    eval_vendor_asset_id=f"jfrog.example/docker-local/team/app@sha256:{SHA}",
    config=Digested(digest=CONFIG, size=500),
    layers=(
        Digested(digest=LAYERS[0], size=1_000, media_type="application/vnd.oci.image.layer.v1.tar+gzip"),
        Digested(digest=LAYERS[1], size=2_000, media_type="application/vnd.oci.image.layer.v1.tar+gzip"),
    ),
    docker_manifest=Manifest(
        media_type="application/vnd.oci.image.manifest.v1+json",
        config=Digested(digest=CONFIG, size=500),
        layers=(Digested(digest=LAYERS[0], size=1_000), Digested(digest=LAYERS[1], size=2_000)),
        annotations={"org.opencontainers.image.base.digest": "sha256:ba5e"},
    ),
    storage_manifest=StoredManifest(
        repo="docker-local",
        path="team/app/1.2.0/manifest.json",
        checksums=StoredChecksums(sha256=SHA),
        size=700,
        created="2026-02-04T10:00:00.000+02:00",
        created_by="alice",
        modified_by="admin",
        download_uri="https://jfrog.example/artifactory/docker-local/team/app/1.2.0/manifest.json",
    ),
    blob_config=BLOB,
    properties={"build.name": ("app-build",), "build.number": ("17",), "team": ("blue", "green")},
)

REPOSITORY = RepositoryRecord(
    key="npm-remote",
    type="remote",
    package_type="Npm",
    url="https://jfrog.example/artifactory/npm-remote",
    upstream_url="https://registry.example",
    description="npm for everyone",
    notes="asked for by team blue",
    project="blue",
    environments=("DEV", "PROD"),
    xray_index=True,
    members=("npm-local",),
    used_bytes=2_048,
    artifact_count=12,
    eval_external_id="rba1:efgh",
    eval_vendor_asset_id="jfrog.example/npm-remote",
)

VULNERABILITY = VulnerabilityRecord(
    cve="CVE-2021-3711",
    cwe=("NVD-CWE-noinfo", "CWE-120", "CWE-787"),
    cvss_v2="7.5/CVSS:2.0/AV:N/AC:L/Au:N/C:P/I:P/A:P",
    cvss_v3="9.8/CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
    cvss_v4="9.3",
    severity="Critical",
    issue_id="XRAY-185033",
    issue_type="security",
    summary="OpenSSL SM2 decryption overflows a buffer",
    description="A longer text.",
    provider="JFrog",
    created="2021-08-25T00:00:00.649Z",
    edited="2022-01-02T03:04:05Z",
    references=("https://advisories.example/1",),
    extended_information={
        "short_description": "Short.",
        "full_description": "Full <b>text</b>.",
        "remediation": "Turn SM2 off.",
        "jfrog_research_severity": "Medium",
        "jfrog_research_severity_reasons": [{"name": "Rare", "is_positive": True}],
    },
    component="pkg:apk/alpine/openssl",
    component_id="alpine://3.12:openssl:1.1.1k-r0",
    package_type="alpine",
    found=(
        Found(
            version="1.1.1k-r0", fixed_versions=("1.1.1l-r0",), applicability="applicable", layer=LAYERS[0]
        ),
        Found(version="1.1.1j-r0", fixed_versions=("1.1.1l-r0", "3.0.0-r0"), applicability="undetermined"),
    ),
    impact_path=("docker-local/team/app/1.2.0/sha256__aa.tar.gz/3.12:openssl:1.1.1k-r0",),
)

SCAN = ScanRecord(image=IMAGE, vulnerabilities=(VULNERABILITY,))
