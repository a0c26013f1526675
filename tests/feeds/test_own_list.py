"""An organisation's own list, as people really write them."""

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feeds.archive_server import ArchiveServer, archive_server, status
from feeds.drained import drain
from reedbed.errors import Unreachable, Unreadable
from reedbed.feeds.feed import Feed
from reedbed.feeds.own_list_rows import rows
from reedbed.feeds.registry import open_feed
from reedbed.feeds.settings import OwnListSettings
from reedbed.model.advisory import Confidence, Verdict
from reedbed.model.ecosystem import PackageType

WRITTEN = datetime(2026, 11, 1, tzinfo=UTC)

ROW = "purl,versions,summary,url,id,withdrawn,verdict,confidence,modified\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "list.csv"


def _feed(path: Path, text: str | bytes, **more: Any) -> Feed:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    os.utime(path, (WRITTEN.timestamp(), WRITTEN.timestamp()))
    return open_feed(OwnListSettings(name="own", source=str(path), **more))


async def _versions(path: Path, text: str | bytes) -> dict[str, str]:
    reading = await drain(_feed(path, text))
    assert reading.refused == {}
    return {str(each.package): str(each.versions) for each in reading.advisories.values()}


async def test_every_field_of_a_row_is_taken(path: Path) -> None:
    text = (
        ROW
        + "pkg:npm/%40acme/thing,1.0.0,Steals tokens,https://example.com/1,ACME-1,,suspicious,automated,2026-03-01"
    )

    (advisory,) = (await drain(_feed(path, text))).advisories.values()

    assert (advisory.feed, advisory.id, str(advisory.package)) == ("own", "ACME-1", "pkg:npm/%40acme/thing")
    assert (advisory.summary, advisory.url) == ("Steals tokens", "https://example.com/1")
    assert (advisory.verdict, advisory.confidence) == (Verdict.SUSPICIOUS, Confidence.AUTOMATED)
    assert advisory.modified == datetime(2026, 3, 1, tzinfo=UTC)


async def test_what_a_row_leaves_open_is_taken_from_the_feed_and_the_file(path: Path) -> None:
    feed = _feed(path, "type,name,versions\npypi,Foo_Bar,1.0\n", confidence=Confidence.AUTOMATED)

    (advisory,) = (await drain(feed)).advisories.values()

    assert (str(advisory.package), advisory.spelling) == ("pkg:pypi/foo-bar", "Foo_Bar")
    assert advisory.id == "pkg:pypi/foo-bar@1.0"
    assert advisory.confidence is Confidence.AUTOMATED
    assert advisory.modified == WRITTEN


@pytest.mark.parametrize(
    ("written", "notation"),
    [
        ("1.0.0", "[1.0.0]"),
        ("1.0.0; 1.0.1", "[1.0.0] [1.0.1]"),
        ("[1.0.0,2.0.0)", "[1.0.0,2.0.0)"),
        ("(,1.0.0];3.0.0", "(,1.0.0] [3.0.0]"),
        ("*", "(,)"),
        ("*;1.0.0", "(,)"),
    ],
)
async def test_versions_are_named_alone_in_intervals_or_all_of_them(
    path: Path, written: str, notation: str
) -> None:
    assert await _versions(path, f'purl,versions\nnpm:reed,"{written}"\n') == {"pkg:npm/reed": notation}


async def test_a_purl_may_name_the_version(path: Path) -> None:
    assert await _versions(path, "purl\npkg:npm/reed@1.0.0\n") == {"pkg:npm/reed": "[1.0.0]"}


