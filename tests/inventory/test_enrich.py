"""EPSS and KEV from files and addresses: whole or not at all."""

import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy import Connection, Table, func, select

from inventory.stocked import Flaw, put, register
from reedbed.errors import Refused, SettingsError, Unreadable
from reedbed.feeds import epss, kev
from reedbed.inventory.findings.enrich import Given, import_epss, import_kev
from reedbed.store.database import Database
from reedbed.store.inventory import enrichment
from reedbed.store.inventory.findings import EPSS, KEV

HEAD = "#model_version:v2025.03.14,score_date:2026-11-21T12:00:00Z\ncve,epss,percentile\n"
SCORES = HEAD + "".join(f"CVE-2026-{1000 + n},0.0{n % 10},0.{n % 10}\n" for n in range(10))
CATALOGUE = {
    "title": "a list",
    "catalogVersion": "2026.11.21",
    "dateReleased": "2026-11-21T15:00:00.0000Z",
    "count": 2,
    "vulnerabilities": [
        {"cveID": "CVE-2026-1000", "dateAdded": "2026-11-01", "dueDate": "2026-11-22", "vendorProject": "x"},
        {"cveID": "CVE-2026-1001", "dateAdded": "2026-11-02"},
    ],
}


def _now() -> datetime:
    return datetime(2026, 11, 22, tzinfo=UTC)


def _file(folder: Path, text: str | bytes) -> Given:
    file = folder / "given"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return Given(origin=str(file))


async def _counts(db: Database) -> tuple[int, int]:
    return await db.read(lambda c: (_count(c, EPSS), _count(c, KEV)))


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


@pytest.mark.parametrize("packed", [False, True])
async def test_scores_of_a_file_are_imported_with_their_day(
    database: Database, tmp_path: Path, packed: bool
) -> None:
    await register(database)
    await put(database, "team/app", Flaw(cve="CVE-2026-1000"), Flaw(cve="CVE-2020-1"))

    given_ = _file(tmp_path, gzip.compress(SCORES.encode()) if packed else SCORES)
    done = await import_epss(database, given_, now=_now)

    assert (done.as_of, done.count, done.findings) == ("2026-11-21", 10, 1)
    assert await _counts(database) == (10, 0)


async def test_a_later_day_takes_the_place_of_an_earlier_one(database: Database, tmp_path: Path) -> None:
    await import_epss(database, _file(tmp_path, SCORES), now=_now)
    later = SCORES.replace("2026-11-21T", "2026-11-22T").replace("CVE-2026-1000", "CVE-2026-2000")

    await import_epss(database, _file(tmp_path, later), now=_now)

    days = await database.read(lambda c: c.execute(select(EPSS.c.as_of).distinct()).scalars().all())
    assert days == ["2026-11-22"]
    assert await _counts(database) == (10, 0)


BAD_SCORES: dict[str, str | bytes] = {
    "a row that is none": SCORES + "nonsense\n",
    "a score that is none": SCORES + "CVE-2026-1234,high,0.5\n",
    "a score that is not a number": SCORES + "CVE-2026-1234,nan,0.5\n",
    "a score that is too high": SCORES + "CVE-2026-1234,1.5,0.5\n",
    "no CVE": SCORES + "CVE-20261,0.5,0.5\n",
    "a web page": "<!doctype html><html><body>Sign in</body></html>",
    "nothing": "",
    "a header alone": HEAD,
    "an endless line": SCORES + "x" * 5_000,
    "less than half": HEAD + "CVE-2026-1234,0.5,0.5\n",
    "no text": b"\xff\xfe\x00\x01",
    "a cut archive": gzip.compress(SCORES.encode())[:60],
    "a broken archive": b"\x1f\x8b" + b"x" * 100,
    "an unended quote": SCORES + 'CVE-2026-1234,"0.5,0.5\n',
}


async def test_a_bad_file_is_refused_with_its_reason_and_nothing_is_lost(
    database: Database, tmp_path: Path
) -> None:
    await import_epss(database, _file(tmp_path, SCORES), now=_now)

    for what, text in BAD_SCORES.items():
        with pytest.raises((Unreadable, SettingsError)) as caught:
            await import_epss(database, _file(tmp_path, text), now=_now)
        assert caught.value.why, what
        assert await _counts(database) == (10, 0), what


