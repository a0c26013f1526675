"""Files and what is known of them, over HTTP."""

import hashlib

import aiohttp
import pytest
from multidict import CIMultiDict
from yarl import URL

from jfrog_standin.access import User
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.permissions import Grant
from jfrog_standin.server import Running
from standin.conftest import Client
from standin.stock import add_repositories

FILE = "/artifactory/generic-local/pond/reed.txt"
INFO = "/artifactory/api/storage/generic-local/pond/reed.txt"
SHA256 = hashlib.sha256(b"reed").hexdigest()


@pytest.fixture(autouse=True)
def stocked(standin: Running) -> None:
    add_repositories(standin.platform)


async def test_a_deployed_file_is_told_with_its_size_as_text(ask: Client) -> None:
    deployed = await ask("PUT", FILE, data=b"reed", headers={"X-Checksum-Sha256": SHA256})
    info = await ask("GET", INFO)
    folder = await ask("GET", "/artifactory/api/storage/generic-local")

    assert deployed.status == 201
    assert info.json == deployed.json
    assert (info.json["size"], info.json["path"]) == ("4", "/pond/reed.txt")
    assert info.json["checksums"]["sha256"] == SHA256
    assert folder.json["children"] == [{"uri": "/pond", "folder": True}]


async def test_a_download_has_its_checksums_and_a_second_one_may_be_not_modified(ask: Client) -> None:
    await ask("PUT", FILE, data=b"reed")

    headed = await ask("HEAD", FILE)
    got = await ask("GET", FILE)
    same = await ask("GET", FILE, headers={"If-None-Match": CIMultiDict(got.headers)["ETag"]})
    stats = await ask("GET", f"{INFO}?stats")

    assert (headed.status, headed.body, headed.headers["Content-Length"]) == (200, b"", "4")
    assert (got.body, got.headers["X-Checksum-Sha256"]) == (b"reed", SHA256)
    assert same.status == 304
    assert stats.json["downloadCount"] == 1


@pytest.mark.parametrize("header", ["X-Checksum-Sha256", "X-Checksum-Sha1", "X-Checksum-Md5"])
async def test_a_wrong_checksum_is_a_conflict_and_nothing_is_kept(ask: Client, header: str) -> None:
    answer = await ask("PUT", FILE, data=b"reed", headers={header: "0" * 40})
    left = await ask("GET", INFO)

    assert (answer.status, left.status) == (409, 404)
    assert left.json["errors"][0]["message"] == "Unable to find item"


async def test_a_list_has_numbers_for_sizes_and_goes_as_deep_as_asked(ask: Client) -> None:
    await ask("PUT", FILE, data=b"reed")
    await ask("PUT", "/artifactory/generic-local/top.txt", data=b"")
    at = "/artifactory/api/storage/generic-local?list"

    shallow = await ask("GET", at)
    deep = await ask("GET", f"{at}&deep=1&listFolders=1")
    two = await ask("GET", f"{at}&deep=1&depth=1&listFolders=1")

    assert [file["uri"] for file in shallow.json["files"]] == ["/top.txt"]
    assert {file["uri"]: file["size"] for file in deep.json["files"]} == {
        "/pond": -1,
        "/pond/reed.txt": 4,
        "/top.txt": 0,
    }
    assert [file["uri"] for file in two.json["files"]] == ["/pond", "/top.txt"]


async def test_properties_are_set_by_matrix_and_query_and_taken_away(ask: Client) -> None:
    await ask("PUT", f"{FILE};colour=green;wet=yes,very", data=b"reed")

    put = await ask("PUT", f"{INFO}?properties=tall=2;note=a%5C,b")
    some = await ask("GET", f"{INFO}?properties=wet,note")
    deleted = await ask("DELETE", f"{INFO}?properties=colour,wet,tall,note")
    none = await ask("GET", f"{INFO}?properties")

    assert (put.status, deleted.status) == (204, 204)
    assert some.json["properties"] == {"wet": ["yes", "very"], "note": ["a,b"]}
    assert none.status == 404
    assert none.json["errors"][0]["message"] == "No properties could be found."


