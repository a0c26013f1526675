"""Summaries: what is told of an artifact, what is not, and how a batch goes wrong."""

import asyncio
from typing import Any

import pytest

from jfrog_standin.access import User
from jfrog_standin.artifactory import images, packages
from jfrog_standin.artifactory.oci import Target
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.permissions import Grant
from jfrog_standin.server import Running
from jfrog_standin.xray.scan import Scan, ScanCve, ScanStatus
from standin.conftest import Client
from standin.scans import MOMENT, OPENSSL, SHELL, issue, put_image

V1, V2 = "/xray/api/v1/summary/artifact", "/xray/api/v2/summary/artifact"
UNKNOWN = "Artifact doesn't exist or not indexed/cached in Xray"


async def one(ask: Client, sha256: str, path: str = V2) -> dict[str, Any]:
    answer = await ask("POST", path, json={"checksums": [sha256]})
    assert answer.status == 200, answer.text
    return dict(answer.json["artifacts"][0])


async def test_an_image_is_told_about_by_path_and_by_checksum(standin: Running, ask: Client) -> None:
    sha256 = put_image(standin, "1.0", Scan(issues=(issue(),)))

    by_path = await ask("POST", V2, json={"paths": ["default/docker-local/team/app/1.0/manifest.json"]})
    by_checksum = await ask("POST", V2, json={"checksums": [sha256]})

    assert by_path.json == by_checksum.json
    assert by_path.json["artifacts"][0]["general"] == {
        "name": "team/app:1.0",
        "component_id": "team/app:1.0",
        "pkg_type": "Docker",
        "path": "default/docker-local/team/app/1.0/",
        "sha256": sha256,
    }
    assert "errors" not in by_path.json


async def test_the_second_version_tells_of_components_and_fixes(standin: Running, ask: Client) -> None:
    sha256 = put_image(standin, "1.0", Scan(issues=(issue(),)))

    new, old = await one(ask, sha256, V2), await one(ask, sha256, V1)

    found = new["issues"][0]
    assert found["components"] == [
        {
            "component_id": "npm://moment:2.29.3",
            "version": "2.29.3",
            "pkg_type": "npm",
            "fixed_versions": ["2.29.4"],
        }
    ]
    assert found["applicability_details"][0]["result"] == "not_applicable"
    assert found["impact_path"] == [
        f"default/docker-local/team/app/1.0/sha256__{MOMENT.layer}.tar.gz/moment:2.29.3"
    ]
    assert "components" not in old["issues"][0]


async def test_impact_paths_change_their_order_from_call_to_call(standin: Running, ask: Client) -> None:
    sha256 = put_image(standin, "1.0", Scan(issues=(issue(1, OPENSSL, SHELL),)))

    orders = {tuple((await one(ask, sha256))["issues"][0]["impact_path"]) for _ in range(3)}
    standin.platform.switch(summary_shuffles=False)
    still = {tuple((await one(ask, sha256))["issues"][0]["impact_path"]) for _ in range(3)}

    assert len(orders) == 2
    assert len({frozenset(order) for order in orders}) == 1
    assert len(still) == 1


async def test_odd_issues_are_shown_as_they_are(standin: Running, ask: Client) -> None:
    bare = issue(1, cves=(ScanCve(cve="CVE-2026-1", cvss_v3="5.9"),))
    nameless = issue(2, cves=(ScanCve(cvss_v2="9.3/AV:N/AC:M/Au:N/C:C/I:C/A:C"),))
    many = issue(3, cves=tuple(ScanCve(cve=f"CVE-2026-{number}") for number in range(26)))
    sha256 = put_image(standin, "1.0", Scan(issues=(bare, nameless, many)))

    found = (await one(ask, sha256))["issues"]

    assert found[0]["cves"] == [{"cve": "CVE-2026-1", "cvss_v3": "5.9"}]
    assert found[1]["cves"] == [{"cvss_v2": "9.3/AV:N/AC:M/Au:N/C:C/I:C/A:C"}]
    assert len(found[2]["cves"]) == 26


