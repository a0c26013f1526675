"""The hunt for what is flagged already, what becomes of findings, and quarantines that are undone exactly."""

from collections.abc import AsyncIterator

import msgspec
import pytest

from flow.hunting import BAD, flag_and_have, hunted, kept
from flow.thread import PLATFORM, Thread
from jfrog.platforms import at, impatient
from jfrog_standin.artifactory import packages
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.faults import Params
from reedbed.errors import ReedbedError, SettingsError
from reedbed.intel import quarantine
from reedbed.intel.quarantine import FROM, PROPERTY
from reedbed.jfrog import properties
from reedbed.jfrog.properties import Place
from reedbed.jfrog.session import JFrog, connect
from reedbed.store import audit
from reedbed.store.findings import Status


@pytest.fixture
async def jfrog(thread: Thread) -> AsyncIterator[JFrog]:
    platform = at(thread.standin, name=PLATFORM)
    async with connect(platform, thread.standin.admin_token, patience=impatient(attempts=2)) as open_line:
        yield open_line


@pytest.fixture
async def flagged(thread: Thread) -> Thread:
    await flag_and_have(thread)
    return thread


async def test_a_hunt_finds_the_condemned_files_alone_with_their_downloads(
    flagged: Thread, jfrog: JFrog
) -> None:
    flagged.standin.platform.xray.watches.clear()  # it was downloaded before it was blocked
    for _ in range(2):
        await flagged.download(BAD)

    result = await hunted(flagged, jfrog)

    found = await kept(flagged)
    assert (result.packages, result.sightings, result.gone) == (1, 2, 0)
    assert found.keys() == {f"npm-local/{BAD}", f"far-cache/{BAD}"}
    local = found[f"npm-local/{BAD}"]
    assert (local.version, local.condemned, local.downloads) == ("1.0.0", True, 2)
    assert local.last_downloaded_at is not None
    assert [source.id for source in local.sources] == ["MAL-2026-1"]
    assert local.status is Status.OPEN


async def test_a_second_hunt_keeps_the_day_of_the_first(flagged: Thread, jfrog: JFrog) -> None:
    await hunted(flagged, jfrog)
    before = (await kept(flagged))[f"npm-local/{BAD}"]

    await hunted(flagged, jfrog)

    after = (await kept(flagged))[f"npm-local/{BAD}"]
    assert after == msgspec.structs.replace(before, last_seen_at=flagged.time)


async def test_what_the_ledger_alone_remembers_is_hunted_too(flagged: Thread, jfrog: JFrog) -> None:
    await flagged.db.write(lambda connection: connection.exec_driver_sql("DELETE FROM advisories"))

    result = await hunted(flagged, jfrog)

    assert (result.packages, result.sightings) == (1, 2)


async def test_a_finding_is_gone_only_when_its_file_is(flagged: Thread, jfrog: JFrog) -> None:
    await hunted(flagged, jfrog)
    flagged.standin.platform.artifactory.delete("npm-local", BAD)

    result = await hunted(flagged, jfrog)

    found = await kept(flagged)
    assert result.gone == 1
    assert found[f"npm-local/{BAD}"].status is Status.GONE
    assert found[f"far-cache/{BAD}"].status is Status.OPEN


async def test_a_hunt_that_fails_declares_nothing_gone(flagged: Thread, jfrog: JFrog) -> None:
    await hunted(flagged, jfrog)
    flagged.standin.platform.artifactory.delete("npm-local", BAD)

    for path in (
        "/artifactory/api/search/aql",
        "/artifactory/api/storage/*",
        "/artifactory/api/repositories",
    ):
        flagged.fail("status", path, params=Params(status=503))
        with pytest.raises(ReedbedError):
            await hunted(flagged, jfrog)
        flagged.mend()

    assert {each.status for each in (await kept(flagged)).values()} == {Status.OPEN}


async def test_a_repository_that_is_not_seen_any_more_proves_nothing(flagged: Thread, jfrog: JFrog) -> None:
    await hunted(flagged, jfrog)
    del flagged.standin.platform.artifactory.repositories["far"]

    result = await hunted(flagged, jfrog)

    assert result.gone == 0
    assert (await kept(flagged))[f"far-cache/{BAD}"].status is Status.OPEN


async def test_a_finding_that_nobody_flags_any_more_is_cleared(flagged: Thread, jfrog: JFrog) -> None:
    await hunted(flagged, jfrog)
    flagged.withdraw("MAL-2026-1", "reed", day=2)
    await flagged.run()

    result = await hunted(flagged, jfrog)

    assert result.cleared == 2
    assert {each.status for each in (await kept(flagged)).values()} == {Status.CLEARED}


async def test_xray_tells_what_holds_a_release_and_a_file_is_found_once(
    flagged: Thread, jfrog: JFrog
) -> None:
    result = await hunted(flagged, jfrog, ask_xray=True)

    assert result.xray is None
    assert result.complete
    assert result.sightings == 2


async def test_an_xray_that_cannot_be_asked_is_said_and_asked_once(flagged: Thread, jfrog: JFrog) -> None:
    for number in range(3):
        flagged.publish(f"MAL-2026-2{number}", f"other-{number}", versions=["1.0.0"])
    await flagged.run()
    flagged.fail("status", "/xray/api/v2/search/impactedResources", params=Params(status=403))
    flagged.standin.platform.log.clear()

    result = await hunted(flagged, jfrog, ask_xray=True)

    asked = flagged.standin.platform.log.entries(path="/xray/api/v2/search/impactedResources")
    assert result.xray is not None
    assert "403" in result.xray
    assert not result.complete
    assert len(asked) == 1


