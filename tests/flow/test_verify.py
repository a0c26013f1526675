"""What the ledger says against what Xray holds: told, mended, and rebuilt from nothing."""

from collections.abc import Awaitable, Callable

import msgspec

from flow.thread import PLATFORM, Thread
from jfrog.platforms import at, impatient
from jfrog_standin.faults import Params
from reedbed.intel.verify import Agreement, Verified, Verifier
from reedbed.jfrog.session import connect
from reedbed.store import ledger

NAMES = ("reed-kept", "reed-deleted", "reed-changed")


async def looked(thread: Thread, look: Callable[[Verifier], Awaitable[None]]) -> dict[str, Agreement]:
    told: list[Verified] = []
    async with connect(at(thread.standin), thread.standin.admin_token, patience=impatient()) as jfrog:
        await look(Verifier(thread.db, thread.target(jfrog), now=thread.now, told=told.append))
    return {each.package.removeprefix("pkg:npm/"): each.agreement for each in told}


async def tampered(thread: Thread) -> None:
    """Three issues, of which somebody has deleted one and changed another in Xray."""
    for name in NAMES:
        thread.publish(f"MAL-2026-{name}", name, versions=["1.0.0"])
    await thread.run()
    xray = thread.standin.platform.xray
    ids = {each.flagged.package.name: each.issue_id for each in await thread.ledger()}
    xray.forget(ids["reed-deleted"])
    xray.keep(msgspec.structs.replace(xray.issues[ids["reed-changed"]].issue, severity="Low"))


async def test_what_somebody_else_changed_is_told_and_left(thread: Thread) -> None:
    await tampered(thread)
    before = thread.issues()

    agreements = await looked(thread, lambda verifier: verifier.verify())

    assert agreements == {
        "reed-kept": Agreement.AS_WRITTEN,
        "reed-deleted": Agreement.MISSING,
        "reed-changed": Agreement.DIFFERENT,
    }
    assert thread.issues() == before


async def test_issues_are_told_in_the_order_of_the_ledger_whichever_is_answered_first(
    embedded: Thread,
) -> None:
    await tampered(embedded)
    first = (await embedded.ledger())[0]
    embedded.fail("slow", f"/xray/api/v2/events/{first.issue_id}", params=Params(delay_ms=300))

    agreements = await looked(embedded, lambda verifier: verifier.verify())

    assert list(agreements) == sorted(NAMES)


async def test_what_somebody_else_changed_is_repaired_on_demand(embedded: Thread) -> None:
    await tampered(embedded)

    repaired = await looked(embedded, lambda verifier: verifier.verify(repair=True))
    again = await looked(embedded, lambda verifier: verifier.verify())

    assert repaired["reed-deleted"] is repaired["reed-changed"] is Agreement.REPAIRED
    assert set(again.values()) == {Agreement.AS_WRITTEN}
    assert {embedded.versions(name) == {"[1.0.0]"} for name in NAMES} == {True}


async def test_an_answer_that_does_not_come_is_no_difference(embedded: Thread) -> None:
    await tampered(embedded)
    embedded.fail("status", "/xray/*")

    agreements = await looked(embedded, lambda verifier: verifier.verify(repair=True))

    assert set(agreements.values()) == {Agreement.NOT_KNOWN}


async def test_a_lost_ledger_is_rebuilt_and_what_was_taken_back_meanwhile_is_freed(thread: Thread) -> None:
    for name in NAMES:
        thread.publish(f"MAL-2026-{name}", name, versions=["1.0.0"])
    await thread.run()
    for name in NAMES:
        await thread.db.write(ledger.forget, PLATFORM, f"pkg:npm/{name}")
    thread.withdraw("MAL-2026-reed-deleted", "reed-deleted", day=2)
    await thread.run()
    assert len(thread.issues()) == 3  # nobody knows of the issue that should go
    thread.standin.platform.log.clear()

    found = await looked(thread, lambda verifier: verifier.rebuild())
    assert thread.writes() == []
    await thread.run()

    assert found["reed-deleted"] is Agreement.FOUND
    assert set(thread.issues()) == {"reed-kept", "reed-changed"}
    assert {each.flagged.package.name for each in await thread.ledger()} == {"reed-kept", "reed-changed"}
