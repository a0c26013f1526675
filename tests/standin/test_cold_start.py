"""A new token with which many requests come at once."""

import asyncio

import pytest

from jfrog_standin.server import Running
from standin.conftest import Client
from standin.stock import add_packages, add_repositories

PATHS = [
    f"/artifactory/api/npm/npm/{path}" for path in ("reed", "@pond%2fstem", "reed/-/reed-1.0.0.tgz", "-/ping")
]


@pytest.fixture(autouse=True)
def stocked(standin: Running) -> None:
    add_repositories(standin.platform)
    add_packages(standin.platform)


async def test_so_many_requests_of_a_new_token_are_refused_once_each(standin: Running, ask: Client) -> None:
    standin.platform.switch(cold_refusals=3)

    first = await asyncio.gather(*(ask("GET", path) for path in PATHS))
    again = await asyncio.gather(*(ask("GET", path) for path in PATHS))

    assert sorted(answer.status for answer in first) == [200, 401, 401, 401]
    assert {answer.status for answer in again} == {200}


async def test_each_token_starts_cold_and_only_packages_are_refused(standin: Running, ask: Client) -> None:
    standin.platform.switch(cold_refusals=1)
    other = standin.platform.access.issue("reader").access_token

    repositories = await ask("GET", "/artifactory/api/repositories")
    statuses = [(await ask("GET", PATHS[0])).status for _ in range(2)]
    statuses_of_other = [(await ask("GET", PATHS[0], token=other)).status for _ in range(2)]
    by_password = await ask("GET", PATHS[0], basic=("admin", "password"))

    assert (repositories.status, by_password.status) == (200, 200)
    assert statuses == statuses_of_other == [401, 200]
