"""The first flow from end to end: what feeds say is blocked, and only what nobody says any more is freed."""

import json

import msgspec
import pytest

from flow.thread import EVENTS, Thread
from jfrog_standin.faults import Params
from jfrog_standin.osv_records import span
from reedbed.feeds.settings import OwnListSettings
from reedbed.intel.merge import Admission
from reedbed.model.ledger import HoldRule

WIDE = ({"type": "SEMVER", "events": [{"introduced": "0"}]},)


def own_list(thread: Thread, *rows: dict[str, object]) -> None:
    """Let a second feed, `own`, say this."""
    path = thread.records.parent / "own.json"
    path.write_text(json.dumps(rows))
    settings = OwnListSettings(name="own", source=str(path))
    thread.feeds = [*(feed for feed in thread.feeds if feed.name != "own"), settings]


# What a feed says


async def test_a_record_becomes_a_custom_issue_that_blocks_the_download(thread: Thread) -> None:
    bad, good = thread.npm("reed-bad", "1.0.0"), thread.npm("reed-bad", "1.0.1")
    thread.publish("MAL-2026-1", "reed-bad", versions=["1.0.0"])

    counts = await thread.run()

    assert (counts["created"], counts["failed"]) == (1, 0)
    assert thread.versions("reed-bad") == {"[1.0.0]"}
    assert await thread.download(bad) == "blocked"
    assert await thread.download(good) == "served"


async def test_a_version_that_is_added_later_is_blocked_too(thread: Thread) -> None:
    thread.publish("MAL-2026-1", "reed-bad", versions=["1.0.0"])
    await thread.run()
    thread.publish("MAL-2026-1", "reed-bad", versions=["1.0.0", "1.0.1"], day=2)

    counts = await thread.run()

    assert counts["updated"] == 1
    assert thread.versions("reed-bad") == {"[1.0.0]", "[1.0.1]"}


async def test_a_withdrawn_record_frees_the_download(thread: Thread) -> None:
    path = thread.npm("reed-bad", "1.0.0")
    thread.publish("MAL-2026-1", "reed-bad", versions=["1.0.0"])
    await thread.run()
    assert await thread.download(path) == "blocked"
    thread.withdraw("MAL-2026-1", "reed-bad", day=2)

    counts = await thread.run()

    assert counts["deleted"] == 1
    assert thread.issues() == {}
    assert await thread.ledger() == []
    assert await thread.download(path) == "served"


async def test_one_of_two_sources_frees_only_what_the_other_does_not_hold(thread: Thread) -> None:
    thread.publish("MAL-2026-1", "reed-bad", versions=["1.0.0", "2.0.0"])
    own_list(thread, {"id": "own-1", "purl": "pkg:npm/reed-bad", "versions": ["2.0.0"]})
    await thread.run()
    assert thread.versions("reed-bad") == {"[1.0.0]", "[2.0.0]"}
    thread.withdraw("MAL-2026-1", "reed-bad", day=2)

    await thread.run()

    assert thread.versions("reed-bad") == {"[2.0.0]"}


async def test_a_downgrade_frees_as_a_withdrawal_does(thread: Thread) -> None:
    row: dict[str, object] = {
        "id": "own-1",
        "purl": "pkg:npm/reed-bad",
        "versions": ["2.0.0"],
        "modified": "2026-10-01",
    }
    own_list(thread, row)
    await thread.run()
    assert thread.versions("reed-bad") == {"[2.0.0]"}

    own_list(thread, {**row, "verdict": "suspicious", "modified": "2026-10-02"})
    await thread.run()

    assert thread.issues() == {}


