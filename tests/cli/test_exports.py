"""Exports, enrichment, fixes and webhooks, as a user types them, over a store that runs have filled."""

import json

import pyarrow.parquet

from cli.golden import differs, shown
from flow.household import Household
from inventory.receiving import SECRET, desk
from inventory.stocked import Flaw, put, register
from inventory.test_enrich import CATALOGUE, SCORES
from reedbed.model.inventory import Applicability, Severity
from reedbed.store.database import open_database
from reedbed.store.migrate import migrate

JSON = "--json"
HIGH = "finding.severity>=high"
TO_DESK = ("webhook", "add", "desk", "{url}", "--query", HIGH, "--allow-plain-http")

STORY: dict[str, tuple[str, ...]] = {
    "export-csv": ("export", "csv", HIGH),
    "export-wrong-query": ("export", "csv", "finding.severty>=high"),
    "export-cyclonedx": ("export", "cyclonedx", "finding.cveId:CVE-2026-1001", "--vex"),
    "export-openvex-nothing": ("export", "openvex", "finding.cveId:CVE-2020-1000", "--author", "x"),
    "export-file": ("export", "sarif", "-o", "findings.sarif"),
    "export-no-folder": ("export", "csv", "-o", "none/findings.csv"),
    "export-parquet": ("export", "parquet", "-o", "findings.parquet"),
    "fixes": ("fixes",),
    "enrich-epss": ("enrich", "epss", "epss.csv"),
    "enrich-kev-json": ("enrich", "kev", "kev.json", JSON),
    "enrich-bad": ("enrich", "kev", "epss.csv"),
    "enrich-status": ("enrich", "status"),
    "enrich-score": ("enrich", "score", "--set", "score.kev=20"),
    "fixes-json": ("fixes", HIGH, JSON),
    "webhook-http": ("webhook", "add", "desk", "http://desk.example/in"),
    "webhook-add": TO_DESK,
    "webhook-test": ("webhook", "test", "desk"),
    "webhook-list": ("webhook", "list"),
    "webhook-remove": ("webhook", "remove", "desk"),
}
"""In this order, for each goes on from what the one before has left."""

FLAWS = (
    Flaw(cve="CVE-2026-1000", severity=Severity.CRITICAL, cvss=9.8),
    Flaw(cve="CVE-2026-1001", severity=Severity.HIGH, applicability=Applicability.NOT_APPLICABLE),
    Flaw(
        cve="CVE-2026-1002",
        severity=Severity.LOW,
        cvss=None,
        component="pkg:deb/debian/openssl",
        package_type="deb",
        version="3.0.7-1",
        fixes=("3.0.8-1",),
    ),
)


async def test_every_command_over_the_inventory_prints_its_golden_file(household: Household) -> None:
    await _stock(household)

    differences = []
    async with desk() as receiver:
        for name, template in STORY.items():
            arguments = tuple(each.format(url=receiver.url) for each in template)
            finished = await household.run(*arguments, send=f"{SECRET.reveal()}\n")
            differences.append(differs(name, shown(arguments, finished, household.folder)))
            if name.endswith("-json") and finished.out:
                json.loads(finished.out)

    found = list(filter(None, differences))
    assert not found, "\n".join(found)
    assert [message["type"] for message in receiver.taken.values()] == ["ping"]
    assert (household.folder / "findings.sarif").stat().st_mode & 0o777 == 0o600
    assert len(json.loads((household.folder / "findings.sarif").read_text())["runs"][0]["results"]) == 4
    assert pyarrow.parquet.read_table(household.folder / "findings.parquet").num_rows == 4
    assert SECRET.reveal().encode() not in (household.folder / "reedbed.db").read_bytes()


async def _stock(household: Household) -> None:
    db = open_database(f"sqlite:///{household.folder / 'reedbed.db'}")
    await migrate(db)
    await register(db)
    await put(db, "team/app", *FLAWS)
    await put(db, "team/api", FLAWS[0])
    await put(db, "clean")
    db.close()
    (household.folder / "epss.csv").write_text(SCORES)
    (household.folder / "kev.json").write_text(json.dumps(CATALOGUE))
