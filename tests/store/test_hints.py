"""Hints wait until they were looked at; the same delivery again is nothing new."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, insert, select

from reedbed.model.hints import Hint, Source
from reedbed.model.platform import Platform
from reedbed.store import platforms
from reedbed.store.database import Database
from reedbed.store.inventory import hints, hooks
from reedbed.store.inventory.connections import CONNECTIONS, State
from reedbed.store.inventory.hints import HINTS, MOST_WAITING
from reedbed.store.inventory.hooks import KEEP, Delivery, Hook, Outcome

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
REMEMBER = timedelta(hours=1)
APP = Hint("docker-local", "app", "1.0", "docker.pushed")
WEB = Hint("docker-local", "web", "1.0", "docker.pushed")


def register(connection: Connection) -> None:
    platforms.add(connection, Platform(name="p", url="https://jfrog.example"), sealed_token="sealed")
    for name in ("a", "b"):
        connection.execute(
            insert(CONNECTIONS).values(
                name=name,
                platform="p",
                description="",
                state=State.REGISTERED,
                scope={},
                schedule={},
                revision=1,
                created_at=NOW,
                changed_at=NOW,
            )
        )


async def tell(db: Database, *some: Hint, delivery: str = "d1", now: datetime = NOW) -> bool:
    return await db.write(hints.take_in, "a", some, delivery=delivery, now=now, remember=REMEMBER)


async def waiting(db: Database) -> int:
    found = await db.read(hints.waiting)
    assert found.keys() <= {"a"}
    return found["a"].number if found else 0


async def test_a_hint_waits_until_a_run_has_answered_it(database: Database) -> None:
    await database.write(register)
    await tell(database, APP, WEB)

    taken = await database.write(hints.take, "a", run="r1")
    before = await waiting(database)
    answered = await database.write(hints.answer, "a", run="r1", now=NOW)

    assert taken == [APP, WEB]
    assert (before, answered, await waiting(database)) == (2, 2, 0)
    assert await database.write(hints.take, "a", run="r2") == []
    assert await database.write(hints.take, "b", run="r3") == []


async def test_a_delivery_that_comes_again_is_nothing_new_whether_it_was_answered_or_not(
    database: Database,
) -> None:
    await database.write(register)

    assert await tell(database, APP, WEB)
    assert not await tell(database, APP, WEB)
    await database.write(hints.take, "a", run="r1")
    await database.write(hints.answer, "a", run="r1", now=NOW)
    assert not await tell(database, APP, WEB)
    assert await waiting(database) == 0


async def test_what_is_said_again_after_something_else_was_said_is_news(database: Database) -> None:
    await database.write(register)
    gone = Hint("docker-local", "app", "1.0", "docker.deleted")

    told = [await tell(database, hint, delivery=d) for hint, d in ((APP, "d1"), (gone, "d2"), (APP, "d1"))]

    assert told == [True, True, True]
    assert await waiting(database) == 1


async def test_a_delivery_is_forgotten_after_its_time(database: Database) -> None:
    await database.write(register)
    await tell(database, APP)
    await database.write(hints.take, "a", run="r1")
    await database.write(hints.answer, "a", run="r1", now=NOW)

    assert await tell(database, APP, now=NOW + REMEMBER + timedelta(seconds=1))
    assert await waiting(database) == 1


async def test_what_is_told_again_while_a_run_looks_waits_for_the_next(database: Database) -> None:
    await database.write(register)
    later = NOW + timedelta(minutes=1)
    await tell(database, APP, WEB)
    await database.write(hints.take, "a", run="r1")

    await tell(database, APP, delivery="d2", now=later)
    await database.write(hints.answer, "a", run="r1", now=later)

    assert (await database.read(hints.waiting))["a"] == hints.Waiting(number=1, since=later)
    assert await database.write(hints.take, "a", run="r2") == [APP]


async def test_a_run_that_was_broken_off_takes_what_it_had_and_another_takes_all(database: Database) -> None:
    await database.write(register)
    await tell(database, APP)
    await database.write(hints.take, "a", run="r1")
    await tell(database, WEB)

    again = await database.write(hints.take, "a", run="r1")
    other = await database.write(hints.take, "a", run="r2")

    assert again == [APP]
    assert other == [APP, WEB]


async def test_where_too_many_wait_everything_is_looked_at(database: Database) -> None:
    await database.write(register)
    many = [Hint("docker-local", "app", f"t{n}", "docker.pushed") for n in range(MOST_WAITING)]
    await tell(database, *many)

    await tell(database, WEB)
    await tell(database, APP)

    taken = await database.write(hints.take, "a", run="r1")
    assert taken[0] == Hint("", "", "", "docker.pushed")
    assert len(taken) == MOST_WAITING + 1


async def test_deliveries_are_counted_and_the_last_ones_kept(database: Database) -> None:
    await database.write(register)
    hook = Hook(connection="a", source=Source.XRAY, signed=False, created_at=NOW)
    await database.write(hooks.save, hook, sealed_secret="sealed")

    for number in range(KEEP + 5):
        outcome = Outcome.REFUSED if number % 2 else Outcome.ACCEPTED
        came = Delivery(id=f"{number:04}", at=NOW, outcome=outcome, event="xray.alert")
        await database.write(hooks.record, "a", Source.XRAY, came)
        await database.write(hooks.record, "b", Source.XRAY, came)

    [found] = await database.read(hooks.list_all)
    kept = await database.read(hooks.last, "a", Source.XRAY, limit=1_000)
    assert (found.accepted, found.repeated, found.refused, found.last_at) == (28, 0, 27, NOW)
    assert [len(kept), kept[0].id, kept[-1].id] == [KEEP, "0054", "0005"]
    assert await database.read(hooks.last, "b", Source.XRAY, limit=10) == []


async def test_a_new_secret_keeps_the_counts_and_a_hook_that_goes_takes_the_hints(database: Database) -> None:
    await database.write(register)
    hook = Hook(connection="a", source=Source.ARTIFACTORY, signed=True, created_at=NOW)
    await database.write(hooks.save, hook, sealed_secret="one")
    came = Delivery(id="1", at=NOW, outcome=Outcome.ACCEPTED)
    await database.write(hooks.record, "a", Source.ARTIFACTORY, came)
    await tell(database, APP)

    await database.write(hooks.save, hook, sealed_secret="two")
    [sealed] = await database.read(hooks.sealed)
    [counted] = await database.read(hooks.list_all)
    await database.write(hooks.remove, "a", Source.ARTIFACTORY)

    assert (sealed.sealed_secret, counted.accepted) == ("two", 1)
    assert await database.read(hooks.list_all) == []
    assert await database.read(lambda sql: sql.execute(select(HINTS)).all()) == []
