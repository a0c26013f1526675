"""A private name and its look-alike outside behind one virtual repository: who gets which, who is asked."""

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from msgspec.structs import replace

from jfrog_standin.artifactory.ordered import Package, PackageType, add
from jfrog_standin.artifactory.resolution import fits
from jfrog_standin.server import Running
from standin.conftest import Client
from standin.stock import add_remotes, add_repositories, upstreams
from standin.tools import go_env, npm_env, pip_env, run

NAMES: dict[PackageType, str] = {"npm": "acme-utils", "pypi": "acme-utils", "go": "example.com/acme/utils"}
INDEXES = {
    "npm": "npm/npm/acme-utils",
    "pypi": "pypi/pypi/simple/acme-utils/",
    "go": "go/go/example.com/acme/utils/@v/list",
}
LOOK_ALIKES = {
    "npm": "npm/npm/acme-utils/-/acme-utils-99.0.0.tgz",
    "go": "go/go/example.com/acme/utils/@v/v99.0.0.zip",
}
PRIORITY = {"priorityResolution": True}
EXCLUDED = {"excludesPattern": "acme-*/**, example.com/acme/**"}


def version_of(kind: str, number: str) -> str:
    return f"v{number}" if kind == "go" else number


def play(standin: Running, upstream: Running, **configurations: Mapping[str, object]) -> None:
    """A private release 1.0.0 in each local repository, and 99.0.0 under the same name outside."""
    add_repositories(upstream.platform)
    add_remotes(standin, upstreams(upstream), **configurations)
    for kind, name in NAMES.items():
        for platform, version in ((standin.platform, "1.0.0"), (upstream.platform, "99.0.0")):
            order = Package(package_type=kind, name=name, version=version_of(kind, version))
            add(platform.artifactory, order)


async def picked(standin: Running, home: Path) -> dict[str, str]:
    """The newest version that each client finds."""
    homes = {kind: home / kind for kind in NAMES}
    for folder in homes.values():
        folder.mkdir()
    (homes["go"] / "go.mod").write_text("module example.com/project\n\ngo 1.20\n")
    npm, pip, go = await asyncio.gather(
        run(
            *("npm", "view", "acme-utils", "versions", "--json"),
            env=npm_env(standin, homes["npm"]),
            cwd=homes["npm"],
        ),
        run(
            *(sys.executable, "-m", "pip", "download", "--no-deps", "-d", "files", "acme-utils"),
            env=pip_env(standin, homes["pypi"]),
            cwd=homes["pypi"],
        ),
        run(
            *("go", "list", "-m", "-f", "{{.Version}}", f"{NAMES['go']}@latest"),
            env=go_env(standin, homes["go"]),
            cwd=homes["go"],
        ),
    )
    assert (npm.code, pip.code, go.code) == (0, 0, 0), npm.out + pip.out + go.out
    versions = json.loads(npm.out)
    (file,) = (homes["pypi"] / "files").iterdir()
    newest = versions if isinstance(versions, str) else versions[-1]
    return {"npm": newest, "pypi": file.name.split("-")[1], "go": go.out.strip()}


async def test_without_priority_the_look_alike_is_the_newest(
    standin: Running, upstream: Running, tmp_path: Path
) -> None:
    play(standin, upstream)

    chosen = await picked(standin, tmp_path)

    assert (chosen["npm"], chosen["pypi"]) == ("99.0.0", "99.0.0")


async def test_a_local_with_priority_hides_the_look_alike_and_nobody_outside_hears_of_the_name(
    standin: Running, upstream: Running, ask: Client, tmp_path: Path
) -> None:
    play(standin, upstream, local=PRIORITY)

    chosen = await picked(standin, tmp_path)
    files = [(await ask("GET", f"/artifactory/api/{path}")).status for path in LOOK_ALIKES.values()]

    assert chosen == {"npm": "1.0.0", "pypi": "1.0.0", "go": "v1.0.0"}
    assert files == [404, 404]
    assert not [entry for entry in upstream.platform.log.entries() if "utils" in entry.path]


