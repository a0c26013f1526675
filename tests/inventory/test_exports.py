"""What exports draw from the store: everything once, alike from both databases, a page at a time."""

import csv
import io
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from databases import Cluster
from inventory.stocked import Flaw, digest_of, flaw_id, image_id, put, register
from reedbed.inventory.exports.stored import Stored
from reedbed.model.exports import Asset, Finding, Head
from reedbed.model.inventory import Severity
from reedbed.sinks import comma_separated, cyclonedx, etm, json_lines, openvex, parquet, sarif
from reedbed.store.database import Database, open_database
from reedbed.store.inventory import enrichment
from reedbed.store.inventory.enrichment import Exploited, Likelihood
from sinks.rows import HOSTILE, whole

HEAD = Head(as_of=datetime(2026, 11, 22, tzinfo=UTC), version="0", query="")
FLAWS = [Flaw(cve=f"CVE-2026-{1000 + n}", severity=Severity(n % 6)) for n in range(7)]


@pytest.fixture
async def db(database: Database) -> Database:
    await _stock(database)
    return database


async def _stock(db: Database) -> None:
    await register(db)
    await put(db, "team/app", *FLAWS)
    await put(db, "team/api", *FLAWS[:3])
    await put(db, "clean")


async def test_every_finding_comes_once_whatever_the_pages_are(db: Database) -> None:
    pages = [page async for page in Stored(db, page=2).findings(texts=True)]

    found = [(each.vulnerability, each.path) for page in pages for each in page]
    assert sorted(found) == sorted(
        [(flaw.cve, "team/app") for flaw in FLAWS] + [(flaw.cve, "team/api") for flaw in FLAWS[:3]]
    )
    assert [cve for cve, _ in found] == sorted(cve for cve, _ in found)
    assert all(each.advisory.summary == "Something is wrong." for page in pages for each in page)
    assert max(map(len, pages)) == 2


async def test_assets_have_their_own_findings_and_the_clean_one_is_there_too(db: Database) -> None:
    rows = [asset async for page in Stored(db, detailed_page=1).assets(details=True) for asset in page]

    by_path = {asset.path: asset for asset in rows}
    assert {path: len(asset.findings) for path, asset in by_path.items()} == {
        "team/app": 7,
        "team/api": 3,
        "clean": 0,
    }
    places = [place for finding in by_path["team/api"].findings for place in finding.places]
    assert {place.digest for place in places} == {digest_of("team/api")}


async def test_what_others_know_about_a_cve_is_joined_as_it_is_now(db: Database) -> None:
    await db.write(enrichment.save_epss, [Likelihood("CVE-2026-1000", 0.5, 0.9)], as_of="2026-11-21")
    await db.write(enrichment.replace_kev, "cisa", [Exploited("CVE-2026-1000", "2026-11-01", None)])

    [first, *_] = [each async for page in Stored(db).findings() for each in page]

    assert (first.epss, first.epss_percentile, first.epss_as_of) == (0.5, 0.9, "2026-11-21")
    assert (first.kev_added, first.kev_due) == ("2026-11-01", None)


async def test_both_databases_give_the_same_bytes(
    tmp_path: Path, migrated_file: Path, cluster: Cluster, migrated: str
) -> None:
    shutil.copy(migrated_file, tmp_path / "reedbed.db")
    name = cluster.make(migrated)
    made = [await _all_formats(url) for url in (f"sqlite:///{tmp_path / 'reedbed.db'}", cluster.url(name))]
    cluster.remove(name)

    assert made[0] == made[1]


async def _all_formats(url: str) -> list[bytes]:
    db = open_database(url)
    await _stock(db)
    source = Stored(db)
    made = [
        await whole(comma_separated.write(source.findings(), Finding)),
        await whole(json_lines.write(source.findings(texts=True))),
        await whole(sarif.write(source, HEAD)),
        await whole(cyclonedx.write(source, HEAD, vex=True)),
        await whole(openvex.write(source, HEAD, author="x")),
        await whole(etm.write(source)),
        await whole(parquet.write(source.assets(), Asset)),
    ]
    db.close()
    return made


async def test_hostile_names_come_through_the_store_into_valid_documents(database: Database) -> None:
    await register(database)
    for number, text in enumerate(HOSTILE):
        flaw = Flaw(cve=f"CVE-2026-{3000 + number}", component=f"pkg:npm/{text}", summary=text)
        await put(database, f"{number}/{text}", flaw, name=text)

    source = Stored(database)
    table = (await whole(comma_separated.write(source.findings(), Finding))).decode()
    document = (await whole(cyclonedx.write(source, HEAD, vex=False))).decode()

    assert len(list(csv.reader(io.StringIO(table, newline="")))) == len(HOSTILE) + 1
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(document) is None
    assert len(json.loads(document)["vulnerabilities"]) == len(HOSTILE)


async def test_an_etm_document_has_an_id_for_each_finding_in_each_image(db: Database) -> None:
    read = json.loads(await whole(etm.write(Stored(db))))

    by_id = {each["asset"]["assetHeader"]["externalAssetId"]: each for each in read}
    findings = by_id[image_id("team/api")]["findingGroup"]["findings"]
    assert {each["externalFindingId"].rpartition(":")[0] for each in findings} == {
        flaw_id("team/api", flaw) for flaw in FLAWS[:3]
    }
    assert "findingGroup" not in by_id[image_id("clean")]
