"""Reading an archive in the public layout over HTTP, from a server that has its bad days."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import timedelta
from typing import Any

import pytest

from feeds.archive_server import (
    ArchiveServer,
    archive_server,
    body,
    cut_off,
    endless,
    hung_until,
    status,
    zipped,
)
from feeds.drained import NOW, Reading, drain
from jfrog_standin.osv_records import MADE, Record, encoded, record, stamp
from reedbed.errors import ReedbedError, Refused, Unreachable, Unreadable
from reedbed.feeds.draining import BATCH
from reedbed.feeds.feed import Batch
from reedbed.feeds.osv import Osv
from reedbed.feeds.settings import OsvSettings


@pytest.fixture
async def server() -> AsyncIterator[ArchiveServer]:
    async with archive_server() as archive:
        archive.publish("[EMPTY]", [])
        yield archive


def _feed(server: ArchiveServer, **more: Any) -> Osv:
    given = {"ecosystems": ("npm",), "retry_wait_s": 0.001, "timeout_s": 60.0, **more}
    return Osv(OsvSettings(name="osv", source=server.url, allow_plain_http=True, **given))


def _record(number: int, *, minutes: float = 0, **more: Any) -> Record:
    return record(
        f"MAL-2026-{number}",
        f"reed-{number}",
        versions=["1.0.0"],
        modified=MADE + timedelta(minutes=minutes),
        **more,
    )


async def test_a_first_reading_takes_the_archive(server: ArchiveServer) -> None:
    server.publish("npm", [_record(1), _record(2, minutes=5), record("GHSA-1", "reed", versions=["1"])])

    reading = await drain(_feed(server))

    assert set(reading.advisories) == {"MAL-2026-1", "MAL-2026-2"}
    assert reading.cursors["npm"].watermark == MADE + timedelta(minutes=5)
    assert server.asked == ["npm/all.zip", "[EMPTY]/all.zip"]


async def test_an_unchanged_archive_is_not_read_again(server: ArchiveServer) -> None:
    server.publish("npm", [_record(1)])
    feed = _feed(server)
    second = await drain(feed, (await drain(feed)).cursors)
    server.asked.clear()

    third = await drain(feed, second.cursors)

    assert third.drained["npm"].unchanged
    assert third.cursors == second.cursors
    assert third.statements == []
    assert server.asked == ["npm/modified_id.csv", "[EMPTY]/all.zip"]


async def test_few_changes_are_fetched_one_by_one_in_any_order_of_the_list(
    server: ArchiveServer,
) -> None:
    server.publish("npm", [_record(1)])
    first = await drain(_feed(server))
    old, new, newer = _record(1, minutes=-60), _record(2, minutes=20), _record(3, minutes=30)
    server.publish("npm", [newer, old, record("CVE-2026-1", "reed"), new, newer], archive=False)
    server.asked.clear()

    second = await drain(_feed(server), first.cursors)

    assert set(second.advisories) == {"MAL-2026-2", "MAL-2026-3"}
    assert [path for path in server.asked if path.startswith("npm/")] == [
        "npm/modified_id.csv",
        "npm/MAL-2026-3.json",
        "npm/MAL-2026-2.json",
    ]
    assert second.cursors["npm"].watermark == MADE + timedelta(minutes=30)


async def test_many_changes_are_read_from_the_archive(server: ArchiveServer) -> None:
    server.publish("npm", [_record(1)])
    first = await drain(_feed(server))
    server.publish("npm", [_record(number, minutes=20) for number in range(10)])
    server.asked.clear()

    second = await drain(_feed(server, single_records=9), first.cursors)

    assert len(second.advisories) == 10
    assert server.asked[:2] == ["npm/modified_id.csv", "npm/all.zip"]


async def test_a_record_that_came_late_is_found_within_the_overlap(server: ArchiveServer) -> None:
    server.publish("npm", [_record(1)])
    first = await drain(_feed(server))
    server.publish("npm", [_record(1), _record(2, minutes=-9)], archive=False)

    second = await drain(_feed(server), first.cursors)

    assert "MAL-2026-2" in second.advisories
    assert second.cursors["npm"].watermark == MADE


async def test_a_record_dated_in_the_future_does_not_blind_the_feed(server: ArchiveServer) -> None:
    server.publish("npm", [_record(1), _record(2, minutes=60 * 24 * 365 * 70)])
    first = await drain(_feed(server))
    server.publish("npm", [_record(1), _record(3, minutes=5)], archive=False)

    second = await drain(_feed(server), first.cursors)

    assert first.cursors["npm"].watermark == MADE
    assert "MAL-2026-3" in second.advisories


async def test_a_withdrawal_is_told_though_the_record_has_lost_its_ecosystem(
    server: ArchiveServer,
) -> None:
    server.publish("npm", [])
    server.publish("[EMPTY]", [_record(1, withdrawn=stamp(MADE), affected=[])])

    reading = await drain(_feed(server))

    assert reading.withdrawn == {"MAL-2026-1"}


async def test_an_archive_without_the_list_is_read_whole_when_it_changes(server: ArchiveServer) -> None:
    server.publish("npm", [_record(1)])
    del server.files["npm/modified_id.csv"]
    first = await drain(_feed(server))

    second = await drain(_feed(server), first.cursors)
    server.files["npm/all.zip"] = zipped([_record(1), _record(2)])
    third = await drain(_feed(server), second.cursors)

    assert second.drained["npm"].unchanged
    assert set(third.advisories) == {"MAL-2026-1", "MAL-2026-2"}


async def test_an_archive_without_a_folder_of_the_unassigned_is_warned_of(
    server: ArchiveServer,
) -> None:
    server.publish("npm", [_record(1)])
    del server.files["[EMPTY]/all.zip"]

    reading = await drain(_feed(server))

    assert set(reading.advisories) == {"MAL-2026-1"}
    assert "withdrawals may come late" in reading.warnings


async def test_an_archive_that_is_suddenly_empty_takes_nothing_back(
    server: ArchiveServer,
) -> None:
    server.publish("npm", [_record(number) for number in range(20)])
    del server.files["npm/modified_id.csv"]
    first = await drain(_feed(server))
    server.files["npm/all.zip"] = zipped([])

    second = await drain(_feed(server), first.cursors)

    assert second.statements == []
    assert second.cursors["npm"].watermark == MADE
    assert "0 records where there were 20" in second.warnings


async def test_an_empty_list_says_nothing_and_is_warned_of(server: ArchiveServer) -> None:
    server.publish("npm", [_record(1)])
    first = await drain(_feed(server))
    server.publish_list("npm", [])

    second = await drain(_feed(server), first.cursors)

    assert second.cursors["npm"].watermark == first.cursors["npm"].watermark
    assert "modified_id.csv is empty" in second.warnings


async def test_a_damaged_record_is_asked_for_again_by_the_next_reading(
    server: ArchiveServer,
) -> None:
    server.publish("npm", [_record(1)])
    first = await drain(_feed(server))
    server.publish("npm", [_record(2, minutes=60), _record(3, minutes=120)], archive=False)
    half = encoded(_record(2))[:100]
    server.fail("npm/MAL-2026-2.json", body(half))
    server.fail("npm/MAL-2026-3.json", body(b"<html>sign in", Content_Type="text/html"))

    second = await drain(_feed(server), first.cursors)
    third = await drain(_feed(server), second.cursors)
    fourth = await drain(_feed(server), third.cursors)

    assert "MAL-2026-2" in second.refused
    assert "2 changed records could not be read" in second.warnings
    assert second.cursors["npm"].watermark == MADE + timedelta(minutes=120)
    assert set(third.advisories) == {"MAL-2026-2", "MAL-2026-3"}
    assert fourth.drained["npm"].unchanged


async def test_a_listed_record_that_is_not_there_stops_nothing(server: ArchiveServer) -> None:
    server.publish("npm", [_record(1)])
    first = await drain(_feed(server))
    server.publish("npm", [_record(2, minutes=60), _record(3, minutes=60)], archive=False)
    del server.files["npm/MAL-2026-2.json"]

    second = await drain(_feed(server), first.cursors)

    assert set(second.advisories) == {"MAL-2026-3"}
    assert "MAL-2026-2" in second.warnings


async def test_one_bad_record_never_stops_the_rest(server: ArchiveServer) -> None:
    bad = {**_record(2), "affected": "all of them"}
    server.publish("npm", [_record(1), bad, _record(3)])

    reading = await drain(_feed(server))

    assert set(reading.advisories) == {"MAL-2026-1", "MAL-2026-3"}
    assert "affected" in reading.refused["MAL-2026-2.json"]


async def test_ids_that_lead_elsewhere_are_never_asked_for(server: ArchiveServer) -> None:
    server.publish("npm", [_record(1)])
    first = await drain(_feed(server))
    listed = [(stamp(NOW), "MAL-../../secret"), (stamp(NOW), "MAL-1?x=1"), (stamp(MADE), "MAL-2026-1")]
    server.publish_list("npm", listed)
    server.asked.clear()

    second = await drain(_feed(server), first.cursors)

    assert [path for path in server.asked if path.startswith("npm/")] == [
        "npm/modified_id.csv",
        "npm/MAL-2026-1.json",
    ]
    assert "2 rows of modified_id.csv could not be read" in second.warnings


async def test_a_list_that_is_none_moves_no_cursor(server: ArchiveServer) -> None:
    server.publish("npm", [_record(1)])
    first = await drain(_feed(server))
    server.files["npm/modified_id.csv"] = b"<?xml version='1.0'?><Error/>\n"

    with pytest.raises(Unreadable, match="modified_id"):
        await drain(_feed(server), first.cursors)


@pytest.mark.parametrize(
    ("code", "headers"), [(429, {"Retry_After": "0"}), (503, {}), (500, {}), (429, {"Retry_After": "soon"})]
)
async def test_a_source_that_is_busy_is_asked_again(
    server: ArchiveServer, code: int, headers: dict[str, str]
) -> None:
    server.publish("npm", [_record(1)])
    server.fail("npm/all.zip", status(code, **headers), times=2)

    reading = await drain(_feed(server))

    assert set(reading.advisories) == {"MAL-2026-1"}
    assert server.asked.count("npm/all.zip") == 3


async def test_a_long_retry_after_is_left_to_the_next_run(server: ArchiveServer) -> None:
    server.publish("npm", [_record(1)])
    server.fail("npm/all.zip", status(429, Retry_After="3600"), times=9)

    with pytest.raises(Unreachable) as caught:
        await drain(_feed(server))

    assert caught.value.retry_after_s == 3600
    assert server.asked.count("npm/all.zip") == 1


FAULTS = [
    (status(500), 9, Unreachable, "500"),
    (cut_off, 9, Unreachable, ""),
    (status(403), 1, Refused, "403"),
    (status(302, Location="https://elsewhere.example.com/all.zip"), 1, Refused, "another host"),
    (status(302, Location="//elsewhere.example.com/all.zip"), 1, Refused, "another host"),
    (status(301, Location="http://127.0.0.1:1/all.zip"), 1, Refused, "another host"),
    (status(302, Location="/osv/npm/all.zip"), 9, Refused, "redirects more than"),
    (body(zipped([_record(1)])[:-30]), 1, Unreadable, "zip archive"),
    (body(b"PK\x05\x06 nothing of the kind"), 1, Unreadable, "outside of it"),
    (body(b"<html>Sign in</html>", Content_Type="text/html"), 1, Unreadable, "web page"),
    (body(gzip.compress(b"0" * 10_000_000), Content_Encoding="gzip"), 1, Unreadable, "compressed"),
    (endless, 1, Unreadable, "larger than"),
]


@pytest.mark.parametrize(("fault", "times", "kind", "why"), FAULTS)
async def test_a_scope_that_fails_keeps_its_cursor_and_stops_no_other(
    server: ArchiveServer, fault: Any, times: int, kind: type[ReedbedError], why: str
) -> None:
    server.publish("npm", [_record(1)])
    server.publish("PyPI", [record("MAL-2026-9", "reed", ecosystem="PyPI", versions=["1.0"])])
    server.fail("npm/all.zip", fault, times=times)
    reading = Reading([], {})

    with pytest.raises(kind) as caught:
        await drain(_feed(server, ecosystems=("npm", "PyPI"), max_archive_mb=1), into=reading)

    assert why in caught.value.why
    assert set(reading.advisories) == {"MAL-2026-9"}
    assert set(reading.drained) == {"PyPI", "[EMPTY]"}


async def test_a_source_that_never_answers_is_given_up(server: ArchiveServer) -> None:
    gone = asyncio.Event()
    server.fail("npm/all.zip", hung_until(gone), times=9)

    with pytest.raises(Unreachable) as caught:
        await drain(_feed(server, timeout_s=1.0))
    gone.set()

    assert "all.zip" in caught.value.what
    assert server.asked.count("npm/all.zip") == 4


async def test_leaving_before_the_end_leaves_nothing_behind(server: ArchiveServer) -> None:
    server.publish("npm", [_record(number) for number in range(2 * BATCH)])

    async with aclosing(_feed(server).read(since={}, now=NOW)) as parts:
        first = await anext(parts)

    assert isinstance(first, Batch)
    assert BATCH <= len(first.statements) < 2 * BATCH


async def test_several_failures_are_all_named(server: ArchiveServer) -> None:
    with pytest.raises(Refused) as caught:
        await drain(_feed(server, ecosystems=("npm", "PyPI")))

    assert "1 more failed" in caught.value.why
    assert "PyPI" in caught.value.why


async def test_a_host_that_does_not_listen_is_not_asked_for_every_ecosystem(server: ArchiveServer) -> None:
    settings = OsvSettings(
        name="osv", source="http://127.0.0.1:1/osv", allow_plain_http=True, retry_wait_s=0.001
    )

    with pytest.raises(Unreachable) as caught:
        await drain(Osv(settings))

    assert "more failed" not in caught.value.why


async def test_a_redirect_on_the_same_host_is_followed(server: ArchiveServer) -> None:
    server.publish("npm", [_record(1)])
    server.files["moved.zip"] = server.files["npm/all.zip"]
    server.fail("npm/all.zip", status(302, Location="/osv/moved.zip"))

    reading = await drain(_feed(server))

    assert set(reading.advisories) == {"MAL-2026-1"}


async def test_another_source_or_other_prefixes_begin_anew(server: ArchiveServer) -> None:
    server.publish("npm", [_record(1), record("ORG-1", "reed", versions=["1.0.0"])])
    first = await drain(_feed(server))

    second = await drain(_feed(server, id_prefixes=("MAL-", "ORG-")), first.cursors)

    assert set(second.advisories) == {"MAL-2026-1", "ORG-1"}


async def test_memory_of_the_cursor_is_bounded_when_nothing_can_be_read(server: ArchiveServer) -> None:
    server.publish("npm", [_record(1)])
    first = await drain(_feed(server))
    server.publish_list("npm", [(stamp(NOW), f"MAL-{number}") for number in range(201)])

    with pytest.raises(Unreadable, match="201 changed records"):
        await drain(_feed(server, single_records=1_000), first.cursors)