async def test_the_property_is_set_and_taken_off_again(flagged: Thread, jfrog: JFrog) -> None:
    await hunted(flagged, jfrog)
    reason = r"alice: a; b=c, d|e\f"
    ids = [each.id for each in (await kept(flagged)).values()]

    for step in await quarantine.planned(jfrog, flagged.db, ids, reason=reason, into=None):
        await quarantine.carry_out(jfrog, flagged.db, step, who="alice", now=flagged.time)

    for place in (Place("npm-local", BAD), Place("far-cache", BAD)):
        there = await properties.read(jfrog, place)
        assert (there[PROPERTY], there[FROM]) == ([reason], [str(place)])
    await hunted(flagged, jfrog)
    assert {each.status for each in (await kept(flagged)).values()} == {Status.QUARANTINED}

    for step in await quarantine.undoing(flagged.db, PLATFORM, ids):
        await quarantine.carry_out(jfrog, flagged.db, step, who="alice", now=flagged.time)

    left = await properties.read(jfrog, Place("npm-local", BAD))
    assert left == {"npm.name": ["reed"], "npm.version": ["1.0.0"]}
    assert {each.status for each in (await kept(flagged)).values()} == {Status.OPEN}
    entries = await flagged.db.read(audit.page, limit=10)
    assert [each.action for each in entries] == ["end quarantine"] * 2 + ["quarantine file"] * 2


async def test_a_moved_file_is_out_of_reach_no_new_finding_and_comes_back_as_it_was(
    flagged: Thread, jfrog: JFrog
) -> None:
    storage = flagged.standin.platform.artifactory
    storage.add(Repository(key="cell", package_type="npm"))
    await hunted(flagged, jfrog)
    found = (await kept(flagged))[f"npm-local/{BAD}"]
    file, aside = Place("npm-local", BAD), Place("cell", f"npm-local/{BAD}")
    before = await properties.checksum(jfrog, file)
    described = await properties.read(jfrog, file)

    (step,) = await quarantine.planned(jfrog, flagged.db, [found.id], reason="malware", into="cell")
    assert await properties.checksum(jfrog, file) == before  # a plan changes nothing
    await quarantine.carry_out(jfrog, flagged.db, step, who="alice", now=flagged.time)

    assert await flagged.download(BAD) == "missing"
    assert await properties.checksum(jfrog, aside) == before
    result = await hunted(flagged, jfrog)
    assert result.gone == 0
    assert (await kept(flagged)).keys() == {f"npm-local/{BAD}", f"far-cache/{BAD}"}

    (back,) = await quarantine.undoing(flagged.db, PLATFORM, [found.id])
    await quarantine.carry_out(jfrog, flagged.db, back, who="alice", now=flagged.time)

    assert await properties.checksum(jfrog, file) == before
    assert await properties.checksum(jfrog, aside) is None
    assert await properties.read(jfrog, file) == described
    assert (await kept(flagged))[f"npm-local/{BAD}"].status is Status.OPEN


async def test_a_move_that_jfrog_refuses_leaves_a_marked_file_where_it_was(
    flagged: Thread, jfrog: JFrog
) -> None:
    flagged.standin.platform.artifactory.add(Repository(key="cell", package_type="npm"))
    await hunted(flagged, jfrog)
    found = (await kept(flagged))[f"npm-local/{BAD}"]
    flagged.fail("status", "/artifactory/api/move/*", params=Params(status=403))

    (step,) = await quarantine.planned(jfrog, flagged.db, [found.id], reason="malware", into="cell")
    with pytest.raises(ReedbedError):
        await quarantine.carry_out(jfrog, flagged.db, step, who="alice", now=flagged.time)

    after = (await kept(flagged))[f"npm-local/{BAD}"]
    assert (after.status, after.moved_to) == (Status.QUARANTINED, None)
    assert PROPERTY in await properties.read(jfrog, Place("npm-local", BAD))


async def test_a_quarantine_that_cannot_be_undone_is_not_begun(flagged: Thread, jfrog: JFrog) -> None:
    await hunted(flagged, jfrog)
    cached = (await kept(flagged))[f"far-cache/{BAD}"].id
    local = (await kept(flagged))[f"npm-local/{BAD}"].id

    for ids, reason, into in (
        ([cached], "malware", "pypi-local"),
        ([local], "malware", "no-such"),
        ([local], "malware", "far"),
        ([local], " ", None),
        (["0123456789abcdef"], "malware", None),
    ):
        with pytest.raises(SettingsError):
            await quarantine.planned(jfrog, flagged.db, ids, reason=reason, into=into)
    assert await quarantine.undoing(flagged.db, PLATFORM, [local]) == []


async def test_a_python_and_a_go_release_are_found_by_their_own_order(flagged: Thread, jfrog: JFrog) -> None:
    storage = flagged.standin.platform.artifactory
    packages.add_pypi(storage, "pypi-local", "Reed.Stem", "1.0")
    packages.add_go(storage, "go-local", "example.com/Pond/reed", "v1.2.0")
    flagged.publish("MAL-2026-7", "reed-stem", ecosystem="PyPI", versions=["1.0.0"])
    flagged.publish("MAL-2026-8", "example.com/Pond/reed", ecosystem="Go", versions=["1.2.0"])
    await flagged.run()

    result = await hunted(flagged, jfrog, ask_xray=True)

    assert (result.packages, result.sightings) == (3, 5)  # of Python a wheel and a source archive
