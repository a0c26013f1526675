"""What a run leaves behind for people: scores, base images, fixes, and exports by the connection's maps."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as SarifLog

from inventory.homes import connected, home
from jfrog_standin.artifactory import images
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.seeding.seed import Seed
from jfrog_standin.server import Running, running
from jfrog_standin.settings import StandIn
from reedbed.inventory.exports.stored import Stored
from reedbed.inventory.findings.fixing import fixes
from reedbed.inventory.run.context import Mode
from reedbed.inventory.run.replay import replay
from reedbed.jobs import Every, Outcome, now_utc
from reedbed.model.exports import Asset, Finding, Head
from reedbed.sinks import cyclonedx, etm, openvex, sarif
from reedbed.wiring.jobs import sync_job
from reedbed.wiring.parts import Parts
from reedbed.worker.run import Runner
from sinks.openvex_rules import faults
from sinks.rows import whole
from sinks.test_etm import strangers

HEAD = Head(as_of=datetime(2026, 11, 22, tzinfo=UTC), version="0")


@pytest.fixture
async def standin() -> AsyncIterator[Running]:
    async with running(StandIn(seeded=Seed(images=30, small_kb=1, large_kb=1))) as server:
        artifactory = server.platform.artifactory
        artifactory.add(Repository(key="teams", package_type="docker", xray_index=True))
        below, above = (images.layer({name: b"content"}) for name in ("base", "app"))
        images.put(artifactory, "teams", "base", "1", images.image([below], docker=True))
        images.put(artifactory, "teams", "app", "1", images.image([below, above], docker=True))
        yield server


@pytest.fixture
async def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, standin: Running) -> AsyncIterator[Parts]:
    """A home whose one connection has run once."""
    async with home(tmp_path, monkeypatch) as parts:
        await connected(parts, standin)
        job = sync_job(parts, "prod", schedule=Every(1e9), mode=Mode.FULL)
        ran = await Runner(parts.db, owner="test").run(job, scheduled_at=now_utc())
        assert ran.outcome is Outcome.SUCCEEDED
        yield parts


async def _findings(source: Stored) -> list[Finding]:
    return [each async for page in source.findings(texts=True) for each in page]


async def _assets(source: Stored) -> list[Asset]:
    return [each async for page in source.assets() for each in page]


async def test_findings_have_scores_images_their_bases_and_upgrades_their_effect(parts: Parts) -> None:
    source = Stored(parts.db)

    findings, assets = await _findings(source), await _assets(source)
    ranked = await fixes(parts.db, limit=10_000)

    assert findings
    assert all(finding.score is not None and finding.advisory.summary for finding in findings)
    affected = {place.asset for finding in findings for place in finding.places}
    assert {asset.id for asset in assets if asset.score is not None} == affected
    assert {asset.name: asset.base_image for asset in assets}["teams/app:1"] == "teams/base:1"
    assert ranked == sorted(ranked, key=lambda fix: -fix.findings)
    assert all(0 < fix.findings <= len(findings) and fix.images for fix in ranked)


async def test_every_document_of_a_whole_platform_is_valid(parts: Parts) -> None:
    source = Stored(parts.db)

    bom = (await whole(cyclonedx.write(source, HEAD, vex=True))).decode()
    log = await whole(sarif.write(source, HEAD))
    statements = json.loads(await whole(openvex.write(source, HEAD, author="security@example.com")))
    shaped = json.loads(await whole(etm.write(source)))

    findings = await _findings(source)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bom) is None
    assert len(json.loads(bom)["vulnerabilities"]) == len(findings)
    SarifLog.model_validate_json(log)
    assert len(json.loads(log)["runs"][0]["results"]) == len(findings)
    assert faults(statements) == []
    assert strangers(shaped) == set()
    ids = [f["externalFindingId"] for a in shaped for f in a.get("findingGroup", {}).get("findings", [])]
    assert len(ids) == len(set(ids)) == sum(len({p.asset for p in f.places}) for f in findings)
    named = [f for a in shaped for f in a.get("findingGroup", {}).get("findings", [])]
    assert all({"name", "severity", "firstFoundOn", "description"} <= set(each) for each in named)
    assert all("/ui/repos/tree/General/" in each["findingDetectionURL"] for each in named)
    assert all(each["attributes"]["jfrog_impactPath"] for each in named)
    mended = [each["attributes"].get("jfrog_fixedVersions") for each in named]
    assert any(mended)
    for fixed, each in zip(mended, named, strict=True):
        assert all(version in each["solutionRecommendation"] for version in fixed or ())
    assert (await replay(parts.db, "prod")).assets == 0
