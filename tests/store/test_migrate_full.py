"""Migrations of a database in which work waits, and one that fails."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, column, insert, inspect, table, text

from reedbed.errors import ReedbedError
from reedbed.model.ledger import HoldRule
from reedbed.store import ledger, outbox, platforms
from reedbed.store.changes import CHANGES, Waiting
from reedbed.store.database import Database, open_database
from reedbed.store.migrate import REVISIONS, migrate
from store.statements import PROD, at, change, pushed

FIRST = REVISIONS[0]
MANY, HELD, FAILED, PUSHED = 5_000, 500, 200, 300
IN_THE_WAY = "exemptions"
"""A table that a later migration makes: it fails where there is one, after others have gone well."""


def _fill(connection: Connection) -> None:
    """Put rows into the first schema as its release did: some queued, some held, some failed before."""
    platform = {
        name: getattr(PROD, name) for name in ("name", "url", "per_second", "concurrency", "timeout_s")
    }
    row = {**platform, "sealed_token": "sealed"}
    connection.execute(insert(table("platforms", *map(column, row))).values(row))
    connection.execute(insert(CHANGES), [_row(n) for n in range(MANY)])
    for number in range(PUSHED):
        ledger.record(connection, "prod", pushed(f"pushed-{number}"))


def _row(number: int) -> dict[str, object]:
    made = change(f"package-{number:04}")
    return {
        "platform": "prod",
        "package": str(made.flagged.package),
        "action": made.action,
        "flagged": made.flagged,
        "fingerprint": made.fingerprint,
        "unblocks": made.unblocks,
        "held": (HoldRule.MANY_BLOCKS,) if number < HELD else (),
        "run_id": "run",
        "planned_at": at(number),
        "next_attempt_at": at(number + 1),
        "attempts": int(number >= MANY - FAILED),
        "reason": "503" if number >= MANY - FAILED else None,
        "tried": number >= MANY - FAILED,
    }


async def _all_is_there(db: Database) -> None:
    waiting = {each.package: each for each in await db.read(outbox.page, "prod", limit=2 * MANY)}
    assert list(waiting) == [row["package"] for row in map(_row, range(MANY))]
    assert all(_is(waiting[str(row["package"])], row) for row in map(_row, range(MANY)))
    issues = await db.read(ledger.page, "prod", limit=2 * MANY)
    assert issues == [pushed(f"pushed-{number}") for number in sorted(range(PUSHED), key=str)]
    assert await db.read(platforms.sealed_token, "prod") == "sealed"
    due = await db.write(outbox.lease, "prod", "me", now=at(2 * MANY), lease_s=60, limit=2 * MANY)
    assert len(due) == MANY - HELD


def _is(waiting: Waiting, row: dict[str, object]) -> bool:
    change = waiting.change
    shown = (change.flagged, change.fingerprint, change.held, waiting.run_id, waiting.planned_at)
    tried = (waiting.next_attempt_at, waiting.attempts, waiting.reason)
    names = (
        "flagged",
        "fingerprint",
        "held",
        "run_id",
        "planned_at",
        "next_attempt_at",
        "attempts",
        "reason",
    )
    return (*shown, *tried) == tuple(row[name] for name in names)


@pytest.fixture
def db(empty_database_url: str) -> Iterator[Database]:
    opened = open_database(empty_database_url)
    yield opened
    opened.close()


async def test_nothing_that_waits_is_lost_by_migrating(db: Database) -> None:
    await migrate(db, to=FIRST)
    await db.write(_fill)

    await migrate(db)

    await _all_is_there(db)


async def test_a_migration_that_fails_leaves_the_old_state_whole(db: Database) -> None:
    await migrate(db, to=FIRST)
    before = await db.read(_tables)
    await db.write(_fill)
    await db.write(lambda connection: connection.execute(text(f"CREATE TABLE {IN_THE_WAY} (id INTEGER)")))

    with pytest.raises(ReedbedError, match="already exists") as caught:
        await migrate(db)

    assert "Nothing was changed" in caught.value.fix
    assert await db.read(_tables) == {*before, IN_THE_WAY}
    assert await db.read(_revision) == FIRST
    await db.write(lambda connection: connection.execute(text(f"DROP TABLE {IN_THE_WAY}")))
    await migrate(db)
    await _all_is_there(db)


def _tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


def _revision(connection: Connection) -> str:
    found: str = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    return found
