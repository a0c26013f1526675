"""Two versions of Xray's summary: which one is asked is settled once, and both name the same components."""

from collections.abc import AsyncIterator

import pytest

from inventory.pond import Pond, pond
from jfrog_standin.faults import Fault, Params
from jfrog_standin.xray.scan import Hit, Scan, ScanCve, ScanIssue, ScannedComponent
from reedbed.errors import Refused
from reedbed.inventory.findings.observed import observed
from reedbed.jfrog.issues import vulnerabilities
from reedbed.jfrog.summary import Answer, Findings
from reedbed.jfrog.summary_wire import Issue
from reedbed.model.inventory import Coverage
from reedbed.store.database import Database

REPO, LAYER = "docker-local", "ab" * 32
PARTS = {
    "pkg:npm/%40reed/bed": ("npm", "@reed/bed", ""),
    "pkg:npm/moment": ("npm", "moment", ""),
    "pkg:pypi/zope-interface": ("pypi", "Zope.Interface", ""),
    "pkg:golang/github.com/x/y/v2": ("go", "github.com/x/y/v2", ""),
    "pkg:maven/org.reed/bed": ("maven", "org.reed:bed", ""),
    "pkg:gem/rack": ("rubygems", "rack", ""),
    "pkg:apk/alpine/openssl": ("alpine", "openssl", "3.12"),
    "pkg:deb/debian/libc6": ("debian", "libc6", "debian:bookworm"),
    "pkg:rpm/openssl": ("rpm", "openssl", "8"),
}
V1, V2 = "/xray/api/v1/summary/artifact", "/xray/api/v2/summary/artifact"


def scan(*, layer: str) -> Scan:
    """An issue in all components, and one in each."""
    parts = [
        ScannedComponent(kind=kind, name=name, version="1.2.0", distribution=of, layer=layer)
        for kind, name, of in PARTS.values()
    ]
    hits = tuple(Hit(component=part, fixed_versions=("9.0.0",)) for part in parts)
    wide = ScanIssue(
        id="XRAY-1", severity="High", summary="Wide", cves=(ScanCve(cve="CVE-2026-1"),), hits=hits
    )
    narrow = tuple(
        ScanIssue(id=f"XRAY-{number}", severity="Low", summary="Narrow", hits=(hit,))
        for number, hit in enumerate(hits, 2)
    )
    return Scan(issues=(wide, *narrow))


@pytest.fixture
async def the(file_database: Database) -> AsyncIterator[Pond]:
    async with pond(file_database) as made:
        made.add_repository(REPO)
        yield made


def ids(answer: Answer) -> set[str]:
    texts = [""] * len(answer.vulnerabilities)
    found = observed(answer.vulnerabilities, texts, connection="pond", scope=f"{REPO}/app")
    return {each.finding for each in found}


def asked(the: Pond) -> list[str]:
    return [entry.path for entry in the.standin.platform.log.entries() if "summary" in entry.path]


@pytest.mark.parametrize("layer", [LAYER, ""])
async def test_both_versions_give_the_same_findings(the: Pond, layer: str) -> None:
    digest = the.push(REPO, "app", "1.0", "c1")
    the.standin.platform.xray.put_scan(digest.removeprefix("sha256:"), scan(layer=layer))

    [newer] = await Findings(the.jfrog).read([digest])
    the.standin.platform.switch(component_ids="bare")
    [bare] = await Findings(the.jfrog).read([digest])
    the.standin.platform.switch(summary_v2=False)
    [older] = await Findings(the.jfrog).read([digest])

    assert {record.component for record in newer.vulnerabilities} == set(PARTS)
    assert len(ids(newer)) == 2 * len(PARTS)
    assert ids(older) == ids(newer) == ids(bare)
    assert asked(the)[-3:] == [V2, V1, V2]


async def test_an_xray_without_the_newer_version_is_asked_for_it_in_the_beginning_alone(the: Pond) -> None:
    digest = the.push(REPO, "app", "1.0", "c1")
    the.standin.platform.switch(summary_v2=False)
    findings = Findings(the.jfrog)

    for _ in range(3):
        [answer] = await findings.read([digest])
        assert answer.coverage is Coverage.SCANNED

    assert asked(the) == [V2, V1, V2, V1, V1]


@pytest.mark.parametrize("skip", [0, 1])
async def test_one_404_does_not_change_the_version(the: Pond, skip: int) -> None:
    digest = the.push(REPO, "app", "1.0", "c1")
    stray = Fault(kind="status", path=V2, skip=skip, count=1, params=Params(status=404))
    the.standin.platform.faults.add(stray)
    findings = Findings(the.jfrog)

    said = [(await findings.read([digest]))[0].coverage for _ in range(3)]

    assert asked(the)[-1] == V2
    failed = {0: Coverage.SCANNED, 1: Coverage.UNAVAILABLE}[skip]
    assert said == [Coverage.SCANNED if skip else failed, failed, Coverage.SCANNED]


async def test_where_there_is_no_summary_at_all_that_is_said(the: Pond) -> None:
    gone = Fault(kind="status", path="/xray/api/*/summary/artifact", params=Params(status=404))
    the.standin.platform.faults.add(gone)

    with pytest.raises(Refused):
        await Findings(the.jfrog).read(["sha256:" + "0" * 64])


def test_a_component_whose_type_nothing_tells_has_no_version_in_its_name() -> None:
    paths = ("default/npm-local/a.tgz/moment:1.0", "default/npm-local/a.tgz/moment:2.0")

    [record] = vulnerabilities(
        [Issue(issue_id="XRAY-1", impact_path=paths)], named=("npm://six:1", "pypi://six:1")
    )

    assert record.component == "~moment"
    assert [found.version for found in record.found] == ["1.0", "2.0"]


def test_an_end_that_two_package_types_have_is_not_guessed() -> None:
    path = "default/docker-local/app/1.0/sha256__ab.tar.gz/six:1.0"

    [record] = vulnerabilities([Issue(impact_path=(path,))], named=("npm://six:1.0", "pypi://six:1.0"))

    assert record.component == "~six"
