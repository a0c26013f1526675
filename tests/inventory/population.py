"""A small inventory drawn by lot: written into a store, and held in memory for a plain evaluator."""

import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, update

from reedbed.model.identity import asset_id, finding_id
from reedbed.model.inventory import (
    Applicability,
    AssetClass,
    Coverage,
    FindingType,
    Lifecycle,
    Severity,
    Status,
    Triage,
)
from reedbed.model.platform import Platform
from reedbed.model.records import TEXT, VulnerabilityRecord
from reedbed.store import platforms
from reedbed.store.dialects import merge
from reedbed.store.inventory import assets, connections, placements, scopes, vulnerabilities
from reedbed.store.inventory.assets import ASSET_TAGS, ASSETS, IMAGE_LAYERS, SOFTWARE, Asset, Look
from reedbed.store.inventory.findings import EPSS, FINDINGS, KEV
from reedbed.store.inventory.placements import Placement
from reedbed.store.inventory.scopes import FindingRow, OccurrenceRow, Scope

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
HOST = "jfrog.example"
NAMES = ("acme", "acme-test")
WORDS = ("open", "ssl", "Heart_beat", "1.2.3", "50%", "o'brien", 'say "hi"', "back\\slash", "Ärger", "zlib")
REPOSITORIES = ("docker-local", "docker_local", "DOCKER%", "oci")
PATHS = ("team/app", "team/app-2", "web_1", "Web%1")
TAGS = ("latest", "1.0", "v1_0", "V1%0")
PURLS = ("pkg:deb/debian/openssl", "pkg:npm/%40acme/zlib", "pkg:pypi/open_ssl", "~file.bin")
VULNERABLE = ("CVE-2024-1", "CVE-2024-10", "CVE-2023-9", "XRAY-7")


class Occurring(msgspec.Struct, frozen=True, kw_only=True):
    asset: str
    version: str
    fixed_versions: tuple[str, ...]
    paths: tuple[str, ...]
    layer: str | None
    gone: bool


class Image(msgspec.Struct, kw_only=True):
    """An asset, with all that hangs on it."""

    asset: Asset
    connection: str
    first_seen_at: datetime
    coverage: Coverage | None = None
    scanned_at: datetime | None = None
    owner: str | None = None
    criticality: int | None = None
    score: float | None = None
    placed: list[tuple[str, str, str]] = []  # repository, path, tag
    tags: list[tuple[str, str, str]] = []  # key, value, origin
    layers: list[tuple[str, int | None]] = []
    software: list[dict[str, Any]] = []


class Finding(msgspec.Struct, kw_only=True):
    row: FindingRow
    scope: Scope
    triage: Triage
    first_found_at: datetime
    fixed_at: datetime | None
    reopened_at: datetime | None
    score: float | None
    occurring: list[Occurring]


class Population(msgspec.Struct, kw_only=True):
    """What there is. Everything in it follows from the seed."""

    images: list[Image]
    findings: list[Finding]
    advisories: dict[str, VulnerabilityRecord]
    epss: dict[str, tuple[float, float]]
    exploited: set[str]


def drawn(seed: int) -> Population:
    """Draw an inventory by lot."""
    draw = random.Random(seed)
    repositories = [_repository(draw, name, key) for name in NAMES for key in REPOSITORIES[:3]]
    images = [_image(draw, number) for number in range(10)]
    _settle_tags(images)
    advisories = {key: _advisory(draw, key) for key in VULNERABLE if draw.random() < 0.8}
    found: dict[str, Finding] = {}
    for _ in range(30):
        each = _finding(draw, images)
        found[each.row.id] = each
    return Population(
        images=[*repositories, *images],
        findings=list(found.values()),
        advisories=advisories,
        epss={key: (draw.choice((0.1, 0.5)), 0.9) for key in VULNERABLE[:2]},
        exploited={draw.choice(VULNERABLE)},
    )


def _settle_tags(images: Sequence[Image]) -> None:
    """A tag leads to one image at a time: the last that is written."""
    taken: set[tuple[str, ...]] = set()
    for image in reversed(images):
        places = [(image.connection, *place) for place in image.placed]
        image.placed = [
            (where[1], where[2], where[3]) for where in places if where not in taken or not where[3]
        ]
        taken.update(places)


def _when(draw: random.Random) -> datetime:
    return NOW - timedelta(days=draw.choice((0, 1, 3, 30)), hours=draw.choice((0, 5)))


def _maybe(draw: random.Random, values: Sequence[Any]) -> Any:
    return draw.choice((None, *values))


def _text(draw: random.Random) -> str:
    return " ".join(draw.choices(WORDS, k=draw.randrange(1, 4)))


