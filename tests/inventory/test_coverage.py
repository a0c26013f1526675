"""What a look is worth: empty is not clean, less is not fixed, and nothing said has a reason."""

from datetime import timedelta
from typing import Any

import pytest

from inventory.pond import START, Flaw, Pond, pond
from jfrog_standin.faults import Fault, Params
from jfrog_standin.xray.scan import ScanStatus
from reedbed.inventory.run.context import Mode
from reedbed.inventory.run.coverage import Before, concluded, doubtful, its_turn
from reedbed.jfrog.scan_status import Told
from reedbed.jfrog.summary import Answer
from reedbed.model.inventory import Coverage, Status
from reedbed.store.database import Database
from reedbed.store.inventory.assets import ASSETS

PLACE = ("CVE-1", "pkg:npm/a", "1.0.0")
SAID, SILENT = (Answer(digest="d", coverage=each) for each in (Coverage.SCANNED, Coverage.NOT_SCANNED))
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ROUTE = "/xray/api/v1/artifact/status"


def told(coverage: Coverage | None, **more: Any) -> Told:
    return Told(coverage=coverage, reason="because", **more)


@pytest.mark.parametrize(
    ("answer", "before", "has", "thorough", "expected"),
    [
        (SAID, Before(), {PLACE}, True, False),
        (SAID, Before(), set(), True, True),  # empty is not clean
        (SAID, Before(coverage=Coverage.SCANNED), set(), True, False),  # it was clean before
        (SAID, Before(coverage=Coverage.SCANNED, places=frozenset({PLACE})), set(), False, True),  # less
        (SAID, Before(coverage=Coverage.SCANNED, places=frozenset({PLACE})), {PLACE}, False, False),
        (SILENT, Before(), set(), False, True),
        (SILENT, Before(coverage=Coverage.EXPIRED), set(), False, False),
        (SILENT, Before(coverage=Coverage.EXPIRED), set(), True, True),
        (SILENT, Before(coverage=Coverage.NOT_SCANNED), set(), False, False),  # not on this day of seven
        (SILENT, Before(coverage=Coverage.NOT_SCANNED), set(), True, True),
        (SILENT, Before(coverage=Coverage.UNAVAILABLE), set(), False, True),
        (Answer(digest="d", coverage=Coverage.UNAVAILABLE), Before(), set(), True, False),
    ],
)
def test_a_scan_is_asked_after_where_its_answer_is_in_doubt(
    answer: Answer, before: Before, has: set[Any], thorough: bool, expected: bool
) -> None:
    assert doubtful(answer, before, has, thorough=thorough, turn=False) is expected


def test_each_image_has_its_turn_once_in_seven_days() -> None:
    week = [START.date() + timedelta(days=n) for n in range(7)]

    assert [sum(its_turn(f"image-{n}", day) for day in week) for n in range(50)] == [1] * 50


def test_an_image_that_was_not_scanned_is_asked_after_when_it_is_its_turn() -> None:
    before = Before(coverage=Coverage.NOT_SCANNED, reason="Xray says NOT_SCANNED of its scan")

    assert doubtful(SILENT, before, set(), thorough=False, turn=True)
    assert concluded(SILENT, None, before, indexed=None).reason == before.reason


@pytest.mark.parametrize(
    ("answer", "status", "before", "indexed", "expected"),
    [
        (SAID, told(Coverage.SCANNED), None, None, Coverage.SCANNED),
        (SAID, told(Coverage.PARTIAL), None, None, Coverage.PARTIAL),
        (SAID, told(Coverage.PENDING), None, None, Coverage.PENDING),
        (SAID, told(Coverage.UNAVAILABLE), None, None, Coverage.UNAVAILABLE),
        (SAID, told(Coverage.NOT_SCANNED), None, None, Coverage.NOT_SCANNED),
        (SAID, told(None), None, None, Coverage.SCANNED),  # this Xray tells of no scan
        (SAID, told(None, answered=False), None, None, Coverage.PARTIAL),
        (SAID, None, None, None, Coverage.PARTIAL),
        (SILENT, told(Coverage.NOT_SCANNED), None, True, Coverage.NOT_SCANNED),
        (SILENT, told(Coverage.NOT_SCANNED), Coverage.SCANNED, True, Coverage.EXPIRED),
        (SILENT, told(None), Coverage.PARTIAL, None, Coverage.EXPIRED),
        (SILENT, told(None), None, None, Coverage.NOT_SCANNED),
        (SILENT, None, Coverage.SCANNED, False, Coverage.NOT_INDEXED),
        (SILENT, told(Coverage.PENDING), None, None, Coverage.PENDING),
        (SILENT, told(Coverage.UNSUPPORTED), None, True, Coverage.UNSUPPORTED),
        (SILENT, told(Coverage.UNAVAILABLE), None, True, Coverage.UNAVAILABLE),
        (SILENT, told(Coverage.SCANNED), None, True, Coverage.UNAVAILABLE),
        (SILENT, told(None, answered=False), Coverage.EXPIRED, None, Coverage.EXPIRED),
        (SILENT, None, None, None, Coverage.NOT_SCANNED),
    ],
)
def test_the_status_of_a_scan_decides_what_an_answer_is_worth(
    answer: Answer, status: Told | None, before: Coverage | None, indexed: bool | None, expected: Coverage
) -> None:
    found = concluded(answer, status, Before(coverage=before), indexed=indexed)

    assert found.coverage is expected
    assert expected is Coverage.SCANNED or status is None or found.reason


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("DONE", Coverage.SCANNED),
        ("PENDING", Coverage.PENDING),
        ("SCANNING", Coverage.PENDING),
        ("FAILED", Coverage.UNAVAILABLE),
        ("NOT_SCANNED", Coverage.NOT_SCANNED),
        ("NOT_SUPPORTED", Coverage.UNSUPPORTED),
        ("EXPIRED", Coverage.NOT_SCANNED),  # nobody has seen it scanned
    ],
)
@ON_SQLITE
async def test_every_image_has_its_coverage(
    status: ScanStatus, expected: Coverage, database: Database
) -> None:
    async with pond(database) as place:
        place.add_repository("docker-local")
        place.push("docker-local", "team/app", "1.0", "a", Flaw(1), status=status)

        await place.sync()

        assert await coverage(place, "a") is expected


