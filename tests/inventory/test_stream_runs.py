"""The streams that somebody opts into, read by the real flow from the real stand-in into both databases."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import insert, select

from inventory.pond import CONNECTION, Flaw, pond
from inventory.streams_of import (
    allow,
    choose,
    found,
    have_it_watched,
    part,
    post,
    put_scan,
    refuse,
    sync,
    tags,
)
from jfrog_standin.artifactory import packages
from jfrog_standin.xray.scan import License, Risk
from reedbed.inventory.records.tagging import TagRules
from reedbed.inventory.run.context import Mode
from reedbed.model.inventory import FindingType, Lifecycle, Status, Stream, Triage
from reedbed.store.database import Database, open_database
from reedbed.store.inventory.assets import ASSET_TAGS, ASSETS, SOFTWARE
from reedbed.store.inventory.findings import FINDINGS, TRIAGE, VIOLATIONS
from reedbed.store.inventory.streams import RUN_EVENTS, Phase

REPO = "docker-local"
GPL = License(name="GPL-3.0-only", full_name="GPL", more_info_url=())
RULES = "/xray/api/v1/ignore_rules"


@pytest.fixture
def file_database(migrated_file: Path, tmp_path: Path) -> Iterator[Database]:
    """Where the other tests show that both databases do alike, one is enough."""
    shutil.copy(migrated_file, tmp_path / "reedbed.db")
    db = open_database(f"sqlite:///{tmp_path / 'reedbed.db'}")
    yield db
    db.close()


async def test_licences_and_operational_risks_are_findings_of_the_answer_that_is_read_anyway(
    file_database: Database,
) -> None:
    async with pond(file_database) as the:
        the.add_repository(REPO)
        choose(the, Stream.LICENCES, Stream.OPERATIONAL_RISK)
        digest = the.push(REPO, "app", "1.0", "c1")
        risk = Risk(component_id="npm://old:1.0.0", risk="High", risk_reason="no release for years")
        put_scan(the, digest, Flaw(1), components=(part("old", GPL), part("other", GPL)), risks=(risk,))
        await sync(the)
        names = {key[1:] for key in await found(the, FindingType.LICENCE)}
        assert names == {("GPL-3.0-only", "~app"), ("Unknown", "~app")}  # that of the flawed component
        operational = {("docker-local/app", "operational-risk", "pkg:npm/old"): Status.NEW}
        assert await found(the, FindingType.OPERATIONAL_RISK) == operational
        asked = [entry for entry in the.standin.platform.log.entries() if "summary" in entry.path]

        choose(the, Stream.LICENCES)
        put_scan(the, digest)
        ended = await sync(the)

        assert len(asked) == 1
        assert ended[Stream.LICENCES].complete
        assert set((await found(the, FindingType.LICENCE)).values()) == {Status.FIXED}
        assert set((await found(the, FindingType.VULNERABILITY)).values()) == {Status.FIXED}
        still_open = await found(the, FindingType.OPERATIONAL_RISK)  # nobody asked for it
        assert set(still_open.values()) == {Status.NEW}


async def test_properties_labels_and_repositories_become_tags_beside_those_of_people(
    database: Database,
) -> None:
    async with pond(database) as the:
        the.add_repository(REPO, configuration={"projectKey": "pond", "environments": ["PROD"]})
        choose(the, Stream.TAGS)
        the.scope = msgspec.structs.replace(
            the.scope, tags=TagRules(deny=("docker.*", "sha256", "hidden.*"), longest_value=8)
        )
        digest = the.push(REPO, "app", "1.0", "c1")
        storage = the.standin.platform.artifactory
        item = storage.get(REPO, "app/1.0/manifest.json")
        assert item is not None
        properties = {
            "team": ("pond", "lake"),
            "hidden.x": ("y",),
            "api_token": ("s3cret",),
            "long": ("0123456789",),
            "'; DROP TABLE asset_tags; --": ("\x00%_",),
        }
        storage.set_properties(item, properties)

        await sync(the)
        mine = {"key": "team", "value": "mine", "origin": "user", "place": ""}
        asset = await database.read(
            lambda c: c.execute(select(ASSETS.c.id).where(ASSETS.c.native == digest)).scalar_one()
        )
        await database.write(lambda c: c.execute(insert(ASSET_TAGS).values(asset=asset, **mine)))
        before = await tags(the, digest)
        storage.set_properties(item, {})
        the.push(REPO, "app", "1.0", "c2")
        await sync(the)

        assert {(key, value) for origin, key, value in before if origin == "property"} == {
            ("team", "pond"),
            ("team", "lake"),
            ("api_token", "[redact…"),
            ("long", "0123456…"),
            ("'; DROP TABLE asset_tags; --", "\N{REPLACEMENT CHARACTER}%_"),
        }
        assert {("repository", "project", "pond"), ("repository", "environment", "PROD")} < before
        assert await tags(the, digest) == {("user", "team", "mine")}  # the tag leads elsewhere now


async def test_a_full_run_names_all_software_and_a_refused_export_is_a_gap(database: Database) -> None:
    async with pond(database) as the:
        the.add_repository(REPO)
        choose(the, Stream.COMPONENTS)
        digest = the.push(REPO, "app", "1.0", "c1")
        put_scan(the, digest, Flaw(1), components=(part("quiet"), part("licensed", GPL)))
        refuse(the, "*exportDetails")
        refused = await sync(the)
        names = select(SOFTWARE.c.name, SOFTWARE.c.layer, SOFTWARE.c.licences).order_by(SOFTWARE.c.name)
        told = await database.read(lambda c: c.execute(names).all())
        allow(the)
        exported = await sync(the)
        listed = await database.read(lambda c: c.execute(names).all())

        assert [row.name for row in told] == ["licensed", "moment", "quiet"]
        assert told[0].licences == ("GPL-3.0-only",)
        assert told[1].layer == f"sha256:{'ab' * 32}"
        assert (refused[Stream.COMPONENTS].complete, refused[Stream.COMPONENTS].gaps) == (False, 1)
        assert refused[Stream.VULNERABILITIES].complete
        assert [row.name for row in listed] == ["licensed", "moment", "quiet"]
        assert exported[Stream.COMPONENTS].counts["exported"] == 1


async def test_violations_are_findings_of_their_own_that_end_when_no_list_has_them(
    file_database: Database,
) -> None:
    async with pond(file_database) as the:
        the.add_repository(REPO)
        the.standin.platform.switch(violations_hang=True)
        choose(the, Stream.VIOLATIONS)
        digest = the.push(REPO, "app", "1.0", "c1", Flaw(1), Flaw(2))
        await have_it_watched(the)
        await sync(the)
        first = await found(the, FindingType.VIOLATION)
        broken = await file_database.read(lambda c: c.execute(select(VIOLATIONS)).all())
        put_scan(the, digest, Flaw(1))
        delta = await sync(the, Mode.DELTA)
        unchanged = await found(the, FindingType.VIOLATION)
        refuse(the, "/xray/api/v1/violations", 500)
        the.jfrog.patience = msgspec.structs.replace(the.jfrog.patience, attempts=1)
        failed = await sync(the)
        kept = await found(the, FindingType.VIOLATION)
        allow(the)
        await sync(the)
        last = await found(the, FindingType.VIOLATION)

        one, two = (("docker-local/app", f"CVE-2026-000{n}", "pkg:npm/moment") for n in (1, 2))
        assert first == {one: Status.NEW, two: Status.NEW}
        assert {(row.watch, row.policies) for row in broken} == {("w", ("p",))}
        assert not delta[Stream.VIOLATIONS].complete
        assert unchanged.keys() == kept.keys() == first.keys()
        assert Status.FIXED not in {*unchanged.values(), *kept.values()}
        assert failed[Stream.VIOLATIONS].phase is Phase.ERRORED
        assert failed[Stream.VULNERABILITIES].complete
        assert (last[one], last[two]) == (Status.ACTIVE, Status.FIXED)


async def test_an_ignore_rule_suppresses_until_it_is_gone_and_never_what_people_judged(
    database: Database,
) -> None:
    async with pond(database) as the:
        the.add_repository(REPO)
        choose(the, Stream.IGNORE_RULES, Stream.VIOLATIONS)
        the.push(REPO, "app", "1.0", "c1", Flaw(1), Flaw(2))
        await have_it_watched(the)
        await sync(the)
        people = FINDINGS.update().where(FINDINGS.c.vulnerability == "CVE-2026-0002")
        await database.write(lambda c: c.execute(people.values(triage=Triage.RISK_ACCEPTED)))
        cves = ["CVE-2026-0001", "CVE-2026-0002"]
        ends = (the.clock + timedelta(days=300)).isoformat()
        rule = {"notes": "not reachable", "expires_at": ends, "ignore_filters": {"cves": cves}}
        await post(the, RULES, rule)
        await sync(the)
        one = select(FINDINGS.c.status, FINDINGS.c.triage).where(FINDINGS.c.vulnerability == cves[0])
        other = select(FINDINGS.c.triage).where(FINDINGS.c.vulnerability == cves[1]).distinct()
        suppressed = await database.read(lambda c: c.execute(one).all())
        judged = await database.read(lambda c: c.execute(other).scalars().all())
        said = await database.read(lambda c: c.execute(select(TRIAGE)).all())
        refuse(the, "/xray/api/v1/ignore_rules")
        refused = await sync(the)
        still = await database.read(lambda c: c.execute(one).all())
        allow(the)
        the.standin.platform.xray.ignore_rules.clear()
        await sync(the)
        opened = await database.read(lambda c: c.execute(one).all())

        assert {row.triage for row in suppressed} == {Triage.SUPPRESSED}
        assert not any(row.status in (Status.FIXED, Status.RETIRED) for row in suppressed)
        assert judged == [Triage.RISK_ACCEPTED]
        assert {(row.note, row.author, row.origin) for row in said} == {
            ("not reachable", "admin", "ignore-rule")
        }
        assert all(row.rule and row.until for row in said)
        assert refused[Stream.IGNORE_RULES].phase is Phase.ERRORED
        assert refused[Stream.VULNERABILITIES].phase is Phase.ENDED
        assert {row.triage for row in still} == {Triage.SUPPRESSED}
        assert {row.triage for row in opened} == {Triage.OPEN}


async def test_packages_are_assets_with_findings_and_retire_when_they_are_deleted(
    database: Database,
) -> None:
    async with pond(database) as the:
        the.add_repository(REPO)
        the.add_repository("npm-local", package_type="npm")
        choose(the, Stream.PACKAGES, Stream.LICENCES)
        the.push(REPO, "app", "1.0", "c1", Flaw(1))
        storage = the.standin.platform.artifactory
        packages.add_npm(storage, "npm-local", "reed", "1.0.0")
        packages.add_npm(storage, "npm-local", "reed", "2.0.0")
        item = storage.get("npm-local", "reed/-/reed-1.0.0.tgz")
        assert item is not None
        assert item.checksums is not None
        put_scan(the, item.checksums.sha256, Flaw(7, package="reed"), components=(part("reed", GPL),))
        first = await sync(the)
        before = await found(the, FindingType.VULNERABILITY)
        storage.delete("npm-local", "reed/-/reed-1.0.0.tgz")
        await sync(the, Mode.DELTA)
        untouched = await found(the, FindingType.VULNERABILITY)
        last = await sync(the, Mode.RECONCILE)
        after = await found(the, FindingType.VULNERABILITY)
        lifecycles = await the.lifecycles()

        mine = ("npm-local/reed/-/reed-1.0.0.tgz", "CVE-2026-0007", "pkg:npm/reed")
        assert before[mine] is Status.NEW
        assert len(before) == len(after) == 2
        assert first[Stream.PACKAGES].counts["packages"] == 2
        assert untouched[mine].open
        assert after[mine] is Status.RETIRED
        assert [each for each in after.values() if each.open]  # that of the image
        licences = await found(the, FindingType.LICENCE)
        assert {key[1]: status for key, status in licences.items()}["GPL-3.0-only"] is Status.RETIRED
        assert last[Stream.PACKAGES].complete
        assert lifecycles["npm-local/reed/-/reed-1.0.0.tgz"] is Lifecycle.RETIRED
        assert lifecycles["npm-local/reed/-/reed-2.0.0.tgz"] is Lifecycle.PRESENT


async def test_repositories_say_what_they_are_for_and_what_may_not_be_seen_is_told(
    file_database: Database,
) -> None:
    async with pond(file_database) as the:
        told = {"projectKey": "pond", "notes": "of the pond", "environments": ["PROD"]}
        the.add_repository(REPO, description="Images", configuration=told)
        choose(the, Stream.TAGS)
        digest = the.push(REPO, "app", "1.0", "c1")
        await sync(the)
        tagged = await tags(the, digest)
        query = select(ASSETS).where(ASSETS.c.connection == CONNECTION, ASSETS.c.native == REPO)
        seen = await file_database.read(lambda c: c.execute(query).one())
        refuse(the, "*/api/repositories/*")
        refuse(the, "*/api/storageinfo")
        ended = await sync(the)
        kept = await file_database.read(lambda c: c.execute(query).one())
        codes = await file_database.read(lambda c: set(c.execute(select(RUN_EVENTS.c.code)).scalars()))

        assert (seen.project, seen.xray_indexed, seen.description) == ("pond", True, "Images")
        assert seen.size_bytes > 0
        assert seen.artifact_count > 0
        assert (kept.project, kept.xray_indexed, kept.size_bytes) == ("pond", True, seen.size_bytes)
        assert {("repository", "project", "pond"), ("repository", "environment", "PROD")} < tagged
        assert await tags(the, digest) == tagged
        assert ended[Stream.REPOSITORIES].phase is Phase.ENDED
        assert {"configurations-not-read", "storage-not-read"} <= codes
