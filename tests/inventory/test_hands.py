"""Several workers read for one run."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection as Sql
from sqlalchemy import func, select

from inventory.homes import connected, home
from jfrog_standin.seeding.seed import Seed
from jfrog_standin.server import Running, running
from jfrog_standin.settings import StandIn
from reedbed.inventory.connection.scope import Scope
from reedbed.inventory.run import due, working
from reedbed.inventory.run.context import Sync
from reedbed.inventory.run.listing import list_all_images, list_repositories
from reedbed.inventory.run.starting import FLOW, shapes
from reedbed.jfrog.session import JFrog
from reedbed.jobs import now_utc
from reedbed.store import runs
from reedbed.store.inventory import units
from reedbed.store.inventory.findings import FINDINGS
from reedbed.wiring.lines import line_of
from reedbed.wiring.parts import Parts
from reedbed.worker.hands import lend_hands


@pytest.fixture
async def standin() -> AsyncIterator[Running]:
    async with running(StandIn(seeded=Seed(images=100, small_kb=1, large_kb=1))) as server:
        yield server


@pytest.fixture
async def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Parts]:
    async with home(tmp_path, monkeypatch) as parts:
        yield parts


async def planned(parts: Parts, jfrog: JFrog) -> Sync:
    """Come as far in a run as its worker does before it reads."""
    run = await parts.db.write(runs.start, FLOW, owner="runner", now=now_utc(), platform="prod")
    sync = Sync(
        id=run.id,
        connection="prod",
        scope=Scope(),
        shapes=await parts.db.read(shapes, Scope()),
        started_at=run.started_at,
        jfrog=jfrog,
        db=parts.db,
        now=now_utc,
        leaving=lambda: False,
    )
    repositories = await list_repositories(sync)
    await list_all_images(sync, repositories)
    await due.mark(sync, repositories)
    await working.plan(sync)
    return sync


def findings(sql: Sql) -> int:
    return sql.execute(select(func.count()).select_from(FINDINGS)).scalar_one()


async def done(parts: Parts, run: str) -> units.Progress:
    """Wait until every unit of a run is done."""
    async with asyncio.timeout(120):
        while (progress := await parts.db.read(units.progress, run)).done < progress.units:
            await asyncio.sleep(0.1)
    return progress


async def test_a_worker_takes_the_units_of_a_run_of_another(parts: Parts, standin: Running) -> None:
    await connected(parts, standin)
    stop = asyncio.Event()
    async with line_of(parts, "prod") as jfrog:
        run = await planned(parts, jfrog)
        lending = asyncio.create_task(lend_hands(parts, stop, owner=lambda: "lender"))

        progress = await done(parts, run.id)
        stop.set()
        await lending

    assert progress.units > 1
    assert progress.counts["images"] >= 100
    assert progress.counts["found"] == await parts.db.read(findings)


async def test_a_worker_lends_no_hand_to_itself(parts: Parts, standin: Running) -> None:
    await connected(parts, standin)
    stop = asyncio.Event()
    async with line_of(parts, "prod") as jfrog:
        run = await planned(parts, jfrog)
        lending = asyncio.create_task(lend_hands(parts, stop, owner=lambda: "runner"))
        await asyncio.gather(
            working.work(run), working.work(run)
        )  # two of one worker share its units as well

        progress = await done(parts, run.id)
        stop.set()
        await lending

    assert progress.counts["found"] == await parts.db.read(findings)
