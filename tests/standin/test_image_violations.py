"""Violations of what is inside of images: found, paged, ignored and told."""

import asyncio

import aiohttp
import msgspec
import pytest

from jfrog_standin.seeding.seed import Seed
from jfrog_standin.server import Running
from jfrog_standin.xray.scan import Scan
from standin.conftest import Client
from standin.flagged import IGNORE_RULES, VIOLATIONS, violations
from standin.heard import listening
from standin.scans import MOMENT, issue, put_image
from standin.test_policies_watches import POLICIES, WATCHES, policy, watch


async def have_it_watched(ask: Client, severity: str = "High") -> None:
    """Watch everything for issues of a severity or worse."""
    made = await ask("POST", POLICIES, json=policy(min_severity=severity))
    assert made.status == 201, made.text
    everywhere = {"resources": [{"type": "all-repos", "filters": []}]}
    made = await ask("POST", WATCHES, json=watch() | {"project_resources": everywhere})
    assert made.status == 201, made.text


async def test_an_issue_in_an_image_breaks_the_policy_of_a_watch(standin: Running, ask: Client) -> None:
    sha256 = put_image(standin, "1.0", Scan(issues=(issue(1), issue(2))))
    await have_it_watched(ask)

    found = await violations(ask, issue_id="XRAY-1")
    standin.platform.xray.put_scan(sha256, Scan())
    after = await violations(ask)

    (violation,) = found["violations"]
    assert violation["impacted_artifacts"] == ["default/docker-local/team/app/1.0/manifest.json"]
    assert violation["infected_components"] == [MOMENT.uri]
    assert after["total_violations"] == 0


async def test_an_ignore_rule_hides_an_issue_in_an_image(standin: Running, ask: Client) -> None:
    put_image(standin, "1.0", Scan(issues=(issue(1), issue(2))))
    await have_it_watched(ask)

    rule = {"notes": "not reachable", "ignore_filters": {"cves": ["CVE-2026-0001"]}}
    before = (await violations(ask))["total_violations"]
    await ask("POST", IGNORE_RULES, json=rule)
    after = await violations(ask)

    assert before == 2
    assert [found["issue_id"] for found in after["violations"]] == ["XRAY-2"]


async def test_the_violations_of_a_seeded_platform_are_read_by_pages(standin: Running, ask: Client) -> None:
    standin.platform.grow(Seed(images=20))
    await have_it_watched(ask, "Critical")

    total, seen, number = 1, set[str](), 1
    while len(seen) < total:
        page = {"limit": 50, "offset": number, "order_by": "issue_id"}
        answer = await ask(
            "POST", VIOLATIONS, json={"filters": {"include_details": True}, "pagination": page}
        )
        rows = answer.json["violations"]
        assert rows
        total, number = answer.json["total_violations"], number + 1
        seen |= {row["violation_id"] for row in rows}

    assert len(seen) == total > 20


async def test_a_search_without_filters_may_never_end(standin: Running, ask: Client) -> None:
    standin.platform.switch(violations_hang=True)
    headers = {"Authorization": f"Bearer {standin.admin_token}"}

    async with aiohttp.ClientSession(headers=headers) as session:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(
                session.post(standin.url + VIOLATIONS, json={"filters": {}}, ssl=standin.ssl or True), 0.3
            )

    assert (await violations(ask, watch_name="reedbed"))["violations"] == []


async def test_a_webhook_is_told_of_what_a_new_scan_finds(standin: Running, ask: Client) -> None:
    sha256 = put_image(standin, "1.0")
    async with listening() as heard:
        await ask("POST", "/xray/api/v1/webhooks", json={"name": "inventory", "url": heard.url})
        body = policy(min_severity="High")
        body["rules"][0]["actions"]["webhooks"] = ["inventory"]
        await ask("POST", POLICIES, json=body)
        everywhere = {"resources": [{"type": "all-repos", "filters": []}]}
        await ask("POST", WATCHES, json=watch() | {"project_resources": everywhere})

        await ask.control("PUT", f"/scans/{sha256}", json=msgspec.to_builtins(Scan(issues=(issue(7),))))
        (alert,) = await heard.events(1)

    (told,) = alert["issues"]
    assert (told["vulnerability_id"], told["cve"]) == ("XRAY-7", "CVE-2026-0007")
    assert told["impacted_artifacts"][0]["path"] == "default/docker-local/team/app/1.0/"