async def test_what_a_local_with_priority_lacks_still_comes_from_outside(
    standin: Running, upstream: Running, ask: Client
) -> None:
    play(standin, upstream, local=PRIORITY)
    add(upstream.platform.artifactory, Package(package_type="npm", name="reed", version="2.0.0"))

    document = await ask("GET", "/artifactory/api/npm/npm/reed")
    tarball = await ask("GET", "/artifactory/api/npm/npm/reed/-/reed-2.0.0.tgz")

    assert (list(document.json["versions"]), tarball.status) == (["2.0.0"], 200)


async def test_a_remote_with_priority_is_asked_before_a_local_without(
    standin: Running, upstream: Running, ask: Client
) -> None:
    play(standin, upstream, remote=PRIORITY)

    pages = {kind: (await ask("GET", f"/artifactory/api/{path}")).text for kind, path in INDEXES.items()}

    for page in pages.values():
        assert "99.0.0" in page
        assert "1.0.0" not in page.replace("99.0.0", "")


async def test_a_remote_has_nothing_to_do_with_what_it_excludes(
    standin: Running, upstream: Running, ask: Client
) -> None:
    play(standin, upstream, remote=EXCLUDED)

    pages = {kind: (await ask("GET", f"/artifactory/api/{path}")).text for kind, path in INDEXES.items()}
    files = [(await ask("GET", f"/artifactory/api/{path}")).status for path in LOOK_ALIKES.values()]

    for page in pages.values():
        assert "1.0.0" in page
        assert "99.0.0" not in page
    assert files == [404, 404]
    assert not [entry for entry in upstream.platform.log.entries() if "utils" in entry.path]


async def test_a_remote_answers_only_for_what_it_includes(
    standin: Running, upstream: Running, ask: Client
) -> None:
    play(standin, upstream, remote={"includesPattern": "reed/**"})
    add(upstream.platform.artifactory, Package(package_type="npm", name="reed", version="2.0.0"))

    included = await ask("GET", "/artifactory/api/npm/npm/reed")
    tarball = await ask("GET", "/artifactory/api/npm/npm/reed/-/reed-2.0.0.tgz")
    other = await ask("GET", "/artifactory/api/npm/npm-remote/acme-utils")

    assert (included.status, tarball.status, other.status) == (200, 200, 404)


async def test_a_virtual_repositorys_own_patterns_hold_for_all_behind_it(
    standin: Running, upstream: Running, ask: Client
) -> None:
    play(standin, upstream)
    storage = standin.platform.artifactory
    storage.add(replace(storage.repositories["npm"], configuration=EXCLUDED))

    through_virtual = await ask("GET", "/artifactory/api/npm/npm/acme-utils")
    directly = await ask("GET", "/artifactory/api/npm/npm-local/acme-utils")

    assert (through_virtual.status, directly.status) == (404, 200)


async def test_a_repository_of_another_type_knows_no_packages_of_a_client(
    standin: Running, upstream: Running, ask: Client
) -> None:
    play(standin, upstream)

    wrong = [
        await ask("GET", path)
        for path in ("/artifactory/api/npm/pypi/acme-utils", "/artifactory/api/pypi/npm/simple/acme-utils/")
    ]
    unknown = await ask("GET", "/artifactory/api/go/npm/example.com/acme/utils/@v/list", token=None)

    assert [answer.status for answer in wrong] == [404, 404]
    assert unknown.status == 401


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("**/*", "acme-utils", True),
        ("acme-*/**", "acme-utils", True),
        ("acme-*/**", "acme-utils/-/acme-utils-1.0.0.tgz", True),
        ("@acme/", "@acme/utils/-/utils-1.0.0.tgz", True),
        ("@acme/*", "@acme/utils/-/utils-1.0.0.tgz", False),
        ("**/acme-utils/**", ".npm/acme-utils/package.json", True),
        ("*.tgz", "acme/acme-1.0.0.tgz", False),
        ("**/*.tgz", "acme/-/acme-1.0.0.tgz", True),
        ("acme", "acme-utils", False),
    ],
)
def test_a_pattern_is_read_as_ant_does(pattern: str, path: str, expected: bool) -> None:
    assert fits(pattern, path) is expected