async def test_what_a_feed_is_trusted_to_say_can_be_widened_and_narrowed(thread: Thread) -> None:
    own_list(
        thread,
        {"id": "own-1", "purl": "pkg:npm/reed-bad", "versions": ["2.0.0"], "verdict": "suspicious"},
    )
    await thread.run()
    assert thread.issues() == {}

    thread.terms = msgspec.structs.replace(thread.terms, admission=Admission(suspicious=frozenset({"own"})))
    await thread.run()
    assert thread.versions("reed-bad") == {"[2.0.0]"}

    thread.terms = msgspec.structs.replace(thread.terms, admission=Admission())
    await thread.run()
    assert thread.issues() == {}


async def test_a_feed_that_falls_silent_takes_nothing_back(thread: Thread) -> None:
    thread.publish("MAL-2026-1", "reed-bad", versions=["1.0.0"])
    thread.publish("MAL-2026-2", "reed-worse", versions=["1.0.0"])
    await thread.run()

    for path in thread.records.iterdir():
        path.unlink()
    await thread.run(full=True)
    thread.records.rmdir()
    await thread.run(full=True)

    assert thread.issues().keys() == {"reed-bad", "reed-worse"}


async def test_a_newer_form_that_cannot_be_used_takes_nothing_back(thread: Thread) -> None:
    thread.publish("MAL-2026-1", "reed-bad", versions=["1.0.0"])
    await thread.run()
    thread.publish("MAL-2026-1", "reed-bad", day=2)  # neither versions nor ranges
    await thread.run(full=True)
    assert thread.versions("reed-bad") == {"[1.0.0]"}

    (thread.records / "MAL-2026-1.json").write_text('{"id": "MAL-2026-1", "affected": [{"pack')
    await thread.run(full=True)

    assert thread.versions("reed-bad") == {"[1.0.0]"}


async def test_a_store_that_forgot_the_feeds_frees_nothing(thread: Thread) -> None:
    """The ledger says which records an issue was made from; those that nobody has heard of stand."""
    thread.publish("MAL-2026-1", "reed-bad", versions=["1.0.0"])
    own_list(thread, {"id": "own-1", "purl": "pkg:npm/reed-bad", "versions": ["2.0.0"]})
    await thread.run()
    await thread.db.write(lambda c: c.exec_driver_sql("DELETE FROM advisories WHERE feed = 'osv'"))

    await thread.run(full=True)

    assert thread.versions("reed-bad") == {"[1.0.0]", "[2.0.0]"}


# What a person should see first


async def test_a_package_on_the_allow_list_waits_for_a_person(thread: Thread) -> None:
    thread.limit(allow_list=("pkg:npm/reed-*",))
    thread.publish("MAL-2026-1", "reed-ours", versions=["1.0.0"])
    thread.publish("MAL-2026-2", "other", versions=["1.0.0"])

    await thread.run()

    assert thread.issues().keys() == {"other"}
    assert await thread.held() == {"pkg:npm/reed-ours": (HoldRule.ALLOW_LIST,)}


async def test_an_interval_over_releases_that_people_download_waits_for_a_person(thread: Thread) -> None:
    used, unused = thread.npm("reed-used", "1.0.0"), thread.npm("reed-unused", "1.0.0")
    assert await thread.download(used) == "served"
    for number, name in enumerate(["reed-used", "reed-unused", "reed-absent"]):
        thread.publish(f"MAL-2026-{number}", name, ranges=WIDE)

    counts = await thread.run()

    assert counts["held"] == 1
    assert thread.issues().keys() == {"reed-unused", "reed-absent"}
    assert await thread.held() == {"pkg:npm/reed-used": (HoldRule.IN_USE,)}
    assert await thread.download(used) == "served"
    assert await thread.download(unused) == "blocked"


async def test_a_release_that_a_source_names_is_blocked_however_many_use_it(thread: Thread) -> None:
    used = thread.npm("reed-used", "1.0.0")
    assert await thread.download(used) == "served"
    thread.publish("MAL-2026-1", "reed-used", versions=["1.0.0"])

    await thread.run()

    assert await thread.download(used) == "blocked"


