"""Reading SafeDep's older list, which knows the last seven days only."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from feeds.drained import NOW, drain
from feeds.test_safedep import given
from reedbed.errors import Refused
from reedbed.feeds.feed import Feed
from reedbed.feeds.registry import open_feed
from reedbed.feeds.settings import SafeDepListSettings
from reedbed.model.advisory import Confidence
from reedbed.model.cursor import Cursor
from safedep_standin.data_plane import DataPlane
from safedep_standin.records import moment
from safedep_standin.server import running

MALWARE: dict[str, Any] = {"isMalware": True, "isVerified": True}
DAY = 24 * 60


@pytest.fixture
async def server() -> AsyncIterator[DataPlane]:
    async with running(NOW) as standin:
        yield standin.data_plane


def feed_of(server: DataPlane, **more: Any) -> Feed:
    settings = SafeDepListSettings(
        name="list", source=server.url, allow_plain_http=True, retry_wait_s=0.001, **more
    )
    return open_feed(settings, credentials=given())


def started(server: DataPlane) -> timedelta:
    """How long before now the last reading began."""
    return NOW - moment(server.asked[-1]["startFrom"])


async def test_a_first_reading_goes_back_as_far_as_the_list_does(server: DataPlane) -> None:
    server.most_per_page = 2
    for number in range(5):
        server.analysis(f"A{number}", f"reed-{number}", minutes=number - 6 * DAY, **MALWARE)

    reading = await drain(feed_of(server))

    assert set(reading.advisories) == {"A0", "A1", "A2", "A3", "A4"}
    assert reading.warnings == ""
    assert timedelta(days=6) < started(server) < timedelta(days=7)
    assert server.asked[0].keys() == {"startFrom", "pagination"}  # no filter


async def test_an_analysis_that_a_person_verified_or_cleared_later_is_seen(server: DataPlane) -> None:
    server.analysis("A1", "reed-1", minutes=-600, isMalware=True)
    server.analysis("A2", "reed-2", minutes=-600, **MALWARE)
    server.analysis("A3", "reed-3", minutes=-5, **MALWARE)
    before = await drain(feed_of(server))
    server.analysis("A1", "reed-1", minutes=-600, **MALWARE)
    server.analysis("A2", "reed-2", minutes=-600, isVerified=True)

    reading = await drain(feed_of(server), before.cursors)

    assert before.advisories["A1"].confidence is Confidence.AUTOMATED
    assert reading.advisories["A1"].confidence is Confidence.HUMAN_VERIFIED
    assert reading.withdrawn == {"A2"}


async def test_an_analysis_that_found_nothing_takes_nothing_back(server: DataPlane) -> None:
    server.analysis("A1", "reed-1", minutes=-60)

    reading = await drain(feed_of(server))

    assert reading.statements == []
    assert reading.drained["*"].records == 1
    assert reading.cursors["*"].watermark == NOW - timedelta(minutes=60)


async def test_a_pause_longer_than_the_list_reaches_back_is_said_in_days(server: DataPlane) -> None:
    server.analysis("A1", "reed-1", minutes=-60, **MALWARE)
    before = await drain(feed_of(server))
    late = NOW + timedelta(days=10)
    server.now = late
    server.analysis("A2", "reed-2", minutes=-60, **MALWARE)

    reading = await drain(feed_of(server), before.cursors, now=late)

    assert set(reading.advisories) == {"A2"}
    assert "3.1 days (2026-11-21 11:00 to 2026-11-24 13:00 UTC) can't be read" in reading.warnings
    assert reading.cursors["*"].watermark == late - timedelta(minutes=60)


async def test_an_empty_list_warns_and_keeps_its_place(server: DataPlane) -> None:
    known = {"*": Cursor(watermark=NOW - timedelta(days=1))}

    reading = await drain(feed_of(server), known)

    assert "not even the newest" in reading.warnings
    assert reading.cursors["*"].watermark == NOW - timedelta(days=1)


async def test_a_clock_far_behind_theirs_is_named(server: DataPlane) -> None:
    server.now = NOW + timedelta(days=1)

    with pytest.raises(Refused) as caught:
        await drain(feed_of(server))

    assert "cutoff" in caught.value.why
    assert "clock" in caught.value.fix


async def test_a_tenant_without_the_list_is_told_what_it_needs(server: DataPlane) -> None:
    server.entitled = False

    with pytest.raises(Refused) as caught:
        await drain(feed_of(server))

    assert "Pro" in caught.value.fix