async def test_an_encoded_semicolon_belongs_to_the_path(standin: Running) -> None:
    url = URL(f"{standin.url}/artifactory/generic-local/a%3Bb=c/sha256:0%2B1.txt", encoded=True)
    headers = {"Authorization": f"Bearer {standin.admin_token}"}

    async with aiohttp.ClientSession() as session:
        await session.put(url, headers=headers, ssl=standin.ssl or True)
    item = standin.platform.artifactory.get("generic-local", "a;b=c/sha256:0+1.txt")

    assert item is not None


@pytest.mark.parametrize("path", ["a//b", "%2e%2e/b", "a%0Ab"])
async def test_what_is_no_path_is_refused(standin: Running, ask: Client, path: str) -> None:
    answer = await ask("PUT", f"/artifactory/generic-local/{path}", data=b"")

    assert answer.status in {400, 404}
    assert not list(standin.platform.artifactory.items("generic-local"))


async def test_only_one_question_is_answered_at_once(ask: Client) -> None:
    await ask("PUT", FILE, data=b"reed")

    both = await ask("GET", f"{INFO}?stats&properties")
    newest = await ask("GET", "/artifactory/api/storage/generic-local?lastModified")

    assert both.status == 400
    assert newest.json["uri"].endswith("/api/storage/generic-local/pond/reed.txt")


async def test_a_virtual_repository_passes_on_what_is_deployed_to_it(ask: Client) -> None:
    deployed = await ask("PUT", "/artifactory/generic/x", data=b"x")
    got = await ask("GET", "/artifactory/generic/x")

    assert deployed.json["repo"] == "generic-local"
    assert got.body == b"x"


async def test_what_has_no_local_repository_behind_it_takes_nothing(standin: Running, ask: Client) -> None:
    for key, before in (("one", "two"), ("two", "one"), ("three", ""), ("four", "nowhere")):
        virtual = Repository(key=key, rclass="virtual", members=(), default_deployment=before)
        standin.platform.artifactory.add(virtual)

    answers = [await ask("PUT", f"/artifactory/{key}/x", data=b"") for key in ("one", "three", "four")]

    assert [answer.status for answer in answers] == [405] * 3


async def test_overwriting_and_deleting_take_permission_and_a_wrong_one_is_403_or_404(
    standin: Running, ask: Client
) -> None:
    grant = Grant(repo="generic-local", actions=frozenset({"read", "deploy"}))
    standin.platform.access.add_user(User(name="alice", password="secret", grants=(grant,)))
    alice = ("alice", "secret")
    await ask("PUT", FILE, data=b"reed", basic=alice)

    over = await ask("PUT", FILE, data=b"other", basic=alice)
    deleted = await ask("DELETE", FILE, basic=alice)
    elsewhere = await ask("GET", "/artifactory/api/storage/npm-local", basic=alice)
    annotated = await ask("PUT", f"{INFO}?properties=a=b", basic=alice)
    standin.platform.switch(hide_unauthorized=True)
    hidden = await ask("GET", "/artifactory/api/storage/npm-local", basic=alice)

    assert [over.status, deleted.status, elsewhere.status, annotated.status] == [403] * 4
    assert hidden.status == 404
    assert (await ask("GET", FILE)).body == b"reed"


async def test_the_storage_summary_is_for_administrators(standin: Running, ask: Client) -> None:
    standin.platform.access.add_user(User(name="alice", password="secret", grants=(Grant(),)))
    await ask("PUT", FILE, data=b"reed")

    summary = await ask("GET", "/artifactory/api/storageinfo")
    refused = await ask("GET", "/artifactory/api/storageinfo", basic=("alice", "secret"))

    rows = {row["repoKey"]: row for row in summary.json["repositoriesSummaryList"]}
    assert (rows["generic-local"]["filesCount"], rows["generic-local"]["usedSpaceInBytes"]) == (1, 4)
    assert refused.status == 403
