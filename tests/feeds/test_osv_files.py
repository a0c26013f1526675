"""Reading records that lie on this machine: a zip, a folder, an archive's copy, a git checkout."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from feeds.drained import drain
from jfrog_standin.osv_records import MADE, Record, record, shapes, stamp, write_folder, write_zip
from reedbed.errors import Unreachable, Unreadable
from reedbed.feeds.osv import Osv
from reedbed.feeds.registry import open_feed
from reedbed.feeds.settings import OsvSettings
from reedbed.model.cursor import Cursor


def _feed(source: Path, **more: Any) -> Osv:
    feed = open_feed(OsvSettings(name="osv", source=str(source), **more))
    assert isinstance(feed, Osv)
    return feed


def _record(number: int, **more: Any) -> Record:
    return record(f"MAL-2026-{number}", f"reed-{number}", versions=["1.0.0"], **more)


def _files(*numbers: int) -> dict[str, Record]:
    return {f"MAL-2026-{number}.json": _record(number) for number in numbers}


def _forget(path: Path) -> None:
    path.unlink()


async def test_a_folder_and_a_zip_of_the_same_records_say_the_same(tmp_path: Path) -> None:
    with_ids = {name: each for name, each in shapes().items() if "id" in each}
    write_folder(tmp_path / "folder", with_ids)
    write_zip(tmp_path / "all.zip", with_ids.values())

    folder, archive = await drain(_feed(tmp_path / "folder")), await drain(_feed(tmp_path / "all.zip"))

    assert folder.advisories == archive.advisories
    assert folder.withdrawn == archive.withdrawn
    assert folder.refused == archive.refused


async def test_one_file_is_read_too(tmp_path: Path) -> None:
    write_folder(tmp_path, _files(1))

    assert set((await drain(_feed(tmp_path / "MAL-2026-1.json"))).advisories) == {"MAL-2026-1"}


async def test_a_folder_is_read_again_only_when_a_file_has_changed(tmp_path: Path) -> None:
    write_folder(tmp_path / "deep" / "down", _files(1))
    first = await drain(_feed(tmp_path))

    second = await drain(_feed(tmp_path), first.cursors)
    write_folder(tmp_path, _files(2))
    third = await drain(_feed(tmp_path), second.cursors)

    assert second.drained["*"].unchanged
    assert set(third.advisories) == {"MAL-2026-1", "MAL-2026-2"}


async def test_a_folder_that_lost_its_files_takes_nothing_back_and_says_so(tmp_path: Path) -> None:
    write_folder(tmp_path, _files(*range(10)))
    first = await drain(_feed(tmp_path))
    for number in range(10):
        _forget(tmp_path / f"MAL-2026-{number}.json")

    second = await drain(_feed(tmp_path), first.cursors)

    assert second.statements == []
    assert second.cursors["*"].watermark == MADE
    assert "0 records where there were 10" in second.warnings


async def test_links_and_odd_files_are_left_alone(tmp_path: Path) -> None:
    write_folder(tmp_path / "elsewhere", _files(1))
    write_folder(tmp_path / "here", _files(2))
    (tmp_path / "here" / "link.json").symlink_to(tmp_path / "elsewhere" / "MAL-2026-1.json")
    (tmp_path / "here" / "folder").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "here" / "loop").symlink_to(tmp_path / "here")
    os.mkfifo(tmp_path / "here" / "pipe.json")

    assert set((await drain(_feed(tmp_path / "here"))).advisories) == {"MAL-2026-2"}


async def test_a_file_that_is_too_large_is_refused_and_stops_nothing(tmp_path: Path) -> None:
    write_folder(tmp_path, _files(1))
    (tmp_path / "huge.json").write_bytes(b" " * (1 << 20) + b"{}")

    reading = await drain(_feed(tmp_path, max_record_mb=1))

    assert set(reading.advisories) == {"MAL-2026-1"}
    assert "more than 1048576 bytes" in reading.refused["huge.json"]


async def test_a_copy_of_the_public_archive_is_read_by_ecosystem(tmp_path: Path) -> None:
    for ecosystem, number in (("npm", 1), ("PyPI", 2), ("[EMPTY]", 3)):
        (tmp_path / ecosystem).mkdir()
        write_zip(tmp_path / ecosystem / "all.zip", [_record(number)])
    (tmp_path / "PyPI" / "all.zip").write_bytes(b"no archive")

    with pytest.raises(Unreadable) as caught:
        await drain(_feed(tmp_path))
    write_zip(tmp_path / "PyPI" / "all.zip", [_record(2)])
    reading = await drain(_feed(tmp_path))

    assert "PyPI" in caught.value.what
    assert set(reading.drained) == {"npm", "PyPI", "[EMPTY]"}
    assert set(reading.advisories) == {"MAL-2026-1", "MAL-2026-2", "MAL-2026-3"}


async def test_a_source_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(Unreachable) as caught:
        await drain(_feed(tmp_path / "nowhere"))

    assert "no such file" in caught.value.why


class Checkout:
    """A git repository in the layout of ossf/malicious-packages."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()
        self.git("init", "--quiet")

    def git(self, *arguments: str) -> None:
        quiet = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
        who = ["-c", "user.name=alice", "-c", "user.email=alice@example.com", "-c", "commit.gpgsign=false"]
        command = ["git", "-C", str(self.path), *who, *arguments]
        subprocess.run(command, check=True, capture_output=True, env=os.environ | quiet)

    def put(self, number: int, *, folder: str = "malicious", **more: Any) -> None:
        place = self.path / "osv" / folder / "npm" / f"reed-{number}"
        write_folder(place, {f"MAL-2026-{number}.json": _record(number, **more)})

    def remove(self, number: int) -> None:
        (self.path / f"osv/malicious/npm/reed-{number}/MAL-2026-{number}.json").unlink()

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "change")


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    made = Checkout(tmp_path / "malicious-packages")
    made.put(1)
    made.put(2)
    made.commit()
    return made


