"""The real go command against the stand-in."""

import json
from pathlib import Path

import pytest

from jfrog_standin.artifactory import packages
from jfrog_standin.server import Running
from standin.conftest import Client
from standin.stock import add_packages, add_repositories, block
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
