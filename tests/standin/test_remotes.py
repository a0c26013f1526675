"""Remote repositories: before another stand-in, and before what this machine's tools use."""

import asyncio
import sys
from pathlib import Path

import msgspec
import pytest

from jfrog_standin.artifactory import packages
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.artifactory.upstreams import upstream_of
from jfrog_standin.server import Running
from standin.conftest import Client
from standin.stock import BELOW, add_packages, add_remotes, add_repositories, block, upstreams
from standin.tools import go_env, npm_env, pip_env, run

KINDS = tuple(BELOW)


@pytest.fixture(autouse=True)
def stocked(upstream: Running) -> None:
    add_repositories(upstream.platform)
    add_packages(upstream.platform)


@pytest.fixture
def remotes(standin: Running, upstream: Running) -> None:
    add_remotes(standin, upstreams(upstream))


def cached(standin: Running, kind: str) -> list[str]:
    return sorted(
        item.path for item in standin.platform.artifactory.items(f"{kind}-remote-cache") if not item.is_folder
    )


@pytest.mark.usefixtures("remotes")
async def test_npm_installs_through_a_remote_which_keeps_what_it_fetched(
    standin: Running, upstream: Running, ask: Client, tmp_path: Path
) -> None:
    env = npm_env(standin, tmp_path)

    ran = await run("npm", "install", "reed", env=env, cwd=tmp_path)
    before = len(upstream.platform.log.entries())
    again = await ask("GET", "/artifactory/npm-remote/reed/-/reed-1.0.0.tgz")

    assert ran.code == 0, ran.out
    assert cached(standin, "npm") == ["@pond/stem/-/stem-1.2.0.tgz", "reed/-/reed-1.0.0.tgz"]
    item = standin.platform.artifactory.get("npm-remote-cache", "reed/-/reed-1.0.0.tgz")
    assert item is not None
    assert item.properties == {"npm.name": ("reed",), "npm.version": ("1.0.0",)}
    assert again.status == 200
    assert len(upstream.platform.log.entries()) == before


@pytest.mark.usefixtures("remotes")
async def test_pip_downloads_through_a_virtual_repository_into_hash_folders(
    standin: Running, tmp_path: Path
) -> None:
    ran = await run(
        *(sys.executable, "-m", "pip", "download", "--no-deps", "-d", "files", "reed-leaf"),
        env=pip_env(standin, tmp_path),
        cwd=tmp_path,
    )

    assert ran.code == 0, ran.out
    (path,) = cached(standin, "pypi")
    first, second, rest, file = path.split("/")
    assert (len(first), len(second), len(rest)) == (2, 2, 60)
    assert file == "reed_leaf-2.0-py3-none-any.whl"


@pytest.mark.usefixtures("remotes")
async def test_go_downloads_through_a_remote(standin: Running, ask: Client, tmp_path: Path) -> None:
    module = "example.com/Pond/reed"

    ran = await run("go", "mod", "download", f"{module}@latest", env=go_env(standin, tmp_path), cwd=tmp_path)
    versions = await ask("GET", "/artifactory/api/go/go/example.com/!pond/reed/@v/list")

    assert ran.code == 0, ran.out
    assert cached(standin, "go") == [
        f"example.com/!pond/reed/@v/v1.1.0.{kind}" for kind in ("info", "mod", "zip")
    ]
    assert versions.text.split() == ["v1.0.0", "v1.1.0"]


@pytest.mark.usefixtures("remotes")
async def test_what_xray_blocks_is_not_even_fetched(standin: Running, upstream: Running, ask: Client) -> None:
    await block(ask, "npm", "reed", "1.0.0")

    answer = await ask("GET", "/artifactory/api/npm/npm/reed/-/reed-1.0.0.tgz")

    assert answer.status == 403
    assert cached(standin, "npm") == []
    assert not [entry for entry in upstream.platform.log.entries() if entry.path.endswith(".tgz")]


@pytest.mark.usefixtures("remotes")
async def test_metadata_is_kept_until_it_is_zapped(upstream: Running, ask: Client) -> None:
    document = "/artifactory/api/npm/npm-remote/reed"
    await ask("GET", document)
    upstream.platform.artifactory.delete("npm-local", "reed")

    kept = await ask("GET", document)
    zapped = await ask("POST", "/artifactory/api/zap/npm-remote-cache/")
    fresh = await ask("GET", document)

    assert (kept.status, zapped.status, fresh.status) == (200, 200, 404)


