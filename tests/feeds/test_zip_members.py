"""Archives that lie, break or swell."""

import io
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reedbed.errors import Unreadable
from reedbed.feeds.zip_members import Member, OddMember, members


def _archive(path: Path, files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def _read(path: Path, *, largest: int = 1_000, total: int = 100_000) -> list[Member | OddMember]:
    return list(members(path, archive="all.zip", largest=largest, total=total))


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_each_record_is_read_and_other_files_are_left_alone(tmp_path: Path, compression: int) -> None:
    files = {"a.json": b"{}", "README.md": b"text", "folder/": b"", "folder/b.JSON": b"[1]" * 99}

    read = _read(_archive(tmp_path / "all.zip", files, compression))

    assert read == [Member("a.json", b"{}"), Member("folder/b.JSON", b"[1]" * 99)]


def test_an_archive_without_members_is_empty(tmp_path: Path) -> None:
    assert _read(_archive(tmp_path / "all.zip", {})) == []


def test_an_archive_of_more_members_than_the_old_form_counts_is_read(tmp_path: Path) -> None:
    path = _archive(tmp_path / "all.zip", {f"{number}.json": b"{}" for number in range(66_000)})

    assert len(_read(path, total=1_000_000)) == 66_000


def test_sizes_in_the_large_form_are_read(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive, archive.open("a.json", "w", force_zip64=True) as member:
        member.write(b"{}")

    assert _read(path) == [Member("a.json", b"{}")]


def test_a_member_that_is_too_large_is_odd_and_stops_nothing(tmp_path: Path) -> None:
    path = _archive(tmp_path / "all.zip", {"bomb.json": b"0" * 50_000_000, "a.json": b"{}"})

    bomb, other = _read(path)

    assert isinstance(bomb, OddMember)
    assert "50000000 bytes, more than 1000" in bomb.reason
    assert other == Member("a.json", b"{}")


def test_members_that_swell_together_stop_the_reading_and_the_last_is_named(tmp_path: Path) -> None:
    path = _archive(tmp_path / "all.zip", {f"{number}.json": b"0" * 900 for number in range(200)})

    with pytest.raises(Unreadable) as caught:
        _read(path, total=10_000)

    assert "at 11.json it has unpacked to more than 10000 bytes" in caught.value.why


def test_a_member_that_lies_about_its_size_is_unpacked_no_further(tmp_path: Path) -> None:
    path = _archive(tmp_path / "all.zip", {"liar.json": b"0" * 500_000})
    data = path.read_bytes()
    path.write_bytes(data.replace(struct.pack("<L", 500_000), struct.pack("<L", 100)))

    (member,) = _read(path)

    assert member == OddMember("liar.json", "the archive's member is damaged")


def test_links_and_unknown_packings_are_odd(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    link = zipfile.ZipInfo("link.json")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(link, "/etc/hostname")
        archive.writestr("lzma.json", b"{}", zipfile.ZIP_LZMA)

    reasons = [member.reason for member in _read(path) if isinstance(member, OddMember)]

    assert "symbolic link" in reasons[0]
    assert "method 14" in reasons[1]


@pytest.mark.parametrize(
    ("offset", "value", "why"),
    [(8, b"\x01", "encrypted"), (16, b"\xff\xff\xff\xff", "damaged"), (42, b"\xf0", "outside")],
)
def test_a_directory_that_says_odd_things_of_a_member_makes_it_odd(
    tmp_path: Path, offset: int, value: bytes, why: str
) -> None:
    path = _archive(tmp_path / "all.zip", {"a.json": b"{}"})
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02") + offset
    data[at : at + len(value)] = value
    path.write_bytes(data)

    (member,) = _read(path)

    assert isinstance(member, OddMember)
    assert why in member.reason


WHOLE = io.BytesIO()
with zipfile.ZipFile(WHOLE, "w", zipfile.ZIP_DEFLATED) as _made:
    for _number in range(3):
        _made.writestr(f"{_number}.json", b'{"id": "MAL-1"}' * 20)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_of_any_kind_gives_odd_members_or_one_clear_error(tmp_path: Path, data: st.DataObject) -> None:
    changed = bytearray(WHOLE.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "all.zip"
    path.write_bytes(changed[: data.draw(st.integers(0, len(changed)))])

    try:
        read = _read(path)
    except Unreadable:
        return
    assert all(len(member.data) <= 1_000 for member in read if isinstance(member, Member))
