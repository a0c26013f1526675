"""What people decide of findings, as they type it: triage, and closings that wait for a person."""

import json
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select

from flow.household import Finished, Household
from inventory.stocked import AT, CONNECTION, RUN, Flaw, flaw_id, put, register
from reedbed.model.inventory import Status
from reedbed.store.database import open_database
from reedbed.store.inventory import closings
from reedbed.store.inventory.findings import FINDINGS
from reedbed.store.migrate import migrate

ONE, TWO, THREE = (Flaw(cve=f"CVE-2026-{number}") for number in (1001, 1002, 1003))
FIRST = flaw_id("team/app", ONE)
NOTE = "=cmd|' /C calc'!A0 \x1b[31mred \u202e; DROP TABLE triage; --"


async def test_what_is_said_of_findings_stands_until_it_is_taken_back(household: Household) -> None:
    await _stock(household)

    async def triage(*arguments: str) -> Finished:
        return await household.run("finding", "triage", *arguments)

    accept = ("risk-accepted", "--vulnerability", ONE.cve, "--for", "24h", "--note", NOTE, "--by", "alice")
    tried = await triage(*accept, "--dry-run")
    before = await _said(household)
    accepted = await triage(*accept)
    said = await _said(household)
    shown = await household.run("finding", FIRST)
    justified = ("--justification", "vulnerable_code_not_present")
    ids = (await triage("not-affected", FIRST, *justified, "--json")).out
    opened = await triage("open", "--connection", CONNECTION, "--repository", "docker-local")

    assert (tried.code, accepted.code, opened.code) == (0, 0, 0)
    assert tried.out == "2 findings would be risk-accepted now.\n"
    assert before == []
    assert accepted.out == "2 findings are risk-accepted now.\n"
    assert {(each["state"], each["author"], each["note"]) for each in said} == {
        ("risk-accepted", "alice", NOTE)
    }
    assert all(each["until"] for each in said)
    assert "\x1b" not in shown.out
    assert "\u202e" not in shown.out
    assert json.loads(ids) == [FIRST]
    assert opened.out == "4 findings are open now.\n"
    assert await _said(household) == []


async def test_what_cannot_be_said_is_refused_and_changes_nothing(household: Household) -> None:
    await _stock(household)
    refused = {
        ("open",): "no finding is named",
        ("not-affected", FIRST): "needs a justification",
        ("risk-accepted", FIRST): "a risk is accepted for a time",
        ("risk-accepted", FIRST, "--for", "soon"): "is no duration",
        ("affected", FIRST, "--note", "n" * 4_001): "the note is longer",
    }

    for arguments, why in refused.items():
        finished = await household.run("finding", "triage", *arguments)
        assert finished.code == 1, arguments
        assert why in finished.err, arguments
        assert "Traceback" not in finished.err, arguments

    assert (await household.run("finding", "triage", "affected", "rbf1:none")).code == 1


async def test_an_argument_that_is_no_text_is_refused(household: Household) -> None:
    await _stock(household)

    child = await household.start_anew("finding", "triage", "affected", FIRST, "--note", "\udcff")

    assert await household.ended(child) == 1
    assert b"\\udcff is not UTF-8" in household.output()
    assert b"Traceback" not in household.output()
    assert await _said(household) == []


async def test_held_closings_are_shown_rejected_and_confirmed(household: Household) -> None:
    await _stock(household)
    await _hold(household)

    held = json.loads((await household.run("sync", "held", CONNECTION, "--json")).out)
    text = await household.run("sync", "held", CONNECTION)
    rejected = await household.run("sync", "reject", CONNECTION, "--by", "alice")
    nothing = await household.run("sync", "held", CONNECTION)
    again = await household.run("sync", "confirm", CONNECTION)
    await _hold(household)
    confirmed = await household.run("sync", "confirm", CONNECTION, "--by", "alice")
    unknown = await household.run("sync", "held", "nowhere")

    assert (held["fixed"], held["retired"], held["open"]) == (1, 1, 4)
    assert "1 would be fixed and 1 retired, of 4 open findings" in text.out
    assert (rejected.code, rejected.out) == (0, "2 findings left open.\n")
    assert (nothing.code, nothing.out) == (0, "Nothing is held.\n")
    assert again.code == 1
    assert "is held" in again.err
    assert (confirmed.code, confirmed.out) == (0, "2 findings closed.\n")
    assert await _statuses(household) == [Status.ACTIVE, Status.ACTIVE, Status.FIXED, Status.RETIRED]
    assert unknown.code == 1
    assert "nowhere" in unknown.err


async def _stock(household: Household) -> None:
    db = open_database(f"sqlite:///{household.folder / 'reedbed.db'}")
    await migrate(db)
    await register(db)
    await put(db, "team/app", ONE, TWO, THREE)
    await put(db, "team/api", ONE)
    db.close()


async def _said(household: Household) -> list[dict[str, Any]]:
    finished = await household.run("finding", "triaged", "--json")
    assert finished.code == 0, finished.err
    found: list[dict[str, Any]] = json.loads(finished.out)
    return found


async def _hold(household: Household) -> None:
    rows = [
        closings.Row(finding=FIRST, status=Status.FIXED, because="upgraded to 2"),
        closings.Row(finding=flaw_id("team/app", TWO), status=Status.RETIRED, because="no image is left"),
    ]
    db = open_database(f"sqlite:///{household.folder / 'reedbed.db'}")
    await db.write(closings.stage, CONNECTION, rows, run=RUN, now=AT + timedelta(hours=1))
    db.close()


async def _statuses(household: Household) -> list[Status]:
    def read(connection: Connection) -> list[Status]:
        return sorted(connection.execute(select(FINDINGS.c.status)).scalars())

    db = open_database(f"sqlite:///{household.folder / 'reedbed.db'}")
    found = await db.read(read)
    db.close()
    return found
