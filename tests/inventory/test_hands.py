"""Several workers read for one run."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Connection as Sql
from sqlalchemy import func, select

from inventory.homes import connected, home
from jfrog_standin.seeding.seed import Seed
from jfrog_standin.server import Running, running
from jfrog_standin.settings import StandIn
from reedbed.inventory.run import Mode
from reedbed.inventory.working import UNIT_IMAGES, UNITS_AT_ONCE
from reedbed.jobs import Every, Outcome, now_utc
from reedbed.metrics import Metrics
from reedbed.store.inventory.findings import FINDINGS
from reedbed.store.inventory.units import UNITS
from reedbed.wiring import Parts, sync_job
from reedbed.worker.hands import lend_hands
from reedbed.worker.run import Runner

IMAGES = 2 * UNIT_IMAGES * UNITS_AT_ONCE
"""More than one worker begins at once."""

SLOW_MS = 150
"""An answer, until there is a hand: so that the run has units left when somebody looks for them."""


@pytest.fixture
async def standin() -> AsyncIterator[Running]:
    async with running(StandIn(seeded=Seed(images=IMAGES, small_kb=1, large_kb=1))) as server:
        yield server


@pytest.fixture
async def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Parts]:
    async with home(tmp_path, monkeypatch) as parts:
        yield parts


def findings(sql: Sql) -> int:
    return sql.execute(select(func.count()).select_from(FINDINGS)).scalar_one()


def has_asked(lender: Parts) -> bool:
    return b"reedbed_api_answers_total{" in lender.metrics.page()


def units(sql: Sql) -> int:
    return sql.execute(select(func.count()).select_from(UNITS)).scalar_one()


async def test_a_worker_lends_a_hand_to_a_run_of_another(parts: Parts, standin: Running) -> None:
    await connected(parts, standin)
    standin.platform.switch(latency_ms=SLOW_MS)
    lender, stop = msgspec.structs.replace(parts, metrics=Metrics()), asyncio.Event()
    lending = asyncio.create_task(lend_hands(lender, stop, owner=lambda: "lender"))
    job = sync_job(parts, "prod", schedule=Every(1e9), mode=Mode.FULL)
    running_job = asyncio.create_task(Runner(parts.db, owner="runner").run(job, scheduled_at=now_utc()))

    while not has_asked(lender) and not running_job.done():
        await asyncio.sleep(0.02)
    standin.platform.switch(latency_ms=0)
    ran = await running_job
    stop.set()
    await lending

    assert ran.outcome is Outcome.SUCCEEDED
    assert ran.counts["images"] >= IMAGES
    assert ran.counts["found"] == await parts.db.read(findings)
    assert has_asked(lender)
    assert await parts.db.read(units) == 0
