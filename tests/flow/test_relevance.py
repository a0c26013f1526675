"""What is old and nobody has is not pushed; it is as soon as somebody has it, or wants it."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import msgspec
import pytest

from flow.thread import PLATFORM, STARTED, Thread
from jfrog.platforms import at, impatient
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.osv_records import span
from reedbed.feeds.settings import OwnListSettings
from reedbed.intel.backfill import Chosen, backfill, choose
from reedbed.intel.hunt import Hunted, hunt
from reedbed.intel.relevance import Relevance
from reedbed.jfrog.session import JFrog, connect
from reedbed.model.advisory import Advisory
from reedbed.model.ecosystem import PackageType
from reedbed.model.ledger import Action, HoldRule
from reedbed.model.platform import Platform
from reedbed.model.purl import purl
from reedbed.model.versions import Exactly, version, versions
from reedbed.store import advisories, audit, planned
from reedbed.store.left_out import Selection

OLD, RECENT = 1, 60  # days; the window begins on the tenth
ALL = Selection()


@pytest.fixture
async def jfrog(thread: Thread) -> AsyncIterator[JFrog]:
    platform = at(thread.standin, name=PLATFORM)
    async with connect(platform, thread.standin.admin_token, patience=impatient(attempts=2)) as open_line:
        yield open_line


def window(thread: Thread, days: int = 90, *whole: str) -> None:
    relevance = Relevance(window_days=days, whole=frozenset(whole))
    thread.terms = msgspec.structs.replace(thread.terms, relevance=relevance)


async def hunted(thread: Thread, jfrog: JFrog) -> Hunted:
    thread.time += timedelta(seconds=10)
    terms = thread.terms
    return await hunt(
        jfrog,
        thread.db,
        admission=terms.admission,
        relevance=terms.relevance,
        ask_xray=True,
        now=thread.now,
    )


async def left_out(thread: Thread) -> int | None:
    return (await thread.db.read(planned.left_out)).get(PLATFORM)


async def chosen(thread: Thread, selection: Selection = ALL) -> Chosen:
    platform = Platform(name=PLATFORM, url="https://jfrog.example", per_second=1.0)
    return await choose(thread.db, platform, thread.terms, selection)


async def wanted(thread: Thread, selection: Selection = ALL) -> int:
    return await backfill(
        thread.db,
        await chosen(thread, selection),
        thread.terms,
        selection=selection,
        reason="all of it",
        by="alice",
        now=thread.time,
    )


# The window


async def test_what_is_recent_is_pushed_and_what_is_old_is_counted(thread: Thread) -> None:
    window(thread)
    thread.publish("MAL-2026-1", "reed-old", versions=["1.0.0"], day=OLD)
    thread.publish("MAL-2026-2", "reed-new", versions=["1.0.0"], day=RECENT)

    counts = await thread.run()

    assert (counts["blocks"], counts["created"]) == (1, 1)
    assert thread.issues().keys() == {"reed-new"}
    assert await left_out(thread) == 1


async def test_what_is_pushed_stays_pushed_when_it_is_old(thread: Thread) -> None:
    window(thread)
    thread.publish("MAL-2026-1", "reed", versions=["1.0.0"], day=RECENT)
    await thread.run()
    thread.time += timedelta(days=1000)

    await thread.run(full=True)

    assert thread.versions("reed") == {"[1.0.0]"}
    assert await left_out(thread) == 0


async def test_what_is_pushed_is_updated_and_withdrawn_when_it_is_old(thread: Thread) -> None:
    thread.publish("MAL-2026-1", "reed", versions=["1.0.0"], day=OLD)
    await thread.run()
    window(thread)
    thread.publish("MAL-2026-1", "reed", versions=["1.0.0", "1.0.1"], day=OLD + 1)
    await thread.run()
    assert thread.versions("reed") == {"[1.0.0]", "[1.0.1]"}

    thread.withdraw("MAL-2026-1", "reed", day=OLD + 2)
    await thread.run()

    assert thread.issues() == {}


async def test_an_old_record_that_says_something_new_is_recent(thread: Thread) -> None:
    window(thread)
    thread.publish("MAL-2026-1", "reed", versions=["1.0.0"], day=OLD)
    await thread.run()
    thread.publish("MAL-2026-1", "reed", versions=["1.0.0", "1.0.1"], day=RECENT)

    await thread.run()

    assert thread.versions("reed") == {"[1.0.0]", "[1.0.1]"}
    assert await left_out(thread) == 0


async def test_a_wider_window_pushes_without_anything_new_being_said(thread: Thread) -> None:
    window(thread)
    thread.publish("MAL-2026-1", "reed", versions=["1.0.0"], day=OLD)
    await thread.run()
    window(thread, 0)

    await thread.run()

    assert thread.versions("reed") == {"[1.0.0]"}


async def test_an_own_list_matters_however_old_it_is(thread: Thread) -> None:
    window(thread, 90, "own")
    path = thread.records.parent / "own.json"
    path.write_text(json.dumps([{"purl": "pkg:npm/reed", "versions": ["1.0.0"], "modified": "2020-01-01"}]))
    thread.feeds = [OwnListSettings(name="own", source=str(path))]

    await thread.run()

    assert thread.versions("reed") == {"[1.0.0]"}


async def test_a_backlog_that_is_held_as_a_whole_goes_when_a_window_is_set(thread: Thread) -> None:
    thread.limit(blocks=1)
    for number in range(3):
        thread.publish(f"MAL-2026-{number}", f"reed-{number}", versions=["1.0.0"], day=OLD)
    await thread.run()
    assert set((await thread.held()).values()) == {(HoldRule.MANY_BLOCKS,)}
    window(thread)

    await thread.run()

    assert await thread.waiting() == {}
    assert await left_out(thread) == 3


async def test_a_question_about_one_package_stays_open_when_it_is_old(thread: Thread) -> None:
    thread.limit(allow_list=("pkg:npm/reed",))
    thread.publish("MAL-2026-1", "reed", versions=["1.0.0"], day=OLD)
    await thread.run()
    window(thread)

    await thread.run()

    assert await thread.held() == {"pkg:npm/reed": (HoldRule.ALLOW_LIST,)}


# What Artifactory has


async def test_an_old_package_that_somebody_downloads_is_found_pushed_and_blocked(
    thread: Thread, jfrog: JFrog
) -> None:
    window(thread)
    path = thread.npm("reed-old", "1.0.0")
    thread.publish("MAL-2026-1", "reed-old", versions=["1.0.0"], day=OLD)
    thread.publish("MAL-2026-2", "reed-gone", versions=["1.0.0"], day=OLD)
    await thread.run()
    assert await thread.download(path) == "served"

    found = await hunted(thread, jfrog)
    await thread.run()

    assert (found.packages, found.sightings, found.now_relevant, found.xray_left_out) == (2, 1, 1, 1)
    assert not found.complete
    assert thread.issues().keys() == {"reed-old"}
    assert await thread.download(path) == "blocked"
    assert await left_out(thread) == 1


async def test_a_package_that_is_there_in_a_clean_version_matters_too(thread: Thread, jfrog: JFrog) -> None:
    window(thread)
    thread.npm("reed", "2.0.0")
    thread.publish("MAL-2026-1", "reed", versions=["1.0.0"], day=OLD)
    await thread.run()

    found = await hunted(thread, jfrog)
    await thread.run()

    assert (found.sightings, found.now_relevant) == (0, 1)
    assert thread.versions("reed") == {"[1.0.0]"}


async def test_a_second_hunt_has_the_plan_look_at_nothing_again(thread: Thread, jfrog: JFrog) -> None:
    window(thread)
    thread.npm("reed", "1.0.0")
    thread.publish("MAL-2026-1", "reed", versions=["1.0.0"], day=OLD)
    await thread.run()
    await hunted(thread, jfrog)
    revision = await thread.db.read(advisories.latest_revision)

    found = await hunted(thread, jfrog)

    assert found.now_relevant == 0
    assert await thread.db.read(advisories.latest_revision) == revision


MANY = 1_041  # of one type: more than twenty-five queries would ask for


async def flag(thread: Thread, number: int) -> None:
    """Flag many npm packages, without a file for each."""
    said = [
        Advisory(
            feed="osv",
            id=f"MAL-2025-{each}",
            package=purl(PackageType.NPM, f"old-{each}"),
            spelling=f"old-{each}",
            versions=versions([Exactly(version("1.0.0"))]),
            summary="Malicious code",
            url=None,
            modified=STARTED - timedelta(days=900),
        )
        for each in range(number)
    ]
    await thread.db.write(advisories.save, said, feed="osv", now=thread.time)


def searches(thread: Thread) -> int:
    return len(thread.standin.platform.log.entries(path="/artifactory/api/search/aql"))


async def test_a_large_backlog_is_looked_for_by_walking_what_is_there(thread: Thread, jfrog: JFrog) -> None:
    window(thread)
    await flag(thread, MANY)
    for name in ("old-7", "@reed/clean", "old-1040"):
        thread.npm(name, "1.0.0")
    thread.standin.platform.log.clear()

    found = await hunted(thread, jfrog)

    assert (found.packages, found.sightings, found.now_relevant) == (MANY, 2, 2)
    assert searches(thread) < 15  # a page and its end of each repository, and the files of the two


async def test_a_walk_that_would_take_longer_is_given_up(thread: Thread, jfrog: JFrog) -> None:
    window(thread)
    await flag(thread, MANY)
    storage = thread.standin.platform.artifactory
    for number in range(30):
        storage.add(Repository(key=f"empty-{number}", package_type="npm"))
    thread.npm("old-7", "1.0.0")

    found = await hunted(thread, jfrog)

    assert (found.packages, found.sightings) == (MANY, 1)


async def test_a_file_that_a_walk_does_not_meet_any_more_is_gone_only_when_it_is(
    thread: Thread, jfrog: JFrog
) -> None:
    window(thread)
    await flag(thread, MANY)
    path = thread.npm("old-7", "1.0.0")
    await hunted(thread, jfrog)
    thread.standin.platform.artifactory.delete("npm-local", path)

    found = await hunted(thread, jfrog)

    assert found.gone == 1


# Backfill


async def test_a_backfill_pushes_what_was_chosen_and_is_in_the_audit_log(thread: Thread) -> None:
    window(thread)
    for name in ("reed-a", "reed-b"):
        thread.publish(f"MAL-2026-{name}", name, versions=["1.0.0"], day=OLD)
    thread.publish("MAL-2026-3", "reed-c", ecosystem="PyPI", versions=["1.0"], day=OLD)
    await thread.run()
    python = Selection(package_type=PackageType.PYPI)

    found = await chosen(thread, python)
    await wanted(thread, python)
    await thread.run()

    assert (found.packages, found.cost.requests, found.cost.seconds) == (("pkg:pypi/reed-c",), 3, 3.0)
    assert thread.issues().keys() == {"reed-c"}
    assert await left_out(thread) == 2
    (entry,) = await thread.db.read(audit.page, limit=10)
    assert (entry.who, entry.action, entry.subject) == ("alice", "backfill packages", PLATFORM)
    assert (entry.detail["packages"], entry.detail["reason"]) == (1, "all of it")


async def test_a_backfill_chooses_by_feed_package_and_day(thread: Thread) -> None:
    window(thread, 10)
    thread.publish("MAL-2026-1", "reed-old", versions=["1.0.0"], day=OLD)
    thread.publish("MAL-2026-2", "reed-later", versions=["1.0.0"], day=RECENT)
    await thread.run()
    old, later = "pkg:npm/reed-old", "pkg:npm/reed-later"

    assert (await chosen(thread)).packages == (later, old)
    assert (await chosen(thread, Selection(feed="own"))).packages == ()
    assert (await chosen(thread, Selection(packages=(old, "pkg:npm/reed-other")))).packages == (old,)
    since = Selection(since=STARTED - timedelta(days=50))
    assert (await chosen(thread, since)).packages == (later,)


async def test_that_they_are_many_is_agreed_to_and_nothing_else_is(thread: Thread) -> None:
    window(thread)
    thread.limit(blocks=1, allow_list=("pkg:npm/reed-0",))
    for number in range(4):
        thread.publish(f"MAL-2026-{number}", f"reed-{number}", versions=["1.0.0"], day=OLD)
    thread.publish("MAL-2026-9", "reed-wide", ranges=[span("introduced 0")], day=OLD)
    path = thread.npm("reed-wide", "1.0.0")
    await thread.download(path)
    await thread.run()

    await wanted(thread)
    await thread.run()

    assert thread.issues().keys() == {"reed-1", "reed-2", "reed-3"}
    assert await thread.held() == {
        "pkg:npm/reed-0": (HoldRule.ALLOW_LIST,),
        "pkg:npm/reed-wide": (HoldRule.IN_USE,),
    }


async def test_what_a_feed_says_after_a_backfill_was_not_agreed_to(thread: Thread) -> None:
    window(thread)
    thread.limit(blocks=0)
    thread.publish("MAL-2026-1", "reed", versions=["1.0.0"], day=OLD)
    await thread.run()
    await wanted(thread)
    thread.publish("MAL-2026-1", "reed", ranges=[span("introduced 0")], day=OLD + 1)

    await thread.run()

    assert await thread.held() == {"pkg:npm/reed": (HoldRule.MANY_BLOCKS,)}


async def test_an_unblock_is_never_agreed_to_by_a_backfill(thread: Thread) -> None:
    window(thread)
    thread.limit(unblocks=0)
    thread.publish("MAL-2026-1", "reed", versions=["1.0.0"], day=OLD)
    await thread.run()
    await wanted(thread)
    await thread.run()
    thread.withdraw("MAL-2026-1", "reed", day=OLD + 1)

    await thread.run()

    waiting = (await thread.waiting(held=True))["pkg:npm/reed"]
    assert (waiting.change.action, waiting.change.held) == (Action.DELETE, (HoldRule.MANY_UNBLOCKS,))


async def test_a_backfill_twice_chooses_nothing_the_second_time(thread: Thread) -> None:
    window(thread)
    thread.publish("MAL-2026-1", "reed", versions=["1.0.0"], day=OLD)
    await thread.run()

    assert await wanted(thread) == 1
    assert await wanted(thread) == 0
    await thread.run()

    assert (await chosen(thread)).packages == ()