async def test_more_blocks_than_expected_wait_as_a_whole_and_unblocks_go_on(thread: Thread) -> None:
    thread.publish("MAL-2026-0", "reed-freed", versions=["1.0.0"])
    await thread.run()
    thread.limit(blocks=2)
    thread.withdraw("MAL-2026-0", "reed-freed", day=2)
    for number in range(1, 4):
        thread.publish(f"MAL-2026-{number}", f"reed-{number}", versions=["1.0.0"])

    await thread.run()

    assert thread.issues() == {}
    assert set((await thread.held()).values()) == {(HoldRule.MANY_BLOCKS,)}
    assert len(await thread.held()) == 3


async def test_more_unblocks_than_expected_wait_as_a_whole_and_blocks_go_on(thread: Thread) -> None:
    for number in range(3):
        thread.publish(f"MAL-2026-{number}", f"reed-{number}", versions=["1.0.0"])
    await thread.run()
    thread.limit(unblocks=2)
    for number in range(3):
        thread.withdraw(f"MAL-2026-{number}", f"reed-{number}", day=2)
    thread.publish("MAL-2026-9", "reed-new", versions=["1.0.0"])

    await thread.run()

    assert thread.issues().keys() == {"reed-0", "reed-1", "reed-2", "reed-new"}
    assert set((await thread.held()).values()) == {(HoldRule.MANY_UNBLOCKS,)}


async def test_a_release_lets_go_exactly_what_was_seen(thread: Thread) -> None:
    thread.limit(allow_list=("pkg:npm/reed-ours",))
    thread.publish("MAL-2026-1", "reed-ours", versions=["1.0.0"])
    await thread.run()

    released = await thread.release("pkg:npm/reed-ours")
    await thread.run()

    assert released == ["pkg:npm/reed-ours"]
    assert thread.versions("reed-ours") == {"[1.0.0]"}


async def test_what_was_released_asks_again_when_the_feed_says_something_new(thread: Thread) -> None:
    thread.limit(allow_list=("pkg:npm/reed-ours",))
    thread.publish("MAL-2026-1", "reed-ours", versions=["1.0.0"])
    await thread.run()
    await thread.release("pkg:npm/reed-ours")
    await thread.run()
    thread.publish("MAL-2026-1", "reed-ours", versions=["1.0.0", "1.0.1"], day=2)

    await thread.run()

    assert thread.versions("reed-ours") == {"[1.0.0]"}
    assert await thread.held() == {"pkg:npm/reed-ours": (HoldRule.ALLOW_LIST,)}


async def test_a_release_before_the_feed_changed_its_mind_lets_nothing_else_go(thread: Thread) -> None:
    thread.limit(allow_list=("pkg:npm/reed-ours",))
    thread.publish("MAL-2026-1", "reed-ours", versions=["1.0.0"])
    await thread.run()
    await thread.release("pkg:npm/reed-ours")
    thread.publish("MAL-2026-1", "reed-ours", versions=["1.0.0", "1.0.1"], day=2)

    await thread.run()

    assert thread.issues() == {}
    assert await thread.held() == {"pkg:npm/reed-ours": (HoldRule.ALLOW_LIST,)}


async def test_setting_one_of_two_reasons_aside_leaves_the_other(thread: Thread) -> None:
    thread.limit(allow_list=("pkg:npm/reed-1",), blocks=1)
    for number in range(1, 4):
        thread.publish(f"MAL-2026-{number}", f"reed-{number}", versions=["1.0.0"])
    await thread.run()

    released = await thread.release(
        *(f"pkg:npm/reed-{n}" for n in range(1, 4)), rules=(HoldRule.MANY_BLOCKS,)
    )
    await thread.run()

    assert released == ["pkg:npm/reed-2", "pkg:npm/reed-3"]
    assert thread.issues().keys() == {"reed-2", "reed-3"}
    assert await thread.held() == {"pkg:npm/reed-1": (HoldRule.ALLOW_LIST,)}


# Carried out once, and proved


