"""What filters let in, what that comes to, and that what is left out is not taken for fixed."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection as Sql
from sqlalchemy import func, select

from inventory.homes import connected, home
from jfrog_standin.seeding.seed import Seed
from jfrog_standin.server import Running, running
from jfrog_standin.settings import StandIn
from reedbed.inventory.connection.filters import (
    Place,
    Repository,
    Share,
    Weight,
    lets_in,
    lets_in_finding,
    lets_in_repository,
    newest,
    preview,
    written,
)
from reedbed.inventory.connection.scope import Filters, Scope
from reedbed.inventory.run import previewing
from reedbed.inventory.run.context import Mode
from reedbed.jobs import Every, now_utc
from reedbed.model.inventory import Applicability, Severity, Status
from reedbed.store.inventory.assets import IMAGE_REFS
from reedbed.store.inventory.findings import FINDINGS
from reedbed.wiring.jobs import sync_job
from reedbed.wiring.lines import line_of
from reedbed.wiring.parts import Parts
from reedbed.worker.run import Runner

NOW = datetime(2026, 5, 2, tzinfo=UTC)
DOCKER = Repository(key="docker-local", type="LOCAL", package_type="Docker")


def place(path: str, tag: str | None, *, days: float | None = 0.0) -> Place:
    at = None if days is None else NOW - timedelta(days=days)
    return Place(repository="docker-local", path=path, tag=tag, uploaded_at=at)


@pytest.mark.parametrize(
    ("filters", "let_in"),
    [
        (Filters(), True),
        (Filters(repositories=("docker-*",)), True),
        (Filters(not_repositories=("*-local",)), False),
        (Filters(types=("local", "remote")), True),
        (Filters(types=("virtual",)), False),
        (Filters(package_types=("docker", "oci")), True),
        (Filters(package_types=("npm",)), False),
        (Filters(projects=("docker",)), True),
        (Filters(projects=("dock",)), False),
    ],
)
def test_repositories(filters: Filters, let_in: bool) -> None:
    assert lets_in_repository(filters, DOCKER) is let_in


@pytest.mark.parametrize(
    ("filters", "let_in"),
    [
        (Filters(images=("team/*",)), True),
        (Filters(not_images=("*/app",)), False),
        (Filters(tags=("1.*",)), True),
        (Filters(tags=(r"re:\d+\.\d+",)), True),
        (Filters(tags=(r"re:\d+",)), False),  # the whole tag
        (Filters(not_tags=("re:.*",)), False),
        (Filters(within_days=7), True),
        (Filters(within_days=2), False),
    ],
)
def test_tags(filters: Filters, let_in: bool) -> None:
    assert lets_in(filters, place("team/app", "1.0", days=3), now=NOW) is let_in


def test_what_has_no_date_or_no_tag_is_not_left_out_for_that() -> None:
    assert lets_in(Filters(within_days=1), place("app", "1.0", days=None), now=NOW)
    assert lets_in(Filters(tags=("1.*",)), place("app", None), now=NOW)


def test_a_pattern_that_others_would_take_years_for_takes_no_time() -> None:
    filters = Filters(tags=("re:(a+)+$", "*a*a*a*a*a*a*a*b"))

    assert not lets_in(filters, place("app", "a" * 127 + "!"), now=NOW)


@given(st.lists(st.tuples(st.sampled_from("xyz"), st.text("ab", max_size=3), st.integers(0, 9)), max_size=20))
def test_of_each_image_the_newest_tags_stay(drawn: list[tuple[str, str, int]]) -> None:
    places = list({place(path, tag or None, days=float(days)) for path, tag, days in drawn})

    kept = newest(Filters(newest_tags=2), places)

    for each in places:
        same = [p for p in places if p.path == each.path and p.tag is not None]
        younger = sum((p.uploaded_at or NOW) > (each.uploaded_at or NOW) for p in same)
        assert each.tag is not None or each in kept
        assert each not in kept or each.tag is None or younger < 2
    for path in "xyz":
        tagged = {p for p in places if p.path == path and p.tag is not None}
        assert len(kept & tagged) == min(2, len(tagged))


@pytest.mark.parametrize(
    ("severity", "applicability", "let_in"),
    [
        (Severity.CRITICAL, None, True),
        (Severity.HIGH, Applicability.APPLICABLE, True),
        (Severity.MEDIUM, None, False),
        (Severity.UNKNOWN, None, True),  # it may be the worst
        (Severity.CRITICAL, Applicability.NOT_APPLICABLE, False),
    ],
)
def test_findings(severity: Severity, applicability: Applicability | None, let_in: bool) -> None:
    filters = Filters(severity=Severity.HIGH, not_applicability=(Applicability.NOT_APPLICABLE,))

    assert lets_in_finding(filters, severity, applicability) is let_in


def test_a_preview_counts_what_is_in_and_what_is_out() -> None:
    places = [place("app", "1"), place("app", "2", days=1), place("old", "1", days=99), place("app", None)]
    weights = [
        Weight(repository="docker-local", path=path, severity=severity, applicability=None, number=number)
        for path, severity, number in (
            ("app", Severity.HIGH, 3),
            ("app", Severity.LOW, 5),
            ("old", Severity.HIGH, 7),
        )
    ]
    filters = Filters(newest_tags=1, within_days=30, severity=Severity.HIGH, properties={"team": "blue"})

    seen = preview(filters, [DOCKER], places, weights, now=NOW)

    assert (seen.repositories, seen.tags, seen.images) == (Share(1, 0), Share(1, 2), Share(1, 1))
    assert seen.findings == Share(3, 12)
    assert seen.not_counted == ("property team=blue",)
    assert len(written(filters)) == 4


@pytest.mark.parametrize(
    "fields",
    [
        {"tags": ("re:(",)},
        {"images": ("x" * 201,)},
        {"repositories": tuple(map(str, range(101)))},
        {"newest_tags": 0},
        {"within_days": 0.0},
        {"within_days": float("nan")},
        {"properties": {str(number): "" for number in range(11)}},
    ],
)
def test_what_can_not_be_meant_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Filters(**fields)


def test_filters_are_stored_and_read_back() -> None:
    filters = Filters(tags=("re:v.*",), severity=Severity.HIGH, properties={"a": "b"}, newest_tags=3)

    assert msgspec.json.decode(msgspec.json.encode(filters), type=Filters) == filters


# On a platform


@pytest.fixture
async def standin() -> AsyncIterator[Running]:
    async with running(StandIn(seeded=Seed(images=12, small_kb=1, large_kb=1))) as server:
        yield server


@pytest.fixture
async def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Parts]:
    async with home(tmp_path, monkeypatch) as parts:
        yield parts


async def read(parts: Parts, filters: Filters) -> None:
    await parts.connections.edit("prod", who="alice", scope=Scope(filters=filters, refresh_h=0.0))
    job = sync_job(parts, "prod", schedule=Every(3_600), mode=Mode.FULL)
    ran = await Runner(parts.db, owner="test").run(job, scheduled_at=now_utc())
    assert ran.fault is None


def statuses(sql: Sql) -> dict[tuple[Status, bool], int]:
    of = (FINDINGS.c.status, FINDINGS.c.in_scope)
    found = sql.execute(select(*of, func.count()).group_by(*of))
    return {(status, in_scope): number for status, in_scope, number in found}


def tags_in(sql: Sql) -> list[tuple[str, str, str]]:
    ref = IMAGE_REFS.c
    query = select(ref.repository, ref.path, ref.tag).where(ref.in_scope.is_(True), ref.gone_at.is_(None))
    return [(row.repository, row.path, row.tag) for row in sql.execute(query) if row.tag]


LEAVING_OUT = (
    Filters(not_repositories=("docker-*",)),
    Filters(not_images=("*",)),
    Filters(types=("virtual",), not_tags=("*",)),
    Filters(within_days=0.001),
    Filters(properties={"nobody": "has this"}),
    Filters(severity=Severity.CRITICAL, not_applicability=(Applicability.NOT_APPLICABLE,)),
)


async def test_what_filters_leave_out_is_not_fixed_and_comes_back_with_them(
    parts: Parts, standin: Running
) -> None:
    await connected(parts, standin)
    await read(parts, Filters())
    before = await parts.db.read(statuses)

    meanwhile = []
    for filters in LEAVING_OUT:
        await read(parts, filters)
        meanwhile.append(await parts.db.read(statuses))
    await read(parts, Filters())
    after = await parts.db.read(statuses)

    assert sum(before.values()) > 10
    for seen in (*meanwhile, after):
        assert not any(status in (Status.FIXED, Status.RETIRED) for status, _ in seen)
        assert sum(seen.values()) == sum(before.values())
    assert all(any(not in_scope for _, in_scope in seen) for seen in meanwhile)
    assert all(in_scope for _, in_scope in after)


async def test_the_preview_agrees_with_the_run_and_with_a_live_listing(
    parts: Parts, standin: Running
) -> None:
    await connected(parts, standin)
    filters = Filters(newest_tags=1, not_repositories=("docker-sandbox-*",))
    async with line_of(parts, "prod") as jfrog:
        live = await previewing.live(jfrog, filters, now=now_utc())
    assert await parts.db.read(previewing.from_store, "prod", filters, now=now_utc()) is None

    await read(parts, Filters())
    kept = await parts.db.read(previewing.from_store, "prod", filters, now=now_utc())
    await read(parts, filters)
    let_in = await parts.db.read(tags_in)

    assert kept is not None
    assert (kept.tags, kept.images) == (live.tags, live.images)
    assert len(let_in) == kept.tags.let_in
    assert len({(repository, path) for repository, path, _ in let_in}) == len(let_in)
