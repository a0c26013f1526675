"""The real npm against the stand-in."""

import json
from pathlib import Path

import pytest

from jfrog_standin.access import User
from jfrog_standin.artifactory import packages
from jfrog_standin.permissions import Grant
from jfrog_standin.server import Running
from standin.conftest import Client
from standin.stock import add_packages, add_repositories, block, unblock
from standin.tools import npm_env, run


@pytest.fixture(autouse=True)
def stocked(standin: Running) -> None:
    add_repositories(standin.platform)
    add_packages(standin.platform)


async def test_npm_installs_plain_and_scoped_packages_and_audits_them(
    standin: Running, tmp_path: Path
) -> None:
    env = npm_env(standin, tmp_path)

    ran = await run("npm", "install", "reed", env=env, cwd=tmp_path)

    assert ran.code == 0, ran.out
    assert "found 0 vulnerabilities" in ran.out
    installed = json.loads((tmp_path / "node_modules/@pond/stem/package.json").read_text())
    assert installed["version"] == "1.2.0"
    resolved = json.loads((tmp_path / "package-lock.json").read_text())["packages"]["node_modules/reed"][
        "resolved"
    ]
    assert resolved == f"{standin.url}/artifactory/api/npm/npm/reed/-/reed-1.0.0.tgz"
    tarball = standin.platform.artifactory.get("npm-local", "reed/-/reed-1.0.0.tgz")
    assert tarball is not None
    assert standin.platform.artifactory.statistics(tarball).downloads == 1


async def test_npm_does_not_get_what_xray_blocks_until_the_issue_is_deleted(
    standin: Running, ask: Client, tmp_path: Path
) -> None:
    env = npm_env(standin, tmp_path)
    await block(ask, "npm", "reed", "1.0.0")

    refused = await run("npm", "install", "reed", env=env, cwd=tmp_path)
    await unblock(ask)
    installed = await run("npm", "install", "reed", env=env, cwd=tmp_path)

    assert refused.code == 1
    assert "403" in refused.out
    assert installed.code == 0, installed.out


async def test_a_blocked_tarball_has_the_documented_body_and_counts_as_no_download(
    standin: Running, ask: Client
) -> None:
    await block(ask, "npm", "reed", "1.0.0")

    through_virtual = await ask("GET", "/artifactory/api/npm/npm/reed/-/reed-1.0.0.tgz")
    plain = await ask("GET", "/artifactory/npm-local/reed/-/reed-1.0.0.tgz")

    for answer in (through_virtual, plain):
        (error,) = answer.json["errors"]
        assert answer.status == error["status"] == 403
        assert error["message"] == (
            "Artifact download request rejected: reed/-/reed-1.0.0.tgz was not downloaded due to the "
            "download blocking policy configured in Xray for npm-local."
        )
    tarball = standin.platform.artifactory.get("npm-local", "reed/-/reed-1.0.0.tgz")
    assert tarball is not None
    assert standin.platform.artifactory.statistics(tarball).downloads == 0


async def test_a_switch_makes_the_virtual_repository_say_404_for_what_is_blocked(
    standin: Running, ask: Client
) -> None:
    await block(ask, "npm", "reed", "1.0.0")
    standin.platform.switch(blocked_through_virtual={"npm": 404})

    through_virtual = await ask("GET", "/artifactory/api/npm/npm/reed/-/reed-1.0.0.tgz")
    local = await ask("GET", "/artifactory/api/npm/npm-local/reed/-/reed-1.0.0.tgz")

    assert (through_virtual.status, local.status) == (404, 403)


async def test_npm_publishes_and_shows_what_was_published(
    standin: Running, ask: Client, tmp_path: Path
) -> None:
    env = npm_env(standin, tmp_path)
    tarball = tmp_path / "new.tgz"
    tarball.write_bytes(packages.npm_tarball("@pond/new", "2.0.0-beta.1", {"bin": {"new": "index.js"}}))

    published = await run("npm", "publish", tarball, "--tag", "next", env=env, cwd=tmp_path)
    shown = await run("npm", "view", "@pond/new@next", "version", "bin", "--json", env=env, cwd=tmp_path)
    tags = await ask("GET", "/artifactory/api/npm/npm/-/package/@pond%2fnew/dist-tags")
    item = await ask("GET", "/artifactory/api/storage/npm-local/@pond/new/-/new-2.0.0-beta.1.tgz?properties")

    assert published.code == 0, published.out
    assert json.loads(shown.out) == {"version": "2.0.0-beta.1", "bin": {"new": "index.js"}}
    assert tags.json == {"next": "2.0.0-beta.1", "latest": "2.0.0-beta.1"}
    assert item.json["properties"] == {
        "npm.name": ["@pond/new"],
        "npm.version": ["2.0.0-beta.1"],
        "npm.disttag": ["next"],
    }


async def test_the_abbreviated_document_is_short_and_scoped_names_have_two_spellings(ask: Client) -> None:
    accept = {"Accept": "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8"}

    full = await ask("GET", "/artifactory/api/npm/npm-local/@pond%2fstem")
    short = await ask("GET", "/artifactory/api/npm/npm-local/@pond/stem", headers=accept)

    assert set(full.json["time"]) == {"created", "modified", "1.0.0", "1.2.0"}
    assert full.json["versions"]["1.2.0"]["description"]
    assert short.headers["Content-Type"].startswith("application/vnd.npm.install-v1+json")
    assert set(short.json) == {"name", "modified", "dist-tags", "versions"}
    assert set(short.json["versions"]["1.2.0"]) == {"name", "version", "dist"}
    assert short.json["dist-tags"] == full.json["dist-tags"] == {"latest": "1.2.0"}


