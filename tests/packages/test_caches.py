"""Caches that npm, pip, uv and go themselves have filled, with one release flagged and another clean."""

import json
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jfrog_standin.artifactory import packages
from jfrog_standin.server import Running, running
from jfrog_standin.settings import StandIn
from reedbed.errors import Refused, SettingsError
from reedbed.intel import cached
from reedbed.intel.merge import Admission
from reedbed.model.ecosystem import PackageType
from reedbed.model.ledger import Flagged
from reedbed.model.purl import Purl, purl
from reedbed.model.versions import parse_clause, versions
from reedbed.packages.caches import go, npm, pip, tools, uv
from reedbed.packages.caches.entry import Looked
from reedbed.packages.caches.look import look
from reedbed.packages.caches.tools import delete
from reedbed.store.advisories import Stated
from standin.tools import go_env, npm_env, pip_env, run, uv_env
from store.statements import NOW, advisory

FLAGGED, CLEAN = "1.0.0", "1.1.0"
NOWHERE = {"npm": "no-npm", "pip": "no-pip", "uv": "no-uv", "go": "no-go"}


@pytest.fixture
async def standin() -> AsyncIterator[Running]:
    async with running(StandIn(quick_setup=True)) as server:
        storage = server.platform.artifactory
        for version in (FLAGGED, CLEAN):
            packages.add_npm(storage, "npm-local", "@pond/reed", version)
            packages.add_pypi(storage, "pypi-local", "Reed.Stem", version)
            packages.add_go(storage, "go-local", "example.com/Pond/reed", f"v{version}")
        yield server


def flag(package_type: PackageType, name: str) -> dict[Purl, Flagged]:
    package = purl(package_type, name)
    meant = versions([parse_clause(f"[{FLAGGED}]")])
    return {package: Flagged(package=package, spellings=(name,), versions=meant, sources=(), summary="")}


async def clean_out(tool: str, folder: Path, flagged: dict[Purl, Flagged], home: Path) -> None:
    """Remove the flagged release as the command does, and see that the clean one alone is left."""
    folders = {each: home / name for each, name in NOWHERE.items()} | {tool: folder}
    looked = await look(folders)
    hits = cached.judge(looked, flagged)
    assert [(hit.entry.tool, hit.entry.version, hit.condemned) for hit in hits] == [(tool, FLAGGED, True)]

    done = await cached.remove(looked, hits, folders)

    assert (done.removed, done.left) == (tuple(hits), ())
    (again,) = (each for each in await look(folders) if each.tool == tool)
    assert [entry.version for entry in again.entries] == [CLEAN]
    assert again.not_read == ()


async def test_npm_forgets_the_flagged_release_alone(standin: Running, tmp_path: Path) -> None:
    env = npm_env(standin, tmp_path, "npm-local")
    for version in (FLAGGED, CLEAN):
        assert (await run("npm", "install", f"@pond/reed@{version}", env=env, cwd=tmp_path)).code == 0

    await clean_out("npm", tmp_path / "npm-cache", flag(PackageType.NPM, "@pond/reed"), tmp_path)

    shutil.rmtree(tmp_path / "node_modules")
    (tmp_path / "package-lock.json").unlink()
    clean = await run("npm", "install", "--offline", f"@pond/reed@{CLEAN}", env=env, cwd=tmp_path)
    flagged = await run("npm", "install", "--offline", f"@pond/reed@{FLAGGED}", env=env, cwd=tmp_path)
    assert clean.code == 0, clean.out
    assert "ENOTCACHED" in flagged.out


async def test_npm_forgets_a_release_that_it_has_from_two_addresses(standin: Running, tmp_path: Path) -> None:
    cache = tmp_path / "npm-cache"
    for repository in ("npm-local", "npm"):
        home = tmp_path / repository
        home.mkdir()
        env = npm_env(standin, home, repository) | {"npm_config_cache": str(cache)}
        address = f"{standin.url}/artifactory/api/npm/{repository}/@pond/reed/-/reed-"
        tarballs = [f"{address}{version}.tgz" for version in (FLAGGED, CLEAN)]
        added = await run("npm", "cache", "add", *tarballs, env=env, cwd=home)
        assert added.code == 0, added.out
    folders = {each: tmp_path / name for each, name in NOWHERE.items()} | {"npm": cache}
    looked = await look(folders)
    hits = cached.judge(looked, flag(PackageType.NPM, "@pond/reed"))
    assert len(hits) == 2

    done = await cached.remove(looked, hits, folders)

    assert (done.removed, done.left) == (tuple(hits), ())
    (again,) = (each for each in await look(folders) if each.tool == "npm")
    assert [entry.version for entry in again.entries] == [CLEAN, CLEAN]


