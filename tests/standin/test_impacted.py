from typing import Any
from urllib.parse import urlencode

import pytest

from jfrog_standin.access import User
from jfrog_standin.artifactory import packages
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.permissions import Grant
from jfrog_standin.server import Running
from jfrog_standin.xray.scan import Scan
from standin import scans
from standin.conftest import Answer, Client
from standin.stock import add_packages, add_repositories
from standin.test_events import EVENTS, issue


async def search(ask: Client, **query: Any) -> Answer:
    return await ask("GET", f"/xray/api/v2/search/impactedResources?{urlencode(query)}")


@pytest.fixture
def stocked(standin: Running) -> None:
    add_repositories(standin.platform)
    add_packages(standin.platform)


@pytest.mark.usefixtures("stocked")
@pytest.mark.parametrize(
    ("query", "versions"),
    [
        ({"type": "npm", "name": "@pond/stem"}, ["1.0.0", "1.2.0"]),
        ({"type": "npm", "name": "stem", "namespace": "@pond"}, ["1.0.0", "1.2.0"]),
        ({"type": "npm", "name": "@pond/stem", "version": "1.2.0"}, ["1.2.0"]),
        (
            {"type": "npm", "name": "@pond/stem", "namespace": "public", "ecosystem": "generic"},
            ["1.0.0", "1.2.0"],
        ),
        ({"type": "npm", "name": "@pond/stem", "ecosystem": "debian"}, []),
        ({"type": "pypi", "name": "reed_stem"}, ["1.0.0", "1.1.0"]),
        ({"type": "go", "name": "example.com/Pond/reed"}, ["v1.0.0", "v1.1.0"]),
        ({"type": "npm", "name": "stem"}, []),
        ({"type": "pypi", "name": "@pond/stem"}, []),
    ],
)
async def test_a_package_is_found_by_name_and_type(
    ask: Client, query: dict[str, str], versions: list[str]
) -> None:
    answer = await search(ask, **query)

    assert sorted({row["version"] for row in answer.json["result"]}) == versions
    assert answer.json["last_key"] == ""


@pytest.mark.usefixtures("stocked")
async def test_an_artifact_is_shown_with_its_package_and_its_place(ask: Client) -> None:
    (row,) = (await search(ask, type="npm", name="reed")).json["result"]

    package = {
        "type": "npm",
        "name": "reed",
        "namespace": "public",
        "version": "1.0.0",
        "ecosystem": "generic",
    }
    assert row["type"] == "Artifact"
    assert (row["repo"], row["path"]) == ("npm-local", "npm-local/reed/-/reed-1.0.0.tgz")
    assert row["impacted_pkg_version"] == row["artifact_pkg_version"] == package


@pytest.mark.usefixtures("stocked")
async def test_what_suffers_from_a_vulnerability_is_found_by_its_id_and_by_its_cve(ask: Client) -> None:
    component = {"id": "reed", "vulnerable_versions": ["(,)"]}
    await ask("POST", EVENTS, json=issue(components=[component], cves=[{"cve": "CVE-2026-1"}]))

    found = [await search(ask, vulnerability=name) for name in ("CVE-2026-1", "RB-left-pad-evil", "XRAY-1")]

    assert [len(answer.json["result"]) for answer in found] == [1, 1, 0]


@pytest.mark.usefixtures("stocked")
async def test_pages_are_followed_by_the_last_key_until_it_is_empty(standin: Running, ask: Client) -> None:
    for patch in range(5):
        packages.add_npm(standin.platform.artifactory, "npm-local", "sedge", f"1.0.{patch}")

    seen: list[str] = []
    sizes: list[int] = []
    last_key = ""
    while last_key or not sizes:
        answer = (await search(ask, type="npm", name="sedge", limit=2, last_key=last_key)).json
        seen += [row["version"] for row in answer["result"]]
        sizes.append(len(answer["result"]))
        last_key = answer["last_key"]

    assert seen == [f"1.0.{patch}" for patch in range(5)]
    assert sizes == [2, 2, 1]


@pytest.mark.usefixtures("stocked")
async def test_files_of_a_remote_are_found_in_its_cache_and_of_what_is_not_indexed_nowhere(
    standin: Running, ask: Client
) -> None:
    storage = standin.platform.artifactory
    storage.add(Repository(key="npm-remote", rclass="remote", package_type="npm", xray_index=True))
    storage.add(Repository(key="npm-quiet", package_type="npm"))
    for key in ("npm-remote-cache", "npm-quiet"):
        storage.put(key, "rush/-/rush-1.0.0.tgz", b"rush", by="admin")

    answer = await search(ask, type="npm", name="rush")

    assert [row["repo"] for row in answer.json["result"]] == ["npm-remote-cache"]


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"name": "reed"},
        {"type": "npm"},
        {"vulnerability": "CVE-2026-1", "limit": 10_001},
        {"vulnerability": "CVE-2026-1", "limit": 0},
        {"vulnerability": "CVE-2026-1", "limit": "many"},
        {"vulnerability": "CVE-2026-1", "last_key": "é"},
        {"vulnerability": "CVE-2026-1", "last_key": "a"},
    ],
)
async def test_what_is_missing_or_wrong_is_400(ask: Client, query: dict[str, Any]) -> None:
    assert (await search(ask, **query)).status == 400


async def test_it_is_for_report_managers_and_needs_the_sbom_service(standin: Running, ask: Client) -> None:
    access = standin.platform.access
    access.add_user(User(name="alice", grants=(Grant(),)))
    access.add_user(User(name="carol", roles=frozenset({"manage_reports"})))
    path = "/xray/api/v2/search/impactedResources?vulnerability=CVE-2026-1"
    tokens = [access.issue(name).access_token for name in ("alice", "carol")]

    answers = [await ask("GET", path, token=token) for token in tokens]
    standin.platform.switch(sbom_service=False)
    without = await ask("GET", path)

    assert [answer.status for answer in answers] == [403, 200]
    assert (without.status, "SBOM" in without.json["error"]) == (403, True)


async def test_an_image_is_impacted_by_what_is_inside_of_it(standin: Running, ask: Client) -> None:
    scans.put_image(standin, "1.0", Scan(issues=(scans.issue(1),)))
    scans.put_image(standin, "2.0", Scan(components=(scans.MOMENT,)))
    scans.put_image(standin, "3.0", Scan(status="EXPIRED", components=(scans.MOMENT,)))

    by_cve = (await search(ask, vulnerability="CVE-2026-0001")).json["result"]
    by_name = (await search(ask, name="moment", type="npm", version="2.29.3")).json["result"]

    assert [row["path"] for row in by_cve] == ["docker-local/team/app/1.0/manifest.json"]
    assert by_cve[0]["artifact_pkg_version"]["name"] == "team/app"
    assert by_cve[0]["impacted_pkg_version"]["name"] == "moment"
    assert [row["version"] for row in by_name] == ["1.0", "2.0"]