@pytest.mark.parametrize("status", ["PENDING", "FAILED", "NOT_SCANNED", "EXPIRED", "NOT_SUPPORTED"])
async def test_what_was_not_scanned_is_an_error_and_not_clean(
    standin: Running, ask: Client, status: ScanStatus
) -> None:
    sha256 = put_image(standin, "1.0", Scan(status=status))

    answer = await ask("POST", V2, json={"checksums": [sha256]})

    assert answer.json == {"artifacts": [], "errors": [{"identifier": sha256, "error": UNKNOWN}]}


async def test_a_pending_artifact_may_be_left_out_or_look_clean(standin: Running, ask: Client) -> None:
    sha256 = put_image(standin, "1.0", Scan(status="PENDING", issues=(issue(),)))

    standin.platform.switch(summary_pending="missing")
    missing = await ask("POST", V2, json={"checksums": [sha256]})
    standin.platform.switch(summary_pending="empty")
    empty = await one(ask, sha256)

    assert missing.json == {"artifacts": []}
    assert empty["issues"] == []


async def test_nothing_is_known_of_what_is_not_indexed_or_not_there(standin: Running, ask: Client) -> None:
    standin.platform.artifactory.add(Repository(key="sandbox", package_type="docker"))
    put_image(standin, "1.0", Scan(issues=(issue(),)), repo="sandbox")
    paths = [
        "default/sandbox/team/app/1.0/manifest.json",
        "default/docker-local/gone/1/manifest.json",
        "docker-local/team/app/1.0/manifest.json",  # does not begin with the id of the Artifactory
    ]

    answer = await ask("POST", V2, json={"paths": paths})

    assert [error["identifier"] for error in answer.json["errors"]] == paths


async def test_who_may_not_read_a_repository_is_told_nothing_about_it(standin: Running, ask: Client) -> None:
    sha256 = put_image(standin, "1.0", Scan(issues=(issue(),)))
    grant = Grant(repo="other-*")
    standin.platform.access.add_user(User(name="alice", password="secret", grants=(grant,)))

    answer = await ask("POST", V2, basic=("alice", "secret"), json={"checksums": [sha256]})

    assert answer.json["artifacts"] == []


async def test_a_poisoned_item_spoils_its_batch_and_no_other(standin: Running, ask: Client) -> None:
    bad, good = put_image(standin, "1.0"), put_image(standin, "2.0")
    standin.platform.switch(poisoned=[bad], poison="504")

    together = await ask("POST", V2, json={"checksums": [good, bad]})
    alone = await ask("POST", V2, json={"checksums": [good]})

    assert (together.status, alone.status) == (504, 200)


async def test_an_older_xray_has_no_second_version(standin: Running, ask: Client) -> None:
    sha256 = put_image(standin, "1.0")
    standin.platform.switch(summary_v2=False, login_page=False)

    assert (await ask("POST", V2, json={"checksums": [sha256]})).status == 404
    assert (await ask("POST", V1, json={"checksums": [sha256]})).status == 200


async def test_a_custom_issue_stands_in_the_summary_of_its_package(standin: Running, ask: Client) -> None:
    standin.platform.artifactory.add(Repository(key="npm-local", package_type="npm", xray_index=True))
    packages.add_npm(standin.platform.artifactory, "npm-local", "left-pad-evil", "1.0.0")
    body = {
        "id": "demo-1", "type": "Security", "provider": "demo", "package_type": "npm", "severity": "Critical",
        "components": [{"id": "left-pad-evil", "vulnerable_versions": ["[1.0.0]"]}],
    }  # fmt: skip
    await ask("POST", "/xray/api/v1/events", json=body)

    path = "default/npm-local/left-pad-evil/-/left-pad-evil-1.0.0.tgz"
    answer = await ask("POST", V2, json={"paths": [path]})

    assert [found["issue_id"] for found in answer.json["artifacts"][0]["issues"]] == ["demo-1"]


