"""Two public clients of Artifactory that we did not write, against the stand-in."""

import asyncio
import hashlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import artifactory
import pytest
import requests
from pyartifactory import Artifactory
from pyartifactory.exception import ArtifactNotFoundError, PropertyNotFoundError, RepositoryNotFoundError
from pyartifactory.models import LocalRepository, LocalRepositoryResponse, VirtualRepository
from pyartifactory.models.artifact import ArtifactFileInfoResponse, ArtifactFolderInfoResponse
from pyartifactory.models.repository import PackageTypeEnum

from jfrog_standin.access import User
from jfrog_standin.permissions import Grant
from jfrog_standin.server import Running
from standin.stock import add_packages, add_repositories

BODY = b"reeds clean water\n"


@pytest.fixture(autouse=True)
def stocked(standin: Running) -> None:
    add_repositories(standin.platform)
    add_packages(standin.platform)


@pytest.fixture
def client(standin: Running) -> Iterator[Artifactory]:
    """The client pyartifactory, as the administrator by a token."""
    opened = Artifactory(
        url=f"{standin.url}/artifactory", access_token=standin.admin_token, verify=str(standin.ca_path)
    )
    yield opened
    for part in (opened.artifacts, opened.repositories):
        part.session.close()


@pytest.fixture
def path(standin: Running) -> Iterator[Callable[..., Any]]:
    """Paths of dohq-artifactory, as the administrator by a password unless told otherwise."""
    session = requests.Session()
    session.trust_env = False  # a CA of this machine in the environment would win over the stand-in's
    session.verify = str(standin.ca_path)
    session.auth = ("admin", "password")

    def at(below: str = "") -> Any:
        return artifactory.ArtifactoryPath(f"{standin.url}/artifactory/{below}", session=session)

    with session:
        yield at


async def test_pyartifactory_deploys_reads_and_deletes(client: Artifactory, tmp_path: Path) -> None:
    source = tmp_path / "reed.txt"
    source.write_bytes(BODY)
    target = "generic-local/a/b/reed.txt"
    properties = {"colour": ["green", "brown"], "wet": ["yes"]}

    info = await asyncio.to_thread(client.artifacts.deploy, source, target, properties)
    (tmp_path / "out").mkdir()
    fetched = await asyncio.to_thread(client.artifacts.download, "generic-local/a", str(tmp_path / "out"))
    held = await asyncio.to_thread(client.artifacts.properties, target)
    stats = await asyncio.to_thread(client.artifacts.stats, target)
    listed = await asyncio.to_thread(client.artifacts.list, "generic-local/a")
    await asyncio.to_thread(client.artifacts.delete, target)

    assert isinstance(info, ArtifactFileInfoResponse)
    assert info.checksums is not None
    assert info.checksums.sha256 == hashlib.sha256(BODY).hexdigest()
    assert (fetched / "b/reed.txt").read_bytes() == BODY
    assert held.properties == properties
    assert stats.downloadCount == 1
    assert [(entry.uri, entry.folder) for entry in listed.files] == [("/b", True), ("/b/reed.txt", False)]
    with pytest.raises(ArtifactNotFoundError):
        await asyncio.to_thread(client.artifacts.info, target)


async def test_pyartifactory_deploys_by_checksum_and_changes_properties(
    client: Artifactory, tmp_path: Path
) -> None:
    source = tmp_path / "reed.txt"
    source.write_bytes(BODY)
    artifacts = client.artifacts

    with pytest.raises(ArtifactNotFoundError):
        await asyncio.to_thread(artifacts.deploy, source, "generic-local/one.txt", None, True)
    await asyncio.to_thread(artifacts.deploy, source, "generic-local/one.txt")
    copied = await asyncio.to_thread(artifacts.deploy, source, "generic-local/two.txt", None, True)
    await asyncio.to_thread(artifacts.set_properties, "generic-local/two.txt", {"a": ["1", "2"]})
    changed = await asyncio.to_thread(artifacts.update_properties, "generic-local/two.txt", {"b": ["3"]})

    assert isinstance(copied, ArtifactFileInfoResponse)
    assert copied.size == len(BODY)
    assert changed.properties == {"a": ["1", "2"], "b": ["3"]}
    with pytest.raises(PropertyNotFoundError):
        await asyncio.to_thread(artifacts.properties, "generic-local/one.txt")


async def test_pyartifactory_copies_and_moves(client: Artifactory) -> None:
    source = "pypi-local/Reed.Stem/1.0.0"

    copied = await asyncio.to_thread(client.artifacts.copy, source, "generic-local/copied")
    moved = await asyncio.to_thread(client.artifacts.move, "generic-local/copied", "generic-local/moved")

    for folder in (copied, moved):
        assert isinstance(folder, ArtifactFolderInfoResponse)
        assert len(folder.children) == 2
    with pytest.raises(ArtifactNotFoundError):
        await asyncio.to_thread(client.artifacts.info, "generic-local/copied")


