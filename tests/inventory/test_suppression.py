"""What an ignore rule of Xray hides is suppressed, not fixed; what it does not speak of stands as ever."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from inventory.pond import Flaw, Pond, pond
from inventory.streams_of import choose, post, put_scan, sync
from reedbed.model.inventory import Status, Stream, Triage
from reedbed.store.database import Database
from reedbed.store.inventory.findings import FINDING_EVENTS, FINDINGS, TRIAGE

REPO, RULES = "docker-local", "/xray/api/v1/ignore_rules"
A_YEAR = timedelta(days=365)


async def ignore(the: Pond, *flaws: Flaw, tag: str = "", **more: Any) -> None:
    """Make a rule about issues, everywhere or in one tag of the image."""
    artifacts = [{"name": "app", "version": tag, "path": f"{REPO}/app/"}] if tag else []
    filters = {"cves": [flaw.key for flaw in flaws], "artifacts": artifacts}
    await post(the, RULES, {"notes": "not reachable", "ignore_filters": filters, **more})


async def seen(the: Pond) -> dict[str, tuple[Triage, bool]]:
    """How findings are judged, by their CVE, and whether they are open."""
    return {key[1]: (view.triage, view.status.open) for key, view in (await the.findings()).items()}


async def test_a_rule_neither_closes_what_it_hides_nor_hides_what_is_new(file_database: Database) -> None:
    async with pond(file_database) as the:
        the.add_repository(REPO)
        choose(the, Stream.IGNORE_RULES)
        digest = the.push(REPO, "app", "1.0", "c1", Flaw(1))
        await ignore(the, Flaw(1), tag="1.0")
        await sync(the)
        first = await seen(the)
        put_scan(the, digest, Flaw(2))  # Xray does not tell of what it ignores any more
        await sync(the)
        hidden = await seen(the)
        the.push(REPO, "app", "2.0", "c2", Flaw(1))
        await sync(the)
        elsewhere = await seen(the)

        suppressed, open_ = (Triage.SUPPRESSED, True), (Triage.OPEN, True)
        assert first == {Flaw(1).key: suppressed}
        assert hidden == {Flaw(1).key: suppressed, Flaw(2).key: open_}
        assert elsewhere == {Flaw(1).key: open_, Flaw(2).key: open_}  # the rule is about 1.0 alone


async def test_a_rule_that_expires_suppresses_no_longer(file_database: Database) -> None:
    async with pond(file_database) as the:
        the.add_repository(REPO)
        choose(the, Stream.IGNORE_RULES)
        digest = the.push(REPO, "app", "1.0", "c1", Flaw(1), Flaw(2))
        ends = max(the.clock, the.standin.platform.clock.now()) + A_YEAR
        await ignore(the, Flaw(1), Flaw(2), expires_at=ends.isoformat())
        await sync(the)
        before = await seen(the)
        put_scan(the, digest, Flaw(1))  # the other one is mended, which nobody can tell while it is hidden
        await sync(the)
        the.clock = ends
        the.standin.platform.switch(clock_skew_s=2 * A_YEAR.total_seconds())
        await sync(the)
        after = await the.findings()
        said = await the.db.read(lambda c: c.execute(select(TRIAGE)).all())
        told = await the.db.read(
            lambda c: (
                c.execute(
                    select(FINDING_EVENTS.c.kind)
                    .join(FINDINGS, FINDINGS.c.id == FINDING_EVENTS.c.finding)
                    .where(
                        FINDINGS.c.vulnerability == Flaw(1).key, FINDING_EVENTS.c.kind.startswith("triage")
                    )
                    .order_by(FINDING_EVENTS.c.at)
                )
                .scalars()
                .all()
            )
        )

        assert set(before.values()) == {(Triage.SUPPRESSED, True)}
        views = {key[1]: (view.triage, view.status) for key, view in after.items()}
        assert views == {
            Flaw(1).key: (Triage.OPEN, Status.ACTIVE),
            Flaw(2).key: (Triage.OPEN, Status.FIXED),
        }
        assert said == []
        assert told == ["triaged", "triage-expired"]