def _repository(draw: random.Random, connection: str, key: str) -> Image:
    asset = Asset(
        id=asset_id(connection, AssetClass.REPOSITORY, key),
        asset_class=AssetClass.REPOSITORY,
        native=key,
        vendor_id=f"{HOST}/{key}",
        name=key,
        repository=key,
        package_type=draw.choice(("docker", "oci")),
        repository_type=draw.choice(("local", "remote")),
        project=_maybe(draw, ("web", "Web")),
        xray_indexed=_maybe(draw, (True, False)),
        description=_maybe(draw, (_text(draw),)),
        size_bytes=_maybe(draw, (0, 5_000, 3_000_000_000)),
        artifact_count=_maybe(draw, (0, 7, 1_000)),
    )
    return Image(asset=asset, connection=connection, first_seen_at=_when(draw))


def _image(draw: random.Random, number: int) -> Image:
    connection, repository, path = draw.choice(NAMES), draw.choice(REPOSITORIES), draw.choice(PATHS)
    digest = f"sha256:{number:064x}"
    places = {(repository, path, draw.choice((*TAGS, "")))}
    places |= {(draw.choice(REPOSITORIES), path, draw.choice(TAGS)) for _ in range(draw.randrange(3))}
    asset = Asset(
        id=asset_id(connection, AssetClass.IMAGE, digest),
        asset_class=AssetClass.IMAGE,
        native=digest,
        vendor_id=f"{HOST}/{repository}/{path}@{digest}",
        name=f"{repository}/{path}:{draw.choice(TAGS)}",
        lifecycle=draw.choice(list(Lifecycle)),
        registry=HOST,
        repository=repository,
        path=path,
        manifest_digest=digest,
        config_digest=_maybe(draw, (f"sha256:c{number}",)),
        architecture=_maybe(draw, ("amd64", "arm64")),
        os="linux",
        size_bytes=_maybe(draw, (1_000, 5_000_000)),
        built_at=_maybe(draw, (_when(draw),)),
        uploaded_at=_when(draw),
    )
    return Image(
        asset=asset,
        connection=connection,
        first_seen_at=_when(draw),
        coverage=_maybe(draw, list(Coverage)[:3]),
        scanned_at=_maybe(draw, (_when(draw),)),
        owner=_maybe(draw, ("alice", "Alice", "al_ce", "a%e")),
        criticality=_maybe(draw, (1, 5)),
        score=_maybe(draw, (10.0, 90.5)),
        placed=sorted(places),
        tags=sorted({(draw.choice(WORDS), _text(draw), _origin(draw)) for _ in range(draw.randrange(4))}),
        layers=[
            (f"sha256:l{draw.randrange(3)}", _maybe(draw, (10, 10_000))) for _ in range(draw.randrange(3))
        ],
        software=_software(draw),
    )


def _origin(draw: random.Random) -> str:
    return draw.choice(("user", "rule", "label", "property"))


def _software(draw: random.Random) -> list[dict[str, Any]]:
    return [
        {
            "purl": purl,
            "version": draw.choice(("1.0", "2.0")),
            "type": purl[4:7],
            "name": purl,
            "licences": tuple(draw.sample(("MIT", "Apache-2.0"), draw.randrange(3))),
            "path": _maybe(draw, ("usr/lib",)),
            "layer": _maybe(draw, ("sha256:l1",)),
        }
        for purl in draw.sample(PURLS, draw.randrange(3))
    ]


def _advisory(draw: random.Random, key: str) -> VulnerabilityRecord:
    return VulnerabilityRecord(
        cve=key if key.startswith("CVE") else None,
        issue_id=key if key.startswith("XRAY") else "XRAY-1",
        cwe=tuple(draw.sample(("CWE-79", "CWE-22"), draw.randrange(3))),
        cvss_v2=_maybe(draw, ("5.0",)),
        cvss_v4=_maybe(draw, ("9.1",)),
        description=_text(draw),
        extended_information=_maybe(draw, ({"jfrog_research_severity": "High"},)),
    )


def _finding(draw: random.Random, images: Sequence[Image]) -> Finding:
    image = draw.choice(images)
    repository, path, _ = draw.choice(image.placed or [(REPOSITORIES[0], PATHS[0], "")])
    scope = Scope(image.connection, repository, path)
    key, purl = draw.choice(VULNERABLE), draw.choice(PURLS)
    status = draw.choice(list(Status))
    kind = draw.choice((FindingType.VULNERABILITY, FindingType.LICENCE))
    return Finding(
        row=FindingRow(
            id=finding_id(image.connection, f"{repository}/{path}", kind, key, purl),
            type=kind,
            vulnerability=key,
            component=purl,
            package_type=purl[4:7],
            issue=draw.choice(("XRAY-1", "XRAY-7")),
            status=status,
            severity=draw.choice(list(Severity)),
            source_severity=draw.choice(("High", "low", "")),
            applicability=_maybe(draw, list(Applicability)[:3]),
            fix_version=_maybe(draw, ("1.0", "2.0")),
            title=_text(draw),
            cvss3_score=_maybe(draw, (5.0, 9.8)),
            published_at=_maybe(draw, (_when(draw),)),
            images=draw.randrange(3),
            in_scope=True,
            text="",
            mapped={},
            last_run="run",
        ),
        scope=scope,
        triage=draw.choice(list(Triage)),
        first_found_at=_when(draw),
        fixed_at=NOW if status is Status.FIXED else None,
        reopened_at=_maybe(draw, (_when(draw),)),
        score=_maybe(draw, (10.0, 90.5)),
        occurring=_occurring(draw, image, images),
    )