async def test_pyartifactory_makes_changes_and_removes_repositories(client: Artifactory) -> None:
    repositories = client.repositories
    local = LocalRepository(key="reeds-local", packageType=PackageTypeEnum.pypi, description="wet")
    virtual = VirtualRepository(key="reeds", packageType=PackageTypeEnum.pypi, repositories=["reeds-local"])

    made = await asyncio.to_thread(repositories.create_repo, local)
    joined = await asyncio.to_thread(repositories.create_repo, virtual)
    changed = await asyncio.to_thread(
        repositories.update_repo,
        LocalRepository(key="reeds-local", packageType=PackageTypeEnum.pypi, description="dry"),
    )
    listed = await asyncio.to_thread(repositories.list)
    await asyncio.to_thread(repositories.delete, "reeds-local")

    assert isinstance(made, LocalRepositoryResponse)
    assert (made.packageType, changed.description) == ("pypi", "dry")
    assert joined.repositories == ["reeds-local"]
    assert {row.key: row.type for row in listed}["reeds"] == "VIRTUAL"
    with pytest.raises(RepositoryNotFoundError):
        await asyncio.to_thread(repositories.get_repo, "reeds-local")


async def test_dohq_walks_reads_and_writes_like_a_file_system(
    path: Callable[..., Any], tmp_path: Path
) -> None:
    source = tmp_path / "reed.txt"
    source.write_bytes(BODY)

    def use() -> dict[str, Any]:
        folder = path("generic-local/some/folder")
        folder.mkdir()
        file = folder / "reed.txt"
        file.deploy_file(source, parameters={"colour": "green"})
        file.properties = {"wet": ["yes"]}
        seen = {
            "children": [child.name for child in path("generic-local/some/folder")],
            "sha256": file.stat().sha256,
            "size": file.stat().size,
            "body": file.read_bytes(),
            "properties": file.properties,
            "glob": [found.name for found in path("pypi-local").glob("**/*.whl")],
        }
        file.unlink()
        return {**seen, "left": file.exists(), "folder": folder.is_dir()}

    seen = await asyncio.to_thread(use)

    assert seen["children"] == ["reed.txt"]
    assert seen["sha256"] == hashlib.sha256(BODY).hexdigest()
    assert (seen["size"], seen["body"]) == (len(BODY), BODY)
    assert seen["properties"] == {"wet": ["yes"]}
    assert min(seen["glob"]) == "reed_leaf-2.0-py3-none-any.whl"
    assert (seen["left"], seen["folder"]) == (False, True)


async def test_dohq_asks_with_aql(path: Callable[..., Any]) -> None:
    query = ({"repo": "npm-local", "@npm.name": "@pond/stem"},)
    arguments = ("items.find", *query, ".include", ["name", "repo", "path", "type"])

    rows = await asyncio.to_thread(lambda: path().aql(*arguments))
    found = await asyncio.to_thread(lambda: path().from_aql(rows[0]).read_bytes())

    assert sorted(row["name"] for row in rows) == ["stem-1.0.0.tgz", "stem-1.2.0.tgz"]
    assert found.startswith(b"\x1f\x8b")


async def test_a_restricted_user_sees_and_changes_only_what_was_granted(
    standin: Running, path: Callable[..., Any]
) -> None:
    reads = Grant(repo="npm-local")
    standin.platform.access.add_user(User(name="alice", password="secret", grants=(reads,)))

    def use() -> dict[str, Any]:
        path("generic-local/x/reed.txt").deploy(io.BytesIO(BODY))
        path().session.auth = ("alice", "secret")
        repositories = [found.name for found in path().get_repositories(lazy=True)]
        refused = {}
        for doing, act in {
            "read": lambda: path("generic-local/x/reed.txt").read_bytes(),
            "write": lambda: path("npm-local/x/reed.txt").deploy(io.BytesIO(BODY)),
        }.items():
            try:
                act()  # type: ignore[no-untyped-call]
            except Exception as error:  # noqa: BLE001 - the client has its own and its parts'
                refused[doing] = str(error)
        path("npm-local/reed").unlink()  # this client says nothing of a 403 to a deletion
        return {"repositories": repositories, "refused": refused, "left": path("npm-local/reed").exists()}

    seen = await asyncio.to_thread(use)

    assert sorted(seen["repositories"]) == ["npm", "npm-local"]
    assert set(seen["refused"]) == {"read", "write"}
    assert seen["left"]
