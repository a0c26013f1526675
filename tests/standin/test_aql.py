"""AQL over HTTP, with what is odd about the real one."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from jfrog_standin.access import User
from jfrog_standin.permissions import Grant
from jfrog_standin.server import Running
from standin.conftest import Answer, Client
from standin.stock import add_packages, add_repositories

AQL = "/artifactory/api/search/aql"
TARBALLS = 'items.find({"repo":"npm-local","name":{"$match":"*.tgz"}})'
REED, OLD, NEW = "reed-1.0.0.tgz", "stem-1.0.0.tgz", "stem-1.2.0.tgz"
NEEDED = '.include("repo","path","name")'


@pytest.fixture(autouse=True)
def stocked(standin: Running) -> None:
    add_repositories(standin.platform)
    add_packages(standin.platform)


@pytest.fixture
def alice(standin: Running) -> str:
    """A token of a user who may read one npm package, and nothing else."""
    grant = Grant(repo="npm-local", path="reed/*")
    standin.platform.access.add_user(User(name="alice", password="secret", grants=(grant,)))
    return standin.platform.access.issue("alice").access_token


async def rows(ask: Client, query: str, **how: Any) -> list[dict[str, Any]]:
    answer = await aql(ask, query, **how)
    assert answer.status == 200, answer.text
    found: list[dict[str, Any]] = answer.json["results"]
    return found


async def aql(ask: Client, query: str, **how: Any) -> Answer:
    return await ask("POST", AQL, data=query.encode(), **how)


async def test_an_answer_has_the_default_fields_and_counts_its_own_rows(ask: Client) -> None:
    answer = await aql(ask, TARBALLS + '.sort({"$desc":["path","name"]}).offset(1).limit(1)')

    (row,) = answer.json["results"]
    assert answer.headers["Content-Type"].startswith("application/json")
    assert (row["repo"], row["path"], row["name"]) == ("npm-local", "@pond/stem/-", "stem-1.2.0.tgz")
    assert set(row) == {
        "repo", "path", "name", "type", "size", "created", "created_by", "modified", "modified_by", "updated"
    }  # fmt: skip
    assert answer.json["range"] == {"start_pos": 1, "end_pos": 1, "total": 1, "limit": 1}


@pytest.mark.parametrize(
    ("criteria", "names"),
    [
        ('{"@npm.name":"reed"}', [REED]),
        ('{"@npm.version":{"$match":"1.?.0"},"@npm.name":{"$ne":"reed"}}', [OLD, NEW]),
        ('{"name":{"$gt":"stem"},"depth":{"$gte":4}},{"size":{"$lt":"100000"}}', [OLD, NEW]),
        ('{"$or":[{"name":"reed-1.0.0.tgz"},{"$and":[{"name":{"$nmatch":"*1.0.0*"}}]}]}', [REED, NEW]),
        ('{"$msp":[{"property.key":"npm.version"},{"property.value":"1.2.0"}]}', [NEW]),
        ('{"$msp":[{"property.key":"npm.name"},{"property.value":"1.2.0"}]}', []),
        ('{"modified":{"$last":"5mi"},"created":{"$before":"1ms"},"name":"reed-1.0.0.tgz"}', [REED]),
        ('{"modified":{"$gt":"2020-01-01"},"updated":{"$lte":"2020-01-01T00:00:00.000+01:00"}}', []),
        ('{"stat.downloaded":{"$eq":null},"name":"reed-1.0.0.tgz"}', [REED]),
    ],
)  # fmt: skip
async def test_criteria_find_what_they_say(ask: Client, criteria: str, names: list[str]) -> None:
    found = await rows(ask, f'items.find({{"repo":"npm-local"}},{criteria})' + NEEDED)

    assert sorted(row["name"] for row in found) == names


async def test_folders_are_found_only_when_the_type_is_named_and_the_root_is_a_dot(ask: Client) -> None:
    folders = await rows(ask, 'items.find({"repo":"npm-local","type":"folder","path":"."})' + NEEDED)
    everything = await rows(ask, 'items.find({"repo":"npm-local","type":"any"})' + NEEDED)
    files = await rows(ask, 'items.find({"repo":"npm-local"})' + NEEDED)

    assert sorted(row["name"] for row in folders) == ["@pond", "reed"]
    assert len(everything) > len(files) == 3


async def test_a_virtual_repository_stands_for_its_members(ask: Client) -> None:
    found = await rows(ask, 'items.find({"repo":"npm"}).include("repo","name","virtual_repos")')

    assert {row["repo"] for row in found} == {"npm-local"}
    assert found[0]["virtual_repos"] == ["npm"]


@pytest.mark.parametrize(
    "query",
    [
        'items.find({"modified":{"$last":"1m"}})',
        TARBALLS + ".limit(1).offset(1)",
        TARBALLS + '.sort({"$asc":["name"]}).include("name")',
        TARBALLS + '.include("nothing")',
        'items.find({"nothing":"x"})',
        'items.find({"size":{"$gt":"large"}})',
        'items.find({"name":{"$like":"x"}})',
        'items.find({"name":"x"}',
        "builds.find()",
        "",
        'items.find({"$or":{"name":"x"}})',
        "items.find(" + '{"$and":[' * 200 + "]}" * 200 + ")",
        TARBALLS + " " + " " * 6000 + ".limit(1)",
    ],
)
async def test_what_is_no_query_is_a_400_in_plain_text(ask: Client, query: str) -> None:
    answer = await aql(ask, query)

    assert answer.status == 400
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.text.startswith("Failed to parse query: ")
    assert "it looks like there is syntax error near the following sub-query: " in answer.text


async def test_bytes_that_are_no_text_are_no_query(ask: Client) -> None:
    answer = await ask("POST", AQL, data=b"\xff\xfe")

    assert answer.status == 400


async def test_only_fields_of_the_result_can_be_sorted_by(ask: Client) -> None:
    answer = await aql(ask, TARBALLS + '.include("name").sort({"$asc":["size"]})')

    assert answer.status == 400
    assert "Only the result fields are allowed to use in the sort section." in answer.text


async def test_who_is_no_administrator_must_ask_for_repo_path_and_name(ask: Client, alice: str) -> None:
    refused = await aql(ask, TARBALLS + '.include("name","size")', token=alice)
    answered = await aql(ask, TARBALLS + NEEDED, token=alice)

    assert refused.status == 400
    assert refused.text == "For permissions reasons AQL demands the following fields: repo, path and name."
    assert answered.status == 200


async def test_pages_come_back_short_because_permissions_are_applied_after_the_limit(
    ask: Client, alice: str
) -> None:
    query = TARBALLS + NEEDED + '.sort({"$asc":["path","name"]})'

    first = await aql(ask, query + ".limit(2)", token=alice)
    second = await aql(ask, query + ".offset(2).limit(2)", token=alice)

    assert first.json["results"] == []
    assert first.json["range"]["total"] == 0
    assert [row["name"] for row in second.json["results"]] == [REED]


async def test_the_hard_limit_trims_and_says_so(standin: Running, ask: Client) -> None:
    standin.platform.switch(aql_max_rows=2)

    trimmed = await aql(ask, TARBALLS)
    asked_for_two = await aql(ask, TARBALLS + ".limit(2)")

    assert len(trimmed.json["results"]) == 2
    assert "trimmed" in trimmed.json["range"]["notification"]
    assert "notification" not in asked_for_two.json["range"]


async def test_including_all_properties_multiplies_rows_and_a_known_one_does_not(ask: Client) -> None:
    joined = await aql(ask, TARBALLS + '.include("name","property.*").limit(3)')
    known = await aql(ask, TARBALLS + '.include("name","@npm.name").sort({"$asc":["name"]}).limit(3)')

    assert len(joined.json["results"]) == 2
    assert [len(row["properties"]) for row in joined.json["results"]] == [2, 1]
    assert [row["properties"][0]["value"] for row in known.json["results"]] == [
        "reed",
        "@pond/stem",
        "@pond/stem",
    ]


async def test_statistics_tell_who_downloaded_last(ask: Client) -> None:
    await ask("GET", "/artifactory/npm-local/reed/-/reed-1.0.0.tgz")

    (row,) = await rows(ask, 'items.find({"stat.downloads":{"$gt":0}}).include("name","stat")')

    assert row["stats"][0]["downloads"] == 1
    assert row["stats"][0]["downloaded_by"] == "admin"


async def test_more_queries_at_once_than_are_allowed_get_429(standin: Running, ask: Client) -> None:
    standin.platform.switch(aql_parallel=1)
    began, finish = asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b"items.find"
        began.set()
        await finish.wait()
        yield b'({"repo":"npm-local"})'

    async def held() -> int:
        headers = {"Authorization": f"Bearer {standin.admin_token}"}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.post(standin.url + AQL, data=slowly(), ssl=standin.ssl or True) as answer,
        ):
            return answer.status

    first = asyncio.create_task(held())
    await began.wait()
    second = await _until_429(ask)
    finish.set()

    assert second.status == 429
    assert await first == 200
    assert (await aql(ask, TARBALLS)).status == 200


async def _until_429(ask: Client) -> Answer:
    """The first query has been sent when this begins; it may not have arrived yet."""
    async with asyncio.timeout(60):
        while (answer := await aql(ask, TARBALLS)).status != 429:
            pass
    return answer


async def test_a_stranger_may_not_ask(standin: Running, ask: Client) -> None:
    standin.platform.switch(anonymous=True)

    answer = await aql(ask, TARBALLS, token=None)

    assert answer.status == 401