async def test_pip_forgets_the_flagged_release_alone(standin: Running, tmp_path: Path) -> None:
    env = pip_env(standin, tmp_path, "pypi-local") | {"PIP_CACHE_DIR": str(tmp_path / "pip-cache")}
    env.pop("PIP_NO_CACHE_DIR")
    command = ("pip", "download", "--no-deps", "--dest", str(tmp_path / "downloads"))
    for version in (FLAGGED, CLEAN):
        assert (await run(*command, f"reed-stem=={version}", env=env, cwd=tmp_path)).code == 0

    await clean_out("pip", tmp_path / "pip-cache", flag(PackageType.PYPI, "reed-stem"), tmp_path)

    shutil.rmtree(tmp_path / "downloads")
    clean = await run(*command, f"reed-stem=={CLEAN}", env=env, cwd=tmp_path)
    flagged = await run(*command, f"reed-stem=={FLAGGED}", env=env, cwd=tmp_path)
    assert "Using cached" in clean.out
    assert "Using cached" not in flagged.out


async def test_uv_forgets_the_flagged_release_alone(standin: Running, tmp_path: Path) -> None:
    env = uv_env(standin, tmp_path, "pypi-local")
    command = ("uv", "pip", "install", "--target", str(tmp_path / "target"))
    for version in (FLAGGED, CLEAN):
        assert (await run(*command, f"reed-stem=={version}", env=env, cwd=tmp_path)).code == 0
    archives = set((tmp_path / "uv-cache").glob("archive-v*/*"))

    await clean_out("uv", tmp_path / "uv-cache", flag(PackageType.PYPI, "reed-stem"), tmp_path)

    shutil.rmtree(tmp_path / "target")
    clean = await run(*command, "--offline", f"reed-stem=={CLEAN}", env=env, cwd=tmp_path)
    flagged = await run(*command, "--offline", f"reed-stem=={FLAGGED}", env=env, cwd=tmp_path)
    assert clean.code == 0, clean.out
    assert flagged.code != 0
    assert len(archives - set((tmp_path / "uv-cache").glob("archive-v*/*"))) == 1


async def test_go_forgets_the_flagged_release_alone(standin: Running, tmp_path: Path) -> None:
    env = go_env(standin, tmp_path, "go-local") | {"GOFLAGS": "-mod=mod"}  # a cache that can't be written to
    (tmp_path / "go.mod").write_text("module example.com/project\n\ngo 1.21\n")
    module = "example.com/Pond/reed"
    for version in (FLAGGED, CLEAN):
        ran = await run("go", "mod", "download", f"{module}@v{version}", env=env, cwd=tmp_path)
        assert ran.code == 0, ran.out

    await clean_out("go", tmp_path / "go-modules", flag(PackageType.GO, module), tmp_path)

    offline = env | {"GOPROXY": "off"}
    clean = await run("go", "mod", "download", f"{module}@v{CLEAN}", env=offline, cwd=tmp_path)
    flagged = await run("go", "mod", "download", f"{module}@v{FLAGGED}", env=offline, cwd=tmp_path)
    assert clean.code == 0, clean.out
    assert flagged.code != 0
    for place, _, _ in os.walk(tmp_path / "go-modules"):
        Path(place).chmod(0o700)  # so that the test's folder can be cleared


async def test_no_secret_of_ours_reaches_a_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "npm"
    program.write_text("#!/bin/sh\nenv\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    for name in ("REEDBED_TOKEN", "REEDBED_SECRET_KEY", "SAFEDEP_API_KEY"):
        monkeypatch.setenv(name, "hush")

    ran = await tools.run("npm", "config", "get", "cache")

    assert ran is not None
    assert "PATH=" in ran.out
    assert "hush" not in ran.out


async def test_a_client_that_is_gone_leaves_its_cache_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "_cacache").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path))

    looked = await npm.look(tmp_path)

    assert looked.not_read == (f"{tmp_path}: npm is not on the PATH",)


async def test_a_machine_without_caches_has_nothing(tmp_path: Path) -> None:
    looked = await look({tool: tmp_path / name for tool, name in NOWHERE.items()})

    assert looked == [Looked(tool=tool) for tool in NOWHERE]


