"""What people say of findings stays apart from what runs know, and ends when its time is over."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from inventory.pond import CONNECTION, START, Flaw, pond
from reedbed.errors import SettingsError
from reedbed.inventory.connection.scope import Scope
from reedbed.inventory.findings.held import confirm, held, reject
from reedbed.inventory.findings.triage import JUSTIFICATIONS, Judgement, expire, judge
from reedbed.inventory.run.context import Mode
from reedbed.model.inventory import Status, Triage
from reedbed.store import audit
from reedbed.store.database import Database
from reedbed.store.inventory.findings import FINDING_EVENTS, FINDINGS
from reedbed.store.inventory.triage import judged, select_findings

APP = "docker-local/team/app"
KEY = (APP, "CVE-2026-0001", "pkg:npm/moment")
OTHER = (APP, "CVE-2026-0002", "pkg:npm/moment")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (Judgement(state=Triage.SUPPRESSED, by="alice"), "ignore rules"),
        (Judgement(state=Triage.NOT_AFFECTED, by="alice"), "needs a justification"),
        (Judgement(state=Triage.NOT_AFFECTED, by="alice", justification="because"), "words of VEX"),
        (Judgement(state=Triage.AFFECTED, by="alice", justification=JUSTIFICATIONS[0]), "alone"),
        (Judgement(state=Triage.RISK_ACCEPTED, by="alice"), "for a time"),
        (Judgement(state=Triage.RISK_ACCEPTED, by="alice", until=START), "past"),
        (Judgement(state=Triage.AFFECTED, by="alice", note="x" * 5_000), "longer"),
    ],
)
def test_what_cannot_be_said_is_refused_with_the_reason(said: Judgement, why: str) -> None:
    with pytest.raises(SettingsError, match=why):
        said.check(START + timedelta(days=1))


async def test_triage_is_kept_when_a_finding_is_seen_fixed_and_back(database: Database) -> None:
    async with pond(database) as place:
        place.add_repository("docker-local")
        digest = place.push("docker-local", "team/app", "1.0", "a", Flaw(1), Flaw(2))
        await place.sync()
        said = Judgement(state=Triage.FALSE_POSITIVE, by="alice", note="not in our build")

        found = await database.read(select_findings, vulnerability="CVE-2026-0001")
        await database.write(judge, found, said, now=place.clock)
        await place.sync()
        seen = (await place.findings())[KEY]
        place.find(digest, Flaw(2))
        await place.sync()
        fixed = (await place.findings())[KEY]
        place.find(digest, Flaw(1), Flaw(2))
        await place.sync()
        back = (await place.findings())[KEY]

        assert [each.triage for each in (seen, fixed, back)] == [Triage.FALSE_POSITIVE] * 3
        assert [each.status for each in (seen, fixed, back)] == [Status.ACTIVE, Status.FIXED, Status.REOPENED]
        assert (await place.findings())[OTHER].triage is Triage.OPEN
        [entry] = await database.read(audit.page, limit=10)
        assert (entry.who, entry.action) == ("alice", "finding triage")


async def test_an_accepted_risk_is_open_again_when_its_time_is_over(database: Database) -> None:
    async with pond(database) as place:
        place.add_repository("docker-local")
        place.push("docker-local", "team/app", "1.0", "a", Flaw(1))
        await place.sync()
        until = place.clock + timedelta(days=1)
        said = Judgement(state=Triage.RISK_ACCEPTED, by="alice", until=until)
        found = await database.read(select_findings, within=CONNECTION)
        await database.write(judge, found, said, now=place.clock)

        early = await database.write(expire, now=until - timedelta(seconds=1))
        place.clock = until
        await place.sync()

        assert early == 0
        assert (await place.findings())[KEY].triage is Triage.OPEN
        assert await database.read(judged) == []
        kinds = await database.read(lambda c: set(c.execute(select(FINDING_EVENTS.c.kind)).scalars()))
        assert {"detected", "triaged", "triage-expired"} <= kinds


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_was_said_can_be_taken_back(database: Database) -> None:
    async with pond(database) as place:
        place.add_repository("docker-local")
        place.push("docker-local", "team/app", "1.0", "a", Flaw(1))
        await place.sync()
        for state in (Triage.IN_REVIEW, Triage.OPEN):
            found = await database.read(select_findings, component="pkg:npm/moment", path="team/app")
            await database.write(judge, found, Judgement(state=state, by="alice"), now=place.clock)
            place.clock += timedelta(hours=1)

        assert await database.read(judged) == []
        assert (await place.findings())[KEY].triage is Triage.OPEN


async def test_a_mass_closure_is_held_until_a_person_confirms_it(database: Database) -> None:
    async with pond(database) as place:
        place.scope = Scope(hold_share=0.2)
        place.add_repository("docker-local")
        digest = place.push("docker-local", "team/app", "1.0", "a", *(Flaw(number) for number in range(1, 6)))
        await place.sync()
        place.find(digest, Flaw(1), Flaw(2), Flaw(3))

        counts = await place.sync()
        before = [each.status.open for each in (await place.findings()).values()]
        waiting = await database.read(held, CONNECTION)
        closed = await database.write(confirm, CONNECTION, by="alice", now=place.clock)

        assert (counts["held"], counts["fixed"]) == (2, 0)
        assert all(before)
        assert waiting is not None
        assert (waiting.fixed, waiting.retired, waiting.open) == (2, 0, 5)
        assert closed == 2
        statuses = [each.status for each in (await place.findings()).values()]
        assert sorted(statuses).count(Status.FIXED) == 2
        assert await database.read(held, CONNECTION) is None


async def test_what_was_seen_again_is_not_closed_by_confirming(database: Database) -> None:
    async with pond(database) as place:
        place.scope = Scope(hold_share=0.2)
        place.add_repository("docker-local")
        digest = place.push("docker-local", "team/app", "1.0", "a", Flaw(1), Flaw(2))
        gone = place.push("docker-local", "team/web", "1.0", "b", Flaw(1), Flaw(2))
        await place.sync()
        place.find(digest)
        place.find(gone)
        await place.sync()
        place.find(digest, Flaw(1), Flaw(2))
        place.scope = Scope(hold_share=0.2, refresh_h=0.0)
        await place.sync(Mode.DELTA)

        closed = await database.write(confirm, CONNECTION, by="alice", now=place.clock)

        assert closed == 0
        assert all(each.status.open for each in (await place.findings()).values())


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_is_rejected_stays_open_until_the_next_complete_run_decides(database: Database) -> None:
    async with pond(database) as place:
        place.scope = Scope(hold_share=0.2)
        place.add_repository("docker-local")
        digest = place.push("docker-local", "team/app", "1.0", "a", Flaw(1), Flaw(2))
        await place.sync()
        place.find(digest)
        await place.sync()

        left = await database.write(reject, CONNECTION, by="alice", now=place.clock)
        none = await database.read(held, CONNECTION)
        again = await place.sync()

        assert (left, none, again["held"]) == (2, None, 2)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_confirming_nothing_says_so(database: Database) -> None:
    with pytest.raises(SettingsError, match="Nothing of pond is held"):
        await database.write(confirm, CONNECTION, by="alice", now=START)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_retired_finding_has_no_date_of_a_fix(database: Database) -> None:
    async with pond(database) as place:
        place.add_repository("docker-local")
        place.push("docker-local", "team/app", "1.0", "a", Flaw(1))
        place.push("docker-local", "team/web", "1.0", "b", Flaw(1))
        await place.sync()
        place.delete("docker-local", "team/app", "1.0")

        await place.sync()

        columns = (FINDINGS.c.path, FINDINGS.c.status, FINDINGS.c.fixed_at)
        rows = await database.read(lambda c: c.execute(select(*columns).order_by(FINDINGS.c.path)).all())
        assert [tuple(row) for row in rows] == [
            ("team/app", Status.RETIRED, None),
            ("team/web", Status.ACTIVE, None),
        ]
