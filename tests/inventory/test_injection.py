"""Names that mean harm go through a sync, queries and every export as values: none is ever obeyed."""

import csv
import io
import json

import msgspec
import pyarrow.parquet
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from sqlalchemy import Connection, select

from flow.test_hostile import is_calm
from inventory.pond import START, Pond, pond
from inventory.streams_of import part
from inventory.teeming import EVERYTHING
from jfrog_standin.artifactory import images
from jfrog_standin.artifactory.bodies import held
from jfrog_standin.xray.scan import Hit, License, Risk, Scan, ScanCve, ScanIssue
from reedbed.cli import show
from reedbed.inventory.exports.stored import Stored
from reedbed.model.exports import Finding, Head
from reedbed.model.inventory import Coverage
from reedbed.model.query.read import read
from reedbed.model.query.tokens import View
from reedbed.sinks import comma_separated, cyclonedx, etm, json_lines, openvex, parquet, sarif
from reedbed.sinks.comma_separated import FORMULA
from reedbed.store.database import Database
from reedbed.store.inventory.assets import ASSET_TAGS, ASSETS
from reedbed.store.search import pages
from reedbed.store.search.pages import Found
from reedbed.store.search.sorting import read_sort
from sinks.rows import whole

NASTY = (
    "=cmd|' C'!A0",
    "@SUM(1+1)",
    "'; DROP TABLE assets; --",
    "x' OR '1'='1",
    "50%_",
    "50x_",
    'say "hi"',
    "[bold red]x",
    "\x1b[2Jx",
    "\u202egnp.exe",
    "a\r\nb,c",
    "NEAR(a b) AND *",
    "</script><script>alert(1)</script>",
    "${jndi:x}",
)
SHOWN = ("title", "component", "repository", "path", "fix_version")
HEAD = Head(as_of=START, version="0", query=NASTY[2])


async def test_names_that_mean_harm_stay_values_from_the_source_to_the_export(database: Database) -> None:
    async with pond(database) as place:
        _fill(place)
        await place.sync()

        for number, text in enumerate(NASTY):
            found = await _asked(place, f"finding.type:vulnerability AND software.name:{_exact(text)}")
            assert {row.vulnerability for row in found} == {f"CVE-2026-{number:04}"}, text
            assert all(is_calm(show.safe(getattr(row, name))) for row in found for name in SHOWN), text
        await _exports_are_valid(database)

        labels, properties = await database.read(_tags)
        assert len(labels) == len(properties) == len(NASTY)
        assert {text for text in NASTY if text in labels} == set(NASTY)


def _fill(place: Pond) -> None:
    """An image whose name, labels and properties, and all that Xray finds in it, are one of the texts."""
    place.scope = EVERYTHING
    place.add_repository("a-local", description=NASTY[0], configuration={"projectKey": NASTY[1]})
    storage = place.standin.platform.artifactory
    for number, text in enumerate(NASTY):
        labels = {"Labels": {text: text}}
        made = images.image([images.layer({"n": str(number).encode()})], config=labels, docker=True)
        item = images.put(storage, "a-local", f"team/app-{number}", "1.0", made)
        storage.set_properties(item, {text: (text,)})
        place.standin.platform.xray.put_scan(made.digest.removeprefix("sha256:"), _scan(number, text))


async def test_an_image_that_says_what_no_database_takes_is_read(database: Database) -> None:
    async with pond(database) as place:
        place.scope = EVERYTHING
        place.add_repository("a-local")
        config = {
            "architecture": "amd\0",
            "os": "\0",
            "config": {"Labels": {"\0": "\0", "n": "x" * 10_000}, "Cmd": ["\0"]},
            "history": [{"created_by": "RUN \0"}],
            "rootfs": {"type": "layers", "diff_ids": ["\0"]},
        }
        huge = images.sparse_layer(f"sha256:{'ab' * 32}", 10**30)
        made = images.image([huge], config=held(json.dumps(config).encode()), annotations={"\0": "\0"})
        images.put(place.standin.platform.artifactory, "a-local", "app", "1.0", made)
        place.standin.platform.xray.put_scan(made.digest.removeprefix("sha256:"), Scan())

        await place.sync()

        row = (await database.read(lambda c: c.execute(select(ASSETS).where(ASSETS.c.path == "app")).all()))[
            0
        ]
        assert row.coverage is Coverage.SCANNED
        assert row.architecture == "amd\N{REPLACEMENT CHARACTER}"
        assert row.size_bytes is None


def _scan(number: int, text: str) -> Scan:
    component = msgspec.structs.replace(part(text, License(name=text)), version=text)
    cve = ScanCve(cve=f"CVE-2026-{number:04}", cwe=(text,), cvss_v3=text)
    issue = ScanIssue(
        id=f"XRAY-{number}{text}",
        severity="High",
        summary=text,
        description=text,
        cves=(cve,),
        provider=text,
        hits=(Hit(component=component, fixed_versions=(text,)),),
    )
    risk = Risk(component_id=f"npm://{text}:1", risk=text, risk_reason=text)
    return Scan(issues=(issue,), components=(component,), risks=(risk,))


def _exact(text: str) -> str:
    return "`" + text.replace("\\", "\\\\").replace("`", "\\`") + "`"


async def _asked(place: Pond, query: str) -> list[Found]:
    node, sort = read(query, now=place.clock), read_sort(View.FINDINGS, None)
    page = await place.db.read(pages.findings, node, sort=sort)
    return page.rows


async def _exports_are_valid(db: Database) -> None:
    source = Stored(db)
    table = (await whole(comma_separated.write(source.findings(), Finding))).decode()
    cells = [cell for row in csv.reader(io.StringIO(table, newline="")) for cell in row]
    assert not [cell for cell in cells if cell.lstrip(" ").startswith(FORMULA)]
    lines = (await whole(json_lines.write(source.findings(texts=True)))).splitlines()
    number = len([json.loads(line) for line in lines])
    (run,) = json.loads(await whole(sarif.write(source, HEAD)))["runs"]
    assert len(run["results"]) == number
    bom = (await whole(cyclonedx.write(source, HEAD, vex=True))).decode()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bom) is None
    assert json.loads(await whole(openvex.write(source, HEAD, author=NASTY[0])))["statements"]
    assert json.loads(await whole(etm.write(source)))
    rows = pyarrow.parquet.read_table(io.BytesIO(await whole(parquet.write(source.findings(), Finding))))
    assert rows.num_rows == number


def _tags(connection: Connection) -> tuple[set[str], set[str]]:
    """The values that labels have, and properties."""
    tag = ASSET_TAGS.c
    labels = connection.execute(select(tag.value).where(tag.origin == "label")).scalars()
    properties = connection.execute(select(tag.value).where(tag.origin == "property")).scalars()
    return set(labels), set(properties) - {"1.0"}
