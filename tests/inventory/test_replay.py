"""Replaying maps over what was landed: the same as a run with them, and nothing else changes."""

from typing import Any

import msgspec
from sqlalchemy import Connection, select

from inventory.pond import CONNECTION, Flaw, Pond, pond
from reedbed.inventory.connection.connections import scope_of
from reedbed.inventory.connection.scope import Scope
from reedbed.inventory.run.replay import Replayed, replay
from reedbed.inventory.transform import defaults, known_maps
from reedbed.jobs import now_utc
from reedbed.model.inventory import Stream
from reedbed.store.database import Database
from reedbed.store.inventory import connections, mapped_texts
from reedbed.store.inventory.assets import ASSETS
from reedbed.store.inventory.findings import FINDINGS

CHANGES = {
    Stream.REPOSITORIES: (defaults.REPOSITORY, "lower(packageType)", "upper(packageType)"),
    Stream.IMAGES: (defaults.IMAGE, '"/", imageName', '"//", imageName'),
    Stream.VULNERABILITIES: (defaults.VULNERABILITY, '" in "', '" inside "'),
}


async def test_the_maps_of_the_last_run_change_nothing(database: Database) -> None:
    async with pond(database) as here:
        await _stock(here)

        done = await replay(database, CONNECTION)

    assert done == Replayed(records=5)  # a repository, two images, two scans


async def test_a_replay_makes_what_a_run_with_the_maps_makes(database: Database) -> None:
    async with pond(database) as here:
        await _stock(here)
        before = await here.findings()
        here.scope = await _changed_maps(database)

        done = await replay(database, CONNECTION)

        replayed = await database.read(_mapped)
        assert await replay(database, CONNECTION) == Replayed(records=5)
        assert await here.findings() == before
        await here.sync()
        assert await database.read(_mapped) == replayed
    assert done == Replayed(records=5, assets=3, texts=2, findings=3)


async def test_advisories_texts_are_made_once_by_each_version_of_a_map(database: Database) -> None:
    async with pond(database) as here:
        await _stock(here)
        await _changed_maps(database)
        heard: list[Replayed] = []

        await replay(database, CONNECTION, told=heard.append)

    made = await database.read(_texts, "Ours vulnerabilities@2")
    assert [each.records for each in heard] == [1, 3, 5]
    assert [each["findingGroup.findings[].description"] for each in made] == ["Flaw 1", "Flaw 2"]


async def _stock(here: Pond) -> None:
    """Sync two images of one repository, with two flaws of which both have one."""
    here.add_repository("docker-local", rclass="local")
    here.push("docker-local", "team/app", "1", "a", Flaw(1), Flaw(2))
    here.push("docker-local", "team/other", "1", "b", Flaw(1))
    await here.sync()


async def _changed_maps(database: Database) -> Scope:
    """Give the connection maps of its own, each with a row of its own."""
    return await database.write(_change_maps)


def _change_maps(connection: Connection) -> Scope:
    maps = {}
    for stream, (name, old, new) in CHANGES.items():
        who: dict[str, Any] = {"by": "alice", "now": now_utc()}
        clone = known_maps.clone(connection, name, f"Ours {stream}", **who)
        maps[stream] = known_maps.save(connection, clone.text.replace(old, new), **who).reference
    row = connections.get(connection, CONNECTION)
    scope = msgspec.structs.replace(scope_of(row), maps=maps, hold_share=1.0)
    connections.update(connection, msgspec.structs.replace(row, scope=msgspec.to_builtins(scope)))
    return scope


def _mapped(connection: Connection) -> dict[str, Any]:
    rows = [*connection.execute(select(ASSETS.c.id, ASSETS.c.mapped))]
    return dict([*rows, *connection.execute(select(FINDINGS.c.id, FINDINGS.c.mapped))])


def _texts(connection: Connection, name: str) -> list[dict[str, Any]]:
    digests = set(connection.execute(select(FINDINGS.c.text)).scalars())
    made = mapped_texts.of(connection, name, digests)
    return sorted(made.values(), key=str)
