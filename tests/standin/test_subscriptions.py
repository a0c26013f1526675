"""The event service: who is told when files come and go, and what."""

import hashlib
import hmac
from collections.abc import AsyncIterator
from typing import Any

import pytest

from jfrog_standin.artifactory import images
from jfrog_standin.artifactory.oci import Target
from jfrog_standin.seeding.seed import Seed
from jfrog_standin.server import Running
from standin.conftest import Client
from standin.heard import Heard, listening
from standin.scans import put_image

SUBSCRIPTIONS = "/event/api/v1/subscriptions"


@pytest.fixture
async def heard() -> AsyncIterator[Heard]:
    async with listening() as server:
        yield server


def subscription(heard: Heard, domain: str, *events: str, **handler: Any) -> dict[str, Any]:
    return {
        "key": "inventory",
        "event_filter": {"domain": domain, "event_types": events, "criteria": {"anyLocal": True}},
        "handlers": [{"handler_type": "webhook", "url": heard.url, **handler}],
    }


async def test_a_push_is_told_with_its_image_and_tag(standin: Running, ask: Client, heard: Heard) -> None:
    made = await ask("POST", SUBSCRIPTIONS, json=subscription(heard, "docker", "pushed", secret="s3cret"))

    sha256 = put_image(standin, "1.0")

    (event,) = await heard.events(1)
    assert made.status == 201
    named = [event[name] for name in ("domain", "event_type", "subscription_key")]
    assert named == ["docker", "pushed", "inventory"]
    assert event["jpd_origin"] == standin.url
    told = event["data"]
    assert (told["image_name"], told["tag"], told["sha256"]) == ("team/app", "1.0", sha256)
    assert heard.calls[0][0]["X-JFrog-Event-Auth"] == "s3cret"


async def test_a_secret_may_sign_instead_of_being_sent(standin: Running, ask: Client, heard: Heard) -> None:
    body = subscription(heard, "docker", "pushed", secret="s3cret", use_secret_for_signing=True)
    await ask("POST", SUBSCRIPTIONS, json=body)

    put_image(standin, "1.0")
    await heard.events(1)

    headers, sent = heard.calls[0]
    assert headers["X-JFrog-Event-Auth"] == hmac.new(b"s3cret", sent, hashlib.sha256).hexdigest()


async def test_an_index_tells_its_platforms_and_is_told_once(
    standin: Running, ask: Client, heard: Heard
) -> None:
    put_image(standin, "0.1")
    await ask("POST", SUBSCRIPTIONS, json=subscription(heard, "docker", "pushed", "deleted"))
    both = [images.image(platform=Target(architecture=arch, os="linux")) for arch in ("amd64", "arm64")]

    images.put(standin.platform.artifactory, "docker-local", "team/app", "2.0", images.index(both))
    standin.platform.artifactory.delete("docker-local", "team/app/2.0")

    events = await heard.events(2)
    pushed = next(event for event in events if event["event_type"] == "pushed")
    assert [entry["architecture"] for entry in pushed["data"]["platforms"]] == ["amd64", "arm64"]
    assert {event["event_type"] for event in events} == {"pushed", "deleted"}


async def test_a_day_of_a_seeded_platform_is_told(standin: Running, ask: Client, heard: Heard) -> None:
    world = standin.platform.grow(Seed(images=40))
    await ask("POST", SUBSCRIPTIONS, json=subscription(heard, "docker", "pushed"))

    world.advance(1)

    assert (await heard.events(1))[0]["data"]["image_name"]


async def test_deliveries_may_come_again_and_with_forged_ones_among_them(
    standin: Running, ask: Client, heard: Heard
) -> None:
    body = subscription(heard, "docker", "pushed", secret="s3cret")
    await ask("POST", SUBSCRIPTIONS, json=body)
    standin.platform.switch(deliveries_again=1, deliveries_shuffled=True, deliveries_forged=True)

    for tag in ("1.0", "2.0"):
        put_image(standin, tag)
    events = await heard.events(6)

    guesses = sorted(headers["X-JFrog-Event-Auth"] for headers, _ in heard.calls)
    assert sorted(event["data"]["tag"] for event in events) == ["1.0"] * 3 + ["2.0"] * 3
    assert guesses == ["guessed"] * 2 + ["s3cret"] * 4


async def test_criteria_narrow_what_is_told(standin: Running, ask: Client, heard: Heard) -> None:
    body = subscription(heard, "artifact", "deployed")
    body["event_filter"]["criteria"] = {
        "repoKeys": ["docker-local"],
        "includePatterns": ["**/2.0/manifest.json"],
    }
    await ask("POST", SUBSCRIPTIONS, json=body)

    put_image(standin, "1.0")
    put_image(standin, "2.0")

    events = await heard.events(1)
    assert [event["data"]["path"] for event in events] == ["team/app/2.0/manifest.json"]


async def test_a_subscription_is_read_changed_and_deleted(ask: Client, heard: Heard) -> None:
    body = subscription(heard, "docker", "pushed", secret="s3cret")
    await ask("POST", SUBSCRIPTIONS, json=body)
    one = f"{SUBSCRIPTIONS}/inventory"

    twice = await ask("POST", SUBSCRIPTIONS, json=body)
    shown = await ask("GET", one)
    changed = await ask("PUT", one, json=body | {"enabled": False})
    off = (await ask("GET", one)).json["enabled"]
    gone = await ask("DELETE", one)

    assert (twice.status, changed.status, gone.status) == (409, 204, 204)
    assert "s3cret" not in shown.text
    assert off is False
    assert (await ask("GET", SUBSCRIPTIONS)).json == []


@pytest.mark.parametrize(
    "changes", [{"key": "a b"}, {"handlers": []}, {"event_filter": {"domain": "moon", "event_types": []}}]
)
async def test_a_subscription_that_says_nothing_sensible_is_400(
    ask: Client, heard: Heard, changes: dict[str, Any]
) -> None:
    answer = await ask("POST", SUBSCRIPTIONS, json=subscription(heard, "docker", "pushed") | changes)

    assert answer.status == 400


async def test_only_an_administrator_may_subscribe(ask: Client) -> None:
    assert (await ask("GET", SUBSCRIPTIONS, basic=("reader", "password"))).status == 403
    assert (await ask("GET", SUBSCRIPTIONS, token=None)).status == 401
