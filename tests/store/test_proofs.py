from typing import Any

import msgspec

from reedbed.model.ecosystem import PackageType
from reedbed.store import coverage, platforms, proofs
from reedbed.store.coverage import Covered
from reedbed.store.database import Database
from reedbed.store.proofs import Attempt, Verdict
from store.statements import PROD, at

SEEN = Attempt(
    platform="prod",
    repository="npm-local",
    verdict=Verdict.PROVED,
    package_type=PackageType.NPM,
    kind="local",
    release="pkg:npm/reed@1.0.0",
    reason="",
    relied_on=("reedbed / reedbed-block-malicious / block",),
    ground="a" * 64,
    run_id="run",
    at=at(0),
)
LOCAL = Covered(
    platform="prod",
    repository="npm-local",
    package_type=PackageType.NPM,
    kind="local",
    indexed=True,
    blocked_by=SEEN.relied_on,
    ground=SEEN.ground,
    seen_at=at(0),
)


def attempt(**changes: Any) -> Attempt:
    return msgspec.structs.replace(SEEN, **changes)


async def test_of_each_verdict_the_newest_attempt_is_kept(database: Database) -> None:
    failed = attempt(verdict=Verdict.NOT_PROVED, reason="blocked? no, 200", at=at(1))
    elsewhere = attempt(repository="pypi-local", package_type=PackageType.PYPI)
    await database.write(platforms.add, PROD, sealed_token="sealed")

    for each in (SEEN, failed, elsewhere, attempt(at=at(2))):
        await database.write(proofs.save, each)

    assert await database.read(proofs.of_platform, "prod") == [failed, attempt(at=at(2)), elsewhere]
    assert await database.read(proofs.of_platform, "other") == []


async def test_what_strangers_wrote_is_kept_as_far_as_it_can_be(database: Database) -> None:
    await database.write(platforms.add, PROD, sealed_token="sealed")

    await database.write(proofs.save, attempt(reason="a\0b", repository="r" * 600))

    (kept,) = await database.read(proofs.of_platform, "prod")
    assert kept.reason == "a\N{REPLACEMENT CHARACTER}b"
    assert len(kept.repository) < 600


async def test_a_look_replaces_the_one_before_on_its_platform_alone(database: Database) -> None:
    other = msgspec.structs.replace(PROD, name="other")
    for platform in (PROD, other):
        await database.write(platforms.add, platform, sealed_token="sealed")
    there = msgspec.structs.replace(LOCAL, platform="other")
    long = msgspec.structs.replace(LOCAL, repository="r" * 600)
    await database.write(coverage.replace, "other", [there])
    await database.write(coverage.replace, "prod", [LOCAL])
    second = msgspec.structs.replace(LOCAL, repository="npm-remote", indexed=False, blocked_by=())

    await database.write(coverage.replace, "prod", [second, long])

    found = await database.read(coverage.of_platform, "prod")
    assert found[0] == second
    assert len(found[1].repository) < 600
    assert await database.read(coverage.of_platform, "other") == [there]


async def test_a_platform_that_sees_nothing_any_more_has_nothing(database: Database) -> None:
    await database.write(platforms.add, PROD, sealed_token="sealed")
    await database.write(coverage.replace, "prod", [LOCAL])

    await database.write(coverage.replace, "prod", [])

    assert await database.read(coverage.of_platform, "prod") == []


async def test_a_removed_platform_takes_its_proofs_with_it(database: Database) -> None:
    await database.write(platforms.add, PROD, sealed_token="sealed")
    await database.write(proofs.save, SEEN)
    await database.write(coverage.replace, "prod", [LOCAL])

    await database.write(platforms.remove, "prod")

    assert await database.read(proofs.of_platform, "prod") == []
    assert await database.read(coverage.of_platform, "prod") == []
