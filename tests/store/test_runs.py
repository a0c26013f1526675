from datetime import timedelta

import pytest

from reedbed.errors import Refused
from reedbed.model.cursor import Cursor
from reedbed.store import audit, cursors, leases, pace, planned, platforms, runs, workers
from reedbed.store.database import Database
from reedbed.store.runs import Fault, State
from reedbed.store.workers import Worker
from store.statements import NOW, PROD, at

DAY = timedelta(days=1)


async def test_a_run_is_begun_and_ended(database: Database) -> None:
    run = await database.write(runs.start, "intel", owner="w1", now=NOW, platform="prod", feed="osv")
    assert [r.id for r in await database.read(runs.running)] == [run.id]

    assert await database.write(runs.finish, run.id, State.DONE, now=at(1), counts={"pushed": 3})

    ended = await database.read(runs.get, run.id)
    assert ended is not None
    assert (ended.state, ended.ended_at, ended.counts) == (State.DONE, at(1), {"pushed": 3})
    assert await database.read(runs.running) == []
    assert await database.read(runs.last_success, now=at(2)) == {("intel", "prod", "osv"): at(1)}


async def test_a_run_ends_once(database: Database) -> None:
    run = await database.write(runs.start, "intel", owner="w1", now=NOW)
    await database.write(runs.finish, run.id, State.CANCELLED, now=at(1))

    assert not await database.write(runs.finish, run.id, State.DONE, now=at(2))
    assert not await database.write(runs.request_cancel, run.id)


async def test_a_failed_run_keeps_what_why_and_fix(database: Database) -> None:
    run = await database.write(runs.start, "intel", owner="w1", now=NOW)
    error = Refused("Could not push\0", why="403", fix="Ask for more rights.")

    await database.write(runs.finish, run.id, State.FAILED, now=at(1), error=error)

    ended = await database.read(runs.get, run.id)
    assert ended is not None
    assert ended.error == Fault("Could not push\N{REPLACEMENT CHARACTER}", "403", "Ask for more rights.")


async def test_a_run_of_a_dead_worker_is_taken_over_under_its_id(database: Database) -> None:
    run = await database.write(runs.start, "intel", owner="dead", now=NOW)

    again = await database.write(runs.start, "intel", owner="alive", now=at(1), run_id=run.id)

    kept = await database.read(runs.get, run.id)
    assert kept == again
    assert (again.id, again.started_at, again.owner) == (run.id, NOW, "alive")


async def test_a_running_run_can_be_asked_to_stop(database: Database) -> None:
    run = await database.write(runs.start, "intel", owner="w1", now=NOW)
    assert not await database.read(runs.cancel_requested, run.id)

    assert await database.write(runs.request_cancel, run.id)

    assert await database.read(runs.cancel_requested, run.id)
    assert not await database.read(runs.cancel_requested, "unheard-of")


async def test_the_youngest_runs_come_first(database: Database) -> None:
    begun = [await database.write(runs.start, "intel", owner="w", now=at(n)) for n in range(5)]

    first = await database.read(runs.recent, limit=2)
    rest = await database.read(runs.recent, before=first[-1].id, limit=9)

    assert [r.id for r in (*first, *rest)] == [r.id for r in reversed(begun)]


async def test_a_lease_has_one_owner(database: Database) -> None:
    assert await database.write(leases.take, "prod", "a", now=NOW, ttl_s=60)

    assert not await database.write(leases.take, "prod", "b", now=at(0.5), ttl_s=60)
    assert await database.write(leases.take, "prod", "a", now=at(0.5), ttl_s=60)  # it came back
    assert not await database.write(leases.release, "prod", "b")
    holder = await database.read(leases.holder, "prod", now=at(1.4))
    assert holder is not None
    assert (holder.owner, holder.until) == ("a", at(1.5))


async def test_a_dead_owners_lease_is_taken_over_after_its_time(database: Database) -> None:
    await database.write(leases.take, "prod", "dead", now=NOW, ttl_s=60)
    assert await database.write(leases.renew, "prod", "dead", now=at(0.5), ttl_s=60)

    assert not await database.write(leases.take, "prod", "b", now=at(1.4), ttl_s=60)
    assert await database.write(leases.take, "prod", "b", now=at(1.5), ttl_s=60)
    assert not await database.write(leases.renew, "prod", "dead", now=at(1.6), ttl_s=60)


async def test_a_lease_from_a_clock_that_was_ahead_is_taken_over(database: Database) -> None:
    await database.write(leases.take, "prod", "dead", now=NOW + DAY, ttl_s=60)

    assert await database.write(leases.take, "prod", "b", now=NOW, ttl_s=60)
    assert not await database.write(leases.take, "prod", "c", now=NOW, ttl_s=60)


async def test_a_success_that_is_still_to_come_does_not_count(database: Database) -> None:
    for ends in (at(1), NOW + DAY):
        run = await database.write(runs.start, "intel", owner="w", now=NOW, platform="prod", feed="osv")
        await database.write(runs.finish, run.id, State.DONE, now=ends)

    assert await database.read(runs.last_success, now=at(2)) == {("intel", "prod", "osv"): at(1)}


async def test_a_lease_that_is_given_back_is_free(database: Database) -> None:
    await database.write(leases.take, "prod", "a", now=NOW, ttl_s=60)

    assert await database.write(leases.release, "prod", "a")

    assert await database.read(leases.holder, "prod", now=NOW) is None
    assert await database.write(leases.take, "prod", "b", now=NOW, ttl_s=60)


