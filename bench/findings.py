"""A million findings, and the twelve questions that people ask of them: the first page of each, and how long.

On SQLite and, where a server's programs are to be found, on PostgreSQL. `BENCH_FINDINGS` makes it smaller.
"""

import importlib
import os
import random
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from bench.figure import Figure, Remark
from bench.inventory_rows import COMPONENTS, CVES, NOW, TONGUE, Sized, component, cve, fill
from reedbed.inventory.exports.stored import PAGE
from reedbed.model.query.read import read
from reedbed.model.query.tokens import View
from reedbed.store.database import Database, open_database
from reedbed.store.inventory import exports
from reedbed.store.migrate import migrate
from reedbed.store.search import pages
from reedbed.store.search.drivers import narrowed
from reedbed.store.search.groups import groups
from reedbed.store.search.sorting import place, read_sort

TIMES = 20
TARGET_MS = 100
ORDER = read_sort(View.FINDINGS, None)

Ask = Callable[[random.Random], Callable[[Connection], Any]]


def _first(template: str) -> Ask:
    """Ask for the first page of a query; each time about something else."""

    def ask(draw: random.Random) -> Callable[[Connection], Any]:
        text = template.format(
            cve=cve(draw.randrange(CVES)),
            component=component(draw.randrange(COMPONENTS)).rpartition("/")[2],
            team=draw.randrange(17),
            path=draw.randrange(100),
            repository=draw.randrange(20),
            word=draw.choice(TONGUE),
        )
        node = read(text, now=NOW)
        return lambda connection: pages.findings(connection, node, sort=ORDER)

    return ask


def _deep(draw: random.Random) -> Callable[[Connection], Any]:
    after = place(ORDER, draw.choice((2, 3)), f"rbf1:{draw.choice('dhlptx')}")
    node = read("", now=NOW)
    return lambda connection: pages.findings(connection, node, sort=ORDER, after=after)


def _facet(draw: random.Random) -> Callable[[Connection], Any]:
    by = draw.choice(("severity", "status", "repository"))
    node = read("", now=NOW)
    return lambda connection: groups(connection, node, View.FINDINGS, by)


def _export(draw: random.Random) -> Callable[[Connection], Any]:
    node = read(f'repository.key:"docker-{draw.randrange(20)}"', now=NOW)
    return lambda connection: exports.findings(
        connection, narrowed(connection, node, walking=True), limit=PAGE
    )


QUESTIONS: dict[str, Ask] = {
    "severity": _first("finding.severity:critical AND finding.isFound:true"),
    "cve": _first("finding.cveId:{cve}"),
    "component": _first('software.name:"{component}"'),
    "image": _first('container.name:"team-{team}/app-{path}"'),
    "repository": _first('repository.key:"docker-{repository}" AND finding.severity>=high'),
    "fix": _first("finding.isPatchAvailable:true AND finding.severity:high AND finding.status:active"),
    "free-text": _first("{word}"),
    "nested-group": _first('software:(name:"{component}" AND version:"1.2.1")'),
    "facet": _facet,
    "first-page": _first(""),
    "deep-page": _deep,
    "export-page": _export,
}


async def measure() -> AsyncIterator[Figure | Remark]:
    many = int(os.environ.get("BENCH_FINDINGS", "1000000"))
    sized = Sized(repositories=max(1, many // 50_000))
    with tempfile.TemporaryDirectory(prefix="reedbed-bench-") as folder:
        async for each in _on(f"sqlite:///{folder}/reedbed.db", "sqlite", sized, target=TARGET_MS):
            yield each
    cluster = _cluster()
    if cluster is None:
        yield "no PostgreSQL server's programs are here: measured on SQLite alone"
        return
    with cluster as url:
        async for each in _on(url, "postgresql", sized, target=None):
            yield each


async def _on(url: str, name: str, sized: Sized, *, target: float | None) -> AsyncIterator[Figure | Remark]:
    db = open_database(url)
    try:
        await migrate(db)
        began = time.perf_counter()
        await fill(db, sized)
        yield f"{sized.total:,} findings in {name}, written in {time.perf_counter() - began:.0f} s"
        for question, ask in QUESTIONS.items():
            taken = await _taken(db, ask)
            slowest = taken[round(0.95 * (len(taken) - 1))]
            yield Figure(name=f"findings.{name}.{question}.p50", value=taken[len(taken) // 2], unit="ms")
            yield Figure(name=f"findings.{name}.{question}.p95", value=slowest, unit="ms", target=target)
    finally:
        db.close()


async def _taken(db: Database, ask: Ask) -> list[float]:
    """Ask again and again, each time about something else; give the milliseconds, in order."""
    draw, taken = random.Random(7), []
    await db.read(ask(draw))
    for _ in range(TIMES):
        do = ask(draw)
        began = time.perf_counter()
        await db.read(do)
        taken.append(1e3 * (time.perf_counter() - began))
    return sorted(taken)


def _cluster() -> Any:
    """Find what starts a PostgreSQL server: the tests have it."""
    if not (shutil.which("initdb") or sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))):
        return None
    tests = importlib.import_module("tests.databases")

    @contextmanager
    def served() -> Any:
        folder = Path(tempfile.mkdtemp(prefix="reedbed-pg-"))
        folder.chmod(0o755)
        cluster = tests.Cluster(folder)
        try:
            cluster.start()
            yield cluster.url(cluster.make("template0"))
        finally:
            cluster.stop()
            shutil.rmtree(folder, ignore_errors=True)

    return served()