async def test_what_cannot_be_read_in_pips_cache_is_said(tmp_path: Path) -> None:
    (tmp_path / "http-v2").mkdir()
    (tmp_path / "http-v2" / "abc.body").write_bytes(b"PK\x03\x04 and then nothing")

    looked = await pip.look(tmp_path)

    assert looked.entries == ()
    assert len(looked.not_read) == 1


async def test_links_out_of_uvs_cache_are_never_followed(tmp_path: Path) -> None:
    mine = tmp_path / "archive-v0" / "mine"
    mine.mkdir(parents=True)
    package = tmp_path / "cache" / "wheels-v8" / "pypi" / "reed-stem"
    package.mkdir(parents=True)
    (package / "1.0.0-py3-none-any").symlink_to(mine)

    looked = await uv.look(tmp_path / "cache")
    await uv.remove(tmp_path / "cache", looked.entries)

    assert mine.is_dir()
    assert not list(package.iterdir())


async def test_links_in_a_source_release_lead_to_nothing_that_goes_with_it(tmp_path: Path) -> None:
    clean = tmp_path / "archive-v0" / "clean"
    clean.mkdir(parents=True)
    release = tmp_path / "sdists-v9" / "pypi" / "reed-stem" / "1.0.0"
    (release / "revision" / "src").mkdir(parents=True)
    (release / "revision" / "src" / "harmless").symlink_to(clean)

    looked = await uv.look(tmp_path)
    await uv.remove(tmp_path, looked.entries)

    assert clean.is_dir()
    assert not release.exists()


def test_nothing_outside_a_cache_is_deleted(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.touch()

    with pytest.raises(Refused, match="outside the cache"):
        delete(tmp_path / "cache", [str(mine)])

    assert mine.exists()


def test_a_list_says_what_the_store_that_it_came_from_says(tmp_path: Path) -> None:
    live, withdrawn = (
        Stated(
            advisory=advisory(record_id, name),
            live=name == "reed",
            revision=1,
            first_seen_at=NOW,
            changed_at=NOW,
        )
        for record_id, name in (("MAL-2026-1", "reed"), ("MAL-2026-2", "stem"))
    )
    (tmp_path / "list.json").write_bytes(msgspec.json.encode([live, withdrawn]))

    flagged = cached.read_list(tmp_path / "list.json", Admission())

    assert list(flagged) == [live.advisory.package]
    assert flagged[live.advisory.package].versions == live.advisory.versions


def test_a_list_that_is_none_says_how_to_write_one(tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text(json.dumps({"packages": []}))

    with pytest.raises(SettingsError) as caught:
        cached.read_list(tmp_path / "list.json", Admission())

    assert "reedbed intel list" in caught.value.fix


@pytest.mark.parametrize(
    ("address", "release"),
    [
        ("https://jfrog.example/npm/reed/-/reed-1.0.0-rc.1.tgz", ("reed", "1.0.0-rc.1")),
        ("https://jfrog.example/npm/@pond%2freed/-/reed-1.0.0.tgz", ("@pond/reed", "1.0.0")),
        ("https://jfrog.example/npm/@pond/reed/-/@pond/reed-1.0.0.tgz", ("@pond/reed", "1.0.0")),
        ("https://jfrog.example/npm/@pond%2freed", None),
        ("https://jfrog.example/npm/reed/-/other-1.0.0.tgz", None),
    ],
)
def test_a_key_of_npm_tells_its_release(address: str, release: tuple[str, str] | None) -> None:
    found = npm.release_of(f"make-fetch-happen:request-cache:{address}")

    assert (found and (found[0].name, found[1])) == release


@given(st.text())
def test_any_key_of_npm_is_read_or_passed_over(key: str) -> None:
    npm.release_of(key)
    npm.release_of(f"make-fetch-happen:request-cache:https://jfrog.example/{key}/-/{key}-1.tgz")


async def test_a_release_of_which_go_keeps_the_folder_alone_is_seen(tmp_path: Path) -> None:
    (tmp_path / "example.com" / "!pond" / "reed@v1.0.0").mkdir(parents=True)

    looked = await go.look(tmp_path)

    assert [(str(e.package), e.version) for e in looked.entries] == [
        ("pkg:golang/example.com/Pond/reed", "1.0.0")
    ]
