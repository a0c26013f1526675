"""A run over what a person named reads that, and leaves everything else as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.pond import CONNECTION, Flaw, Pond, pond
from reedbed.errors import SettingsError
from reedbed.inventory.run import answering
from reedbed.inventory.run.context import Mode, Sync
from reedbed.inventory.run.part import Spot, spot
from reedbed.jobs import Counts
from reedbed.model.inventory import Stream
from reedbed.store.database import Database
from reedbed.store.inventory import streams

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
DIGEST = f"sha256:{'0f' * 32}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("docker-local", Spot(repository="docker-local")),
        ("docker-local/app", Spot(repository="docker-local", path="app")),
        ("docker-local/team/app:1.0", Spot(repository="docker-local", path="team/app", tag="1.0")),
        (f"docker-local/app@{DIGEST}", Spot(repository="docker-local", path="app", tag=DIGEST)),
    ],
)
def test_a_spot_is_read_as_it_is_written(text: str, expected: Spot) -> None:
    assert spot(text) == expected
    assert str(expected) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "/app",
        "r/",
        "r/*",
        "r/app:",
        "r/:1",
        "r/app@sha256:12",
        "r//app",
        "r/a:b/c",
        "r app",
        "r/app@",
    ],
)
def test_what_is_no_spot_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="neither a repository nor an image"):
        spot(text)


@given(st.text(max_size=30))
def test_any_text_is_a_spot_or_refused(text: str) -> None:
    try:
        read = spot(text)
    except SettingsError:
        return

    assert str(read) == text
    assert "*" not in text


async def part(place: Pond, *texts: str) -> Counts:
    spots = [spot(each) for each in texts]

    async def act(run: Sync) -> Counts:
        return await answering.read_part(run, spots)

    return await place.resume(await place.begin(), Mode.DELTA, act=act)


async def filled(place: Pond) -> None:
    """Three images of two paths, all read, and then each has one flaw more and one less."""
    place.add_repository("docker-local")
    there = (("team/app", "1.0"), ("team/app", "2.0"), ("web", "1.0"))
    digests = [
        place.push("docker-local", path, tag, f"image {number}", Flaw(number))
        for number, (path, tag) in enumerate(there, start=1)
    ]
    await place.sync()
    for number, digest in enumerate(digests, start=1):
        place.find(digest, Flaw(10 + number))


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        (("docker-local/team/app:2.0",), {"CVE-2026-0012"}),
        (("docker-local/team/app",), {"CVE-2026-0011", "CVE-2026-0012"}),
        (("docker-local",), {"CVE-2026-0011", "CVE-2026-0012", "CVE-2026-0013"}),
        (("docker-local/web", "docker-local/team/app:1.0"), {"CVE-2026-0011", "CVE-2026-0013"}),
        (("elsewhere",), set()),
        (("docker-local/team",), set()),
    ],
)
@ON_SQLITE
async def test_what_is_named_is_read_and_nothing_is_closed(
    named: tuple[str, ...], expected: set[str], database: Database
) -> None:
    async with pond(database) as place:
        await filled(place)
        before = await place.findings()
        mark = await place.db.read(streams.mark, CONNECTION, Stream.IMAGES)

        await part(place, *named)

        after = await place.findings()
        assert {key[1] for key in after.keys() - before.keys()} == expected
        assert all(each.status.open for each in after.values())
        assert await place.db.read(streams.mark, CONNECTION, Stream.IMAGES) == mark


@ON_SQLITE
async def test_what_is_named_and_not_there_is_told(database: Database) -> None:
    async with pond(database) as place:
        await filled(place)
        run = await place.begin()

        async def act(sync: Sync) -> Counts:
            return await answering.read_part(sync, [spot("docker-local/nothing")])

        await place.resume(run, Mode.DELTA, act=act)

        [event] = await place.db.read(streams.log_of, run.id, limit=5)
        assert (event.code, event.item) == ("not-there", "docker-local/nothing")


@ON_SQLITE
async def test_an_image_that_was_pushed_since_is_read_with_what_its_index_has(database: Database) -> None:
    async with pond(database) as place:
        await filled(place)
        place.push_index("docker-local", "team/multi", "1.0", {"arm": [Flaw(31)], "amd": [Flaw(32)]})

        await part(place, "docker-local/team/multi:1.0")

        found = {key[1] for key in await place.findings()}
        assert {"CVE-2026-0031", "CVE-2026-0032"} <= found
