"""Which files of a repository are releases."""

import pytest

from reedbed.jfrog.package_files import holds_packages, read
from reedbed.jfrog.wire import Item, Repo


@pytest.mark.parametrize(
    ("package_type", "path", "name", "package"),
    [
        ("npm", "@scope/reed/-", "reed-1.0.0.tgz", "pkg:npm/%40scope/reed"),
        ("maven", "com/example/reed/1.0", "reed-1.0.jar", "pkg:maven/com.example/reed"),
        ("generic", "tools", "reed.bin", None),
        ("generic", "'; --", "\N{RIGHT-TO-LEFT OVERRIDE}%.bin", None),
    ],
)
def test_a_release_is_a_package(package_type: str, path: str, name: str, package: str | None) -> None:
    found = read(Item(repo="r", path=path, name=name, sha256="ab" * 32), package_type)

    assert found is not None
    assert (found.file, found.package) == (f"{path}/{name}", package)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("com/example/reed", "maven-metadata.xml"),
        ("a", "a.jar.sha1"),
        (".npm/reed", "x.json"),
        ("a", "a.pom"),
    ],
)
def test_what_stands_beside_a_release_is_none(path: str, name: str) -> None:
    assert read(Item(repo="r", path=path, name=name, sha256="ab" * 32), "maven") is None


def test_a_file_without_a_checksum_can_not_be_asked_about() -> None:
    assert read(Item(repo="r", path="a", name="a.bin"), "generic") is None


@pytest.mark.parametrize(
    "key", ["team-build-info", "auto-trashcan", "jfrog-usage-logs", "release-bundles-v2"]
)
def test_what_the_platform_keeps_for_itself_is_not_read(key: str) -> None:
    assert not holds_packages(Repo(key=key, type="LOCAL", packageType="Generic"))
    assert holds_packages(Repo(key="generic-local", type="LOCAL", packageType="Generic"))
