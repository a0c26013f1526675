from collections.abc import Sequence
from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import Connection

from reedbed.model.ledger import Action, Change, HoldRule, Pushed
from reedbed.store import approvals, ledger, outbox, planned, planning, platforms
from reedbed.store.database import Database
from reedbed.store.outbox import Depth, Done, Due, Failed
from store.statements import NOW, PROD, at, change, key, pushed

LEASE_S = 60.0


@pytest.fixture
async def prod(database: Database) -> Database:
    await database.write(platforms.add, PROD, sealed_token="sealed")
    return database


def _plan(connection: Connection, *changes: Change, holds: Sequence[HoldRule] = (), minute: float = 0) -> int:
    planning.stage(connection, "prod", f"run-{minute}", changes, now=at(minute))
    moved = planning.commit(connection, "prod", f"run-{minute}", holds=holds)
    planned.save(connection, "prod", revision=1, settings="s", now=at(minute))
    return moved


async def _lease(db: Database, owner: str = "a", *, minute: float = 0, limit: int = 9) -> list[Due]:
    return await db.write(outbox.lease, "prod", owner, now=at(minute), lease_s=LEASE_S, limit=limit)


async def _settle(db: Database, *outcomes: Done | Failed, owner: str = "a") -> None:
    await db.write(outbox.settle, "prod", owner, outcomes)


def _done(package: str, bad: str = "1.0.0", action: Action = Action.CREATE) -> Done:
    deleted = action is Action.DELETE
    return Done(change=change(package, bad, action=action), pushed=None if deleted else pushed(package, bad))


def _failed(package: str, *, until: float, reason: str = "503") -> Failed:
    return Failed(change=change(package), reason=reason, next_attempt_at=at(until))


async def _issue(db: Database, package: str) -> Pushed | None:
    return (await db.read(ledger.of_packages, "prod", [key(package)])).get(key(package))


async def test_nothing_is_due_before_the_whole_plan_is_there(prod: Database) -> None:
    await prod.write(planning.stage, "prod", "run", [change("axios")], now=NOW)

    assert await _lease(prod) == []

    assert await prod.write(planning.commit, "prod", "run") == 1
    assert [due.change for due in await _lease(prod)] == [change("axios")]


async def test_a_plan_that_crashed_leaves_what_waited_before(prod: Database) -> None:
    await prod.write(_plan, change("axios", "1.0.0"))
    await prod.write(planning.stage, "prod", "crashed", [change("axios", "2.0.0"), change("chalk")], now=NOW)

    await prod.write(planning.discard, "prod")
    await prod.write(_plan, minute=1)

    assert [due.change for due in await _lease(prod, minute=1)] == [change("axios", "1.0.0")]


async def test_the_newest_plan_wins(prod: Database) -> None:
    await prod.write(_plan, change("axios", "1.0.0"))
    await prod.write(_plan, change("axios", "2.0.0"), minute=1)

    assert [due.change for due in await _lease(prod, minute=1)] == [change("axios", "2.0.0")]


async def test_planning_the_same_again_keeps_its_failures_and_its_wait(prod: Database) -> None:
    await prod.write(_plan, change("axios"))
    await _lease(prod)
    await _settle(prod, _failed("axios", until=30, reason="503\0"))

    await prod.write(_plan, change("axios"), minute=1)

    kept = await prod.read(outbox.get, "prod", key("axios"))
    assert kept is not None
    assert (kept.attempts, kept.reason, kept.next_attempt_at) == (1, "503\N{REPLACEMENT CHARACTER}", at(30))
    assert await _lease(prod, minute=29) == []
    assert [due.attempts for due in await _lease(prod, minute=30)] == [1]


async def test_a_changed_plan_has_a_fresh_start(prod: Database) -> None:
    await prod.write(_plan, change("axios"))
    await _lease(prod)
    await _settle(prod, _failed("axios", until=30))

    await prod.write(_plan, change("axios", "2.0.0"), minute=1)

    assert [due.attempts for due in await _lease(prod, minute=1)] == [0]


async def test_a_carried_out_change_leaves_the_outbox_and_stands_in_the_ledger(prod: Database) -> None:
    await prod.write(_plan, change("axios"))
    await _lease(prod)

    await _settle(prod, _done("axios"))

    assert await _issue(prod, "axios") == pushed("axios")
    assert await prod.read(outbox.depths) == {}


async def test_a_carried_out_deletion_leaves_the_ledger(prod: Database) -> None:
    await prod.write(ledger.record, "prod", pushed("axios"))
    await prod.write(_plan, change("axios", action=Action.DELETE))
    await _lease(prod)

    await _settle(prod, _done("axios", action=Action.DELETE))

    assert await _issue(prod, "axios") is None
    assert await prod.read(outbox.depths) == {}


async def test_a_leased_change_is_nobody_else_s_until_the_lease_ends(prod: Database) -> None:
    await prod.write(_plan, change("axios"), change("chalk"))

    first, second = await _lease(prod, "a", limit=1), await _lease(prod, "b")

    assert [due.package for due in (*first, *second)] == [key("axios"), key("chalk")]
    assert await _lease(prod, "c") == []
    assert len(await _lease(prod, "c", minute=1)) == 2