@ON_SQLITE
async def test_an_image_of_a_repository_that_xray_does_not_index_says_so(database: Database) -> None:
    async with pond(database) as place:
        place.add_repository("docker-local", xray_index=False)
        place.push("docker-local", "team/app", "1.0", "a")

        await place.sync()

        assert await coverage(place, "a") is Coverage.NOT_INDEXED
        assert asked(place) == 0


@pytest.mark.parametrize("switch", ["error", "missing", "empty"])
@ON_SQLITE
async def test_a_scan_that_is_pending_is_not_taken_for_clean(switch: str, database: Database) -> None:
    async with pond(database) as place:
        place.standin.platform.switch(summary_pending=switch)
        place.add_repository("docker-local")
        place.push("docker-local", "team/app", "1.0", "a", status="PENDING")

        await place.sync()

        assert await coverage(place, "a") is Coverage.PENDING


@ON_SQLITE
async def test_what_xray_has_no_more_is_expired_and_closes_nothing(database: Database) -> None:
    async with pond(database) as place:
        place.add_repository("docker-local")
        digest = place.push("docker-local", "team/app", "1.0", "a", Flaw(1))
        await place.sync()
        place.find(digest, Flaw(1), status="EXPIRED")

        await place.sync()
        await place.sync()

        assert await coverage(place, "a") is Coverage.EXPIRED
        assert [each.status for each in (await place.findings()).values()] == [Status.NEW]


@pytest.mark.parametrize("fault", ["partial", "unanswered"])
@ON_SQLITE
async def test_less_than_before_closes_nothing_until_the_scan_is_known_to_be_through(
    fault: str, database: Database
) -> None:
    async with pond(database) as place:
        place.add_repository("docker-local")
        digest = place.push("docker-local", "team/app", "1.0", "a", Flaw(1), Flaw(2))
        await place.sync()
        place.find(digest, Flaw(1), status="PARTIAL" if fault == "partial" else "DONE")
        if fault == "unanswered":
            broken = Fault(kind="status", path=ROUTE, params=Params(status=500))
            place.standin.platform.faults.add(broken)

        await place.sync()
        between = await place.findings()
        place.find(digest, Flaw(1))
        place.standin.platform.faults.clear()
        await place.sync()

        assert all(each.status.open for each in between.values())
        assert await coverage(place, "a") is Coverage.SCANNED
        statuses = {key[1]: each.status for key, each in (await place.findings()).items()}
        assert statuses == {"CVE-2026-0001": Status.ACTIVE, "CVE-2026-0002": Status.FIXED}


@ON_SQLITE
async def test_an_xray_that_tells_of_no_scan_is_believed(database: Database) -> None:
    async with pond(database) as place:
        place.add_repository("docker-local")
        digest = place.push("docker-local", "team/app", "1.0", "a", Flaw(1))
        await place.sync()
        place.standin.platform.faults.add(Fault(kind="status", path=ROUTE, params=Params(status=403)))
        place.find(digest)

        await place.sync()

        assert [each.status for each in (await place.findings()).values()] == [Status.FIXED]


@ON_SQLITE
async def test_a_sync_of_what_is_known_asks_after_no_scan_again(database: Database) -> None:
    async with pond(database) as place:
        place.add_repository("docker-local")
        place.push("docker-local", "team/app", "1.0", "a", Flaw(1))
        place.push("docker-local", "team/app", "2.0", "clean")
        place.push("docker-local", "team/app", "3.0", "odd", status="NOT_SUPPORTED")
        await place.sync()
        first = asked(place)

        await place.sync(Mode.DELTA)

        assert (first, asked(place)) == (2, 2)
        assert place.clock > START


async def coverage(place: Pond, content: str) -> Coverage | None:
    digest = place.digest_of(content)
    row = ASSETS.c.native == digest
    return await place.db.read(lambda c: c.execute(ASSETS.select().where(row)).one().coverage)


def asked(place: Pond) -> int:
    return len(place.standin.platform.log.entries(path=ROUTE))
