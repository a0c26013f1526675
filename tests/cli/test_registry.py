"""Every command of registries once, as a user types it: outputs and exit codes."""

import json
import re
from collections.abc import AsyncIterator

import pytest

from cli.golden import differs, shown
from flow.household import Household
from jfrog_standin.artifactory.packages import add_npm
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.server import Running, running
from jfrog_standin.settings import StandIn

STORY: dict[str, tuple[str, ...]] = {
    "registry-add-no-url": ("registry", "add", "prod"),
    "registry-add-wrong": ("registry", "add", "wrong", "--npm", "{base}/npm-x", "--ca-file", "{ca}"),
    "registry-add": ("registry", "add", "prod", "--npm", "{base}/api/npm/npm", "--ca-file", "{ca}"),
    "registry-test-package": ("registry", "test", "prod", "--package", "npm:@acme/lamp"),
    "registry-edit": ("registry", "edit", "prod", "--pypi", "{base}/api/pypi/pypi"),
    "registry-show": ("registry", "show", "prod"),
    "registry-list-json": ("registry", "list", "--json"),
    "registry-remove": ("registry", "remove", "prod"),
}  # fmt: skip
"""In this order, for each goes on from what the one before has left."""


@pytest.fixture
async def standin() -> AsyncIterator[Running]:
    async with running(StandIn()) as server:
        for kind in ("npm", "pypi"):
            server.platform.artifactory.add(Repository(key=f"{kind}-local", package_type=kind))
            server.platform.artifactory.add(
                Repository(key=kind, rclass="virtual", package_type=kind, members=(f"{kind}-local",))
            )
        add_npm(server.platform.artifactory, "npm-local", "@acme/lamp", "1.0.0")
        yield server


async def test_every_command_of_registries_prints_its_golden_file(
    household: Household, standin: Running
) -> None:
    differences = []
    for name, template in STORY.items():
        arguments = tuple(
            each.format(base=f"{standin.url}/artifactory", ca=standin.ca_path) for each in template
        )
        finished = await household.run(*arguments, send=f"{standin.admin_token}\n")
        text = shown(arguments, finished, household.folder).replace(str(standin.ca_path), "CA")
        text = re.sub(r"connected in \d+\.\d ms|ends in \d+ days", "…", text)
        differences.append(differs(name, text))
        assert standin.admin_token not in finished.out + finished.err
        if name.endswith("-json"):
            json.loads(finished.out)

    found = list(filter(None, differences))
    assert not found, "\n".join(found)