async def test_what_is_given_back_is_due_at_once(prod: Database) -> None:
    await prod.write(_plan, change("axios"))
    await _lease(prod, "a")

    await prod.write(outbox.give_back, "prod", "a")

    assert len(await _lease(prod, "b")) == 1


@pytest.mark.parametrize("ahead", [timedelta(days=1), timedelta(days=3650)])
async def test_what_was_planned_while_a_clock_was_ahead_is_due_all_the_same(
    prod: Database, ahead: timedelta
) -> None:
    await prod.write(_plan, change("axios"), minute=ahead / timedelta(minutes=1))
    await prod.write(_plan, change("chalk"), minute=59)
    assert await _lease(prod) == []

    await prod.write(outbox.reclaim, "prod", now=NOW, longest_wait_s=3_600)

    assert [due.package for due in await _lease(prod)] == [key("axios")]


async def test_what_waits_longest_goes_first(prod: Database) -> None:
    await prod.write(_plan, change("b"), change("c"))
    await prod.write(_plan, change("a"), minute=1)

    assert [due.change.flagged.package.name for due in await _lease(prod, minute=2)] == ["b", "c", "a"]


async def test_a_newer_plan_is_carried_out_after_the_one_in_flight(prod: Database) -> None:
    await prod.write(_plan, change("axios", "1.0.0"))
    await _lease(prod)

    await prod.write(_plan, change("axios", "2.0.0"), minute=0.5)

    assert await _lease(prod, "b", minute=0.6) == []  # or the older push might land last
    await _settle(prod, _done("axios", "1.0.0"))
    assert await _issue(prod, "axios") == pushed("axios", "1.0.0")
    assert [due.change for due in await _lease(prod, "b", minute=0.6)] == [change("axios", "2.0.0")]


async def test_a_failure_of_the_one_in_flight_does_not_count_against_a_newer_plan(prod: Database) -> None:
    await prod.write(_plan, change("axios", "1.0.0"))
    await _lease(prod)
    await prod.write(_plan, change("axios", "2.0.0"), minute=0.5)

    await _settle(prod, _failed("axios", until=60))

    assert [due.attempts for due in await _lease(prod, minute=0.6)] == [0]


async def test_a_change_that_was_never_tried_is_dropped(prod: Database) -> None:
    await prod.write(_plan, change("axios"))

    await prod.write(outbox.drop, "prod", [key("axios")], now=at(1))

    assert await prod.read(outbox.depths) == {}


async def test_a_creation_that_may_have_happened_is_undone(prod: Database) -> None:
    await prod.write(_plan, change("axios"))
    await _lease(prod)  # and then a crash, before anything was settled

    await prod.write(outbox.drop, "prod", [key("axios")], now=at(1))

    due = await _lease(prod, minute=1)
    assert [(each.change.action, each.package) for each in due] == [(Action.DELETE, key("axios"))]
    await _settle(prod, Done(change=due[0].change, pushed=None))
    assert await prod.read(outbox.depths) == {}


async def test_an_update_that_may_have_happened_is_undone(prod: Database) -> None:
    await prod.write(ledger.record, "prod", pushed("axios", "1.0.0"))
    await prod.write(_plan, change("axios", "2.0.0", action=Action.UPDATE))
    await _lease(prod)

    await prod.write(outbox.drop, "prod", [key("axios")], now=at(1))

    due = (await _lease(prod, minute=1))[0]
    assert (due.change.action, due.change.fingerprint) == (Action.UPDATE, "axios@1.0.0")
    assert due.change.flagged == pushed("axios", "1.0.0").flagged


async def test_an_undoing_waits_for_the_push_in_flight(prod: Database) -> None:
    await prod.write(_plan, change("axios"))
    await _lease(prod, "a")
    await prod.write(outbox.drop, "prod", [key("axios")], now=at(0.5))

    assert await _lease(prod, "b", minute=0.6) == []
    await _settle(prod, _done("axios"), owner="a")

    assert await _issue(prod, "axios") == pushed("axios")
    assert [due.change.action for due in await _lease(prod, "b", minute=0.6)] == [Action.DELETE]


async def test_a_change_carried_out_twice_makes_the_next_plan_look_at_everything(prod: Database) -> None:
    await prod.write(_plan, change("axios"))
    await _lease(prod, "a")
    await _lease(prod, "b", minute=1)
    await _settle(prod, _done("axios"), owner="b")
    assert await prod.read(planned.load, "prod") is not None

    await _settle(prod, _done("axios"), owner="a")

    assert await prod.read(planned.load, "prod") is None


async def test_a_held_change_waits_for_a_person(prod: Database) -> None:
    await prod.write(_plan, change("axios", held=(HoldRule.ALLOW_LIST,)), change("chalk"))

    assert [due.package for due in await _lease(prod)] == [key("chalk")]
    held = await prod.read(outbox.page, "prod", held=True, limit=9)
    assert [(each.package, each.change.held) for each in held] == [(key("axios"), (HoldRule.ALLOW_LIST,))]