@pytest.mark.parametrize(
    "text",
    [
        b'\xef\xbb\xbfpurl;versions;owner\r\nnpm:reed;"1.0.0;2.0.0";alice\r\n\r\n',
        b"purl\tversions\nnpm:reed\t1.0.0;2.0.0\n",
        b" Purl , VERSIONS \nnpm:reed, 1.0.0;2.0.0\n",
        b'\xef\xbb\xbf[{"purl": "npm:reed", "versions": ["1.0.0", "2.0.0"]}]',
        b'[{"Type": "npm", "Name": "reed", "versions": "1.0.0;2.0.0"}]',
    ],
)
async def test_lists_are_read_as_spreadsheets_and_programs_write_them(path: Path, text: bytes) -> None:
    assert await _versions(path, text) == {"pkg:npm/reed": "[1.0.0] [2.0.0]"}


@pytest.mark.parametrize(
    ("row", "where", "why"),
    [
        ("npm:reed,", "line 2, column 2 (versions)", "write * for every version"),
        ('npm:reed,"[2.0.0,1.0.0]"', "line 2, column 2 (versions)", "ends before it begins"),
        ('npm:reed,"1.0,2.0"', "line 2, column 2 (versions)", "','"),
        ("npm:re ed,1.0.0", "line 2, column 1 (purl)", "can have this name"),
        ("deb:reed,1.0.0", "line 2, column 1 (purl)", "package type"),
        (",1.0.0", "line 2, column 1 (type)", "give purl, or type and name"),
        ("npm:reed,1.0.0,,,,soon", "(withdrawn)", "no date"),
        ("npm:reed,1.0.0,,,,,evil", "(verdict)", "none of malicious, suspicious"),
        ("npm:reed,1.0.0,,,,,,sure", "(confidence)", "none of human-verified, automated"),
        ("npm:reed,1.0.0,,,,,,,1.3.2026", "(modified)", "no date"),
        ("npm:reed,1.0.0,,,,,,,,,,", "line 2, column 10", "12 cells under a header of 9"),
        (f"npm:reed,1.0.0,,,{'i' * 129}", "(id)", "128"),
        ("npm:re\u202eed,1.0.0", "(purl)", "U+202E"),
    ],
)
async def test_a_row_that_cannot_be_used_is_refused_with_its_place_and_stops_nothing(
    path: Path, row: str, where: str, why: str
) -> None:
    reading = await drain(_feed(path, ROW + row + "\nnpm:good,1.0.0\n"))

    (reason,) = reading.refused.values()
    assert where in reason
    assert why in reason
    assert len(reading.advisories) == 1


async def test_of_several_versions_the_bad_one_is_dropped_and_noted(path: Path) -> None:
    reading = await drain(_feed(path, 'purl,versions\nnpm:reed,"1.0.0;(2;[3.0.0,4.0.0)"\n'))

    (advisory,) = reading.advisories.values()
    assert str(advisory.versions) == "[1.0.0] [3.0.0,4.0.0)"
    assert "(2 dropped" in advisory.notes[0]


async def test_faults_of_json_name_line_and_column(path: Path) -> None:
    text = '[{"purl": "npm:reed",\n  "versions": [1.0]},\n 5,\n {"type": "nmp", "name": "versions"}]'

    reading = await drain(_feed(path, text))

    assert list(reading.refused.values()) == [
        "line 2, column 15 (versions): write versions as text, or a list of texts",
        "line 3, column 2: Expected `object`, got `int`",
        f"line 4, column 11 (type): it is none of {', '.join(PackageType)}",
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b'[{"purl": "npm:reed",\n "versions": }]', "line 2, column 14"),
        (b'[{"purl": "npm:reed"', "line 1, column 21"),
        (b'{"purl": "npm:reed"}', "Expected `array`"),
        (b"[" * 100_000, "too deeply"),
        (b"purl,versions\nnpm:reed,\xff\n", "line 2: it is not UTF-8"),
        (b"\xff\xfep\x00u\x00", "line 1: it is not UTF-8"),
        (b'purl,versions\nnpm:a,1\nnpm:reed,"1.0', "line 3"),
        (b"package,version\nnpm:reed,1.0\n", "neither purl nor type and name"),
        (b"purl,versions,versions\n", "'versions' twice"),
        (b"", "neither purl nor type and name"),
    ],
)
async def test_a_list_that_cannot_be_read_says_where_and_moves_no_cursor(
    path: Path, text: bytes, why: str
) -> None:
    with pytest.raises(Unreadable) as caught:
        await drain(_feed(path, text))

    assert why in caught.value.why


