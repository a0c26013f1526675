import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web

from jfrog_standin.artifactory import packages
from jfrog_standin.server import Running
from standin.conftest import Client
from standin.stock import add_repositories, block
from standin.test_policies_watches import POLICIES, policy

WEBHOOKS = "/xray/api/v1/webhooks"


class Listener:
    """An HTTP server on loopback that keeps what it is sent, and answers with the statuses it was given."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.requests: list[web.Request] = []
        self.alerts: list[dict[str, Any]] = []
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        self.alerts.append(msgspec.json.decode(await request.read()))
        self.requests.append(request)
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    listening = Listener()
    app = web.Application()
    app.router.add_post("/alerts", listening.handle)
    async with AsyncExitStack() as stack:
        runner = web.AppRunner(app)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        listening.url = f"http://127.0.0.1:{runner.addresses[0][1]}/alerts"
        yield listening


def webhook(url: str, **changes: Any) -> dict[str, Any]:
    body = {"name": "tell", "url": url, "user_name": "xray", "password": "reeds", "headers": {"X-Pond": "1"}}
    return body | changes


async def have_it_told(standin: Running, ask: Client, body: dict[str, Any]) -> None:
    """Flag a stored package under a policy whose rule names the webhook."""
    add_repositories(standin.platform)
    for version in ("1.0.0", "2.0.0"):
        packages.add_npm(standin.platform.artifactory, "npm-local", "reed", version)
    made = await ask("POST", WEBHOOKS, json=body)
    assert made.status == 201, made.text
    await block(ask, "npm", "reed", "1.0.0")
    told = policy("no-malware")
    told["rules"][0]["actions"]["webhooks"] = [body["name"]]
    assert (await ask("PUT", f"{POLICIES}/no-malware", json=told)).status == 200


async def until(happened: Callable[[], bool | Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not happened():
            await asyncio.sleep(0.01)


async def test_a_new_violation_is_told_once_with_basic_auth_and_the_documented_payload(
    standin: Running, ask: Client, listener: Listener
) -> None:
    await have_it_told(standin, ask, webhook(listener.url))
    deliveries = standin.platform.deliveries

    await until(lambda: len(deliveries.ended) == 1)
    await ask("POST", "/xray/api/v1/violations", json={})
    await ask("POST", "/xray/api/v1/applyWatch", json={"watch_names": ["everywhere"]})

    (alert,), (request,) = listener.alerts, listener.requests
    (issue,) = alert["issues"]
    (artifact,) = issue["impacted_artifacts"]
    assert (alert["schema_version"], alert["top_severity"]) == ("1.1", "Critical")
    assert (alert["watch_name"], alert["policy_name"]) == ("everywhere", "no-malware")
    assert (issue["vulnerability_id"], issue["provider"]) == ("REED-1", "reed")
    assert (artifact["display_name"], artifact["path"]) == ("reed:1.0.0", "default/npm-local/reed/-/")
    assert artifact["infected_files"][0]["sha256"] == artifact["sha256"]
    assert request.headers["Authorization"] == aiohttp.encode_basic_auth("xray", "reeds")
    assert request.headers["User-Agent"].startswith("Xray/")
    assert request.headers["X-Pond"] == "1"


async def test_a_webhook_is_tried_three_times_at_most(
    standin: Running, ask: Client, listener: Listener
) -> None:
    listener.statuses = [500, 503]

    await have_it_told(standin, ask, webhook(listener.url))
    await until(lambda: bool(standin.platform.deliveries.ended))
    (recovered,) = (await ask.control("GET", "/deliveries")).json

    assert recovered == {"webhook": "tell", "tries": 3, "status": 200, "refused": "", "forged": False}


async def test_a_refusal_is_not_tried_again_and_nobody_there_is(
    standin: Running, ask: Client, listener: Listener
) -> None:
    listener.statuses = [404]
    await have_it_told(standin, ask, webhook(listener.url))
    ended = standin.platform.deliveries.ended
    await until(lambda: len(ended) == 1)

    await ask("PUT", f"{WEBHOOKS}/tell", json=webhook("http://127.0.0.1:9/nobody"))
    await ask("PUT", "/xray/api/v1/events/REED-1", json=both_releases())
    await until(lambda: len(ended) == 2)

    assert [(entry.tries, entry.status) for entry in ended] == [(1, 404), (3, None)]


def both_releases() -> dict[str, Any]:
    return {
        "provider": "reed",
        "package_type": "npm",
        "type": "Security",
        "severity": "Critical",
        "issue_kind": 1,
        "components": [{"id": "reed", "vulnerable_versions": ["(,)"]}],
    }


async def test_a_webhook_whose_headers_cannot_be_sent_only_fails(
    standin: Running, ask: Client, listener: Listener
) -> None:
    await have_it_told(standin, ask, webhook(listener.url, user_name="a:b", headers={"X": "1\r\nY: 2"}))

    await until(lambda: bool(standin.platform.deliveries.ended))

    assert [entry.status for entry in standin.platform.deliveries.ended] == [None]
    assert listener.alerts == []


async def test_no_other_machine_is_called(standin: Running, ask: Client) -> None:
    await have_it_told(standin, ask, webhook("http://jfrog.example/alerts"))

    await until(lambda: bool(standin.platform.deliveries.ended))

    (entry,) = standin.platform.deliveries.ended
    assert (entry.tries, entry.status) == (0, None)
    assert "webhooks_beyond_loopback" in entry.refused


async def test_a_webhook_is_created_read_listed_replaced_and_deleted(ask: Client) -> None:
    body = webhook("https://127.0.0.1:1/alerts", description="a test's")

    created = await ask("POST", WEBHOOKS, json=body)
    again = await ask("POST", WEBHOOKS, json=body)
    replaced = await ask("PUT", f"{WEBHOOKS}/tell", json={"url": "https://127.0.0.1:2/", "user_name": "x"})
    shown = await ask("GET", f"{WEBHOOKS}/tell")
    listed = await ask("GET", WEBHOOKS)
    deleted = await ask("DELETE", f"{WEBHOOKS}/tell")
    gone = await ask("GET", f"{WEBHOOKS}/tell")

    statuses = [answer.status for answer in (created, again, replaced, deleted, gone)]
    assert statuses == [201, 409, 200, 200, 404]
    assert shown.json["url"] == "https://127.0.0.1:2/"
    assert listed.json == [shown.json]
    assert "password" not in shown.json


@pytest.mark.parametrize(
    "changes",
    [{"name": "not-alnum"}, {"name": ""}, {"url": "ftp://127.0.0.1/"}, {"url": "x"}, {"url": "http://[/"}],
)
async def test_a_webhook_with_a_bad_name_or_address_is_400(ask: Client, changes: dict[str, str]) -> None:
    answer = await ask("POST", WEBHOOKS, json=webhook("http://127.0.0.1/") | changes)

    assert answer.status == 400
