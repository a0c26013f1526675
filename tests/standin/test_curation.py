"""What Curation keeps out of remotes, as it is said, and as npm, pip and uv take it."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from jfrog_standin.artifactory.curation import Block, Violated
from jfrog_standin.artifactory.ordered import Package, add
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.server import Running
from standin.conftest import Answer, Client
from standin.stock import add_remotes, add_repositories, upstreams
from standin.tools import VENV, npm_env, pip_env, run, uv_env

YOUNG = Violated(
    policy="cool-down",
    condition="Package is immature",
    explanation="It is 3 days old.",
    recommendation="Use 1.0.0",
)
LICENSE = Violated(policy="licences", condition="AGPL", explanation="No.", recommendation="Another")
TARBALL = "/artifactory/api/npm/npm/reed/-/reed-1.1.0.tgz"
MESSAGE = (
    "Package reed:1.1.0 download was blocked by JFrog Packages Curation service due to the following policies"
    " violated {cool-down, Package is immature, It is 3 days old., Use 1.0.0}"
)


@pytest.fixture(autouse=True)
def stocked(standin: Running, upstream: Running) -> None:
    """Behind remotes: reed in two releases, of npm, Python and Go."""
    add_repositories(upstream.platform)
    add_remotes(standin, upstreams(upstream))
    for version in ("1.0.0", "1.1.0"):
        add(
            upstream.platform.artifactory,
            Package(package_type="npm", name="reed", version=version),
            Package(package_type="pypi", name="reed", version=version),
            Package(package_type="go", name="example.com/reed", version=f"v{version}"),
        )


def block(standin: Running, package_type: Any = "npm", versions: str = "1.1.0", **more: Any) -> None:
    name = "example.com/reed" if package_type == "go" else "reed"
    chosen = {"policies": (YOUNG,), **more}
    standin.platform.curation.blocks.append(
        Block(package_type=package_type, name=name, versions=versions, **chosen)
    )


def said(answer: Answer) -> str:
    (error,) = answer.json["errors"]
    assert answer.status == error["status"] == 403
    return str(error["message"])


async def test_a_refusal_names_every_policy_and_nothing_is_fetched(
    standin: Running, upstream: Running, ask: Client
) -> None:
    block(standin, policies=(YOUNG, LICENSE))

    through_virtual = await ask("GET", TARBALL)
    directly = await ask("GET", TARBALL.replace("/npm/npm/", "/npm/npm-remote/"))
    plainly = await ask("GET", "/artifactory/npm-remote/reed/-/reed-1.1.0.tgz")
    other = await ask("GET", TARBALL.replace("1.1.0", "1.0.0"))

    for answer in (through_virtual, directly, plainly):
        assert said(answer) == f"{MESSAGE},{{licences, AGPL, No., Another}}"
    assert other.status == 200
    assert not [entry for entry in upstream.platform.log.entries() if entry.path.endswith("1.1.0.tgz")]


async def test_what_a_cache_holds_is_refused_once_it_is_blocked(standin: Running, ask: Client) -> None:
    before = await ask("GET", TARBALL)
    block(standin)

    after = await ask("GET", TARBALL)

    assert (before.status, after.status) == (200, 403)


async def test_head_has_the_status_and_no_body(standin: Running, ask: Client) -> None:
    block(standin)

    head = await ask("HEAD", TARBALL)

    assert (head.status, head.body) == (403, b"")


async def test_a_header_tells_of_waivers_and_asks_for_one(standin: Running, ask: Client) -> None:
    waiver = "X-Artifactory-Curation-Request-Waiver"
    block(standin, waivers=True)

    plain = await ask("GET", TARBALL)
    looked = await ask("GET", TARBALL, headers={waiver: "syn"})
    asked = await ask("GET", TARBALL, headers={waiver: "we need it"})
    standin.platform.curation.blocks.clear()
    block(standin)
    refused = await ask("GET", TARBALL, headers={waiver: "please"})
    unseen = await ask("GET", TARBALL, headers={waiver: "syn"})

    assert [said(plain), said(unseen)] == [MESSAGE, MESSAGE]
    assert said(looked) == f"{MESSAGE} [waivers allowed]"
    assert [said(asked), said(refused)] == ["1|pending", "2|forbidden"]
    assert standin.platform.curation.asked_for == ["reed:1.1.0", "reed:1.1.0"]


@pytest.mark.parametrize(
    ("reason", "words"), [("not_in_catalog", "not being found in catalog"), ("on_demand", "on-demand")]
)
async def test_other_reasons_have_other_words(standin: Running, ask: Client, reason: str, words: str) -> None:
    block(standin, reason=reason)

    message = said(await ask("GET", TARBALL))

    assert "JFrog Packages Curation" in message
    assert words in message


async def test_the_refusal_may_be_a_page(standin: Running, ask: Client) -> None:
    block(standin)
    standin.platform.switch(curation_html=True)

    answer = await ask("GET", TARBALL)

    assert (answer.status, answer.headers["Content-Type"]) == (403, "text/html")
    assert MESSAGE in answer.text


async def test_another_remote_may_have_what_one_refuses(standin: Running, ask: Client) -> None:
    storage = standin.platform.artifactory
    first = storage.repositories["npm-remote"]
    second = Repository(key="npm-second", rclass="remote", package_type="npm", upstream=first.upstream)
    members = ("npm-local", "npm-remote", "npm-second")
    storage.add(second)
    storage.add(Repository(key="npm", rclass="virtual", package_type="npm", members=members))
    block(standin, repos=("npm-remote",))

    answer = await ask("GET", TARBALL)

    assert answer.status == 200
    assert storage.get("npm-remote-cache", "reed/-/reed-1.1.0.tgz") is None


async def test_a_virtual_repository_may_say_that_it_does_not_know_what_is_blocked(
    standin: Running, ask: Client
) -> None:
    standin.platform.switch(blocked_through_virtual={"npm": 404})
    block(standin)

    through_virtual = await ask("GET", TARBALL)
    directly = await ask("GET", TARBALL.replace("/npm/npm/", "/npm/npm-remote/"))

    assert (through_virtual.status, directly.status) == (404, 403)


async def test_local_repositories_know_no_curation(standin: Running, ask: Client) -> None:
    add(standin.platform.artifactory, Package(package_type="npm", name="reed", version="1.1.0"))
    block(standin)

    answer = await ask("GET", TARBALL)

    assert answer.status == 200


async def test_go_modules_are_refused_by_an_interval_of_versions(standin: Running, ask: Client) -> None:
    block(standin, "go", "[v1.1.0,v2.0.0)")
    at = "/artifactory/api/go/go/example.com/reed/@v"

    blocked, other = await ask("GET", f"{at}/v1.1.0.zip"), await ask("GET", f"{at}/v1.0.0.zip")

    assert said(blocked).startswith("Package example.com/reed:v1.1.0 download was blocked")
    assert other.status == 200


async def test_blocks_are_put_over_the_control_api(ask: Client) -> None:
    order = {"package_type": "npm", "name": "reed", "versions": "(,)", "waivers": True}

    put = await ask.control("POST", "/curation", order)
    odd = await ask.control("POST", "/curation", {**order, "versions": "1.0.0,2.0.0"})
    listed = await ask.control("GET", "/curation")
    blocked = await ask("GET", TARBALL)
    await ask.control("DELETE", "/curation")
    free = await ask("GET", TARBALL)

    assert (put.status, odd.status) == (204, 400)
    assert [block["name"] for block in listed.json] == ["reed"]
    assert (blocked.status, free.status) == (403, 200)


async def test_npm_pip_and_uv_stop_at_what_is_blocked_unless_uv_is_told_to_go_on(
    standin: Running, tmp_path: Path
) -> None:
    block(standin)
    block(standin, "pypi")
    (tmp_path / "in.txt").write_text("reed\n")
    project = '[project]\nname = "p"\nversion = "0"\n[[tool.uv.index]]\nurl = "{}"\ndefault = true\n'
    uv, pip = uv_env(standin, tmp_path), pip_env(standin, tmp_path)
    going_on = project.format(uv["UV_DEFAULT_INDEX"]) + "ignore-error-codes = [403]\n"
    (tmp_path / "pyproject.toml").write_text(going_on)
    compiled = (VENV / "uv", "pip", "compile", "-q", "--no-header", "--no-annotate", "in.txt")
    configured = {
        name: value for name, value in uv.items() if name not in {"UV_NO_CONFIG", "UV_DEFAULT_INDEX"}
    }

    by_npm, by_pip, by_uv, by_uv_on = await asyncio.gather(
        run("npm", "install", "reed", env=npm_env(standin, tmp_path), cwd=tmp_path),
        run(sys.executable, "-m", "pip", "download", "-d", "files", "reed", env=pip, cwd=tmp_path),
        run(*compiled, env=uv, cwd=tmp_path),
        run(*compiled, env=configured | {"UV_CACHE_DIR": str(tmp_path / "other")}, cwd=tmp_path),
    )

    assert by_npm.code == 1
    assert "E403" in by_npm.out
    assert by_pip.code == 1
    assert "403" in by_pip.out
    assert by_uv.code != 0
    assert by_uv_on.out == "reed==1.0.0\n"


async def test_with_compliant_version_selection_installers_take_an_older_version_and_say_nothing(
    standin: Running, ask: Client, tmp_path: Path
) -> None:
    block(standin)
    block(standin, "pypi")
    standin.platform.switch(curation_hides_versions=True)

    document = await ask("GET", "/artifactory/api/npm/npm/reed")
    page = await ask("GET", "/artifactory/api/pypi/pypi/simple/reed/")
    still = await ask("GET", TARBALL)
    by_npm, by_pip = await asyncio.gather(
        run("npm", "install", "reed@^1.0.0", env=npm_env(standin, tmp_path), cwd=tmp_path),
        run(
            *(sys.executable, "-m", "pip", "download", "--no-deps", "-d", "files", "reed"),
            env=pip_env(standin, tmp_path),
            cwd=tmp_path,
        ),
    )

    assert list(document.json["versions"]) == ["1.0.0"]
    assert document.json["dist-tags"] == {"latest": "1.0.0"}
    assert "1.1.0" not in document.text + page.text
    assert still.status == 403
    assert (by_npm.code, by_pip.code) == (0, 0), by_npm.out + by_pip.out
    assert [file.name for file in (tmp_path / "files").iterdir()] == ["reed-1.0.0-py3-none-any.whl"]


async def test_a_package_of_which_all_is_blocked_is_not_there(standin: Running, ask: Client) -> None:
    block(standin, versions="(,)")
    block(standin, "pypi", versions="(,)")
    standin.platform.switch(curation_hides_versions=True)

    document = await ask("GET", "/artifactory/api/npm/npm/reed")
    page = await ask("GET", "/artifactory/api/pypi/pypi/simple/reed/")

    assert (document.status, page.status) == (404, 404)
