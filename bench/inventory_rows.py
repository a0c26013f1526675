"""An inventory of any size, made up: images, and findings in them as unevenly spread as real ones are."""

import random
from datetime import UTC, datetime, timedelta

import msgspec
from sqlalchemy import Connection

from reedbed.model.identity import asset_id, finding_id
from reedbed.model.inventory import AssetClass, Coverage, FindingType, Severity, Status
from reedbed.model.platform import Platform
from reedbed.store import platforms
from reedbed.store.database import Database
from reedbed.store.dialects import merge
from reedbed.store.inventory import assets, connections, placements, scopes, wording
from reedbed.store.inventory.assets import Asset, Look
from reedbed.store.inventory.findings import EPSS, KEV, VULNERABILITIES
from reedbed.store.inventory.placements import Placement
from reedbed.store.inventory.scopes import FindingRow, OccurrenceRow, Scope
from reedbed.store.inventory.wording import Field

NOW = datetime(2026, 11, 20, tzinfo=UTC)
NAME, HOST, RUN = "bench", "jfrog.example", "run"
CVES, COMPONENTS, VERSIONS = 12_000, 1_500, 4
SEVERITIES = (Severity.CRITICAL,) * 5 + (Severity.HIGH,) * 20 + (Severity.MEDIUM,) * 45 + (Severity.LOW,) * 30
_BEGIN = ("over", "under", "re", "out", "by", "mis", "un", "fore")
_MIDDLE = ("flow", "read", "write", "parse", "free", "pass", "scan", "check", "bound", "copy", "load", "sign")
_END = ("", "s", "ing", "ed", "er")
TONGUE = [begin + middle + end for begin in _BEGIN for middle in _MIDDLE for end in _END]


class Sized(msgspec.Struct, frozen=True, kw_only=True):
    """How much of an inventory to make."""

    repositories: int = 20
    paths: int = 100  # in each of them
    findings: int = 500  # in each of those

    @property
    def total(self) -> int:
        return self.repositories * self.paths * self.findings


async def fill(db: Database, sized: Sized) -> None:
    """Write an inventory, by the functions that runs write with; always the same one."""
    draw = random.Random(20261122)
    await db.write(_begin)
    await db.write(_advisories, draw)
    for repository in range(sized.repositories):
        for path in range(sized.paths):
            await db.write(
                _scope, draw, f"docker-{repository}", f"team-{path % 17}/app-{path}", sized.findings
            )


def _begin(connection: Connection) -> None:
    platforms.add(connection, Platform(name=NAME, url=f"https://{HOST}"), sealed_token="none")
    made = connections.Connection(name=NAME, platform=NAME, scope={}, created_at=NOW, changed_at=NOW)
    connections.add(connection, made, sealed_token=None)


def cve(number: int) -> str:
    return f"CVE-{2015 + number % 12}-{10_000 + number}"


def component(number: int) -> str:
    return f"pkg:deb/debian/lib{TONGUE[number % len(TONGUE)]}-{number}"


def _advisories(connection: Connection, draw: random.Random) -> None:
    texts = {cve(number): " ".join(draw.choices(TONGUE, k=40)) for number in range(CVES)}
    rows = [
        {
            "key": key,
            "issue": f"XRAY-{100_000 + number}",
            "title": "",
            "description": text,
            "severity": _severity(number),
            "jfrog_severity": None,
            "cwe": (f"CWE-{number % 90}",),
            "cvss3_score": 7.5,
            "cvss3_vector": None,
            "cvss2_score": None,
            "cvss4_score": None,
            "provider": "JFrog",
            "text": f"{number:032x}",
        }
        for number, (key, text) in enumerate(texts.items())
    ]
    merge(connection, VULNERABILITIES, rows)
    wording.learn(connection, Field.DESCRIPTION, texts)
    scores = [{"cve": key, "score": draw.random(), "percentile": 0.5, "as_of": "2026-11-20"} for key in texts]
    merge(connection, EPSS, scores)
    known = [
        {"cve": cve(n), "source": "cisa", "added": "2026-01-01", "due": None} for n in range(0, CVES, 100)
    ]
    merge(connection, KEV, known)


def _severity(number: int) -> Severity:
    return SEVERITIES[number % len(SEVERITIES)]


def _scope(connection: Connection, draw: random.Random, repository: str, path: str, many: int) -> None:
    digest = f"sha256:{draw.getrandbits(256):064x}"
    asset = asset_id(NAME, AssetClass.IMAGE, digest)
    image = Asset(
        id=asset,
        asset_class=AssetClass.IMAGE,
        native=digest,
        vendor_id=f"{HOST}/{repository}/{path}@{digest}",
        name=f"{repository}/{path}:latest",
        repository=repository,
        path=path,
        tag="latest",
        manifest_digest=digest,
        architecture=draw.choice(("amd64", "amd64", "arm64")),
        os="linux",
        size_bytes=draw.randrange(10**7, 10**9),
    )
    assets.save(connection, NAME, [image], run=RUN, now=NOW)
    placed = Placement(
        repository=repository,
        path=path,
        tag="latest",
        asset=asset,
        listed={},
        uploaded_at=NOW,
        uploaded_by=None,
        in_scope=True,
    )
    placements.save(connection, NAME, [placed], run=RUN, now=NOW)
    look = Look(asset=asset, coverage=Coverage.SCANNED, reason=None, scanned_at=NOW)
    assets.note_looks(connection, [look], now=NOW)
    numbers = sorted({int(CVES * draw.random() ** 2) for _ in range(many * 2)})
    draw.shuffle(numbers)
    scope = Scope(NAME, repository, path)
    found = [_finding(draw, scope, number) for number in numbers[:many]]
    seen = NOW - timedelta(days=draw.randrange(400))
    scopes.save_findings(connection, scope, found, found=seen, now=NOW)
    occurring = [
        OccurrenceRow(
            finding=each.id,
            asset=asset,
            version=f"{draw.randrange(VERSIONS)}.2.1",
            fixed_versions=(each.fix_version,) if each.fix_version else (),
            paths=(f"{path}/{each.component}",),
        )
        for each in found
    ]
    scopes.save_occurrences(connection, occurring, now=NOW)


def _finding(draw: random.Random, scope: Scope, number: int) -> FindingRow:
    package = component(number % COMPONENTS)
    kind = FindingType.VULNERABILITY
    return FindingRow(
        id=finding_id(NAME, f"{scope.repository}/{scope.path}", kind, cve(number), package),
        type=kind,
        vulnerability=cve(number),
        component=package,
        package_type="deb",
        issue=f"XRAY-{100_000 + number}",
        status=draw.choices((Status.ACTIVE, Status.NEW, Status.FIXED), (80, 5, 15))[0],
        severity=_severity(number),
        source_severity=_severity(number).word,
        applicability=None,
        fix_version=f"{number % 9}.9.0" if number % 10 < 7 else None,
        title=f"{cve(number)} in {package.partition(':')[2]}",
        cvss3_score=float(number % 11),
        published_at=NOW - timedelta(days=number % 3_000),
        images=1,
        in_scope=True,
        text=f"{number:032x}",
        mapped={},
        last_run=RUN,
    )
