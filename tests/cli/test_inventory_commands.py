"""The inventory's lists and looks, as a user types them, over a store that runs have filled."""

import json

from cli.golden import differs, shown
from cli.test_exports import FLAWS
from flow.household import Household
from inventory.stocked import digest_of, flaw_id, put, register
from reedbed.store.database import open_database
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
    "coverage": ("coverage",),
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
    db.close()