async def test_a_worker_that_stops_beating_is_dead(database: Database) -> None:
    def worker(name: str, beat: float) -> Worker:
        return Worker(id=name, host="h", pid=1, version="0.1.0", started_at=NOW, beat_at=at(beat))

    for each in (worker("a", 0), worker("b", 0), worker("a", 5)):
        await database.write(workers.beat, each)

    assert await database.read(workers.dead, at(5), 60) == [worker("b", 0)]
    assert await database.read(workers.alive, at(5), 60) == [worker("a", 5)]

    await database.write(workers.forget, ["b"])

    assert await database.read(workers.dead, at(5), 60) == []


async def test_a_beat_that_is_still_to_come_is_no_sign_of_life(database: Database) -> None:
    ahead = Worker(id="a", host="h", pid=1, version="0.1.0", started_at=NOW, beat_at=NOW + DAY)
    await database.write(workers.beat, ahead)

    assert await database.read(workers.alive, NOW, 60) == []
    assert await database.read(workers.dead, NOW, 60) == [ahead]


async def test_a_cursor_never_moves_back(database: Database) -> None:
    await database.write(cursors.save, "osv", "npm", Cursor(watermark=at(5), validators={"etag": "b"}))

    await database.write(cursors.save, "osv", "npm", Cursor(watermark=at(4), validators={"etag": "a"}))
    await database.write(cursors.save, "osv", "PyPI", Cursor(watermark=at(1)))

    assert await database.read(cursors.load, "osv") == {
        "npm": Cursor(watermark=at(5), validators={"etag": "b"}),
        "PyPI": Cursor(watermark=at(1)),
    }
    assert await database.read(cursors.load, "own") == {}


async def test_a_cursor_of_another_basis_begins_anew(database: Database) -> None:
    await database.write(cursors.save, "osv", "npm", Cursor(watermark=at(5), validators={"basis": "a"}))
    anew = Cursor(watermark=at(3), validators={"basis": "b"})

    await database.write(cursors.save, "osv", "npm", anew)

    assert await database.read(cursors.load, "osv") == {"npm": anew}


async def test_a_cursor_without_a_watermark_keeps_the_one_there_was(database: Database) -> None:
    await database.write(cursors.save, "osv", "npm", Cursor(watermark=at(5)))

    await database.write(cursors.save, "osv", "npm", Cursor(validators={"etag": "c"}))
    assert await database.read(cursors.load, "osv") == {
        "npm": Cursor(watermark=at(5), validators={"etag": "c"})
    }

    await database.write(cursors.forget, "osv")
    assert await database.read(cursors.load, "osv") == {}


async def test_how_far_a_platform_is_planned_is_remembered(database: Database) -> None:
    await database.write(platforms.add, PROD, sealed_token="sealed")
    assert await database.read(planned.load, "prod") is None

    for revision in (1, 2):
        await database.write(planned.save, "prod", revision=revision, settings="s", now=at(revision))

    kept = await database.read(planned.load, "prod")
    assert kept is not None
    assert (kept.revision, kept.settings, kept.planned_at) == (2, "s", at(2))


async def test_slots_follow_one_another_and_reach_one_second_ahead(database: Database) -> None:
    await database.write(platforms.add, PROD, sealed_token="sealed")

    granted = [await database.write(pace.lease_slots, "prod", 4, NOW, 10.0) for _ in range(4)]

    tenth = timedelta(seconds=0.1)
    assert granted == [
        (4, NOW),
        (4, NOW + 4 * tenth),
        (2, NOW + 8 * tenth),
        (0, NOW + tenth),  # when to ask again
    ]
    assert await database.write(pace.lease_slots, "prod", 4, NOW + tenth, 10.0) == (1, NOW + 10 * tenth)


async def test_unused_time_is_not_saved_up(database: Database) -> None:
    await database.write(platforms.add, PROD, sealed_token="sealed")
    await database.write(pace.lease_slots, "prod", 1, NOW, 10.0)

    assert await database.write(pace.lease_slots, "prod", 99, at(5), 10.0) == (10, at(5))


async def test_a_slow_pace_gives_one_slot_at_a_time(database: Database) -> None:
    await database.write(platforms.add, PROD, sealed_token="sealed")

    first = await database.write(pace.lease_slots, "prod", 5, NOW, 0.1)
    second = await database.write(pace.lease_slots, "prod", 5, NOW, 0.1)
    third = await database.write(pace.lease_slots, "prod", 5, second[1], 0.1)

    assert (first, second) == ((1, NOW), (0, NOW + timedelta(seconds=10)))
    assert third == (1, NOW + timedelta(seconds=10))


@pytest.mark.parametrize("per_second", [0.1, 10.0])
async def test_a_clock_that_jumped_back_does_not_stop_the_pace(database: Database, per_second: float) -> None:
    await database.write(platforms.add, PROD, sealed_token="sealed")
    await database.write(pace.lease_slots, "prod", 1, at(600), per_second)

    granted, begins = await database.write(pace.lease_slots, "prod", 1, NOW, per_second)

    assert (granted, begins) == (1, NOW)


async def test_the_audit_trail_is_listed_youngest_first(database: Database) -> None:
    for n in range(3):
        await database.write(
            audit.append, at=at(n), who="alice", action="release change", subject=f"s{n}\0", detail={"n": n}
        )

    first = await database.read(audit.page, limit=2)
    rest = await database.read(audit.page, before=first[-1].id, limit=2)

    assert [(e.who, e.detail["n"], e.at) for e in (*first, *rest)] == [("alice", n, at(n)) for n in (2, 1, 0)]