@pytest.mark.usefixtures("remotes")
async def test_what_the_upstream_lacks_is_remembered_until_it_is_zapped(
    upstream: Running, ask: Client
) -> None:
    document, file = (
        "/artifactory/api/npm/npm-remote/sedge",
        "/artifactory/npm-remote/sedge/-/sedge-1.0.0.tgz",
    )
    missed = [(await ask("GET", path)).status for path in (document, file)]
    packages.add_npm(upstream.platform.artifactory, "npm-local", "sedge", "1.0.0")
    asked = len(upstream.platform.log.entries())

    still = [(await ask("GET", path)).status for path in (document, file)]
    unasked = len(upstream.platform.log.entries()) == asked
    await ask("POST", "/artifactory/api/zap/npm-remote-cache/")
    found = [(await ask("GET", path)).status for path in (document, file)]

    assert (missed, still, found) == ([404, 404], [404, 404], [200, 200])
    assert unasked


async def test_a_remote_may_remember_nothing(standin: Running, upstream: Running, ask: Client) -> None:
    settings = {"missedRetrievalCachePeriodSecs": 0}
    remote = Repository(
        key="npm-remote",
        rclass="remote",
        package_type="npm",
        upstream=f"{upstream.url}/artifactory/api/npm/npm-local",
        configuration=settings,
    )
    standin.platform.artifactory.add(remote)
    before = (await ask("GET", "/artifactory/api/npm/npm-remote/sedge")).status

    packages.add_npm(upstream.platform.artifactory, "npm-local", "sedge", "1.0.0")

    assert (before, (await ask("GET", "/artifactory/api/npm/npm-remote/sedge")).status) == (404, 200)


async def test_an_upstream_that_is_out_of_order_hides_nothing_that_is_local(
    standin: Running, ask: Client
) -> None:
    nobody = "http://127.0.0.1:9"  # the discard port: nothing listens there
    add_remotes(standin, dict.fromkeys(BELOW, nobody))
    add_packages(standin.platform)

    found = [
        await ask("GET", "/artifactory/api/npm/npm/reed"),
        await ask("GET", "/artifactory/api/pypi/pypi/simple/reed-leaf/"),
        await ask("GET", "/artifactory/api/go/go/example.com/!pond/reed/@latest"),
        await ask("GET", "/artifactory/api/npm/npm/reed/-/reed-1.0.0.tgz"),
    ]
    missing = await ask("GET", "/artifactory/api/npm/npm/other")

    assert [answer.status for answer in found] == [200] * 4
    assert missing.status == 502
    assert "did not answer" in missing.json["errors"][0]["message"]


@pytest.mark.usefixtures("remotes")
async def test_what_an_upstream_says_in_no_form_is_left_out(
    standin: Running, upstream: Running, ask: Client
) -> None:
    odd = {
        "dist-tags": [],
        "versions": {"1.0.0": "x", "2.0.0": {"version": "2.0.0", "dist": {}}, "3.0.0": {}},
    }
    files = f"{upstream.url}/artifactory/generic-local"
    add_remotes(standin, {"npm": files})
    upstream.platform.artifactory.put(
        "generic-local", "odd", msgspec.json.encode({"name": "odd", **odd}), by="a"
    )
    upstream.platform.artifactory.put("generic-local", "other", b'{"name": "not other"}', by="a")

    odd_one = await ask("GET", "/artifactory/api/npm/npm-remote/odd")
    other = await ask("GET", "/artifactory/api/npm/npm-remote/other")

    assert list(odd_one.json["versions"]) == ["2.0.0"]
    assert odd_one.json["dist-tags"] == {}
    assert other.status == 404


@pytest.mark.network
@pytest.mark.parametrize("kind", KINDS)
async def test_a_remote_fetches_from_what_this_machines_own_tool_is_set_to(
    standin: Running, ask: Client, kind: str
) -> None:
    """Fails where the machine's registry does not answer: deselect with `-m "not network"`."""
    document = {
        "npm": "/artifactory/api/npm/npm/left-pad",
        "pypi": "/artifactory/api/pypi/pypi/simple/six/",
        "go": "/artifactory/api/go/go/rsc.io/quote/@v/v1.5.2.mod",
    }[kind]
    url = await upstream_of(kind)
    add_remotes(standin, {kind: ""})

    async with asyncio.timeout(120):
        answer = await ask("GET", document)

    assert answer.status == 200, f"the {kind} registry of this machine, {url}, did not answer: {answer.text}"
