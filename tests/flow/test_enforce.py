"""The proof that a custom issue blocks: what it sees, what it leaves behind, and what it refuses to touch."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from flow.thread import PLATFORM, Thread
from jfrog.platforms import at, impatient
from jfrog_standin.artifactory import packages
from reedbed.errors import Refused, SettingsError, Unreachable
from reedbed.intel import enforce
from reedbed.intel.enforce import Proof, Step, Subject
from reedbed.jfrog.custom_issue import IssueStyle
from reedbed.jfrog.session import JFrog, connect
from reedbed.model.ecosystem import PackageType
from reedbed.model.ledger import Action
from reedbed.model.purl import purl
from reedbed.store import audit, outbox

LEFT_PAD = Subject(
    package=purl(PackageType.NPM, "left-pad"),
    version="1.3.0",
    repository="npm-local",
    path="left-pad/-/left-pad-1.3.0.tgz",
)


@pytest.fixture
async def jfrog(embedded: Thread) -> AsyncIterator[JFrog]:
    platform = at(embedded.standin, name=PLATFORM)
    async with connect(platform, embedded.standin.admin_token, patience=impatient()) as open_line:
        yield open_line


async def proved(thread: Thread, jfrog: JFrog, subject: Subject, *, wait_s: float = 5.0) -> Proof:
    told: list[Step] = []
    proof = await enforce.prove(
        jfrog, thread.db, subject, style=IssueStyle(), wait_s=wait_s, now=thread.now, told=told.append
    )
    assert tuple(told) == proof.steps
    return proof


@pytest.mark.parametrize("repository", ["npm-local", "pypi-local", "go-local"])
async def test_a_canary_proves_a_local_repository_and_leaves_nothing(
    embedded: Thread, jfrog: JFrog, repository: str
) -> None:
    before = len(embedded.standin.platform.artifactory.items(repository))

    async with enforce.subject(jfrog, repository, None) as subject:
        proof = await proved(embedded, jfrog, subject)

    assert proof.proved
    assert proof.malicious
    assert len(embedded.standin.platform.artifactory.items(repository)) == before
    assert not embedded.standin.platform.xray.issues
    assert await embedded.db.read(outbox.page, PLATFORM, limit=10) == []
    (entry,) = await embedded.db.read(audit.page, limit=10)
    assert entry.action == "prove block"


async def test_blocking_may_take_a_while(embedded: Thread, jfrog: JFrog) -> None:
    embedded.standin.platform.switch(indexing_delay_polls=2)

    async with enforce.subject(jfrog, "npm-local", None) as subject:
        proof = await proved(embedded, jfrog, subject, wait_s=20.0)

    assert proof.proved


async def test_what_does_not_block_is_not_proved(embedded: Thread, jfrog: JFrog) -> None:
    embedded.standin.platform.xray.watches.clear()

    async with enforce.subject(jfrog, "npm-local", None) as subject:
        proof = await proved(embedded, jfrog, subject, wait_s=0.0)

    assert not proof.proved
    assert [step.name for step in proof.steps if not step.ok] == ["blocked"]
    assert not embedded.standin.platform.xray.issues


async def test_a_benign_release_proves_a_repository_that_takes_no_uploads(
    embedded: Thread, jfrog: JFrog
) -> None:
    packages.add_npm(embedded.standin.platform.artifactory, "npm-local", "left-pad", "1.3.0")

    async with enforce.subject(jfrog, "npm-local", "npm:left-pad@1.3.0") as subject:
        proof = await proved(embedded, jfrog, subject)

    assert subject == LEFT_PAD
    assert proof.proved


async def test_a_package_that_is_flagged_is_never_freed_by_a_proof(embedded: Thread, jfrog: JFrog) -> None:
    packages.add_npm(embedded.standin.platform.artifactory, "npm-local", "left-pad", "1.3.0")
    embedded.publish("MAL-2026-1", "left-pad", versions=["1.0.0"])
    await embedded.run()

    with pytest.raises(Refused, match="custom issue about it already"):
        await proved(embedded, jfrog, LEFT_PAD)

    assert len(embedded.standin.platform.xray.issues) == 1


async def test_a_repository_that_cannot_be_proved_says_what_to_name(jfrog: JFrog) -> None:
    for repository in ("no-such", "npm-remote", "generic-local"):
        with pytest.raises(SettingsError) as caught:
            async with enforce.subject(jfrog, repository, None):
                pass

        assert "--prove-with" in caught.value.fix


async def test_the_issue_of_a_proof_that_died_is_taken_away_by_the_next_runs(
    embedded: Thread, jfrog: JFrog
) -> None:
    packages.add_npm(embedded.standin.platform.artifactory, "npm-local", "left-pad", "1.3.0")
    embedded.fail("status", "/xray/api/v1/events/*", method="DELETE")
    with pytest.raises(Unreachable):
        await proved(embedded, jfrog, LEFT_PAD, wait_s=0.0)
    assert len(embedded.standin.platform.xray.issues) == 1
    (promised,) = await embedded.db.read(outbox.page, PLATFORM, limit=10)
    assert promised.change.action is Action.DELETE

    embedded.mend()
    embedded.time = promised.next_attempt_at
    await embedded.run()

    assert not embedded.standin.platform.xray.issues


async def test_a_proof_that_is_cancelled_takes_its_issue_back(embedded: Thread, jfrog: JFrog) -> None:
    embedded.standin.platform.xray.watches.clear()  # so that it waits for a block that never comes

    async with enforce.subject(jfrog, "npm-local", None) as subject:
        proving = asyncio.create_task(proved(embedded, jfrog, subject, wait_s=60.0))
        async with asyncio.timeout(60):
            while not embedded.standin.platform.xray.issues:
                await asyncio.wait({proving}, timeout=0.01)
        proving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await proving

    assert not embedded.standin.platform.xray.issues