async def test_a_scan_is_said_by_the_control_api_too(standin: Running, ask: Client) -> None:
    sha256 = put_image(standin, "1.0")
    scan = {"issues": [{"id": "XRAY-7", "severity": "Low", "summary": "Flaw"}]}

    said = await ask.control("PUT", f"/scans/{sha256}", json=scan)
    found = await one(ask, sha256)

    assert said.status == 204
    assert [entry["issue_id"] for entry in found["issues"]] == ["XRAY-7"]


async def test_the_status_tells_apart_what_a_summary_does_not(standin: Running, ask: Client) -> None:
    put_image(standin, "1.0", Scan(status="PENDING"))
    place = {"repo": "docker-local", "path": "team/app/1.0/manifest.json"}

    pending = await ask("POST", "/xray/api/v1/artifact/status", json=place)
    unknown = await ask("POST", "/xray/api/v1/artifact/status", json=place | {"path": "nothing"})
    asked = {"artifacts": [{"repository": place["repo"], "path": place["path"]}]}
    await ask("POST", "/xray/api/v1/forceReindex", json=asked)
    done = await ask("POST", "/xray/api/v1/artifact/status", json=place)

    assert pending.json["overall"]["status"] == "PENDING"
    assert unknown.status == 404
    assert done.json["details"]["sca"]["status"] == "DONE"


async def test_an_index_may_have_the_summaries_of_its_images(standin: Running, ask: Client) -> None:
    put_image(standin, "0.1")
    parts = [images.image(platform=Target(architecture=arch, os="linux")) for arch in ("amd64", "arm64")]
    images.put(standin.platform.artifactory, "docker-local", "team/app", "1.0", images.index(parts))
    index = {"paths": ["default/docker-local/team/app/1.0/list.manifest.json"]}

    without = await ask("POST", V2, json=index)
    standin.platform.switch(summary_index=True)
    with_it = await ask("POST", V2, json=index)

    assert without.json["artifacts"] == []
    told = [artifact["general"]["sha256"] for artifact in with_it.json["artifacts"]]
    assert told == [part.digest.removeprefix("sha256:") for part in parts]


async def test_ids_and_fixes_have_the_form_that_is_switched_on(standin: Running, ask: Client) -> None:
    sha256 = put_image(standin, "1.0", Scan(issues=(issue(1, OPENSSL),)))
    standin.platform.switch(component_ids="bare", bracketed_fixes=True)

    (component,) = (await one(ask, sha256))["issues"][0]["components"]

    assert component["component_id"] == "3.12:libssl:1.1.1k-r0"
    assert component["fixed_versions"] == ["[2.29.4]"]


async def test_a_component_is_asked_about_by_its_id(ask: Client) -> None:
    body = {
        "id": "demo-1", "type": "Security", "provider": "demo", "package_type": "npm", "severity": "Critical",
        "components": [{"id": "left-pad-evil", "vulnerable_versions": ["[1.0.0]"]}],
    }  # fmt: skip
    await ask("POST", "/xray/api/v1/events", json=body)
    asked = [{"component_id": "npm://left-pad-evil:1.0.0"}, {"component_id": "nothing"}]

    answer = await ask("POST", "/xray/api/v1/summary/component", json={"component_details": asked})

    assert answer.json["artifacts"][0]["issues"][0]["issue_id"] == "demo-1"
    assert answer.json["errors"][0]["identifier"] == "nothing"


async def test_more_summaries_at_once_than_are_allowed_get_429(standin: Running, ask: Client) -> None:
    hung, good = put_image(standin, "1.0"), put_image(standin, "2.0")
    standin.platform.switch(summary_parallel=1, poisoned=[hung], poison="hung")
    waiting = asyncio.create_task(ask("POST", V2, json={"checksums": [hung]}))

    async with asyncio.timeout(60):
        while (refused := await ask("POST", V2, json={"checksums": [good]})).status == 200:
            await asyncio.sleep(0)
    waiting.cancel()

    assert refused.status == 429


async def test_what_is_no_batch_is_refused(ask: Client) -> None:
    empty = await ask("POST", V2, json={"paths": []})
    wrong = await ask("POST", V2, json={"paths": "all"})
    no_json = await ask("POST", V2, data=b"{")

    assert [empty.status, wrong.status, no_json.status] == [400, 400, 415]
