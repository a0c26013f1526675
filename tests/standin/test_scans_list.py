"""The Scans List: pages, counts and limits; and exposures, which are asked for one artifact at a time."""

from typing import Any

from jfrog_standin.access import User
from jfrog_standin.server import Running
from jfrog_standin.xray.scan import Exposure, Scan
from standin.conftest import Client
from standin.scans import issue, put_image

LIST = "/xray/api/v1/artifacts?repo=docker-local"


async def listed(ask: Client, query: str = "") -> list[dict[str, Any]]:
    answer = await ask("GET", LIST + query)
    assert answer.status == 200, answer.text
    return list(answer.json["data"])


async def test_a_row_counts_the_issues_of_an_artifact(standin: Running, ask: Client) -> None:
    put_image(standin, "1.0", Scan(issues=(issue(1), issue(2))))

    (row,) = await listed(ask)

    assert row["sec_issues"] == {"high": 2, "medium": 0, "low": 0, "total": 2}
    assert row["repo_full_path"] == "docker-local/team/app/1.0/manifest.json"
    assert (row["name"], row["version"], row["package_id"]) == ("team/app:1.0", "1.0", "docker://team/app")


async def test_pages_go_on_until_minus_one(standin: Running, ask: Client) -> None:
    for number in range(5):
        put_image(standin, f"1.{number}")
    put_image(standin, "2.0", Scan(status="PENDING"))

    names, offset, pages = list[str](), 0, 0
    while offset != -1:
        answer = await ask("GET", f"{LIST}&num_of_rows=2&offset={offset}&order_by=name&direction=asc")
        names += [row["name"] for row in answer.json["data"]]
        offset, pages = answer.json["offset"], pages + 1

    assert names == [f"team/app:1.{number}" for number in range(5)]
    assert pages == 3


async def test_a_list_is_narrowed_by_time_and_text(standin: Running, ask: Client) -> None:
    put_image(standin, "1.0")

    assert await listed(ask, "&created_start=2020-01-01T00:00:00Z&search=app")
    assert not await listed(ask, "&created_start=2100-01-01T00:00:00Z")
    assert not await listed(ask, "&search=other")


async def test_who_asks_for_too_many_rows_runs_out_of_time(standin: Running, ask: Client) -> None:
    standin.platform.switch(scans_list_most_rows=1_000)

    answer = await ask("GET", LIST + "&num_of_rows=1001")

    assert (answer.status, answer.json) == (500, {"error": "failed to get artifacts"})


async def test_a_list_shows_nothing_that_its_reader_may_not_read(standin: Running, ask: Client) -> None:
    put_image(standin, "1.0")
    standin.platform.access.add_user(User(name="alice", password="secret"))

    answer = await ask("GET", LIST, basic=("alice", "secret"))

    assert answer.json == {"data": [], "offset": -1}


async def test_repositories_tell_how_much_of_them_is_indexed(standin: Running, ask: Client) -> None:
    put_image(standin, "1.0")
    put_image(standin, "1.1")

    answer = await ask("GET", "/xray/api/v1/repos")

    (row,) = answer.json["data"]
    assert (row["repo"], row["indexed_artifact"], row["package_type"]) == ("docker-local", 2, "Docker")


async def test_a_secret_is_found_by_the_category_that_it_has(standin: Running, ask: Client) -> None:
    put_image(standin, "1.0", Scan(exposures=(Exposure(id="EXP-7", file="app/.env", line=3),)))
    place = "repo=docker-local&path=team/app/1.0/manifest.json"

    secrets = await ask("GET", f"/xray/api/v1/secrets/results?{place}")
    settings = await ask("GET", f"/xray/api/v1/iac/results?{place}")

    assert [row["id"] for row in secrets.json["data"]] == ["EXP-7"]
    assert settings.json == {"data": [], "total_count": 0}
