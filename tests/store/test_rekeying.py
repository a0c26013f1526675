"""A finding that gets another id takes along all that is known of it, on both databases."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select, update

from inventory.stocked import AT, CONNECTION, Flaw, flaw_id, image_id, put, register
from reedbed.model.inventory import Status, Triage
from reedbed.store.database import Database
from reedbed.store.inventory import triage
from reedbed.store.inventory.findings import CLOSINGS, FINDING_EVENTS, FINDINGS, OCCURRENCES, TRIAGE
from reedbed.store.inventory.rekeying import rekey
from reedbed.store.inventory.triage import Verdict

NUMBER, CVE = Flaw(cve="XRAY-7"), Flaw(cve="CVE-2026-7")
OLD, NEW = flaw_id("app", NUMBER), flaw_id("app", CVE)
IMAGE = image_id("app")
LATER = AT + timedelta(days=3)


def verdict(finding: str, note: str) -> Verdict:
    return Verdict(
        finding=finding,
        state=Triage.RISK_ACCEPTED,
        justification=None,
        note=note,
        author="alice",
        origin="user",
        at=AT,
        until=None,
    )


def close(connection: Connection, finding: str) -> None:
    row = {"run": "run-1", "status": Status.FIXED, "because": "image replaced", "planned_at": AT}
    connection.execute(insert(CLOSINGS).values(connection=CONNECTION, finding=finding, **row))


def end(connection: Connection, finding: str, at: datetime) -> None:
    connection.execute(update(OCCURRENCES).where(OCCURRENCES.c.finding == finding).values(gone_at=at))


def held(connection: Connection) -> dict[str, Any]:
    """All that is kept of findings: by table."""
    of = {
        "findings": (FINDINGS.c.id, FINDINGS.c.triage, FINDINGS.c.first_found_at),
        "occurrences": (
            OCCURRENCES.c.finding,
            OCCURRENCES.c.asset,
            OCCURRENCES.c.version,
            OCCURRENCES.c.gone_at,
        ),
        "events": (FINDING_EVENTS.c.finding, FINDING_EVENTS.c.at, FINDING_EVENTS.c.kind),
        "triage": (TRIAGE.c.finding, TRIAGE.c.note),
        "closings": (CLOSINGS.c.finding,),
    }
    return {
        name: {tuple(row) for row in connection.execute(select(*columns))} for name, columns in of.items()
    }


async def test_all_that_is_known_of_a_finding_goes_along(database: Database) -> None:
    await register(database)
    await put(database, "app", NUMBER)
    await database.write(triage.say, [verdict(OLD, "known")])
    await database.write(close, OLD)

    await database.write(rekey, [(OLD, NEW)])

    assert await database.read(held) == {
        "findings": {(NEW, Triage.RISK_ACCEPTED, AT)},
        "occurrences": {(NEW, IMAGE, NUMBER.version, None)},
        "events": {(NEW, AT, "detected")},
        "triage": {(NEW, "known")},
        "closings": set(),
    }


async def test_what_is_known_under_the_new_id_stays(database: Database) -> None:
    await register(database)
    await put(database, "app", NUMBER)
    await put(database, "app", msgspec.structs.replace(CVE, version="4.17.19"), at=LATER)
    await database.write(triage.say, [verdict(OLD, "before"), verdict(NEW, "now")])

    await database.write(rekey, [(OLD, NEW)])
    await database.write(rekey, [(OLD, NEW)])  # broken off and done again, it changes nothing

    assert await database.read(held) == {
        "findings": {(NEW, Triage.RISK_ACCEPTED, AT)},
        "occurrences": {(NEW, IMAGE, version, None) for version in (CVE.version, "4.17.19")},
        "events": {(NEW, at, "detected") for at in (AT, LATER)},
        "triage": {(NEW, "now")},
        "closings": set(),
    }


async def test_what_people_said_under_the_old_id_alone_holds_under_the_new_one(database: Database) -> None:
    await register(database)
    await put(database, "app", NUMBER, CVE)
    await database.write(triage.say, [verdict(OLD, "known")])

    await database.write(rekey, [(OLD, NEW)])

    after = await database.read(held)
    assert after["findings"] == {(NEW, Triage.RISK_ACCEPTED, AT)}
    assert after["triage"] == {(NEW, "known")}


async def test_what_stands_under_the_old_id_stands_though_it_was_gone_under_the_new_one(
    database: Database,
) -> None:
    await register(database)
    await put(database, "app", NUMBER, CVE)
    await database.write(end, NEW, LATER)

    await database.write(rekey, [(OLD, NEW)])

    assert (await database.read(held))["occurrences"] == {(NEW, IMAGE, CVE.version, None)}


async def test_what_is_gone_under_the_old_id_does_not_end_what_stands_under_the_new_one(
    database: Database,
) -> None:
    await register(database)
    await put(database, "app", NUMBER, CVE)
    await database.write(end, OLD, LATER)

    await database.write(rekey, [(OLD, NEW)])

    assert (await database.read(held))["occurrences"] == {(NEW, IMAGE, CVE.version, None)}


async def test_other_findings_stay_as_they_were(database: Database) -> None:
    await register(database)
    await put(database, "other", NUMBER)
    before = await database.read(held)
    await put(database, "app", NUMBER)

    await database.write(rekey, [(OLD, NEW)])

    after = await database.read(held)
    assert all(before[name] <= after[name] for name in before)
    assert {row[0] for row in after["findings"]} == {NEW, flaw_id("other", NUMBER)}
