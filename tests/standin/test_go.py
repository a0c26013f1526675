"""The real go command against the stand-in."""

import json
from pathlib import Path

import pytest

from jfrog_standin.artifactory import packages
from jfrog_standin.artifactory.ordered import Package, add
from jfrog_standin.server import Running
from standin.conftest import Client
from standin.stock import add_packages, add_remotes, add_repositories, block
from standin.tools import go_env, run

MODULE = "example.com/Pond/reed"


@pytest.fixture(autouse=True)
def stocked(standin: Running) -> None:
    add_repositories(standin.platform)
    add_packages(standin.platform)


async def test_go_gets_the_latest_version_and_records_its_sum(standin: Running, tmp_path: Path) -> None:
    env = go_env(standin, tmp_path)
    (tmp_path / "go.mod").write_text("module example.com/project\n\ngo 1.20\n")
    (tmp_path / "main.go").write_text(
        f'package main\n\nimport reed "{MODULE}"\n\nfunc main() {{ println(reed.Name) }}\n'
    )

    ran = await run("go", "get", MODULE, env=env, cwd=tmp_path)
    listed = await run("go", "list", "-m", "-f", "{{.Version}}", MODULE, env=env, cwd=tmp_path)

    assert ran.code == 0, ran.out
    assert listed.out == "v1.1.0\n"
    assert f"{MODULE} v1.1.0 h1:" in (tmp_path / "go.sum").read_text()


async def test_go_downloads_a_release_unless_xray_blocks_it(
    standin: Running, ask: Client, tmp_path: Path
) -> None:
    env = go_env(standin, tmp_path)
    await block(ask, "go", MODULE, "v1.0.0")

    fetched = await run("go", "mod", "download", "-json", f"{MODULE}@v1.1.0", env=env, cwd=tmp_path)
    refused = await run("go", "mod", "download", "-json", f"{MODULE}@v1.0.0", env=env, cwd=tmp_path)

    assert json.loads(fetched.out)["Version"] == "v1.1.0"
    assert refused.code == 1
    assert "403" in refused.out


async def test_go_gets_what_a_module_requires_of_another(standin: Running, tmp_path: Path) -> None:
    env = go_env(standin, tmp_path)
    add(
        standin.platform.artifactory,
        Package(package_type="go", name="example.com/acme/a", version="v1.0.0", requires={MODULE: "v1.0.0"}),
    )
    (tmp_path / "go.mod").write_text("module example.com/project\n\ngo 1.20\n")
    (tmp_path / "main.go").write_text('package main\n\nimport _ "example.com/acme/a"\n\nfunc main() {}\n')

    got = await run("go", "get", "example.com/acme/a", env=env, cwd=tmp_path)
    built = await run("go", "list", "-deps", "-f", "{{.ImportPath}}", ".", env=env, cwd=tmp_path)

    assert (got.code, built.code) == (0, 0), got.out + built.out
    assert MODULE in built.out.split()
    assert f"{MODULE} v1.0.0 // indirect" in (tmp_path / "go.mod").read_text()


async def test_a_remote_passes_its_upstreams_checksum_database_on_when_switched_on(
    standin: Running, upstream: Running, ask: Client
) -> None:
    add_repositories(upstream.platform)
    add_remotes(standin, {"go": f"{upstream.url}/artifactory/generic-local"})
    database = "sumdb/sum.example.com"
    held = {
        "supported": b"",
        "lookup/example.com/!pond/reed@v1.0.0": b"7\n",
        "tile/8/0/x001/234.p/3": b"\0\1",
    }
    for path, body in held.items():
        upstream.platform.artifactory.put("generic-local", f"{database}/{path}", body, by="a")
    paths = [*held, "latest"]

    off = [(await ask("GET", f"/artifactory/api/go/go/{database}/{path}")).status for path in paths]
    standin.platform.switch(go_sumdb=True)
    answers = [await ask("GET", f"/artifactory/api/go/go/{database}/{path}") for path in paths]

    assert off == [404, 404, 404, 404]
    assert [answer.status for answer in answers] == [200, 200, 200, 404]
    assert [answer.body for answer in answers[:3]] == list(held.values())


@pytest.mark.network
async def test_go_checks_sums_through_a_remote_by_what_this_machine_is_set_to(
    standin: Running, ask: Client, tmp_path: Path
) -> None:
    """Fails where the machine's registry does not answer: deselect with `-m "not network"`."""
    add_remotes(standin, {"go": ""})
    standin.platform.switch(go_sumdb=True)
    env = {name: value for name, value in go_env(standin, tmp_path).items() if name != "GONOSUMDB"}
    database = await run("go", "env", "GOSUMDB", env=env, cwd=tmp_path)
    supported = await ask("GET", f"/artifactory/api/go/go/sumdb/{database.out.split()[0]}/supported")
    if supported.status == 404:
        pytest.skip("this machine's proxy passes no checksum database on")

    fetched = await run("go", "mod", "download", "rsc.io/quote@v1.5.2", env=env, cwd=tmp_path)

    assert fetched.code == 0, fetched.out
    assert any("/lookup/rsc.io/quote@v1.5.2" in entry.path for entry in standin.platform.log.entries())


async def test_the_list_has_releases_only_and_the_latest_is_the_highest(
    standin: Running, ask: Client
) -> None:
    at = "/artifactory/api/go/go/example.com/!pond/reed/@"
    for version in ("v1.2.0-rc.1", "v1.1.1-0.20200101000000-0123456789ab"):
        packages.add_go(standin.platform.artifactory, "go-local", MODULE, version)

    versions = await ask("GET", f"{at}v/list")
    latest = await ask("GET", f"{at}latest")
    missing = await ask("GET", "/artifactory/api/go/go/example.com/none/@v/list")
    checksums = await ask("GET", "/artifactory/api/go/go/sumdb/sum.example.com/supported")

    assert versions.text.split() == ["v1.0.0", "v1.1.0", "v1.2.0-rc.1"]
    assert latest.json["Version"] == "v1.1.0"
    assert (missing.status, checksums.status) == (404, 404)
