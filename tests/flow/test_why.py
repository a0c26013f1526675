"""What is known of a release, across feeds, ledger, outbox, findings and the platform itself."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from flow.thread import PLATFORM, Thread
from jfrog.platforms import at, impatient
from jfrog_standin.faults import Params
from reedbed.intel.hunt import hunt
from reedbed.intel.unblock import unblock
from reedbed.intel.why import Why, live, why
from reedbed.jfrog.session import JFrog, connect
from reedbed.model.advisory import Confidence
from reedbed.model.ledger import Action, HoldRule
from reedbed.model.purl import parse_purl


@pytest.fixture
async def jfrog(embedded: Thread) -> AsyncIterator[JFrog]:
    platform = at(embedded.standin, name=PLATFORM)
    async with connect(platform, embedded.standin.admin_token, patience=impatient(attempts=2)) as open_line:
        yield open_line


async def known(thread: Thread, release: str) -> Why:
    package, version = parse_purl(release)
    terms = thread.terms
    return await thread.db.read(
        why, package, version, admission=terms.admission, relevance=terms.relevance, now=thread.time
    )


async def test_a_blocked_release_is_told_with_record_issue_and_who_has_it(
    embedded: Thread, jfrog: JFrog
) -> None:
    path = embedded.npm("reed", "1.0.0")
    embedded.publish("MAL-2026-1", "reed", versions=["1.0.0"])
    await embedded.run()
    await hunt(jfrog, embedded.db, admission=embedded.terms.admission, ask_xray=True, now=embedded.now)

    found = await known(embedded, "npm:reed@1.0.0")

    assert (found.flagged, found.meant, found.known) == (True, True, True)
    assert [(said.id, said.says, said.meant, said.blocks) for said in found.said] == [
        ("MAL-2026-1", "malicious", True, None)
    ]
    (there,) = found.platforms
    (issue,) = embedded.standin.platform.xray.issues
    assert (there.issue, there.meant, there.waits) == (issue, True, None)
    assert [each.path for each in found.findings] == [path]
    assert any(found.findings[0].id in line for line in found.advice)


async def test_another_release_of_a_flagged_package_is_not_meant(embedded: Thread) -> None:
    embedded.publish("MAL-2026-1", "reed", versions=["1.0.0"])
    await embedded.run()

    found = await known(embedded, "npm:reed@2.0.0")

    assert (found.flagged, found.meant, found.platforms[0].meant) == (True, False, False)


async def test_what_waits_for_a_person_says_how_to_decide(embedded: Thread) -> None:
    embedded.limit(allow_list=("pkg:npm/reed",))
    embedded.publish("MAL-2026-1", "reed", versions=["1.0.0"])
    await embedded.run()

    found = await known(embedded, "npm:reed")

    (there,) = found.platforms
    assert (there.issue, there.waits, there.held) == (None, Action.CREATE, (HoldRule.ALLOW_LIST,))
    assert any("reedbed intel release" in line for line in found.advice)


async def test_a_withdrawn_record_is_shown_and_flags_nothing(embedded: Thread) -> None:
    embedded.publish("MAL-2026-1", "reed", versions=["1.0.0"])
    await embedded.run()
    embedded.withdraw("MAL-2026-1", "reed", day=2)
    await embedded.run()

    found = await known(embedded, "npm:reed@1.0.0")

    assert (found.known, found.flagged, found.meant) == (True, False, None)
    assert [(said.says, said.blocks, said.confidence) for said in found.said] == [
        ("withdrawn", "it was withdrawn", Confidence.HUMAN_VERIFIED)
    ]


async def test_what_a_person_has_freed_is_shown_with_the_reason(embedded: Thread) -> None:
    embedded.publish("MAL-2026-1", "reed", versions=["1.0.0"])
    await embedded.run()
    package, _ = parse_purl("npm:reed")
    await embedded.db.write(
        unblock,
        package,
        None,
        lasts=timedelta(hours=1),
        reason="build is down",
        by="alice",
        now=embedded.time,
    )

    found = await known(embedded, "npm:reed@1.0.0")

    assert [(free.made_by, free.reason) for free in found.unblocked] == [("alice", "build is down")]
    assert found.flagged


async def test_of_an_unknown_package_nothing_is_known(embedded: Thread) -> None:
    found = await known(embedded, "npm:nobody@1.0.0")

    assert not found.known
    assert found.advice == []


async def test_the_platform_tells_which_watch_and_policy_block(embedded: Thread, jfrog: JFrog) -> None:
    embedded.publish("MAL-2026-1", "reed", versions=["1.0.0"])
    await embedded.run()

    now = await live(jfrog, parse_purl("npm:reed")[0])

    covers = {cover.key: cover for cover in now.covers}
    assert now.issue is True
    assert covers["npm-local"].blocks
    assert covers["npm-local"].blocked_by[0].startswith("reedbed / ")
    assert "pypi-local" not in covers


async def test_a_platform_that_cannot_be_asked_is_not_known(embedded: Thread, jfrog: JFrog) -> None:
    embedded.fail("status", "/xray/api/v2/watches*", params=Params(status=403))

    now = await live(jfrog, parse_purl("npm:reed")[0])

    assert now.issue is None
    assert now.not_known
