"""Every command of connections once, as a user types it: outputs and exit codes."""

import json
import re
from collections.abc import AsyncIterator

import pytest

from cli.golden import differs, shown
from flow.household import Household
from jfrog_standin.seeding.seed import Seed
from jfrog_standin.server import Running, running
from jfrog_standin.settings import StandIn

JSON = "--json"
STORY: dict[str, tuple[str, ...]] = {
    "connection-about": ("connection", "about"),
    "connection-add-wrong": ("connection", "add", "wrong", "{url}/ui/repos", "--ca-file", "{ca}"),
    "connection-enable-draft": ("connection", "enable", "wrong"),
    "connection-add": ("connection", "add", "inv", "{url}", "--description", "team blue"),
    "connection-test-json": ("connection", "test", "inv", JSON),
    "connection-filter-preview": (
        *("connection", "filter", "inv", "--newest-tags", "1", "--severity", "high", "--preview"),
    ),
    "connection-schedule": (
        *("connection", "schedule", "inv", "--full", "once 2020-01-02T03:04"),
        *("--start", "2020-01-01", "--end", "2020-01-31"),
    ),
    "connection-pause": ("connection", "pause", "inv"),
    "connection-list": ("connection", "list"),
    "connection-list-json": ("connection", "list", JSON),
    "connection-edit": ("connection", "edit", "inv", "--stream", "repositories", "--stream", "violations"),
    "connection-hook-enable": ("connection", "hook", "enable", "inv"),
    "connection-hook-xray": ("connection", "hook", "enable", "inv", "xray", "--own-secret"),
    "connection-show": ("connection", "show", "inv", "--tests", "1"),
    "connection-hook-disable": ("connection", "hook", "disable", "inv"),
    "connection-hook-show": ("connection", "hook", "show", "inv"),
    "connection-remove": ("connection", "remove", "inv", "--yes"),
    "connection-platform-unshielded": ("intel", "plan", "wrong"),
}
"""In this order, for each goes on from what the one before has left."""

WRONG = "connection-add-wrong"
ALTER = (
    (r"\b[0-9a-f]{64}\b", "SECRET"),
    (r"connected in \d+\.\d ms", "connected in 0.0 ms"),
    (r"ends in \d+ days", "ends in DAYS days"),
    (r"within \d+ s of", "within 1 s of"),
)


@pytest.fixture
async def seeded() -> AsyncIterator[Running]:
    async with running(StandIn(seeded=Seed(images=6))) as server:
        yield server


async def test_every_command_of_connections_prints_its_golden_file(
    household: Household, seeded: Running
) -> None:
    differences = []
    for name, template in STORY.items():
        arguments = tuple(each.format(url=seeded.url, ca=seeded.ca_path) for each in template)
        token = "wrong-token" if name == WRONG else seeded.admin_token
        finished = await household.run(*arguments, send=f"{token}\n")
        text = shown(arguments, finished, household.folder).replace(str(seeded.ca_path), "CA")
        for pattern, word in ALTER:
            text = re.sub(pattern, word, text)
        differences.append(differs(name, text))
        if name.endswith("-json"):
            json.loads(finished.out)

    found = list(filter(None, differences))
    assert not found, "\n".join(found)
