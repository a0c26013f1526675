"""Reading SafeDep's Threat Intel feed, from a stand-in that has its bad days."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from feeds.archive_server import Fault, body, cut_off, endless, hung_until, status
from feeds.drained import NOW, Reading, drain
from reedbed.errors import ReedbedError, Refused, SettingsError, Unreachable, Unreadable
from reedbed.feeds.feed import Feed
from reedbed.feeds.registry import open_feed
from reedbed.feeds.safedep_access import Credentials
from reedbed.feeds.settings import FeedSettings, SafeDepSettings
from reedbed.model.advisory import Verdict
from reedbed.model.secret import Secret
from safedep_standin.account import KEY, TENANT
from safedep_standin.data_plane import DataPlane, failing
from safedep_standin.server import running


@pytest.fixture
async def server() -> AsyncIterator[DataPlane]:
    async with running(NOW) as standin:
        yield standin.data_plane


def given(key: str = KEY, tenant: str = TENANT) -> Credentials:
    async def credentials(profile: str) -> tuple[Secret, str] | None:
        return Secret(key), tenant

    return credentials


def feed_of(server: DataPlane, *, credentials: Credentials | None = None, **more: Any) -> Feed:
    settings = SafeDepSettings(
        name="safedep",
        source=server.url,
        allow_plain_http=True,
        **{"retry_wait_s": 0.001, "timeout_s": 60.0, **more},
    )
    return open_feed(settings, credentials=credentials or given())


# What is read


async def test_a_first_reading_takes_every_page(server: DataPlane) -> None:
    server.most_per_page = 2
    for number in range(5):
        server.report(f"R{number}", f"reed-{number}", minutes=number - 10)

    reading = await drain(feed_of(server))

    assert set(reading.advisories) == {"R0", "R1", "R2", "R3", "R4"}
    assert reading.drained["*"].records == 5
    assert reading.cursors["*"].watermark == NOW - timedelta(minutes=6)
    assert len(server.asked) == 3


async def test_no_verdict_is_filtered_at_the_server(server: DataPlane) -> None:
    server.report("R1", "reed-bad", minutes=-60)
    before = await drain(feed_of(server))

    await drain(feed_of(server), before.cursors)

    pages = {"pageSize": 100, "sortOrder": "SORT_ORDER_ASCENDING"}
    assert server.asked == [
        {"pagination": pages},
        {"pagination": pages, "filters": {"since": "2026-11-21T10:50:00Z"}},
    ]


async def test_reports_of_one_moment_are_read_on_both_sides_of_a_page_and_of_a_reading(
    server: DataPlane,
) -> None:
    server.most_per_page = 2
    for number in range(3):
        server.report(f"R{number}", f"reed-{number}", minutes=-60)
    before = await drain(feed_of(server))
    server.report("R9", "reed-9", minutes=-60)

    reading = await drain(feed_of(server), before.cursors)

    assert set(before.advisories) == {"R0", "R1", "R2"}
    assert "R9" in reading.advisories


async def test_a_downgrade_and_a_withdrawal_come_as_statements(server: DataPlane) -> None:
    server.report("R1", "reed-1", minutes=-60)
    server.report("R2", "reed-2", minutes=-60)
    before = await drain(feed_of(server))
    server.report("R1", "reed-1", minutes=-50, verdict="THREAT_VERDICT_SUSPICIOUS")
    server.report("R2", "reed-2", minutes=-50, withdrawn=True)

    reading = await drain(feed_of(server), before.cursors)

    assert reading.advisories["R1"].verdict is Verdict.SUSPICIOUS
    assert reading.withdrawn == {"R2"}


async def test_a_page_of_ten_thousand_reports_comes_in_batches(server: DataPlane) -> None:
    server.report("R", "reed", minutes=-60)
    (made,) = server.reports.values()
    many = [{**made, "reportId": f"R{number}"} for number in range(10_000)]
    server.faults = [body(msgspec.json.encode({"packageReports": many}))]

    reading = await drain(feed_of(server))

    assert len(reading.advisories) == 10_000
    assert reading.batches == [2_000] * 5


async def test_reports_without_a_time_or_dated_in_the_future_do_not_move_the_cursor(
    server: DataPlane,
) -> None:
    server.report("R1", "reed-1", minutes=-60)
    server.report("R2", "reed-2", updatedAt=None)
    server.report("R3", "reed-3", minutes=60 * 24 * 400)

    reading = await drain(feed_of(server))

    assert set(reading.advisories) == {"R1", "R2", "R3"}
    assert reading.cursors["*"].watermark == NOW - timedelta(minutes=60)
    assert "dated in the future" in reading.warnings
    assert reading.advisories["R3"].modified == NOW


async def test_a_record_that_cannot_be_used_does_not_stop_the_others(server: DataPlane) -> None:
    good: dict[str, Any] = {}
    server.report("R1", "reed-1", minutes=-60)
    good.update(server.reports["R1"])
    page = {"packageReports": [None, 7, {"reportId": 9}, {"reportId": "R2", "package": []}, good]}
    server.faults = [body(msgspec.json.encode(page))]

    reading = await drain(feed_of(server))

    assert set(reading.advisories) == {"R1"}
    assert len(reading.refused) == 4
    assert "R2" in reading.refused


async def test_a_feed_that_suddenly_brings_nothing_says_so_and_keeps_its_place(server: DataPlane) -> None:
    server.report("R1", "reed-1", minutes=-60)
    before = await drain(feed_of(server))
    again = await drain(feed_of(server), before.cursors)
    server.reports.clear()

    reading = await drain(feed_of(server), before.cursors)

    assert again.warnings == ""
    assert "not even the newest" in reading.warnings
    assert reading.statements == []
    assert reading.cursors == before.cursors


# Who may read


async def test_without_credentials_nothing_is_asked_and_the_ways_to_give_some_are_named(
    server: DataPlane,
) -> None:
    settings: FeedSettings = SafeDepSettings(name="safedep", source=server.url, allow_plain_http=True)

    with pytest.raises(SettingsError) as caught:
        await drain(open_feed(settings))

    assert "reedbed auth login" in caught.value.fix
    assert "SAFEDEP_API_KEY" in caught.value.fix
    assert server.asked == []


@pytest.mark.parametrize("key", ["", "two words", "line\r\nx-other: 1", "schlüssel"])
async def test_a_key_that_no_header_can_hold_is_not_sent(server: DataPlane, key: str) -> None:
    with pytest.raises(SettingsError) as caught:
        await drain(feed_of(server, credentials=given(key)))

    assert server.asked == []
    assert not key or key not in f"{caught.value.what}{caught.value.why}{caught.value.fix}"


@pytest.mark.parametrize("auth_as_internal", [False, True])
async def test_a_key_that_is_not_taken_is_refused_once_and_not_shown(
    server: DataPlane, auth_as_internal: bool
) -> None:
    server.auth_as_internal = auth_as_internal

    with pytest.raises(Refused) as caught:
        await drain(feed_of(server, credentials=given("sfd_wrong")))

    assert "SAFEDEP_API_KEY" in caught.value.fix
    assert TENANT in caught.value.fix
    assert "sfd_wrong" not in repr(caught.value.__dict__)
    assert len(server.asked) == 1


async def test_a_tenant_without_the_feed_is_told_what_to_buy(server: DataPlane) -> None:
    server.entitled = False

    with pytest.raises(Refused) as caught:
        await drain(feed_of(server))

    assert "Threat Intel Feed add-on" in caught.value.fix
    assert len(server.asked) == 1


async def test_a_server_that_repeats_the_key_does_not_get_it_shown(server: DataPlane) -> None:
    server.faults = [failing("invalid_argument", f"bad header {KEY}\x1b[2J" + "x" * 9_000)]

    with pytest.raises(Refused) as caught:
        await drain(feed_of(server))

    assert KEY not in caught.value.why
    assert "\x1b" not in caught.value.why
    assert len(caught.value.why) < 400


# Bad days


@pytest.mark.parametrize(
    "fault",
    [
        status(503),
        status(429, Retry_After="0"),
        failing("resource_exhausted", "slow down"),
        failing("resource_exhausted", "slow down", Retry_After="0"),
        failing("internal", "database is down"),
        cut_off,
    ],
)
async def test_what_passes_is_tried_again(server: DataPlane, fault: Fault) -> None:
    server.report("R1", "reed-1", minutes=-60)
    server.faults = [fault]

    reading = await drain(feed_of(server))

    assert set(reading.advisories) == {"R1"}


@pytest.mark.parametrize(
    ("fault", "kind", "said"),
    [
        (status(302, Location="https://landing.example.com/"), Refused, "redirect"),
        (status(404), Refused, "404"),
        (failing("unimplemented"), Refused, "unimplemented"),
        (failing("invalid_argument", "since"), Refused, "since"),
        (failing("resource_exhausted", Retry_After="7200"), Unreachable, "resource_exhausted"),
        (body(b"<html>Sign in</html>", Content_Type="text/html"), Unreadable, "web page"),
        (body(b'{"packageReports": [{"reportId"'), Unreadable, "documented form"),
        (body(b"[]"), Unreadable, "documented form"),
        (body(b'{"packageReports": 7}'), Unreadable, "documented form"),
        (body(b"[" * 100_000), Unreadable, "documented form"),
        (endless, Unreadable, "larger than"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_does_not_pass_is_an_error_that_says_why(
    server: DataPlane, fault: Fault, kind: type[ReedbedError], said: str
) -> None:
    server.faults = [fault]

    with pytest.raises(kind) as caught:
        await drain(feed_of(server, max_page_mb=1))

    assert said in caught.value.why
    assert len(server.asked) == 1


async def test_silence_is_given_up_after_four_attempts(server: DataPlane) -> None:
    gone = asyncio.Event()
    server.faults = [hung_until(gone)] * 4
    try:
        with pytest.raises(Unreachable):
            await drain(feed_of(server, timeout_s=1.0))
    finally:
        gone.set()

    assert len(server.asked) == 4


async def test_an_error_on_a_later_page_leaves_the_cursor_and_what_came_before_it(
    server: DataPlane,
) -> None:
    server.most_per_page = 2
    for number in range(4):
        server.report(f"R{number}", f"reed-{number}", minutes=number - 60)
    reading = Reading([], {})
    server.faults = [_answer_then_refuse(server)]

    with pytest.raises(Refused):
        await drain(feed_of(server), into=reading)

    assert set(reading.advisories) == {"R0", "R1"}
    assert reading.drained == {}


async def test_a_token_that_comes_again_ends_the_reading_with_an_error(server: DataPlane) -> None:
    page = body(b'{"pagination": {"nextPageToken": "again"}}')
    server.faults = [page] * 2

    with pytest.raises(Unreadable) as caught:
        await drain(feed_of(server))

    assert "came before" in caught.value.why
    assert len(server.asked) == 2


def _answer_then_refuse(server: DataPlane) -> Fault:
    """Answer one page as usual, and refuse the one that follows."""

    async def fault(request: Any) -> Any:
        page = server.list_reports(server.asked[-1])
        server.faults = [failing("permission_denied")]
        return page

    return fault
