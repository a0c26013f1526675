"""Answers that an Xray has given land, are read back and become findings, and nothing of them is lost."""

from collections import Counter
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Connection

from inventory.pond import CONNECTION, Pond, pond
from reedbed.inventory.findings.observed import observed, vulnerability_key
from reedbed.inventory.findings.reconcile import reconcile
from reedbed.inventory.records.landing import IMAGE, landing_of, landing_of_scan, scan_of, text_of
from reedbed.jfrog.issues import vulnerabilities
from reedbed.jfrog.summary_wire import Issue, Summaries
from reedbed.model.identity import asset_id
from reedbed.model.inventory import AssetClass, FindingType
from reedbed.model.records import ImageRecord, ScanRecord
from reedbed.store.database import Database
from reedbed.store.inventory import landed
from reedbed.store.inventory.scopes import Scope

REAL = sorted((Path(__file__).parents[3] / "shared/data/xray").glob("*.json"))
LAYER = "sha256__" + "ab" * 32 + ".tar.gz"
WRITTEN = {
    "artifacts": [
        {
            "general": {"path": "default/docker-local/team/app/1.0/", "sha256": "cd" * 32},
            "issues": [
                {  # of an age without ids
                    "summary": "An overflow",
                    "severity": "Unknown",
                    "created": "2021-01-02T03:04:05Z",
                    "cves": [{"cvss_v2": "9.3/AV:N/AC:M", "cvss_v3": "5.9"}],
                    "impact_path": [f"default/docker-local/team/app/1.0/{LAYER}/3.12:openssl:1.1.1k-r0"],
                },
                {
                    "issue_id": "XRAY-7",
                    "summary": "Two at once",
                    "severity": "High",
                    "cves": [{"cve": "CVE-2026-7", "cwe": ["CWE-79"]}, {"cve": "CVE-2026-8"}],
                    "impact_path": [
                        f"default/docker-local/team/app/1.0/{LAYER}/3.12:busybox:1.31",
                        f"default/docker-local/team/app/1.0/{LAYER}/3.12:busybox-extras:1.31",
                    ],
                },
                {
                    "issue_id": "XRAY-8",
                    "summary": "Nowhere",
                    "severity": "Low",
                    "cves": [{"cve": "CVE-2026-9"}],
                },
            ],
        }
    ]
}
ANSWERS = {"written": msgspec.json.encode(WRITTEN), **{file.stem: file.read_bytes() for file in REAL}}
SCOPE = Scope(CONNECTION, "docker-local", "team/app")


def issues_of(body: bytes) -> list[Issue]:
    artifacts = msgspec.json.decode(body, type=Summaries).artifacts or ()
    return [issue for artifact in artifacts for issue in artifact.issues or ()]


@pytest.mark.parametrize("name", ANSWERS)
def test_every_cve_and_every_path_of_an_answer_is_in_its_records(name: str) -> None:
    issues = issues_of(ANSWERS[name])

    records = vulnerabilities(issues)

    told = {cve.cve for issue in issues for cve in issue.cves or () if cve.cve}
    assert {record.cve for record in records if record.cve} == told
    assert {record.summary for record in records} == {issue.summary or "" for issue in issues}
    paths = Counter(path for issue in issues for path in issue.impact_path or ())
    kept = Counter(path for record in records for path in record.impact_path)
    assert set(kept) == set(paths)
    assert all(record.component and record.found for record in records)


@pytest.mark.parametrize("name", ANSWERS)
async def test_an_answer_lands_and_becomes_findings_without_loss(name: str, database: Database) -> None:
    records = vulnerabilities(issues_of(ANSWERS[name]))
    async with pond(database) as place:
        place.add_repository("docker-local")
        asset = asset_id(CONNECTION, AssetClass.IMAGE, place.push("docker-local", "team/app", "1.0", "a"))
        await place.sync()
        scan = ScanRecord(image=ImageRecord(image_name="team/app"), vulnerabilities=records)

        back = await database.write(_landed_and_back, scan, place)
        first = await database.write(_reconciled, scan, asset, place)
        again = await database.write(_reconciled, scan, asset, place)

        assert back == scan
        found = await place.findings()
        told = {(vulnerability_key(record), record.component) for record in records}
        assert {(key[1], key[2]) for key in found} == told
        versions = {(*key[1:], version) for key, each in found.items() for _, version in each.places}
        assert versions == {
            (vulnerability_key(record), record.component, of.version or "")
            for record in records
            for of in record.found
        }
        assert (first, again) == ((len(told), 0), (0, 0))


def _landed_and_back(connection: Connection, scan: ScanRecord, place: Pond) -> ScanRecord:
    texts = [text_of(each) for each in scan.vulnerabilities]
    image = landing_of(IMAGE, "x", scan.image)
    whole = landing_of_scan("x", scan, [digest for digest, _ in texts])
    landed.save_texts(connection, dict(texts))
    landed.land(connection, CONNECTION, [image, whole], run="r", now=place.clock)
    [image_body] = landed.newest(connection, CONNECTION, IMAGE, ["x"]).values()
    [body] = landed.newest(connection, CONNECTION, whole.model, ["x"]).values()
    return scan_of(body, image_body, landed.texts(connection, dict(texts)))


def _reconciled(connection: Connection, scan: ScanRecord, asset: str, place: Pond) -> tuple[int, int]:
    """Take the answer in; give how many findings are new, and how many changed."""
    texts = [text_of(each)[0] for each in scan.vulnerabilities]
    of = f"{SCOPE.repository}/{SCOPE.path}"
    answer = {asset: observed(scan.vulnerabilities, texts, connection=CONNECTION, scope=of)}
    types = frozenset({FindingType.VULNERABILITY})
    now = place.clock
    counts = reconcile(connection, SCOPE, answer, types=types, run="r", began=now, now=now)
    return counts.found, counts.changed
