"""Break glass: freed for a while, against the feeds, and blocked again by itself."""

from datetime import timedelta

import pytest

from flow.thread import Thread
from jfrog_standin.osv_records import span
from reedbed.errors import SettingsError
from reedbed.intel.unblock import end_exemptions, unblock
from reedbed.model.ecosystem import PackageType
from reedbed.model.purl import purl
from reedbed.store import audit
from reedbed.store.exemptions import Exemption

REED = purl(PackageType.NPM, "reed")


async def freed(
    thread: Thread, version: str | None = None, *, hours: float = 24, reason: str = "r"
) -> Exemption:
    return await thread.db.write(
        unblock, REED, version, lasts=timedelta(hours=hours), reason=reason, by="alice", now=thread.now()
    )


async def test_one_version_is_free_for_a_day_and_comes_back_by_itself(thread: Thread) -> None:
    thread.publish("MAL-2026-1", "reed", versions=["1.0.0", "1.1.0"])
    path = thread.npm("reed", "1.0.0")
    await thread.run()
    assert await thread.download(path) == "blocked"

    await freed(thread, "1.0.0")
    await thread.run()
    assert await thread.download(path) == "served"
    assert thread.versions("reed") == {"[1.1.0]"}

    thread.time += timedelta(hours=25)
    await thread.run()
    assert await thread.download(path) == "blocked"
    acts = [(entry.who, entry.action) for entry in await thread.db.read(audit.page, limit=9)]
    assert acts == [("time", "end unblock"), ("alice", "unblock package")]


async def test_it_survives_what_the_feed_says_meanwhile(embedded: Thread) -> None:
    embedded.publish("MAL-2026-1", "reed", versions=["1.0.0"])
    await embedded.run()
    await freed(embedded)
    await embedded.run()

    embedded.publish("MAL-2026-1", "reed", day=2, versions=["1.0.0", "1.1.0"])
    await embedded.run(full=True)

    assert embedded.versions("reed") == set()


async def test_one_version_is_cut_out_of_an_interval(embedded: Thread) -> None:
    embedded.publish("MAL-2026-1", "reed", ranges=[span("introduced 0")])
    await embedded.run()

    await freed(embedded, "2.0.0")
    await embedded.run()

    assert embedded.versions("reed") == {"(,2.0.0)", "(2.0.0,)"}


async def test_it_comes_back_though_people_have_used_it_meanwhile(embedded: Thread) -> None:
    embedded.publish("MAL-2026-1", "reed", ranges=[span("introduced 0")])
    path = embedded.npm("reed", "1.0.0")
    await embedded.run()
    await freed(embedded)
    await embedded.run()
    assert await embedded.download(path) == "served"

    embedded.time += timedelta(hours=25)
    await embedded.run()

    assert await embedded.download(path) == "blocked"
    assert await embedded.held() == {}


async def test_it_can_be_ended_early(embedded: Thread) -> None:
    embedded.publish("MAL-2026-1", "reed", versions=["1.0.0"])
    await embedded.run()
    await freed(embedded)
    await embedded.run()

    await embedded.db.write(end_exemptions, now=embedded.now(), package=str(REED), by="alice")
    await embedded.run()

    assert embedded.versions("reed") == {"[1.0.0]"}


@pytest.mark.parametrize(
    ("version", "hours", "reason", "why"),
    [
        ("3.0.0", 24, "because", "is not flagged"),
        (None, 24, "  ", "no reason"),
        (None, 24 * 91, "because", "90 days"),
        (None, 0, "because", "90 days"),
    ],
)
async def test_what_makes_no_sense_is_refused(
    embedded: Thread, version: str | None, hours: float, reason: str, why: str
) -> None:
    embedded.publish("MAL-2026-1", "reed", versions=["1.0.0"])
    await embedded.run()

    with pytest.raises(SettingsError) as caught:
        await freed(embedded, version, hours=hours, reason=reason)

    assert why in caught.value.why


async def test_what_nobody_flags_cannot_be_freed(embedded: Thread) -> None:
    with pytest.raises(SettingsError, match="Could not un-block"):
        await freed(embedded)
