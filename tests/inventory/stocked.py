"""A store with a connection, some images and what is wrong with them, as runs would have left it."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection

from reedbed.inventory.records.landing import text_of
from reedbed.inventory.records.layers import chains
from reedbed.model.identity import asset_id, finding_id
from reedbed.model.inventory import Applicability, AssetClass, FindingType, Severity, Status
from reedbed.model.platform import Platform
from reedbed.model.records import VulnerabilityRecord
from reedbed.store import platforms
from reedbed.store.columns import storable, storable_key
from reedbed.store.database import Database
from reedbed.store.inventory import assets, landed, layers, scopes
from reedbed.store.inventory.assets import Asset
from reedbed.store.inventory.connections import CONNECTIONS, State
from reedbed.store.inventory.layers import Layer
from reedbed.store.inventory.scopes import EventRow, FindingRow, OccurrenceRow, Scope

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
RUN = "run-1"
CONNECTION = "prod"


class Flaw(msgspec.Struct, frozen=True, kw_only=True):
    """A vulnerability of a component in an image."""

    cve: str
    component: str = "pkg:npm/lodash"
    package_type: str = "npm"
    version: str = "4.17.20"
    fixes: tuple[str, ...] = ("4.17.21",)
    severity: Severity = Severity.HIGH
    cvss: float | None = 7.5
    applicability: Applicability | None = Applicability.APPLICABLE
    summary: str = "Something is wrong."
    research: str | None = None
    layer: str | None = None


def image_id(name: str) -> str:
    return asset_id(CONNECTION, AssetClass.IMAGE, digest_of(name))


def digest_of(name: str) -> str:
    return "sha256:" + name.encode().hex().ljust(64, "0")[:64]


def flaw_id(path: str, flaw: Flaw) -> str:
    scope = f"docker-local/{path}"
    return finding_id(CONNECTION, scope, FindingType.VULNERABILITY, flaw.cve, flaw.component)


async def register(db: Database) -> None:
    """Add the connection."""
    await db.write(_register)


def _register(connection: Connection) -> None:
    platforms.add(connection, Platform(name="prod", url="https://jfrog.example"), sealed_token="sealed")
    connection.execute(
        CONNECTIONS.insert().values(
            name=CONNECTION,
            platform="prod",
            description="",
            state=State.REGISTERED,
            scope={},
            schedule={},
            revision=1,
            created_at=AT,
            changed_at=AT,
        )
    )


async def put(
    db: Database, path: str, *flaws: Flaw, layers: tuple[str, ...] = (), at: datetime = AT, name: str = ""
) -> None:
    """Put an image at a path, with what is wrong with it."""
    await db.write(_put, path, flaws, built=layers, at=at, name=name or path)


def _put(
    connection: Connection,
    path: str,
    flaws: tuple[Flaw, ...],
    *,
    built: tuple[str, ...],
    at: datetime,
    name: str,
) -> None:
    image = image_id(path)
    asset = Asset(
        id=image,
        asset_class=AssetClass.IMAGE,
        native=digest_of(path),
        vendor_id=f"jfrog.example/docker-local/{storable(path)}@{digest_of(path)}",
        name=storable_key(f"docker-local/{name}:1"),
        registry="jfrog.example",
        repository="docker-local",
        path=storable_key(path),
        tag="1",
        manifest_digest=digest_of(path),
        architecture="amd64",
        os="linux",
        size_bytes=1_000,
        built_at=AT,
    )
    assets.save(connection, CONNECTION, [asset], run=RUN, now=at)
    if built:
        of = {image: [Layer(position=n, digest=digest) for n, digest in enumerate(built)]}
        layers.save(connection, of, {image: chains(built)[-1]})
    scope = Scope(CONNECTION, "docker-local", storable_key(path))
    rows, occurrences, texts = [], [], {}
    for flaw in flaws:
        extended: dict[str, Any] | None = (
            {"jfrog_research_severity": flaw.research} if flaw.research else None
        )
        record = VulnerabilityRecord(
            cve=flaw.cve, summary=flaw.summary, cwe=("CWE-79",), extended_information=extended
        )
        digest, body = text_of(record)
        texts[digest] = body
        rows.append(_row(path, flaw, digest))
        occurrences.append(
            OccurrenceRow(
                finding=flaw_id(path, flaw),
                asset=image,
                version=flaw.version,
                fixed_versions=flaw.fixes,
                applicability=flaw.applicability,
                paths=("docker://x",),
                layer=flaw.layer,
            )
        )
    landed.save_texts(connection, texts)
    scopes.save_findings(connection, scope, rows, found=at, now=at)
    scopes.save_occurrences(connection, occurrences, now=at)
    events = [EventRow(finding=row.id, kind="detected", detail={}) for row in rows]
    scopes.save_events(connection, events, run=RUN, now=at)


def _row(path: str, flaw: Flaw, text: str) -> FindingRow:
    return FindingRow(
        id=flaw_id(path, flaw),
        type=FindingType.VULNERABILITY,
        vulnerability=flaw.cve,
        component=storable_key(flaw.component),
        package_type=flaw.package_type,
        issue="XRAY-1",
        status=Status.ACTIVE,
        severity=flaw.severity,
        source_severity=flaw.severity.word,
        applicability=flaw.applicability,
        fix_version=flaw.fixes[0] if len(flaw.fixes) == 1 else None,
        title=f"{flaw.cve} in {flaw.component}",
        cvss3_score=flaw.cvss,
        published_at=AT,
        images=1,
        in_scope=True,
        text=text,
        mapped={},
        last_run=RUN,
    )