async def test_a_whole_direction_of_a_plan_is_held(prod: Database) -> None:
    both = [change("axios"), change("chalk", action=Action.DELETE)]

    await prod.write(_plan, *both, holds=[HoldRule.MANY_UNBLOCKS])

    assert [due.package for due in await _lease(prod)] == [key("axios")]

    await prod.write(_plan, *both, holds=[HoldRule.MANY_BLOCKS], minute=1)

    assert [due.package for due in await _lease(prod, minute=1)] == [key("chalk")]


async def test_a_released_change_is_due_and_planning_it_again_does_not_hold_it(prod: Database) -> None:
    held = change("axios", held=(HoldRule.ALLOW_LIST,))
    await prod.write(_plan, held, holds=[HoldRule.MANY_BLOCKS])

    released = await prod.write(outbox.release, "prod", [key("axios")], by="alice", now=at(1))
    await prod.write(_plan, held, holds=[HoldRule.MANY_BLOCKS], minute=2)

    assert released == [key("axios")]
    assert [due.change for due in await _lease(prod, minute=2)] == [change("axios")]
    waived = await prod.read(approvals.of_changes, "prod", [held])
    assert set(waived[key("axios")]) == {HoldRule.ALLOW_LIST, HoldRule.MANY_BLOCKS}


async def test_an_approval_is_of_one_change_and_one_rule(prod: Database) -> None:
    await prod.write(_plan, change("axios", held=(HoldRule.ALLOW_LIST, HoldRule.IN_USE)))

    rules = [HoldRule.ALLOW_LIST]
    released = await prod.write(outbox.release, "prod", [key("axios")], rules=rules, by="alice", now=at(1))

    kept = await prod.read(outbox.get, "prod", key("axios"))
    assert released == []
    assert kept is not None
    assert kept.change.held == (HoldRule.IN_USE,)

    other = change("axios", "2.0.0", held=(HoldRule.ALLOW_LIST,))
    await prod.write(_plan, other, minute=2)

    assert await _lease(prod, minute=2) == []
    assert await prod.read(approvals.of_changes, "prod", [other]) == {}


async def test_an_approval_outlives_its_change(prod: Database) -> None:
    held = change("axios", held=(HoldRule.IN_USE,))
    await prod.write(_plan, held)
    await prod.write(outbox.release, "prod", [key("axios")], by="alice", now=at(1))
    await prod.write(outbox.drop, "prod", [key("axios")], now=at(2))

    await prod.write(_plan, held, minute=3)

    assert [due.change for due in await _lease(prod, minute=3)] == [change("axios")]
    given = await prod.read(approvals.of_packages, "prod", [key("axios")])
    assert [(a.rule, a.approved_by, a.approved_at) for a in given[key("axios")]] == [
        (HoldRule.IN_USE, "alice", at(1))
    ]


async def test_a_leased_change_can_be_held_for_a_person(prod: Database) -> None:
    await prod.write(_plan, change("axios"), change("chalk"))
    leased = await _lease(prod)

    await prod.write(outbox.hold, "prod", "a", [leased[0].change], HoldRule.IN_USE)

    held = await prod.read(outbox.page, "prod", held=True, limit=9)
    assert [(each.package, each.change.held) for each in held] == [(key("axios"), (HoldRule.IN_USE,))]
    assert held[0].leased_until is None


async def test_the_depth_tells_what_waits_and_since_when(prod: Database) -> None:
    await prod.write(_plan, change("axios"), change("chalk", held=(HoldRule.IN_USE,)))
    await prod.write(_plan, change("left-pad"), minute=3)
    await _lease(prod, limit=1)
    await _settle(prod, _failed("axios", until=9))

    depths = await prod.read(outbox.depths)

    assert depths["prod"] == Depth(queued=2, held=1, failing=1, oldest_queued_at=at(0), oldest_held_at=at(0))
    failing = await prod.read(outbox.page, "prod", failing=True, limit=9)
    assert [each.reason for each in failing] == ["503"]


async def test_platforms_do_not_see_each_other(prod: Database) -> None:
    test = msgspec.structs.replace(PROD, name="test")
    await prod.write(platforms.add, test, sealed_token="sealed")
    await prod.write(_plan, change("axios"))

    due = await prod.write(outbox.lease, "test", "a", now=NOW, lease_s=60, limit=9)

    assert due == []
    assert list(await prod.read(outbox.depths)) == ["prod"]


async def test_the_ledger_is_read_in_pages_and_marked(prod: Database) -> None:
    for name in ("a", "b", "c"):
        await prod.write(ledger.record, "prod", pushed(name))
    await prod.write(ledger.mark_verified, "prod", key("b"), at=at(9), malicious=False)

    first = await prod.read(ledger.page, "prod", limit=2)
    rest = await prod.read(ledger.page, "prod", after=key("b"), limit=2)

    assert [p.flagged.package.name for p in (*first, *rest)] == ["a", "b", "c"]
    assert (first[1].verified_at, first[1].malicious) == (at(9), False)
    assert await prod.read(ledger.count, "prod") == 3
