"""Connections, their tokens and their tests, on both databases."""

from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import Connection as Sql

from reedbed.errors import SettingsError
from reedbed.inventory.connection.scope import Scope
from reedbed.model.checks import Check, Outcome
from reedbed.model.secret import Secret
from reedbed.store import platforms, runs
from reedbed.store.database import Database
from reedbed.store.inventory import connections, placements
from reedbed.store.inventory.connections import Connection, State
from reedbed.store.inventory.placements import Placement
from reedbed.store.vault import Vault, new_key, read_keys
from store.statements import NOW, PROD, at

NIGHTLY = Connection(
    name="nightly",
    platform="prod",
    description="team blue",
    state=State.REGISTERED,
    scope=msgspec.to_builtins(Scope()),
    schedule={"zone": "Europe/Berlin"},
    proved_at=NOW,
    created_at=NOW,
    changed_at=NOW,
)


async def add(database: Database, *, sealed_token: str | None = None) -> None:
    await database.write(platforms.add, PROD, sealed_token="platform's")
    await database.write(connections.add, NIGHTLY, sealed_token=sealed_token)


async def test_a_connection_comes_back_as_it_was_added(database: Database) -> None:
    await add(database, sealed_token="own")

    assert await database.read(connections.get, "nightly") == NIGHTLY
    assert await database.read(connections.list_all) == [NIGHTLY]
    assert await database.read(connections.sealed_token, "nightly") == "own"


async def test_a_name_is_given_once_and_an_unknown_one_is_answered_with_the_known(database: Database) -> None:
    await add(database)

    with pytest.raises(SettingsError, match="one of this name"):
        await database.write(connections.add, NIGHTLY, sealed_token=None)
    with pytest.raises(SettingsError, match="there are: nightly"):
        await database.read(connections.get, "nihgtly")
    with pytest.raises(SettingsError, match="there are: nightly"):
        await database.write(connections.remove, "nihgtly")


async def test_of_two_changes_at_once_the_second_is_refused(database: Database) -> None:
    await add(database)
    changed = msgspec.structs.replace(NIGHTLY, description="team red")

    first = await database.write(connections.update, changed)
    with pytest.raises(SettingsError, match="changed it meanwhile"):
        await database.write(connections.update, msgspec.structs.replace(NIGHTLY, description="team green"))

    assert first.revision == 2
    assert await database.read(connections.get, "nightly") == first


async def test_a_token_is_replaced_together_with_what_goes_with_it(database: Database) -> None:
    await add(database)

    replaced = msgspec.structs.replace(NIGHTLY, token_expires_at=at(9))
    kept = await database.write(connections.replace_token, replaced, "own")

    assert kept.token_expires_at == at(9)
    assert await database.read(connections.get, "nightly") == kept
    assert await database.read(connections.sealed_token, "nightly") == "own"


async def test_a_platforms_new_token_makes_drafts_of_those_that_use_it(database: Database) -> None:
    await add(database)
    own = msgspec.structs.replace(NIGHTLY, name="own")
    await database.write(connections.add, own, sealed_token="own")

    names = await database.write(connections.unprove, "prod", now=at(1))

    assert names == ["nightly"]
    changed = await database.read(connections.get, "nightly")
    assert (changed.state, changed.proved_at, changed.revision) == (State.DRAFT, None, 2)
    assert await database.read(connections.get, "own") == own


async def test_a_platform_that_connections_read_is_not_removed(database: Database) -> None:
    await add(database)

    with pytest.raises(SettingsError, match="connections read it: nightly"):
        await database.write(platforms.remove, "prod")
    await database.write(connections.remove, "nightly")
    await database.write(platforms.remove, "prod")

    assert await database.read(platforms.list_all) == []


async def test_a_platform_that_is_only_read_is_not_among_the_shielded(database: Database) -> None:
    await database.write(platforms.add, PROD, sealed_token="sealed")
    read_only = msgspec.structs.replace(PROD, name="read", shielded=False)
    await database.write(platforms.add, read_only, sealed_token="sealed")

    assert await database.read(platforms.shielded) == [PROD]
    assert await database.read(platforms.list_all) == [PROD, read_only]


async def test_a_new_key_seals_the_tokens_of_connections_anew(database: Database) -> None:
    old, both = new_key(), new_key()
    vault = Vault(read_keys(Secret(old), source="test"))
    context = connections.token_context("nightly")
    await add(database, sealed_token=vault.seal("canary", context=context))
    after = Vault(read_keys(Secret(f"{both},{old}"), source="test"))

    resealed = await database.write(connections.reseal_tokens, after)

    alone = Vault(read_keys(Secret(both), source="test"))
    sealed = await database.read(connections.sealed_token, "nightly")
    assert (resealed, await database.write(connections.reseal_tokens, after)) == (1, 0)
    assert sealed is not None
    assert alone.open(sealed, context=context).reveal() == "canary"


async def test_the_last_tests_are_kept_in_their_order_and_go_with_their_connection(
    database: Database,
) -> None:
    await add(database)
    checks = [
        Check(name="Network Reachability", outcome=Outcome.PASSED, evidence="there", duration_s=0.25),
        Check(name="Data Fetch", outcome=Outcome.FAILED, evidence="a\0b", code="AUTH_403", fix="Ask."),
    ]

    moments = [NOW + timedelta(seconds=number) for number in range(connections.KEEP_TESTS + 3)]
    for moment in moments:
        await database.write(connections.save_test, "nightly", checks, at=moment)

    history = await database.read(connections.history, "nightly")
    assert len(history) == connections.KEEP_TESTS
    assert history[0] == (moments[-1], [checks[0], msgspec.structs.replace(checks[1], evidence="a\ufffdb")])
    assert [tested for tested, _ in history] == sorted((tested for tested, _ in history), reverse=True)
    await database.write(connections.remove, "nightly")
    assert await database.read(connections.history, "nightly") == []


async def test_of_each_connection_the_newest_run_is_given(database: Database) -> None:
    def begin(sql: Sql) -> list[str]:
        return [
            runs.start(sql, flow, owner="w", now=at(minute), platform=name).id
            for minute, (flow, name) in enumerate(
                [("sync", "a"), ("sync", "a"), ("sync", "b"), ("push", "b")]
            )
        ]

    begun = await database.write(begin)

    newest = await database.read(runs.newest, "sync")

    assert {name: run.id for name, run in newest.items()} == {"a": begun[1], "b": begun[2]}


async def test_all_but_the_newest_tags_of_an_image_are_left_out(database: Database) -> None:
    await add(database)
    places = [
        Placement(
            repository="docker-local",
            path=path,
            tag=tag,
            asset=f"{path}-{tag}",
            listed={},
            in_scope=in_scope,
            uploaded_at=None if minute is None else at(minute),
            uploaded_by=None,
        )
        for path, tag, minute, in_scope in (
            ("app", "old", 1, True),
            ("app", "new", 9, True),
            ("app", "undated", None, True),
            ("app", "hidden", 20, False),
            ("app", "", 0, True),
            ("tool", "only", 0, True),
        )
    ]
    await database.write(placements.save, "nightly", places, run="r", now=NOW)

    left_out = await database.write(placements.leave_out_older, "nightly", 1)
    again = await database.write(placements.leave_out_older, "nightly", 1)

    assert (left_out, again) == (2, 0)
