"""What `sync` asks for again, and throws away. Nothing is timed here."""

from datetime import UTC, datetime

import msgspec

from bench.asked import Again, Request, requests_again
from bench.discarding import discard
from jfrog_standin.requestlog import Entry
from jfrog_standin.seeding.seed import Seed
from jfrog_standin.server import running
from jfrog_standin.settings import StandIn

DOCKER = "/artifactory/api/docker/docker-dev-local/v2/team/app"
SUMMARY = "/xray/api/v2/summary/artifact"


def entry(method: str, path: str) -> Entry:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    return Entry(
        at=at, subject="admin", token_id=None, method=method, route="", path=path, status=200, took_ms=1.0
    )


def asked_for(request: Request) -> list[str]:
    return msgspec.json.decode(request.body, type=dict[str, list[str]])["checksums"]


def test_every_request_is_made_again_in_its_order() -> None:
    log = [
        entry("GET", "/artifactory/api/repositories"),
        entry("POST", "/artifactory/api/search/aql"),
        entry("GET", f"{DOCKER}/manifests/sha256:{'a' * 64}"),
        entry("GET", f"{DOCKER}/blobs/sha256:{'b' * 64}"),
        entry("POST", SUMMARY),
        entry("POST", "/xray/api/v1/artifact/status"),
    ]

    again = requests_again(log)

    assert [(each.method, each.path) for each in again] == [(each.method, each.path) for each in log]
    assert '"repo":"docker-dev-local"' in again[1].body
    assert asked_for(again[4]) == ["a" * 64]


def test_as_many_summaries_ask_for_all_images_each_once() -> None:
    digests = [f"{number:064x}" for number in range(45)]
    manifests = [entry("GET", f"{DOCKER}/manifests/sha256:{digest}") for digest in digests]

    again = requests_again([*manifests, *manifests, *[entry("POST", SUMMARY)] * 3])

    summaries = [asked_for(each) for each in again if each.path == SUMMARY]
    assert [len(each) for each in summaries] == [15, 15, 15]
    assert sorted(digest for each in summaries for digest in each) == digests


async def test_what_is_thrown_away_was_answered() -> None:
    log = [
        entry("GET", "/artifactory/api/repositories"),
        entry("POST", "/artifactory/api/search/aql"),
        entry("GET", f"{DOCKER}/manifests/sha256:{'a' * 64}"),
        entry("POST", SUMMARY),
    ]
    async with running(StandIn(seeded=Seed(images=10))) as standin:
        ca = str(standin.ca_path) if standin.ca_path else None
        again = Again(
            url=standin.url,
            ca=ca,
            token=standin.admin_token,
            concurrency=2,
            requests=requests_again(log),
        )

        done = await discard(again)

    assert done.failed == 0
    assert done.bytes > 0
