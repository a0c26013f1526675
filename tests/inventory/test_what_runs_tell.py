"""What runs say of themselves: which rows of maps failed, and why they brought nothing or not all."""

import msgspec
import pytest
from sqlalchemy import Connection

from inventory.pond import CONNECTION, Flaw, pond
from reedbed.inventory.connection.probes import NEEDS
from reedbed.inventory.connection.scope import DEFAULT_STREAMS, Filters
from reedbed.inventory.connection.states import Last, Planned, Standing
from reedbed.inventory.run.context import Mode
from reedbed.inventory.run.explaining import explained
from reedbed.inventory.transform import defaults, known_maps
from reedbed.jobs import now_utc
from reedbed.model.inventory import Coverage, Stream
from reedbed.model.query.read import read
from reedbed.model.query.tokens import View
from reedbed.store.database import Database
from reedbed.store.inventory import streams
from reedbed.store.inventory.brought import Brought, brought
from reedbed.store.search import pages
from reedbed.store.search.groups import Group, groups
from reedbed.store.search.sorting import read_sort

THERE = Brought(repositories=3, of_images=2, places=5, coverage={Coverage.SCANNED: 4}, findings=9)
WELL = Standing(planned=Planned.REGISTERED, last=Last.PROCESSED)


def _there(**changes: object) -> Brought:
    return msgspec.structs.replace(THERE, **changes)


async def test_what_rows_of_maps_can_not_do_is_told_by_row_and_once_a_run(file_database: Database) -> None:
    async with pond(file_database) as here:
        here.add_repository("docker-local", rclass="local")
        for content in "ab":
            here.push("docker-local", "team/app", content, content, Flaw(1))
        here.scope = msgspec.structs.replace(
            here.scope, maps=here.scope.maps | await file_database.write(_with_wrong_rows)
        )

        run = await here.begin()
        await here.resume(run)

        log = await file_database.read(streams.log_of, run.id, limit=50)
        told = {(each.stream, (each.item or "").partition(",")[0]): each.message for each in log}
        assert {each.code for each in log} == {"row-failed"}
        assert told == {
            (Stream.IMAGES, "Ours docker-images@2"): "'team/app' is no whole number (2 times)",
            (Stream.VULNERABILITIES, "Ours vulnerabilities@2"): "'Flaw 1' is no whole number",
        }
        assert await file_database.read(streams.told_of, run.id) == {"row-failed": 2}


def _with_wrong_rows(connection: Connection) -> dict[Stream, str]:
    """Give maps that take words for numbers; one of the rows lacks nothing but an image."""
    rows = {
        Stream.IMAGES: (defaults.IMAGE, "asset.assetDetail.typedAttributes.own", ["to_int(imageName)"]),
        Stream.VULNERABILITIES: (
            defaults.VULNERABILITY,
            "findingGroup.findings[].attributes.own",
            ["to_int(vulnerabilities[].summary)", "to_int(concat(imageName, vulnerabilities[].component))"],
        ),
    }
    maps = {}
    for stream, (name, target, expressions) in rows.items():
        clone = known_maps.clone(connection, name, f"Ours {stream}", by="alice", now=now_utc())
        more = "".join(
            f"\n[[rows]]\ntarget = \"{target}{number}\"\nexpression = '{each}'\n"
            for number, each in enumerate(expressions)
        )
        maps[stream] = known_maps.save(connection, clone.text + more, by="alice", now=now_utc()).reference
    return maps


NOT_LISTED = {"not-listed": 2}
ALL = DEFAULT_STREAMS