async def test_a_checkout_is_read_with_its_withdrawn_records(checkout: Checkout) -> None:
    checkout.put(3, folder="withdrawn", withdrawn=stamp(MADE))

    reading = await drain(_feed(checkout.path))

    assert set(reading.advisories) == {"MAL-2026-1", "MAL-2026-2"}
    assert reading.withdrawn == {"MAL-2026-3"}


async def test_of_a_checkout_only_what_commits_changed_is_read_again(checkout: Checkout) -> None:
    first = await drain(_feed(checkout.path))
    checkout.put(3)
    checkout.remove(1)
    checkout.put(1, folder="withdrawn", withdrawn=stamp(MADE))
    checkout.commit()

    unchanged = await drain(_feed(checkout.path), (await drain(_feed(checkout.path))).cursors)
    second = await drain(_feed(checkout.path), first.cursors)

    assert unchanged.drained["*"].unchanged
    assert set(second.advisories) == {"MAL-2026-3"}
    assert second.withdrawn == {"MAL-2026-1"}
    assert second.drained["*"].records == 2


async def test_a_record_that_is_gone_from_a_checkout_is_not_withdrawn(checkout: Checkout) -> None:
    first = await drain(_feed(checkout.path))
    checkout.remove(1)
    checkout.commit()

    second = await drain(_feed(checkout.path), first.cursors)

    assert second.statements == []


async def test_a_record_among_the_withdrawn_that_is_not_counts_for_nothing(checkout: Checkout) -> None:
    checkout.put(3, folder="withdrawn")

    reading = await drain(_feed(checkout.path))

    assert "MAL-2026-3" not in reading.advisories
    assert "MAL-2026-3" not in reading.withdrawn
    assert "among the withdrawn" in reading.refused["MAL-2026-3"]


@pytest.mark.parametrize("known", ["0" * 40, "--output=/dev/null", "not a commit"])
async def test_a_commit_that_git_does_not_know_means_reading_all(checkout: Checkout, known: str) -> None:
    since = {"*": Cursor(watermark=MADE, validators={"commit": known})}

    reading = await drain(_feed(checkout.path), since)

    assert set(reading.advisories) == {"MAL-2026-1", "MAL-2026-2"}


async def test_the_layout_is_read_without_git_too(checkout: Checkout) -> None:
    (checkout.path / ".git").rename(checkout.path / "not-git")

    reading = await drain(_feed(checkout.path))

    assert set(reading.advisories) == {"MAL-2026-1", "MAL-2026-2"}