def _occurring(draw: random.Random, image: Image, images: Sequence[Image]) -> list[Occurring]:
    places = {(each.asset.id, draw.choice(("1.0", "2.0", ""))) for each in (image, draw.choice(images))}
    return [
        Occurring(
            asset=asset,
            version=version,
            fixed_versions=tuple(draw.sample(("1.0", "2.0"), draw.randrange(3))),
            paths=tuple(draw.sample(("usr/lib", "opt"), draw.randrange(2))),
            layer=_maybe(draw, ("sha256:l1",)),
            gone=draw.random() < 0.2,
        )
        for asset, version in sorted(places)
    ]


def write(connection: Connection, population: Population) -> None:
    """Write an inventory with the functions that runs write with, and by hand what they do not write."""
    platforms.add(connection, Platform(name="acme", url=f"https://{HOST}"), sealed_token="none")
    for name in NAMES:
        made = connections.Connection(name=name, platform="acme", scope={}, created_at=NOW, changed_at=NOW)
        connections.add(connection, made, sealed_token=None)
    for image in population.images:
        _write_image(connection, image)
    bodies = (msgspec.json.encode([getattr(r, n) for n in TEXT]) for r in population.advisories.values())
    vulnerabilities.learn(connection, {str(number): body for number, body in enumerate(bodies)})
    for finding in population.findings:
        _write_finding(connection, finding)
    for cve, (score, percentile) in population.epss.items():
        merge(
            connection, EPSS, [{"cve": cve, "score": score, "percentile": percentile, "as_of": "2026-11-22"}]
        )
    merge(
        connection, KEV, [{"cve": c, "source": "x", "added": "y", "due": None} for c in population.exploited]
    )


def _write_image(connection: Connection, image: Image) -> None:
    assets.save(connection, image.connection, [image.asset], run="run", now=image.first_seen_at)
    if image.coverage:
        look = Look(asset=image.asset.id, coverage=image.coverage, reason=None, scanned_at=image.scanned_at)
        assets.note_looks(connection, [look], now=NOW)
    else:
        image.scanned_at = None
    connection.execute(
        update(ASSETS)
        .where(ASSETS.c.id == image.asset.id)
        .values(owner=image.owner, criticality=image.criticality, score=image.score)
    )
    for repository, path, tag in image.placed:
        placed = Placement(
            repository=repository,
            path=path,
            tag=tag,
            asset=image.asset.id,
            in_scope=True,
            listed={},
            uploaded_at=None,
            uploaded_by=None,
        )
        placements.save(connection, image.connection, [placed], run="run", now=NOW)
    rows = _hanging(image)
    for table, some in zip((ASSET_TAGS, IMAGE_LAYERS, SOFTWARE), rows, strict=True):
        if found := list(some):
            connection.execute(insert(table), found)


def _hanging(image: Image) -> tuple[Iterable[dict[str, Any]], ...]:
    asset = image.asset.id
    return (
        [
            {"asset": asset, "key": k, "value": v, "origin": origin, "place": ""}
            for k, v, origin in image.tags
        ],
        [
            {
                "asset": asset,
                "position": n,
                "digest": d,
                "size_bytes": size,
                "diff_id": None,
                "created_by": None,
            }
            for n, (d, size) in enumerate(image.layers)
        ],
        [{"asset": asset, **each} for each in image.software],
    )


def _write_finding(connection: Connection, finding: Finding) -> None:
    scopes.save_findings(connection, finding.scope, [finding.row], found=finding.first_found_at, now=NOW)
    connection.execute(
        update(FINDINGS)
        .where(FINDINGS.c.id == finding.row.id)
        .values(
            triage=finding.triage,
            fixed_at=finding.fixed_at,
            reopened_at=finding.reopened_at,
            score=finding.score,
        )
    )
    for each in finding.occurring:
        fields = {
            name: getattr(each, name) for name in ("asset", "version", "fixed_versions", "paths", "layer")
        }
        scopes.save_occurrences(connection, [OccurrenceRow(finding=finding.row.id, **fields)], now=NOW)
        if each.gone:
            gone = [(finding.row.id, each.asset, each.version)]
            scopes.end_occurrences(connection, gone, now=NOW)
