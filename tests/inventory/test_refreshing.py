"""The daemon imports EPSS and KEV where settings say from where; what fails keeps what there was."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from inventory.homes import home
from reedbed.errors import ReedbedError
from reedbed.inventory.findings.enrich_settings import Enrich
from reedbed.inventory.findings.refreshing import Standing, feed_of, standing, wanted
from reedbed.jobs import Every, RunContext
from reedbed.metrics import Metrics
from reedbed.settings import Settings
from reedbed.wiring.jobs import enrich_jobs
from reedbed.wiring.parts import Parts
from reedbed.worker.run import Runner

SCORES = "#model_version:v1,score_date:2026-11-21T12:00:00Z\ncve,epss,percentile\nCVE-2026-1000,0.1,0.2\n"
LIST = {
    "dateReleased": "2026-11-21",
    "vulnerabilities": [{"cveID": "CVE-2026-1000", "dateAdded": "2026-11-01"}],
}
NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)


def named(parts: Parts, **enrich: object) -> Parts:
    settings = msgspec.structs.replace(parts.settings, enrich=msgspec.convert(enrich, Enrich))
    return msgspec.structs.replace(parts, settings=settings)


async def run_all(parts: Parts, *, hour: int = 0) -> list[str]:
    at = NOW + timedelta(hours=hour)
    runner = Runner(parts.db, owner="test", metrics=Metrics(), lease_s=60.0, now=lambda: at)
    return [(await runner.run(job, scheduled_at=at)).outcome.value for job in enrich_jobs(parts)]


async def standings(parts: Parts) -> dict[str, Standing]:
    found = await parts.db.read(standing, parts.settings.enrich, now=NOW + timedelta(days=1))
    return {each.name: each for each in found}


async def test_what_is_imported_again_and_again_is_what_the_settings_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with home(tmp_path, monkeypatch) as parts:
        both = named(parts, epss_url="epss.csv", kev_url="kev.json", kev_source="own", interval_s=3_600.0)
        jobs = enrich_jobs(both)

        assert enrich_jobs(parts) == []
        assert {job.name: job.schedule for job in jobs} == {
            "enrich:epss:all": Every(3_600.0),
            "enrich:kev.own:all": Every(3_600.0),
        }


async def test_a_failing_import_keeps_what_there_was_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    epss, kev = tmp_path / "epss.csv", tmp_path / "kev.json"
    epss.write_text(SCORES)
    kev.write_text(json.dumps(LIST))
    async with home(tmp_path, monkeypatch) as opened:
        parts = named(opened, epss_url=str(epss), kev_url=str(kev))
        first = await run_all(parts)
        whole = await standings(parts)
        epss.write_text("<!doctype html>")
        second = await run_all(parts, hour=1)
        broken = await standings(parts)
        epss.write_text(SCORES)
        third = await run_all(parts, hour=2)
        mended = await standings(parts)

    assert (first, second, third) == (["succeeded"] * 2, ["failed", "succeeded"], ["succeeded"] * 2)
    assert (whole["epss"].count, whole["epss"].as_of) == (1, "2026-11-21")
    assert whole["kev:cisa"].asked_at == whole["epss"].asked_at == NOW
    assert (broken["epss"].count, broken["epss"].as_of) == (1, "2026-11-21")
    assert broken["epss"].failed is not None
    assert broken["kev:cisa"].failed is None
    assert mended["epss"].failed is None


async def test_what_was_named_and_never_came_is_told_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with home(tmp_path, monkeypatch) as opened:
        parts = named(opened, epss_url=str(tmp_path / "none.csv"))
        with pytest.raises(ReedbedError):
            await enrich_jobs(parts)[0].run(RunContext(id="run", scheduled_at=NOW))
        await run_all(parts)

        only = await standings(parts)

    assert only["epss"].imported_at is None
    assert only["epss"].failed is not None


def test_nothing_is_imported_until_somebody_says_from_where() -> None:
    assert wanted(Settings().enrich) == {}
    assert feed_of("kev:cisa") == "kev.cisa"