@pytest.mark.parametrize("written", ["true", "yes", "1", "2026-03-01", "2026-03-01T12:00:00Z"])
async def test_a_row_is_taken_back_by_saying_so(path: Path, written: str) -> None:
    header = "purl,versions,withdrawn\n"
    told = await drain(_feed(path, f"{header}npm:reed,1.0.0,no\n"))

    taken_back = await drain(_feed(path, f"{header}npm:reed,1.0.0,{written}\n"))

    assert taken_back.withdrawn == set(told.advisories)


async def test_a_row_that_is_gone_is_not_taken_back(path: Path) -> None:
    first = await drain(_feed(path, "purl\nnpm:a@1\nnpm:b@1\nnpm:c@1\n"))

    second = await drain(_feed(path, "purl\nnpm:a@1\n"), first.cursors)

    assert second.withdrawn == set()
    assert "1 records where there were 3" in second.warnings


async def test_a_second_row_of_one_id_is_refused(path: Path) -> None:
    reading = await drain(_feed(path, "purl,id\nnpm:a@1,ACME-1\nnpm:b@1,ACME-1\n"))

    assert list(reading.advisories) == ["ACME-1"]
    (reason,) = reading.refused.values()
    assert reason.startswith("line 3, column 1: it has the id of line 2, column 1, ACME-1")


async def test_a_misspelt_column_is_pointed_out(path: Path) -> None:
    reading = await drain(_feed(path, "purl,withdrawm\nnpm:a@1,yes\n"))

    assert "withdrawm" in reading.warnings


async def test_an_unchanged_list_is_not_read_again(path: Path) -> None:
    feed = _feed(path, "purl\nnpm:a@1\n")

    second = await drain(feed, (await drain(feed)).cursors)

    assert second.drained["*"].unchanged


async def test_a_list_that_is_too_large_is_refused(path: Path) -> None:
    with pytest.raises(Unreadable, match="larger than 1048576 bytes"):
        await drain(_feed(path, b"purl\n" + b"npm:a@1\n" * 200_000, max_list_mb=1))


async def test_a_missing_list_says_so(path: Path) -> None:
    feed = open_feed(OwnListSettings(name="own", source=str(path)))

    with pytest.raises(Unreachable, match="No such file"):
        await drain(feed)


@pytest.fixture
async def server() -> AsyncIterator[ArchiveServer]:
    async with archive_server() as archive:
        yield archive


async def test_a_list_on_a_server_is_read_when_it_has_changed(server: ArchiveServer) -> None:
    server.files["own.csv"] = b"purl\nnpm:a@1\n"
    feed = open_feed(OwnListSettings(name="own", source=f"{server.url}/own.csv", allow_plain_http=True))

    first = await drain(feed)
    second = await drain(feed, first.cursors)

    assert list(first.advisories) == ["pkg:npm/a@1"]
    assert second.drained["*"].unchanged


async def test_a_list_that_its_server_lost_is_an_error_and_not_an_empty_list(server: ArchiveServer) -> None:
    settings = OwnListSettings(name="own", source=f"{server.url}/own.csv?key=hush", allow_plain_http=True)
    server.fail("own.csv", status(404))

    with pytest.raises(Unreachable) as caught:
        await drain(open_feed(settings))

    assert "hush" not in str(caught.value)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_bytes_raise_anything_but_that_the_list_cannot_be_read(data: bytes) -> None:
    for candidate in (data, b"[" + data, b"purl,versions\n" + data, b'[{"purl": ' + data):
        try:
            read = list(rows(candidate, name="list"))
        except Unreadable:
            continue
        assert all(row.place.line >= 1 for row in read)
