"""A platform that is grown from a seed: the same each time, whole, and alive."""

import hashlib
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import aiohttp
import pytest

from jfrog_standin.platform import Platform
from jfrog_standin.seeding.seed import Seed
from jfrog_standin.seeding.world import World
from jfrog_standin.server import Running, running
from jfrog_standin.settings import StandIn
from standin.conftest import Client

SUMMARY = "/xray/api/v2/summary/artifact"
MANIFESTS = (
    'items.find({"name":{"$match":"*manifest.json"}})'
    '.include("repo","path","name","updated","sha256","@docker.manifest.type").sort({"$asc":["updated","path"]})'
)


@pytest.fixture
async def grown() -> AsyncIterator[Running]:
    async with running(StandIn(seeded=Seed(images=120))) as started:
        yield started


@pytest.fixture
async def asking(grown: Running) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=120)) as session:
        yield Client(session, grown)


def world(**seed: Any) -> World:
    return Platform(StandIn()).grow(Seed(**{"images": 200, **seed}))


def files(grown: World) -> dict[tuple[str, str], tuple[str, datetime]]:
    storage = grown.storage
    return {
        (item.repo, item.path): (item.checksums.sha256, item.updated)
        for key in storage.storage_keys()
        for item in storage.items(key)
        if item.checksums is not None
    }


def issues(grown: World) -> dict[str, list[str]]:
    """The issues of every image, by its digest."""
    return {
        digest: sorted(str(issue.id) for bundle in found.bundles for issue in bundle.scan.issues)
        for digest in grown.digests()
        if (found := grown.findings_of(digest)) is not None
    }


def test_one_seed_gives_one_platform_however_one_gets_to_a_day() -> None:
    at_once, by_steps, other = world(day=3), world(), world(seed=2, day=3)

    for day in (1, 2, 3):
        by_steps.advance(day)

    assert files(at_once) == files(by_steps)
    assert issues(at_once) == issues(by_steps)
    assert files(at_once) != files(other)


def test_a_day_pushes_moves_deletes_and_publishes() -> None:
    grown = world(images=600, churn=0.05)
    files_before, issues_before = files(grown), issues(grown)

    grown.advance(1)

    files_after, issues_after = files(grown), issues(grown)
    stayed = files_before.keys() & files_after.keys()
    moved = [place for place in stayed if files_before[place] != files_after[place]]
    unchanged = issues_before.keys() & issues_after.keys()
    assert files_after.keys() - files_before.keys()
    assert files_before.keys() - files_after.keys()
    assert any(path.endswith("manifest.json") for _, path in moved)
    assert all(files_after[place][1] > files_before[place][1] for place in moved)
    assert any(issues_before[digest] != issues_after[digest] for digest in unchanged)


def test_a_day_changes_about_the_share_of_images_that_was_asked_for() -> None:
    grown = world(images=2_000)
    before = {place: found for place, found in files(grown).items() if place[1].endswith("manifest.json")}

    grown.advance(1)

    after = {place: found for place, found in files(grown).items() if place[1].endswith("manifest.json")}
    changed = sum(before.get(place) != found for place, found in after.items())
    assert 10 <= changed <= 40


def test_severities_and_package_types_are_as_often_as_they_were_measured() -> None:
    grown = world(images=1_500)
    severities: Counter[str] = Counter()
    kinds: Counter[str] = Counter()

    for digest in grown.digests():
        found = grown.findings_of(digest)
        for issue in (issue for bundle in found.bundles for issue in bundle.scan.issues) if found else ():
            severities[issue.severity] += 1
            kinds.update(hit.component.kind for hit in issue.hits)

    assert 0.3 < severities["High"] / severities.total() < 0.55
    assert 0.02 < severities["Critical"] / severities.total() < 0.18
    assert kinds.most_common(1)[0][0] == "go"
    assert {"alpine", "debian", "maven", "npm"} <= kinds.keys()
    assert 20 < severities.total() / len(list(grown.digests())) < 60


async def test_what_aql_lists_is_what_xray_knows_or_says_it_does_not(asking: Client) -> None:
    listed = await asking("POST", "/artifactory/api/search/aql", data=MANIFESTS.encode())
    rows = [row for row in listed.json["results"] if row["name"] == "manifest.json"]

    told, failed = 0, 0
    for start in range(0, len(rows), 50):
        batch = {"checksums": [row["sha256"] for row in rows[start : start + 50]]}
        answer = (await asking("POST", SUMMARY, json=batch)).json
        told, failed = told + len(answer["artifacts"]), failed + len(answer.get("errors", []))

    assert told + failed == len(rows)
    assert told > 100
    assert failed > 0  # the sandbox is not indexed, and attestations are no images


async def test_manifests_and_configs_are_what_their_digests_say(grown: Running, asking: Client) -> None:
    listed = await asking("POST", "/artifactory/api/search/aql", data=MANIFESTS.encode())

    for row in listed.json["results"][:25]:
        path = f"{row['repo']}/{row['path']}/{row['name']}"
        body = (await asking("GET", f"/artifactory/{path}")).body
        assert hashlib.sha256(body).hexdigest() == row["sha256"]


async def test_an_impact_path_names_a_layer_of_its_image(asking: Client) -> None:
    listed = await asking("POST", "/artifactory/api/search/aql", data=MANIFESTS.encode())
    images = {row["sha256"]: row for row in listed.json["results"] if row["name"] == "manifest.json"}

    answer = await asking("POST", SUMMARY, json={"checksums": list(images)[:20]})

    for artifact in answer.json["artifacts"]:
        row = images[artifact["general"]["sha256"]]
        manifest = (await asking("GET", f"/artifactory/{row['repo']}/{row['path']}/manifest.json")).json
        layers = {layer["digest"].replace(":", "__") for layer in manifest["layers"]}
        for issue in artifact["issues"]:
            for path in issue["impact_path"]:
                assert path.startswith(artifact["general"]["path"])
                assert path.removeprefix(artifact["general"]["path"]).partition(".tar.gz/")[0] in layers


async def test_answers_are_as_long_as_the_seed_says() -> None:
    long, short = world(small_kb=200, large_share=0), world(small_kb=0, large_share=0)

    lengths = [
        [
            len(found.further_ids)
            for digest in list(grown.digests())[:50]
            if (found := grown.findings_of(digest))
        ]
        for grown in (long, short)
    ]

    assert min(lengths[0]) > 20_000
    assert max(lengths[1]) == 0


async def test_the_control_api_lets_days_pass(grown: Running, asking: Client) -> None:
    first = await asking.control("POST", "/day", json={})
    third = await asking.control("POST", "/day", json={"day": 3})
    back = await asking.control("POST", "/day", json={"day": 1})

    assert (first.json, third.json, back.status) == ({"day": 1}, {"day": 3}, 400)
    assert (await asking.control("GET", "/day")).json == {"day": 3}


@pytest.mark.parametrize("images", [1, 2, 10])
def test_the_smallest_platforms_live_too(images: int) -> None:
    grown = world(images=images)

    grown.advance(10)

    assert files(grown)
