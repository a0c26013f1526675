"""A hint is looked at, and only it: what JFrog says is there is read, and nothing is closed."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Connection, func, select

from inventory.pond import CONNECTION, Broken, Flaw, Pond, pond
from jfrog_standin.faults import Fault, Params
from reedbed.inventory.connection.scope import Filters
from reedbed.inventory.run import answering
from reedbed.inventory.run.context import Mode
from reedbed.model.hints import Hint, everything
from reedbed.model.inventory import Status
from reedbed.store.database import Database, open_database
from reedbed.store.inventory import hints
from reedbed.store.inventory.assets import IMAGE_REFS

OLD, NEW = Flaw(1), Flaw(2)
APP = ("docker-local/team/app", "CVE-2026-0002", "pkg:npm/moment")


@pytest.fixture
def on_sqlite(tmp_path: Path, migrated_file: Path) -> Iterator[Database]:
    (tmp_path / "reedbed.db").write_bytes(migrated_file.read_bytes())
    db = open_database(f"sqlite:///{tmp_path / 'reedbed.db'}")
    yield db
    db.close()


def begin(place: Pond) -> None:
    place.add_repository("docker-local")
    for number in range(4):
        place.push("docker-local", "team/app", f"{number}.0", f"app{number}", OLD)
        place.push("docker-local", "other", f"{number}.0", f"other{number}", OLD)


async def tell(place: Pond, tag: str, *, event: str = "docker.pushed", path: str = "team/app") -> None:
    await put(place, Hint("docker-local", path, tag, event))


async def put(place: Pond, *some: Hint) -> None:
    remember = timedelta(hours=1)
    told = f"{place.clock}"
    await place.db.write(hints.take_in, CONNECTION, some, delivery=told, now=place.clock, remember=remember)


async def waiting(place: Pond) -> int:
    found = await place.db.read(hints.waiting)
    return found[CONNECTION].number if found else 0


def asked(place: Pond) -> list[str]:
    """Say what was asked since the log was cleared, by route."""
    return [entry.path for entry in place.standin.platform.log.entries()]


def tags_of(connection: Connection) -> int:
    ref = IMAGE_REFS.c
    standing = select(func.count()).where(ref.gone_at.is_(None), ref.tag != "")
    return int(connection.execute(standing).scalar_one())


async def test_of_a_push_that_is_hinted_at_just_that_image_is_read(database: Database) -> None:
    async with pond(database) as place:
        begin(place)
        await place.sync()
        digest = place.push("docker-local", "team/app", "9.0", "app9", OLD, NEW)
        place.push("docker-local", "other", "9.0", "other9", NEW)
        await tell(place, "9.0")
        place.standin.platform.log.clear()

        counts = await place.answer()

        found = await place.findings()
        manifests = [path for path in asked(place) if "/manifests/" in path]
        assert counts["images"] == 1
        assert counts["hints"] == 1
        assert found[APP].status.open
        assert ("docker-local/other", "CVE-2026-0002", "pkg:npm/moment") not in found
        assert len(manifests) == 1
        assert digest in manifests[0]
        assert len(asked(place)) <= 8
        assert await waiting(place) == 0
        assert await place.answer() == {"hints": 0}


async def test_what_was_deleted_is_gone_and_its_findings_wait_for_a_full_run(on_sqlite: Database) -> None:
    async with pond(on_sqlite) as place:
        begin(place)
        place.push("docker-local", "team/app", "9.0", "app9", NEW)
        await place.sync()
        before = await place.db.read(tags_of)
        place.delete("docker-local", "team/app", "9.0")
        await tell(place, "9.0", event="docker.deleted")

        await place.answer()
        hinted, tags = (await place.findings())[APP], await place.db.read(tags_of)
        await place.sync()

        assert tags == before - 1
        assert hinted.status.open
        assert hinted.images == 0
        assert (await place.findings())[APP].status is Status.FIXED


async def test_a_forged_hint_costs_a_few_requests_and_changes_nothing(on_sqlite: Database) -> None:
    async with pond(on_sqlite) as place:
        begin(place)
        await place.sync()
        await place.sync()
        before = (await place.findings(), await place.lifecycles(), await place.db.read(tags_of))
        forged = [
            Hint("docker-local", "team/app", "7.7", "docker.pushed"),
            Hint("docker-local", "team/nothing", "1.0", "docker.deleted"),
            Hint("docker-local", "team/app", "sha256:" + "0" * 64, "artifact.deployed"),
            Hint("no-such-repository", "team/app", "1.0", "docker.deleted"),
            Hint("docker-local", "team/app", "1.0", "docker.deleted"),
        ]
        await put(place, *forged)
        place.standin.platform.log.clear()

        await place.answer()

        assert (await place.findings(), await place.lifecycles(), await place.db.read(tags_of)) == before
        assert len(asked(place)) <= 8
        assert await waiting(place) == 0


async def test_an_image_for_several_platforms_is_read_with_its_parts(on_sqlite: Database) -> None:
    async with pond(on_sqlite) as place:
        begin(place)
        await place.sync()
        place.push_index("docker-local", "team/app", "9.0", {"amd": [OLD], "arm": [NEW]})
        await tell(place, "9.0")

        counts = await place.answer()

        assert counts["images"] == 2
        assert (await place.findings())[APP].status.open


async def test_a_new_finding_in_an_image_that_is_known_is_found_by_xrays_hint(on_sqlite: Database) -> None:
    async with pond(on_sqlite) as place:
        begin(place)
        await place.sync()
        place.find(place.digest_of("app1"), OLD, NEW)
        await tell(place, "1.0", event="xray.alert")

        counts = await place.answer()

        assert counts["images"] == 1
        assert (await place.findings())[APP].places == {("app1", "1.0.0")}


async def test_what_the_filters_leave_out_is_not_read_for_a_hint(on_sqlite: Database) -> None:
    async with pond(on_sqlite) as place:
        begin(place)
        place.scope = msgspec.structs.replace(place.scope, filters=Filters(not_images=("team/*",)))
        await place.sync()
        place.push("docker-local", "team/app", "9.0", "app9", NEW)
        await tell(place, "9.0")

        counts = await place.answer()

        assert counts.get("images", 0) == 0
        assert APP not in await place.findings()
        assert await waiting(place) == 0


async def test_where_it_can_not_be_listed_the_hint_waits_on(on_sqlite: Database) -> None:
    async with pond(on_sqlite) as place:
        begin(place)
        await place.sync()
        place.push("docker-local", "team/app", "9.0", "app9", NEW)
        await tell(place, "9.0")
        faults = place.standin.platform.faults
        faults.add(Fault(kind="status", path="/artifactory/api/search/aql", params=Params(status=403)))

        await place.answer()
        waited = await waiting(place)
        faults.clear()
        await place.answer()

        assert waited == 1
        assert (await place.findings())[APP].status.open
        assert await waiting(place) == 0


@pytest.mark.parametrize("mode", [Mode.DELTA, Mode.FULL])
async def test_a_scheduled_run_answers_hints_too(on_sqlite: Database, mode: Mode) -> None:
    async with pond(on_sqlite) as place:
        begin(place)
        await place.sync()
        before = await place.db.read(tags_of)
        place.delete("docker-local", "team/app", "1.0")
        await tell(place, "1.0", event="docker.deleted")

        await place.sync(mode)

        assert await place.db.read(tags_of) == before - 1
        assert await waiting(place) == 0


async def test_where_too_much_was_told_all_that_changed_is_read(on_sqlite: Database) -> None:
    async with pond(on_sqlite) as place:
        begin(place)
        await place.sync()
        place.push("docker-local", "team/app", "9.0", "app9", NEW)
        await put(place, everything("docker.pushed"))

        await place.answer()

        assert (await place.findings())[APP].status.open
        assert await waiting(place) == 0


async def test_wherever_it_breaks_off_it_ends_as_if_it_had_not(on_sqlite: Database) -> None:
    """Break off after every step in turn, go on with the same run, and compare."""
    async with pond(on_sqlite) as place:
        begin(place)
        await place.sync()
        place.push("docker-local", "team/app", "9.0", "app9", OLD, NEW)
        place.delete("docker-local", "team/app", "0.0")
        await tell(place, "9.0")
        await tell(place, "0.0", event="docker.deleted")
        run = await place.begin()

        for steps in count():
            try:
                await place.resume(run, Mode.DELTA, breaks_after=steps, act=answering.answer)
                break
            except (Broken, ExceptionGroup):
                assert await waiting(place) == 2

        assert steps > 5
        assert await waiting(place) == 0
        assert await place.db.read(tags_of) == 8
        hinted = {key: each.status.open for key, each in (await place.findings()).items()}
        await place.sync()
        assert hinted == {key: each.status.open for key, each in (await place.findings()).items()}