@pytest.mark.parametrize(
    ("standing", "streams", "there", "told", "why"),
    [
        (WELL, ALL, THERE, {}, []),
        (Standing(planned=Planned.DRAFT, last=Last.NONE), ALL, Brought(), {}, ["No run has read anything"]),
        (
            Standing(planned=Planned.REGISTERED, last=Last.PROCESSING, phase="docker-images: listing"),
            ALL,
            THERE,
            {},
            ["under way, at docker-images: listing"],
        ),
        (
            Standing(planned=Planned.REGISTERED, last=Last.ERRORED, because="JFrog answered 401"),
            ALL,
            THERE,
            {},
            ["failed. JFrog answered 401"],
        ),
        (Standing(planned=Planned.REGISTERED, last=Last.CANCELLED), ALL, THERE, {}, ["was cancelled"]),
        (WELL, ALL, Brought(), {}, ["No repository was listed"]),
        (WELL, (Stream.REPOSITORIES,), THERE, {}, ["docker-images is not selected"]),
        (WELL, ALL, Brought(repositories=3), {}, ["None of 3 repositories is for images"]),
        (WELL, ALL, Brought(repositories=3, of_images=2), {}, ["hold no image that the token sees"]),
        (WELL, ALL, Brought(repositories=3, of_images=2), NOT_LISTED, ["2 repositories could not be listed"]),
        (WELL, ALL, _there(left_out=5), {}, ["leave out all 5 places"]),
        (WELL, ALL[:2], THERE, {}, ["vulnerabilities is not selected"]),
        (WELL, ALL, _there(findings=0), {}, ["Xray looked at all 4 images and knows of nothing"]),
        (
            WELL,
            ALL,
            _there(coverage={Coverage.SCANNED: 4, Coverage.NOT_INDEXED: 2, Coverage.PENDING: 3}),
            {},
            ["3 of 9 images are pending", "2 of 9 images are not-indexed: Its repository is not in Xray"],
        ),
        (WELL, ALL, _there(coverage={None: 4}), {}, ["4 of 4 images are unknown: It was listed"]),
    ],
)
def test_what_is_not_there_is_explained_with_what_to_do(
    standing: Standing, streams: tuple[Stream, ...], there: Brought, told: dict[str, int], why: list[str]
) -> None:
    reasons = explained("prod", standing, streams, there, told)

    assert len(reasons) == len(why)
    for reason, words in zip(reasons, why, strict=True):
        assert words in reason.why
        assert reason.fix or "knows of nothing" in words


async def test_what_is_there_of_a_connection_is_counted(file_database: Database) -> None:
    async with pond(file_database) as here:
        here.add_repository("docker-local", rclass="local")
        here.add_repository("npm-local", rclass="local", package_type="npm")
        here.push("docker-local", "team/app", "1", "a", Flaw(1))
        here.push("docker-local", "team/app", "2", "b", status="PENDING")
        here.scope = msgspec.structs.replace(here.scope, filters=Filters(not_tags=("2",)))
        await here.sync()

        assert await file_database.read(brought, CONNECTION) == Brought(
            repositories=2,
            of_images=1,
            places=2,
            left_out=1,
            coverage={Coverage.SCANNED: 1},  # of what is let in
            findings=1,
        )


async def test_a_retry_reads_what_had_no_conclusive_answer_and_nothing_else(file_database: Database) -> None:
    async with pond(file_database) as here:
        here.add_repository("docker-local", rclass="local")
        here.push("docker-local", "team/app", "1", "a", Flaw(1))
        pending = here.push("docker-local", "team/other", "1", "b", status="PENDING")
        await here.sync()
        here.find(pending, Flaw(2))

        counts = await here.sync(Mode.RETRY)

        assert (counts["images"], counts["gaps"], counts["found"]) == (1, 0, 1)
        there = await file_database.read(brought, CONNECTION)
        assert (there.coverage, there.findings) == ({Coverage.SCANNED: 2}, 2)


async def test_a_repository_says_what_is_wrong_with_what_lies_in_it(file_database: Database) -> None:
    async with pond(file_database) as here:
        here.add_repository("docker-local", rclass="local")
        here.push("docker-local", "team/app", "1", "a", Flaw(1), Flaw(2))
        here.push("docker-local", "team/other", "1", "b", Flaw(1))
        await here.sync()

    found = await file_database.read(
        pages.assets, read("", now=now_utc()), sort=read_sort(View.ASSETS, "name")
    )
    of_repository = await _grouped(file_database, "asset.assetTypeName:binary-repository")
    of_all = await _grouped(file_database, "")

    assert {row.name: row.high for row in found.rows if row.repository_type} == {"docker-local": 3}
    assert (of_repository.number, of_repository.high) == (1, 3)
    assert (of_all.number, of_all.high) == (3, 3)  # of which nothing is counted twice


async def _grouped(db: Database, query: str) -> Group:
    [group] = await db.read(groups, read(query, now=now_utc()), View.ASSETS, "repository")
    return group


async def test_runs_ask_nothing_that_the_reference_does_not_list(file_database: Database) -> None:
    async with pond(file_database) as here:
        here.add_repository("docker-local", rclass="local")
        here.push("docker-local", "team/app", "1", "a", Flaw(1))
        here.push("docker-local", "team/other", "1", "b", status="PENDING")

        for mode in (Mode.FULL, Mode.DELTA, Mode.RETRY):
            await here.sync(mode)

        asked = {_as_listed(call) for call in here.standin.platform.log.counts()}
        assert asked
        assert asked <= {call for stream in ALL for call in NEEDS[stream].endpoints}


def _as_listed(call: str) -> str:
    names = {"{repo}": "{repository}", "{name}": "{image}", "{reference}": "{digest}", "v{version}": "v2"}
    for theirs, ours in names.items():
        call = call.replace(theirs, ours)
    return call
