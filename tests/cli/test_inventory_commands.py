"""The inventory's lists and looks, as a user types them, over a store that runs have filled."""

import json

from sqlalchemy import Connection

from cli.golden import differs, shown
from cli.test_exports import FLAWS
from flow.household import Household
from inventory.stocked import AT, digest_of, flaw_id, put, register
from reedbed.inventory.connection.scope import DEFAULT_STREAMS
from reedbed.store import runs
from reedbed.store.database import open_database
from reedbed.store.inventory import streams
from reedbed.store.inventory.streams import Phase, RunEvent, RunStream
from reedbed.store.migrate import migrate

JSON = "--json"
SEED_ASSETS = 'inventory:(source:"JFrog")'
SEED_FINDINGS = 'findings.vendorProductname:"JFrog Artifactory & Xray"'
FLAW = flaw_id("team/app", FLAWS[0])

STORY: dict[str, tuple[str, ...]] = {
    "assets": ("assets", SEED_ASSETS),
    "images": ("images", "finding:(severity:critical AND status:active) OR asset.name:clean"),
    "images-by-what": ("images", "--group-by", "severity"),
    "repositories": ("repositories",),
    "inventory-findings": ("findings", SEED_FINDINGS),
    "inventory-findings-json": (
        "findings",
        "software:(name:lodash AND version:4.17.20)",
        "--limit",
        "1",
        JSON,
    ),
    "inventory-findings-csv": ("findings", "cve:CVE-2026-1002", "--csv"),
    "inventory-findings-by": ("findings", "--group-by", "severity"),
    "inventory-findings-sorted-by-what": ("findings", "--sort", "severty"),
    "inventory-findings-none": ("findings", "cve:CVE-1999-1"),
    "inventory-findings-wrong": ("findings", "finding.severity:hgih"),
    "components": ("components",),
    "components-by": ("components", "--group-by", "package-type", "--csv"),
    "coverage": ("coverage",),
    "coverage-csv": ("coverage", "--csv"),
    "connection-runs": ("runs", "prod"),
    "connection-runs-by": ("runs", "--group-by", "state", JSON),
    "sync-status-explained": ("sync", "status", "prod"),
    "sync-retry-nothing": ("sync", "retry", "prod"),
    "finding": ("finding", "show", FLAW),
    "finding-json": ("finding", FLAW, JSON),
    "finding-none": ("finding", "show", "rbf1:none"),
    "image-json": ("image", digest_of("clean"), JSON),
    "image-clean": ("image", digest_of("clean")),
    "image-none": ("image", "docker-local/none:latest"),
    "query-explain": ("query", "explain", "severity>=high AND NOT applicability:not_applicable"),
    "query-tokens": ("query", "tokens", "container.lay"),
    "query-complete": ("query", "complete", "severity:"),
}


async def test_every_list_and_look_prints_its_golden_file(household: Household) -> None:
    await _stock(household)

    differences = []
    for name, arguments in STORY.items():
        finished = await household.run(*arguments)
        differences.append(differs(name, shown(arguments, finished, household.folder)))
        if name.endswith("-json") and finished.out:
            json.loads(finished.out)

    found = list(filter(None, differences))
    assert not found, "\n".join(found)


async def _stock(household: Household) -> None:
    db = open_database(f"sqlite:///{household.folder / 'reedbed.db'}")
    await migrate(db)
    await register(db)
    await put(db, "team/app", *FLAWS)
    await put(db, "team/api", FLAWS[0])
    await put(db, "clean")
    await db.write(_run)
    db.close()


def _run(connection: Connection) -> None:
    """Leave a run that ended well, with an image without an answer, and a look at the other two."""
    run = runs.start(connection, "sync", owner="test", now=AT, platform="prod")
    for stream in DEFAULT_STREAMS:
        streams.save(
            connection,
            RunStream(
                run=run.id,
                stream=stream,
                phase=Phase.ENDED,
                counts={"read": 3},
                watermark=None,
                complete=True,
                gaps=0,
                error=None,
                changed_at=AT,
            ),
        )
    event = RunEvent(at=AT, level="warning", code="row-failed", item="row 3", message="it is no number")
    streams.tell(connection, run.id, [event])
    runs.finish(connection, run.id, runs.State.DONE, now=AT, counts={"images": 3})
