"""The packages that the stand-in builds, and how package files are told by their paths."""

import io
import tarfile
import zipfile
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jfrog_standin.artifactory import packages
from jfrog_standin.artifactory.contents import Unreadable, npm_manifest, python_metadata
from jfrog_standin.artifactory.coordinates import coordinates_of, go_escape, go_unescape
from jfrog_standin.artifactory.go import highest as highest_go
from jfrog_standin.artifactory.npm_metadata import highest as highest_npm
from jfrog_standin.artifactory.ordered import Package, add
from jfrog_standin.artifactory.pypi_index import Link, html_page, read_page
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.artifactory.storage import Storage


def test_packages_are_the_same_bytes_each_time() -> None:
    assert packages.npm_tarball("@pond/reed", "1.0.0") == packages.npm_tarball("@pond/reed", "1.0.0")
    assert packages.wheel("reed", "1.0") == packages.wheel("reed", "1.0")
    assert packages.sdist("reed", "1.0") == packages.sdist("reed", "1.0")
    assert packages.go_zip("example.com/reed", "v1.0.0") == packages.go_zip("example.com/reed", "v1.0.0")


def test_packages_hold_nothing_that_runs_when_they_are_installed() -> None:
    npm = tarfile.open(fileobj=io.BytesIO(packages.npm_tarball("reed", "1.0.0")))  # noqa: SIM115 - in memory
    wheel = zipfile.ZipFile(io.BytesIO(packages.wheel("reed", "1.0")))

    assert npm.getnames() == ["package/package.json", "package/index.js"]
    assert "scripts" not in npm_manifest(packages.npm_tarball("reed", "1.0.0"))
    assert wheel.read("reed.py") == b"VERSION = '1.0'\n"
    assert not [name for name in wheel.namelist() if name.endswith((".pth", "entry_points.txt"))]


def test_an_ordered_package_holds_files_of_ones_own() -> None:
    storage = Storage(now=lambda: datetime.now(UTC))
    for kind in ("npm", "pypi", "go"):
        storage.add(Repository(key=f"{kind}-local", package_type=kind))
    own = {"index.js": "module.exports = 1;\n", "extra/own.py": "ONE = 1\n"}

    npm, wheel, sdist, _, _, module = add(
        storage,
        Package(package_type="npm", name="reed", version="1.0.0", files=own),
        Package(package_type="pypi", name="reed", version="1.0", files=own, yanked="bends"),
        Package(package_type="go", name="example.com/reed", version="v1.0.0", files=own),
    )

    with tarfile.open(fileobj=io.BytesIO(storage.body(npm))) as archive:
        index = archive.extractfile("package/index.js")
        assert index is not None
        assert index.read().decode() == own["index.js"]
    with zipfile.ZipFile(io.BytesIO(storage.body(wheel))) as unpacked:
        assert unpacked.read("extra/own.py").decode() == own["extra/own.py"]
    with zipfile.ZipFile(io.BytesIO(storage.body(module))) as unpacked:
        assert "example.com/reed@v1.0.0/extra/own.py" in unpacked.namelist()
    assert sdist.properties["pypi.yanked"] == ("bends",)


def test_a_package_for_a_repository_that_is_not_there_is_refused() -> None:
    storage = Storage(now=lambda: datetime.now(UTC))

    with pytest.raises(ValueError, match="no repository npm-local"):
        add(storage, Package(package_type="npm", name="reed", version="1.0.0"))


@pytest.mark.parametrize(
    ("package_type", "path", "expected"),
    [
        ("npm", "reed/-/reed-1.0.0-rc.1.tgz", ("reed", "1.0.0-rc.1")),
        ("npm", "@pond/reed/-/reed-1.0.0.tgz", ("@pond/reed", "1.0.0")),
        ("npm", "@pond/reed/-/@pond/reed-1.0.0.tgz", ("@pond/reed", "1.0.0")),
        ("npm", "reed/-/other-1.0.0.tgz", None),
        ("npm", "reed-1.0.0.tgz", None),
        ("pypi", "Reed.Stem/1.0/reed_stem-1.0-py3-none-any.whl", ("reed-stem", "1.0")),
        ("pypi", "aa/bb/cc/reed-stem-1.0.post1.tar.gz", ("reed-stem", "1.0.post1")),
        ("pypi", "reed/README.md", None),
        ("go", "example.com/!pond/reed/@v/v1.0.0.zip", ("example.com/Pond/reed", "v1.0.0")),
        ("go", "example.com/reed/@v/list", None),
        ("generic", "reed/-/reed-1.0.0.tgz", None),
    ],
)
def test_a_release_is_told_by_its_path(
    package_type: str, path: str, expected: tuple[str, str] | None
) -> None:
    found = coordinates_of(package_type, path)

    assert (found and (found.name, found.version)) == expected


@given(st.text(alphabet="aZ0!/.-", max_size=20).filter(lambda text: "!" not in text))
def test_escaping_a_module_path_is_undone(module: str) -> None:
    assert go_unescape(go_escape(module)) == module
    assert go_escape(module) == go_escape(module).lower()


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    for read in (npm_manifest, lambda body: python_metadata("a-1.tar.gz", body)):
        with pytest.raises(Unreadable):
            read(body)


def test_a_package_that_unpacks_without_end_is_not_read_to_its_end() -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=9) as archive:
        entry = tarfile.TarInfo("package/zeros")
        entry.size = 80 * 2**20
        archive.addfile(entry, io.BytesIO(bytes(entry.size)))
        last = tarfile.TarInfo("package/package.json")
        archive.addfile(last, io.BytesIO(b""))

    with pytest.raises(Unreadable):
        npm_manifest(packed.getvalue())


def test_the_highest_version_is_a_release_if_there_is_one() -> None:
    assert highest_npm(["1.9.0", "1.10.0", "2.0.0-rc.1"]) == "1.10.0"
    assert highest_npm(["2.0.0-beta.2", "2.0.0-beta.10"]) == "2.0.0-beta.10"
    assert highest_go(["v1.9.0", "v1.10.0", "v2.0.0-rc.1"]) == "v1.10.0"
    assert highest_go(["v0.0.0-20200101000000-0123456789ab", "v0.1.0-rc.1"]) == "v0.1.0-rc.1"


TEXT = st.text(alphabet=st.characters(codec="ascii", exclude_characters="\r\n\0/?#"), min_size=1, max_size=8)


@given(TEXT, st.one_of(st.none(), TEXT))
def test_a_page_that_was_written_is_read_back(requires: str, yanked: str | None) -> None:
    link = Link(
        file="reed-1.0.tar.gz",
        url="reed/1.0/reed-1.0.tar.gz",
        sha256="ab",
        requires_python=requires,
        yanked=yanked,
    )

    page = html_page("reed", [("../../reed/1.0/reed-1.0.tar.gz", link)])
    (read,) = read_page(page.encode(), "text/html", "https://jfrog.example/api/pypi/r/simple/reed/")

    assert read.url == "https://jfrog.example/api/pypi/r/reed/1.0/reed-1.0.tar.gz"
    assert (read.file, read.sha256, read.requires_python, read.yanked) == (link.file, "ab", requires, yanked)