async def test_a_second_run_writes_nothing_to_jfrog(thread: Thread) -> None:
    thread.npm("reed-wide", "1.0.0")
    thread.publish("MAL-2026-1", "reed-bad", versions=["1.0.0"])
    thread.publish("MAL-2026-2", "reed-wide", ranges=WIDE)
    await thread.run()
    before = thread.writes()
    assert before == [f"POST {EVENTS}"] * 2

    await thread.run()
    await thread.run(full=True)

    assert thread.writes() == before


async def test_an_issue_that_was_lost_from_the_ledger_is_taken_over_without_a_write(thread: Thread) -> None:
    thread.publish("MAL-2026-1", "reed-bad", versions=["1.0.0"])
    await thread.run()
    before = thread.writes()
    await thread.db.write(lambda connection: connection.exec_driver_sql("DELETE FROM issues"))

    counts = await thread.run(full=True)

    assert counts["unchanged"] == 1
    assert thread.writes() == before
    assert [each.issue_id for each in await thread.ledger()] == list(thread.standin.platform.xray.issues)


async def test_an_issue_that_xray_drops_in_silence_is_not_taken_for_pushed(thread: Thread) -> None:
    thread.standin.platform.switch(mode="silent")
    thread.restyle(provider="Reedbed")
    thread.fail("silent_drop", f"{EVENTS}*", method="POST")
    thread.publish("MAL-2026-1", "reed-bad", versions=["1.0.0"])

    await thread.run()

    waiting = (await thread.waiting())["pkg:npm/reed-bad"]
    assert await thread.ledger() == []
    assert waiting.reason
    assert "dropped it in silence" in waiting.reason
    assert "dropped it in silence" in thread.errors[0].why


async def test_a_deletion_that_xray_only_claims_is_not_taken_for_done(thread: Thread) -> None:
    thread.publish("MAL-2026-1", "reed-bad", versions=["1.0.0"])
    await thread.run()
    thread.fail("silent_drop", f"{EVENTS}*", method="DELETE")
    thread.withdraw("MAL-2026-1", "reed-bad", day=2)
    await thread.run()
    assert len(await thread.ledger()) == 1
    assert "still shows it" in thread.errors[0].why

    thread.mend()
    await thread.until_done()

    assert thread.issues() == {}
    assert await thread.ledger() == []


@pytest.mark.parametrize(
    "style",
    [{"provider": "Acme"}, {"link_base": "https://why.example.com"}, {"issue_kind": 0}, {"go_prefix": "v"}],
    ids=lambda style: next(iter(style)),
)
async def test_another_style_of_issues_is_carried_to_every_issue(
    thread: Thread, style: dict[str, object]
) -> None:
    thread.publish("MAL-2026-1", "reed-bad", versions=["1.0.0"])
    thread.publish("MAL-2026-2", "reed.example/mod", ecosystem="Go", versions=["1.0.0"])
    await thread.run()
    before = thread.writes()

    thread.restyle(**style)
    counts = await thread.run()
    again = await thread.run()

    assert counts["updated"] == len(thread.writes()) - len(before) == (1 if "go_prefix" in style else 2)
    assert again["pushed"] == 0


async def test_a_token_for_xray_alone_still_blocks_what_is_named_and_says_what_it_cannot_ask(
    embedded: Thread,
) -> None:
    embedded.publish("MAL-2026-1", "reed-named", versions=["1.0.0"])
    embedded.publish("MAL-2026-2", "reed-wide", ranges=[span("introduced 0")])
    embedded.fail("status", "/artifactory/*", params=Params(status=401))

    await embedded.run()

    assert embedded.versions("reed-named") == {"[1.0.0]"}
    (waiting,) = (await embedded.waiting()).values()
    assert waiting.package == "pkg:npm/reed-wide"
    assert "repositories" in (waiting.reason or "")

    embedded.limit(ask_in_use=False)
    embedded.time = waiting.next_attempt_at
    await embedded.run()

    assert embedded.versions("reed-wide") == {"(,)"}