async def test_dist_tags_are_moved_and_taken_away(ask: Client) -> None:
    tag = "/artifactory/api/npm/npm/-/package/@pond%2fstem/dist-tags/latest"

    moved = await ask("PUT", tag, json="1.0.0")
    held = await ask("GET", "/artifactory/api/npm/npm/-/package/@pond%2fstem/dist-tags")
    removed = await ask("DELETE", tag)
    left = await ask("GET", "/artifactory/api/npm/npm/-/package/@pond%2fstem/dist-tags")
    unknown = await ask("PUT", tag, json="9.9.9")

    assert (moved.status, removed.status, unknown.status) == (200, 200, 404)
    assert (held.json["latest"], left.json["latest"]) == ("1.0.0", "1.2.0")


async def test_the_registry_answers_its_small_questions(ask: Client) -> None:
    at = "/artifactory/api/npm/npm/-"

    ping = await ask("GET", f"{at}/ping")
    whoami = await ask("GET", f"{at}/whoami", basic=("admin", "password"))
    advisories = await ask("POST", f"{at}/npm/v1/security/advisories/bulk", json={"reed": ["1.0.0"]})
    retired = await ask("POST", f"{at}/npm/v1/security/audits/quick", json={})

    assert (ping.json, whoami.json, advisories.json) == ({}, {"username": "admin"}, {})
    assert retired.status == 410


async def test_npm_audits_from_the_advisories_that_were_put(
    standin: Running, ask: Client, tmp_path: Path
) -> None:
    env = npm_env(standin, tmp_path)
    flaw = {"id": 7, "name": "@pond/stem", "title": "Bends", "vulnerable_versions": "<1.2.1"}
    old = {"id": 8, "name": "@pond/stem", "title": "Broke", "vulnerable_versions": "<1.2.0"}
    for advisory in (flaw, old):
        put = await ask.control("POST", "/advisories", advisory)
        assert put.status == 204, put.text
    await run("npm", "install", "reed", "--package-lock-only", "--no-audit", env=env, cwd=tmp_path)

    audit = await run("npm", "audit", "--json", env=env, cwd=tmp_path)

    report = json.loads(audit.out)
    assert audit.code == 1
    assert report["metadata"]["vulnerabilities"]["high"] == 2
    assert report["vulnerabilities"]["reed"]["via"] == ["@pond/stem"]
    assert [via["title"] for via in report["vulnerabilities"]["@pond/stem"]["via"]] == ["Bends"]


async def test_audits_may_be_missing_or_asked_in_no_form(standin: Running, ask: Client) -> None:
    bulk = "/artifactory/api/npm/npm/-/npm/v1/security/advisories/bulk"

    odd = await ask("POST", bulk, json=["reed"])
    standin.platform.switch(npm_bulk_advisories=False)
    missing = await ask("POST", bulk, json={"reed": ["1.0.0"]})

    assert (odd.status, missing.status) == (400, 404)


async def test_an_ordered_package_marks_that_its_install_script_ran(
    standin: Running, ask: Client, tmp_path: Path
) -> None:
    env, marker = npm_env(standin, tmp_path), tmp_path / "it-ran"
    loud = {"package_type": "npm", "name": "@acme/loud", "version": "1.0.0", "marker": str(marker)}
    user = {"package_type": "npm", "name": "acme", "version": "2.0.0", "requires": {"@acme/loud": "^1.0.0"}}
    aged = {**user, "version": "1.0.0", "published": "2020-02-02T02:02:02Z"}
    ordered = await ask.control("POST", "/packages", [loud, user, aged])
    document = await ask("GET", "/artifactory/api/npm/npm/acme")

    quiet = await run("npm", "install", "acme", "--ignore-scripts", env=env, cwd=tmp_path)
    ran_quietly = marker.exists()
    rebuilt = await run("npm", "rebuild", env=env, cwd=tmp_path)

    assert (ordered.status, quiet.code, rebuilt.code) == (201, 0, 0), quiet.out + rebuilt.out
    assert not ran_quietly
    assert marker.read_text() == "@acme/loud@1.0.0\n"
    assert document.json["time"]["1.0.0"] == "2020-02-02T02:02:02.000Z"
    assert document.json["dist-tags"] == {"latest": "2.0.0"}


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"name":"reed","versions":{"1.0.0":{}}}'])
async def test_a_document_that_is_no_publication_is_refused(ask: Client, body: bytes) -> None:
    answer = await ask("PUT", "/artifactory/api/npm/npm-local/reed", data=body)

    assert answer.status == 400


async def test_a_grant_on_one_package_is_enough_for_it_alone(standin: Running, ask: Client) -> None:
    grant = Grant(repo="npm-local", path="reed/*", actions=frozenset({"read", "deploy"}))
    standin.platform.access.add_user(User(name="alice", password="secret", grants=(grant,)))
    alice = ("alice", "secret")

    own = await ask("GET", "/artifactory/api/npm/npm/reed", basic=alice)
    other = await ask("GET", "/artifactory/api/npm/npm/@pond%2fstem", basic=alice)
    tagged = await ask(
        "PUT", "/artifactory/api/npm/npm/-/package/reed/dist-tags/x", json="1.0.0", basic=alice
    )
    no_tag = await ask(
        "PUT", "/artifactory/api/npm/npm/-/package/@pond%2fstem/dist-tags/x", json="1.0.0", basic=alice
    )

    assert [own.status, other.status, tagged.status, no_tag.status] == [200, 403, 200, 403]


async def test_nobody_reads_or_publishes_without_permission(ask: Client) -> None:
    unknown = await ask("GET", "/artifactory/api/npm/npm/reed", token=None)
    wrong = await ask("GET", "/artifactory/api/npm/npm/reed", token="wrong")

    assert (unknown.status, wrong.status) == (401, 401)
    assert unknown.headers["WWW-Authenticate"].startswith("Basic")
