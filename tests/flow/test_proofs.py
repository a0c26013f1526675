"""The report of what is proved: local and remote, npm and PyPI, covered and not, near and away."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from flow.thread import PLATFORM, Thread
from jfrog.platforms import at, impatient
from jfrog_standin.artifactory import packages
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.faults import Params
from reedbed.errors import Refused, SettingsError, Unreachable
from reedbed.intel import enforce
from reedbed.intel.proofs import Line, State, Tally
from reedbed.intel.report import Report, look, report
from reedbed.jfrog import enforcement
from reedbed.jfrog.artifactory import Artifactory
from reedbed.jfrog.custom_issue import IssueStyle
from reedbed.jfrog.session import JFrog, connect
from reedbed.metrics import Readings
from reedbed.model.ecosystem import PackageType
from reedbed.store import audit
from reedbed.worker.serve import readings

FRESH_FOR = timedelta(days=30)


@pytest.fixture
async def jfrog(embedded: Thread) -> AsyncIterator[JFrog]:
    platform = at(embedded.standin, name=PLATFORM)
    async with connect(platform, embedded.standin.admin_token, patience=impatient(attempts=2)) as open_line:
        yield open_line


@pytest.fixture
def stocked(embedded: Thread) -> Thread:
    """A benign release of npm and of PyPI, local and in a remote's cache; Go is taken away."""
    storage = embedded.standin.platform.artifactory
    for key in ("go", "go-local", "go-remote"):
        del storage.repositories[key]
    packages.add_npm(storage, "npm-local", "reed", "1.0.0")
    packages.add_pypi(storage, "pypi-local", "reed", "1.0.0")
    copy(embedded, "npm-local", "npm-remote-cache")
    copy(embedded, "pypi-local", "pypi-remote-cache")
    return embedded


def copy(thread: Thread, source: str, target: str) -> None:
    storage = thread.standin.platform.artifactory
    for item in [each for each in storage.items(source) if not each.is_folder]:
        storage.put(target, item.path, storage.body(item), by="alice")


async def prove(thread: Thread, jfrog: JFrog, repository: str, release: str | None = None) -> bool:
    async with enforce.subject(jfrog, repository, release) as subject:
        proof = await enforce.prove(
            jfrog, thread.db, subject, style=IssueStyle(), wait_s=0.0, now=thread.now, told=lambda _: None
        )
    return proof.proved


async def reported(thread: Thread, jfrog: JFrog) -> tuple[Report, dict[str, Line]]:
    await look(jfrog, thread.db, now=thread.now)
    found = await thread.db.read(report, PLATFORM, now=thread.time, fresh_for=FRESH_FOR)
    return found, {line.repository: line for line in found.repositories}


async def test_each_repository_is_told_apart_and_nothing_is_said_of_what_was_not_tried(
    stocked: Thread, jfrog: JFrog
) -> None:
    assert await prove(stocked, jfrog, "npm-local")

    found, by_key = await reported(stocked, jfrog)

    assert {key: line.state for key, line in by_key.items()} == {
        "npm-local": State.PROVED,
        "npm-remote": State.OPEN,
        "npm": State.UNTRIED,
        "pypi-local": State.UNTRIED,
        "pypi-remote": State.OPEN,
        "pypi": State.UNTRIED,
    }
    assert found.types == [
        Tally(package_type=PackageType.NPM, proved=1, repositories=3),
        Tally(package_type=PackageType.PYPI, proved=0, repositories=3),
    ]
    assert not found.proved
    assert by_key["npm-local"].relied_on == ("reedbed / reedbed-block-malicious / block",)
    assert by_key["npm-remote"].why == "no active watch with a policy that blocks looks at all of it"
    (entry,) = await stocked.db.read(audit.page, limit=10)
    assert entry.detail["run"] == by_key["npm-local"].run_id


async def test_local_remote_and_virtual_are_proved_each_by_its_own_proof(
    stocked: Thread, jfrog: JFrog
) -> None:
    wanted = await enforcement.planned(jfrog, ["npm-remote", "pypi-remote"], "malicious")
    await enforcement.carry_out(jfrog, wanted)

    proved = [await prove(stocked, jfrog, key) for key in ("npm-local", "pypi-local")]
    for package_type in ("npm", "pypi"):
        release = f"pkg:{package_type}/reed@1.0.0"
        proved += [
            await prove(stocked, jfrog, key, release) for key in (f"{package_type}-remote", package_type)
        ]

    found, by_key = await reported(stocked, jfrog)
    assert all(proved)
    assert found.proved
    assert by_key["npm-remote"].release == "pkg:npm/reed@1.0.0"
    assert not any(line.command for line in found.repositories)


@pytest.mark.parametrize("change", ["policy", "watch", "indexing"])
async def test_a_proof_is_stale_or_void_when_what_it_rested_on_has_changed(
    stocked: Thread, jfrog: JFrog, change: str
) -> None:
    await prove(stocked, jfrog, "npm-local")
    platform = stocked.standin.platform
    match change:
        case "policy":
            wanted = await enforcement.planned(jfrog, ["npm-local"], "severity")
            await enforcement.carry_out(jfrog, wanted)
            expected = State.STALE
        case "watch":
            platform.xray.watches.clear()
            expected = State.OPEN
        case _:
            local = platform.artifactory.repositories["npm-local"]
            platform.artifactory.repositories["npm-local"] = Repository(key=local.key, package_type="npm")
            expected = State.OPEN

    _, by_key = await reported(stocked, jfrog)

    assert by_key["npm-local"].state is expected
    assert by_key["npm-local"].command


