"""The storage by itself: paths, folders, checksums, bounds and members."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jfrog_standin.artifactory.deploy import deploy
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.artifactory.storage import NotStored, Storage

START = datetime(2026, 1, 1, tzinfo=UTC)
SEGMENTS = st.sampled_from(["a", "b", "c"])
PATHS = st.lists(SEGMENTS, min_size=1, max_size=4).map("/".join)


class Clock:
    """Moves by a second with each look."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


@pytest.fixture
def storage() -> Storage:
    made = Storage(now=Clock(), max_file_bytes=100, max_bytes=150)
    made.add(Repository(key="local"))
    return made


def test_a_file_has_its_checksums_and_the_folders_above_it(storage: Storage) -> None:
    item = storage.put("local", "a/b/c.txt", b"reed", by="alice")

    assert item.checksums is not None
    assert item.checksums.sha256 == hashlib.sha256(b"reed").hexdigest()
    assert (item.folder, item.name, item.size) == ("a/b", "c.txt", 4)
    assert storage.body(item) == b"reed"
    root = storage.get("local", "")
    assert root is not None
    assert [below.path for below in storage.below(root)] == ["a", "a/b", "a/b/c.txt"]


def test_overwriting_keeps_who_made_it_and_when(storage: Storage) -> None:
    first = storage.put("local", "a", b"1", by="alice", properties={"k": ("v",)})
    second = storage.put("local", "a", b"2", by="bob")

    assert (second.created, second.created_by) == (first.created, "alice")
    assert (second.modified_by, second.properties) == ("bob", {})
    assert second.modified > first.modified


def test_a_body_is_found_by_its_digests_as_long_as_some_file_has_it(storage: Storage) -> None:
    sha1, sha256 = hashlib.sha1(b"x", usedforsecurity=False).hexdigest(), hashlib.sha256(b"x").hexdigest()
    storage.put("local", "one", b"x", by="alice")
    storage.put("local", "two", b"x", by="alice")

    storage.delete("local", "one")
    found = storage.content(sha1=sha1.upper()), storage.content(sha256=sha256)
    storage.delete("local", "two")

    assert found == (b"x", b"x")
    assert storage.content(sha1=sha1) is storage.content(sha256=sha256) is storage.content() is None


@pytest.mark.parametrize(
    "path", ["", "/a", "a//b", "../a", "a/./b", "a/..", "a\nb", "a" * 256, "/".join("a" * 600)]
)
def test_what_is_no_path_is_refused(storage: Storage, path: str) -> None:
    with pytest.raises(NotStored) as caught:
        storage.put("local", path, b"", by="alice")

    assert caught.value.status == 400


def test_a_file_and_a_folder_do_not_take_each_others_place(storage: Storage) -> None:
    storage.put("local", "a/b", b"", by="alice")

    for path in ("a", "a/b/c"):
        with pytest.raises(NotStored):
            storage.put("local", path, b"", by="alice")
    with pytest.raises(NotStored):
        storage.make_folder("local", "a/b", by="alice")


def test_the_size_of_a_file_and_of_all_is_bounded(storage: Storage) -> None:
    with pytest.raises(NotStored) as too_large:
        storage.put("local", "a", b"x" * 101, by="alice")
    storage.put("local", "b", b"y" * 100, by="alice")
    with pytest.raises(NotStored) as full:
        storage.put("local", "c", b"z" * 100, by="alice")
    storage.put("local", "d", b"y" * 100, by="alice")

    assert (too_large.value.status, full.value.status) == (413, 507)


def test_members_come_in_order_once_each_and_a_cycle_ends(storage: Storage) -> None:
    storage.add(Repository(key="far", rclass="remote"))
    storage.add(Repository(key="inner", rclass="virtual", members=("local", "outer")))
    storage.add(Repository(key="outer", rclass="virtual", members=("inner", "far", "local", "gone")))

    members = storage.members("outer")

    assert [member.key for member in members] == ["local", "far"]
    assert [member.storage_key for member in members] == ["local", "far-cache"]
    assert storage.owner("far-cache") == members[1]
    assert storage.owner("local-cache") is None


def test_downloads_are_counted_and_forgotten_with_the_file(storage: Storage) -> None:
    item = storage.put("local", "a", b"", by="alice")

    storage.count_download(item, by="bob")
    counted = storage.statistics(item)
    storage.delete("local", "a")

    assert (counted.downloads, counted.last_downloaded_by) == (1, "bob")
    assert storage.statistics(item).downloads == 0


def test_a_package_that_cannot_be_read_is_kept_without_properties(storage: Storage) -> None:
    repository = Repository(key="npm-local", package_type="npm")
    storage.add(repository)

    item = deploy(storage, repository, "reed/-/reed-1.0.0.tgz", b"no archive", by="alice")

    assert item.properties == {}


@given(st.lists(st.tuples(st.booleans(), PATHS), max_size=12))
def test_every_folder_lists_exactly_what_is_in_it(steps: list[tuple[bool, str]]) -> None:
    storage = Storage(now=lambda: START)
    storage.add(Repository(key="local"))

    for puts, path in steps:
        try:
            _ = (
                storage.put("local", path, path.encode(), by="alice")
                if puts
                else storage.delete("local", path)
            )
        except NotStored:
            continue

    root = storage.get("local", "")
    assert root is not None
    assert {item.path for item in storage.below(root)} == {item.path for item in storage.items("local")}
    for item in storage.items("local"):
        assert item.folder == "." or storage.get("local", item.folder) is not None
        if not item.is_folder:
            assert storage.body(item) == item.path.encode()
