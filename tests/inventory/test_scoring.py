"""Scores in the store follow what is known, and only what is other is written."""

import pytest

from inventory.stocked import Flaw, flaw_id, image_id, put, register
from reedbed.inventory.exports.stored import Stored
from reedbed.inventory.findings.score import Weights
from reedbed.inventory.findings.scoring import Rescored, rescore
from reedbed.model.inventory import Applicability
from reedbed.store.database import Database
from reedbed.store.inventory import enrichment
from reedbed.store.inventory.enrichment import Exploited, Likelihood

BAD = Flaw(cve="CVE-2026-1000", cvss=9.0)
HARMLESS = Flaw(cve="CVE-2026-1001", cvss=9.0, applicability=Applicability.NOT_APPLICABLE)


@pytest.fixture
async def db(database: Database) -> Database:
    await register(database)
    await put(database, "team/app", BAD, HARMLESS)
    await put(database, "clean")
    return database


async def _scores(db: Database) -> dict[str, float | None]:
    found = {each.id: each.score async for page in Stored(db).findings() for each in page}
    return found | {each.id: each.score async for page in Stored(db).assets() for each in page}


async def test_findings_and_assets_are_scored_and_a_clean_asset_is_not(db: Database) -> None:
    rescored = await rescore(db, Weights())

    scores = await _scores(db)
    assert scores[flaw_id("team/app", BAD)] == 90.0
    assert scores[flaw_id("team/app", HARMLESS)] == 18.0
    assert scores[image_id("team/app")] == 90.3
    assert scores[image_id("clean")] is None
    assert rescored == Rescored(findings=2, assets=1)


async def test_scoring_twice_writes_nothing(db: Database) -> None:
    await rescore(db, Weights())

    assert await rescore(db, Weights()) == Rescored()


async def test_epss_kev_and_research_raise_a_score(db: Database) -> None:
    told = Flaw(cve="CVE-2026-1002", cvss=5.0, research="Critical")
    await put(db, "team/api", told)
    await db.write(enrichment.save_epss, [Likelihood(told.cve, 0.5, 0.9)], as_of="2026-11-21")
    await db.write(enrichment.replace_kev, "cisa", [Exploited(told.cve, "2026-11-01", None)])

    await rescore(db, Weights())

    assert (await _scores(db))[flaw_id("team/api", told)] == 50.0 + 15.0 + 9.0 + 10.0


async def test_a_run_scores_what_it_saw_and_what_has_no_score_yet(db: Database) -> None:
    await rescore(db, Weights())
    await put(db, "team/api", Flaw(cve="CVE-2026-1003"))

    rescored = await rescore(db, Weights(applicable=0.5), run="another-run")

    assert rescored.findings == 1