async def test_a_proof_grows_old(stocked: Thread, jfrog: JFrog) -> None:
    await prove(stocked, jfrog, "npm-local")

    stocked.time += FRESH_FOR
    assert (await reported(stocked, jfrog))[1]["npm-local"].state is State.PROVED
    stocked.time += timedelta(seconds=1)

    assert (await reported(stocked, jfrog))[1]["npm-local"].state is State.STALE


async def test_what_was_tried_and_does_not_block_is_said_with_what_was_seen(
    stocked: Thread, jfrog: JFrog
) -> None:
    stocked.standin.platform.switch(malicious_flag="never")

    assert not await prove(stocked, jfrog, "npm-local")

    line = (await reported(stocked, jfrog))[1]["npm-local"]
    assert line.state is State.FAILED
    assert line.why.endswith("blocked? no, 200; Xray does not call the issue malicious")


async def test_a_proof_that_breaks_off_is_told_and_takes_nothing_from_an_earlier_one(
    stocked: Thread, jfrog: JFrog
) -> None:
    await prove(stocked, jfrog, "npm-local")
    stocked.fail("status", "/xray/api/v1/events", method="POST", params=Params(status=503))

    for key in ("npm-local", "pypi-local"):
        stocked.time += timedelta(seconds=10)
        with pytest.raises(Unreachable):
            await prove(stocked, jfrog, key)

    _, by_key = await reported(stocked, jfrog)
    assert by_key["npm-local"].state is State.PROVED
    assert by_key["pypi-local"].state is State.UNTRIED
    assert "broken off: " in by_key["pypi-local"].why
    assert "503" in by_key["pypi-local"].why


async def test_a_platform_that_is_away_is_told_as_of_the_last_look_and_counts_as_not_proved(
    stocked: Thread, jfrog: JFrog
) -> None:
    del stocked.standin.platform.artifactory.repositories["npm-remote"]
    await prove(stocked, jfrog, "npm-local")
    before, _ = await reported(stocked, jfrog)
    stocked.fail("status", "/xray/api/v2/policies", params=Params(status=503))
    stocked.time += timedelta(days=1)

    with pytest.raises(Unreachable) as caught:
        await look(jfrog, stocked.db, now=stocked.now)
    found = await stocked.db.read(
        report, PLATFORM, only=["npm-local"], away=caught.value, now=stocked.time, fresh_for=FRESH_FOR
    )

    (line,) = found.repositories
    assert line.state is State.PROVED
    assert not found.proved
    assert found.as_of == before.as_of
    assert found.away
    assert found.away.fix


async def test_a_token_that_may_not_read_policies_is_told_the_role(stocked: Thread, jfrog: JFrog) -> None:
    stocked.fail("status", "/xray/api/v2/policies", params=Params(status=403))

    with pytest.raises(Refused) as caught:
        await look(jfrog, stocked.db, now=stocked.now)

    assert "Manage Policies" in caught.value.fix


async def test_a_repository_that_is_misspelled_is_not_proved(stocked: Thread, jfrog: JFrog) -> None:
    await prove(stocked, jfrog, "npm-local")
    await look(jfrog, stocked.db, now=stocked.now)

    found = await stocked.db.read(
        report, PLATFORM, only=["npm-local", "npm-lcoal"], now=stocked.time, fresh_for=FRESH_FOR
    )

    assert found.unseen == ["npm-lcoal"]
    assert not found.proved


async def test_the_metric_tells_the_same_as_the_report(stocked: Thread, jfrog: JFrog) -> None:
    await prove(stocked, jfrog, "npm-local")
    assert readings_of(await stocked.db.read(readings, now=stocked.time, fresh_for=FRESH_FOR)) == {}
    await look(jfrog, stocked.db, now=stocked.now)

    found = readings_of(await stocked.db.read(readings, now=stocked.time, fresh_for=FRESH_FOR))
    old = readings_of(await stocked.db.read(readings, now=stocked.time + 2 * FRESH_FOR, fresh_for=FRESH_FOR))

    assert found == {("npm", "proved"): 1, ("npm", "open"): 1, ("npm", "untried"): 1} | {
        ("pypi", "open"): 1,
        ("pypi", "untried"): 2,
    }
    assert old["npm", "stale"] == 1


def readings_of(found: Readings) -> dict[tuple[str, str], int]:
    return {(kind, state): number for (_, kind, state), number in found.repositories.items() if number}


async def test_where_nothing_is_seen_nothing_is_proved(stocked: Thread, jfrog: JFrog) -> None:
    stocked.standin.platform.artifactory.repositories.clear()

    found, by_key = await reported(stocked, jfrog)

    assert not by_key
    assert not found.proved


async def test_a_virtual_repository_that_does_not_serve_a_release_cannot_be_proved_with_it(
    stocked: Thread, jfrog: JFrog
) -> None:
    stocked.standin.platform.artifactory.add(
        Repository(key="npm-empty", rclass="virtual", package_type="npm")
    )

    with pytest.raises(SettingsError, match="npm-empty"):
        await prove(stocked, jfrog, "npm-empty", "npm:reed@1.0.0")

    assert (await Artifactory(jfrog).download("npm", "reed/-/reed-1.0.0.tgz")).verdict == "served"