async def test_a_smaller_file_is_taken_when_that_is_allowed(database: Database, tmp_path: Path) -> None:
    await import_epss(database, _file(tmp_path, SCORES), now=_now)
    small = replace(_file(tmp_path, HEAD + "CVE-2026-1234,0.5,0.5\n"), allow_smaller=True)

    await import_epss(database, small, now=_now)

    assert await _counts(database) == (1, 0)


async def test_a_file_that_does_not_say_its_day_needs_it_said(database: Database, tmp_path: Path) -> None:
    given_ = _file(tmp_path, "cve,epss,percentile\nCVE-2026-1234,0.5,0.5\n")

    with pytest.raises(SettingsError, match="epss") as caught:
        await import_epss(database, given_, now=_now)
    done = await import_epss(database, replace(given_, as_of="2026-11-20"), now=_now)

    assert "--as-of" in caught.value.fix
    assert done.as_of == "2026-11-20"


async def test_a_missing_file_is_told(database: Database, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="Could not read"):
        await import_epss(database, Given(origin=str(tmp_path / "none")), now=_now)


async def test_lists_of_two_sources_stand_side_by_side(database: Database, tmp_path: Path) -> None:
    given_ = _file(tmp_path, json.dumps(CATALOGUE))

    first = await import_kev(database, given_, source="cisa", now=_now)
    await import_kev(database, given_, source="ours", now=_now)
    await import_kev(database, given_, source="ours", now=_now)

    assert (first.as_of, first.count) == ("2026-11-21", 2)
    assert await _counts(database) == (0, 4)
    assert [each.name for each in await database.read(enrichment.list_all)] == ["kev:cisa", "kev:ours"]


BAD_LISTS = {
    "cut off": json.dumps(CATALOGUE)[:-20],
    "less than it says": json.dumps(CATALOGUE | {"count": 3}),
    "no list": "[]",
    "no CVE": json.dumps(
        CATALOGUE | {"count": 1, "vulnerabilities": [{"cveID": "x", "dateAdded": "2026-11-01"}]}
    ),
    "no day": json.dumps(
        CATALOGUE | {"count": 1, "vulnerabilities": [{"cveID": "CVE-2026-1234", "dateAdded": "now"}]}
    ),
    "very deep": "[" * 100_000,
    "empty": json.dumps(CATALOGUE | {"count": 0, "vulnerabilities": []}),
}


async def test_a_bad_list_is_refused_and_the_old_one_stays(database: Database, tmp_path: Path) -> None:
    await import_kev(database, _file(tmp_path, json.dumps(CATALOGUE)), source="cisa", now=_now)

    for what, text in BAD_LISTS.items():
        with pytest.raises(Unreadable):
            await import_kev(database, _file(tmp_path, text), source="cisa", now=_now)
        assert await _counts(database) == (0, 2), what


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.binary(max_size=300))
def test_whatever_a_file_holds_it_is_read_or_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "fuzzed"
    file.write_bytes(content)
    with file.open("rb") as opened, suppress(Unreadable):
        list(epss.lines(opened))
    with pytest.raises(Unreadable):
        kev.read(content)


@asynccontextmanager
async def _served(handler: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(handler, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_an_address_is_asked_again_only_for_what_is_new(database: Database) -> None:
    asked: list[str | None] = []

    async def scores(request: web.Request) -> web.Response:
        asked.append(request.headers.get("If-None-Match"))
        if asked[-1] == '"one"':
            return web.Response(status=304)
        return web.Response(body=gzip.compress(SCORES.encode()), headers={"ETag": '"one"'})

    app = web.Application()
    app.router.add_get("/epss.csv.gz", scores)
    async with _served(app) as url:
        given_ = Given(origin=f"{url}/epss.csv.gz", allow_plain_http=True)
        first = await import_epss(database, given_, now=_now)
        second = await import_epss(database, given_, now=_now)

    assert (first.changed, second.changed) == (True, False)
    assert (second.as_of, second.count) == ("2026-11-21", 10)
    assert asked == [None, '"one"']


async def test_a_redirect_to_another_host_is_not_followed(database: Database) -> None:
    async def elsewhere(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "http://other.example/epss.csv"})

    app = web.Application()
    app.router.add_get("/epss.csv", elsewhere)
    async with _served(app) as url:
        with pytest.raises(Refused, match="Could not fetch"):
            await import_epss(database, Given(origin=f"{url}/epss.csv", allow_plain_http=True), now=_now)


async def test_plain_http_is_refused_before_anything_is_asked(database: Database) -> None:
    with pytest.raises(SettingsError, match="epss"):
        await import_epss(database, Given(origin="http://scores.example/epss.csv"), now=_now)
