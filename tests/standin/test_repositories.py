"""The repository interface, with its odd cases."""

import pytest

from jfrog_standin.access import User
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.permissions import Grant
from jfrog_standin.server import Running
from standin.conftest import Client
from standin.stock import add_repositories

AT = "/artifactory/api/repositories"


@pytest.fixture(autouse=True)
def stocked(standin: Running) -> None:
    add_repositories(standin.platform)
    remote = Repository(
        key="npm-remote", rclass="remote", package_type="npm", upstream="https://upstream.example.com"
    )
    standin.platform.artifactory.add(remote)


async def test_the_list_and_the_detail_spell_types_differently(ask: Client) -> None:
    listed = {row["key"]: row for row in (await ask("GET", AT)).json}
    detail = (await ask("GET", f"{AT}/npm-remote")).json

    assert listed["npm-remote"]["type"] == "REMOTE"
    assert listed["npm-remote"]["packageType"] == "Npm"
    assert listed["npm-remote"]["url"] == "https://upstream.example.com"
    assert listed["npm-local"]["url"].endswith("/artifactory/npm-local")
    assert (detail["rclass"], detail["packageType"]) == ("remote", "npm")
    assert "type" not in detail


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("type=local&packageType=npm", ["npm-local"]),
        ("type=REMOTE", ["npm-remote"]),
        ("packageType=Go", ["go", "go-local"]),
        ("type=nonsense", []),
        ("type=federated", []),
        ("project=pond", []),
    ],
)
async def test_the_list_is_filtered_and_an_unknown_type_is_empty(
    ask: Client, query: str, keys: list[str]
) -> None:
    answer = await ask("GET", f"{AT}?{query}")

    assert sorted(row["key"] for row in answer.json) == keys


async def test_a_repository_that_does_not_exist_is_400(ask: Client) -> None:
    for method in ("GET", "HEAD", "POST"):
        answer = await ask(method, f"{AT}/nowhere", json={} if method == "POST" else None)

        assert answer.status == 400
    assert (await ask("HEAD", f"{AT}/npm")).status == 200
    assert (await ask("GET", "/artifactory/api/v2/repositories/npm")).json["rclass"] == "virtual"


async def test_a_configuration_is_kept_changed_in_part_and_refused_when_it_is_none(ask: Client) -> None:
    sent = {"rclass": "local", "packageType": "Generic", "notes": "wet", "xrayIndex": True}

    made = await ask("PUT", f"{AT}/pond", json=sent)
    twice = await ask("PUT", f"{AT}/POND", json=sent)
    changed = await ask("POST", f"{AT}/pond", json={"description": "reeds"})
    detail = (await ask("GET", f"{AT}/pond")).json
    other_key = await ask("PUT", f"{AT}/lake", json={**sent, "key": "sea"})
    no_class = await ask("PUT", f"{AT}/lake", json={"packageType": "npm"})
    bad_class = await ask("PUT", f"{AT}/lake", json={"rclass": "puddle"})
    bad_key = await ask("PUT", f"{AT}/a%20b", json=sent)

    assert (made.status, changed.status) == (200, 200)
    assert made.text == "Successfully created repository 'pond' \n"
    assert (detail["notes"], detail["description"], detail["xrayIndex"]) == ("wet", "reeds", True)
    assert [each.status for each in (twice, other_key, no_class, bad_class, bad_key)] == [400] * 5


async def test_configurations_come_by_type_and_in_batches(ask: Client) -> None:
    by_type = await ask("GET", f"{AT}/configurations?repoType=remote")
    ignored = await ask("GET", f"{AT}/configurations?repo_type=remote")
    batch = await ask("GET", "/artifactory/api/v2/repositories/batch?names=npm,nowhere,go-local")

    assert [len(rows) for rows in by_type.json.values()] == [0, 1, 0, 0, 0]
    assert len(ignored.json["LOCAL"]) == 4
    assert [row["key"] for row in batch.json] == ["npm", "go-local"]


async def test_the_existence_of_a_type_can_be_asked(ask: Client) -> None:
    local = await ask("GET", f"{AT}/existence?type=local")
    federated = await ask("GET", f"{AT}/existence?type=federated")

    assert local.json == {"exists": True, "matchingRepoTypes": ["local"], "projectKey": "default"}
    assert (federated.json["exists"], federated.json["matchingRepoTypes"]) == (False, [])


async def test_two_slashes_leave_no_repository(ask: Client) -> None:
    answer = await ask("GET", "/artifactory//api/repositories")

    assert answer.status == 500
    assert answer.json["errors"][0]["message"] == "Repo key cannot be empty"


async def test_who_is_no_administrator_sees_less_and_changes_nothing(standin: Running, ask: Client) -> None:
    standin.platform.access.add_user(User(name="alice", password="secret", grants=(Grant(repo="npm-local"),)))
    alice = ("alice", "secret")

    listed = await ask("GET", AT, basic=alice)
    reduced = await ask("GET", f"{AT}/npm-local", basic=alice)
    refused = [
        await ask("GET", f"{AT}/go-local", basic=alice),
        await ask("PUT", f"{AT}/pond", json={"rclass": "local"}, basic=alice),
        await ask("POST", f"{AT}/npm-local", json={"description": "mine"}, basic=alice),
        await ask("DELETE", f"{AT}/npm-local", basic=alice),
    ]

    assert sorted(row["key"] for row in listed.json) == ["npm", "npm-local"]
    assert set(reduced.json) == {"key", "rclass", "packageType", "description"}
    assert [answer.status for answer in refused] == [403] * 4
