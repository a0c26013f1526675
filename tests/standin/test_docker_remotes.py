"""Remotes of images before another stand-in, and virtual repositories before both."""

from collections.abc import AsyncIterator

import msgspec
import pytest

from jfrog_standin.artifactory import images, oci
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.faults import Fault, Params
from jfrog_standin.server import Running, running
from jfrog_standin.settings import StandIn
from standin.conftest import Client
from standin.registry import API, BASE, add_registries, app, files, manifest, put_tags, sha256
from standin.stock import block

REMOTE = f"{API}/docker-remote/v2"


@pytest.fixture
async def upstream() -> AsyncIterator[Running]:
    """Another stand-in, in clear, that wants a password before it shows anything."""
    async with running(StandIn(certificate=None)) as started:
        add_registries(started.platform)
        yield started


@pytest.fixture(autouse=True)
def remotes(standin: Running, upstream: Running) -> None:
    """`docker-remote` before the upstream's local repository, and `docker` before a local one and it."""
    add_registries(standin.platform)
    remote = Repository(
        key="docker-remote",
        rclass="remote",
        package_type="docker",
        upstream=f"{upstream.url}{API}/docker-local",
        xray_index=True,
        configuration={"username": "reader", "password": "password"},
    )
    virtual = standin.platform.artifactory.repositories["docker"]
    standin.platform.artifactory.add(remote)
    standin.platform.artifactory.add(
        msgspec.structs.replace(virtual, members=("docker-local", "docker-remote"))
    )


def named(digest: str) -> str:
    return digest.replace(":", "__")


def asked(upstream: Running, part: str) -> int:
    return sum(part in entry.path for entry in upstream.platform.log.entries() if entry.status == 200)


async def test_a_manifest_brings_markers_and_a_layer_takes_the_place_of_its_own(
    standin: Running, upstream: Running, ask: Client
) -> None:
    image = app()
    images.put(upstream.platform.artifactory, "docker-local", "team/app", "1.0", image)
    layer, config = BASE.described.digest, image.config.described.digest

    first = await manifest(ask, "docker-remote", "team/app", "1.0")
    markers = files(standin.platform, "docker-remote-cache")
    pulled = await ask("GET", f"{REMOTE}/team/app/blobs/{layer}")
    kept = files(standin.platform, "docker-remote-cache")
    again = await manifest(ask, "docker-remote", "team/app", "1.0")
    unnamed = await ask("GET", f"{REMOTE}/team/app/blobs/{sha256(b'weed')}")

    assert (first.status, first.body) == (200, image.manifest.make())
    assert first.headers["X-Artifactory-Docker-Registry"] == "docker-remote"
    assert f"team/app/1.0/{named(layer)}.marker" in markers
    assert f"team/app/1.0/{named(config)}.marker" in markers
    assert BASE.content is not None
    assert pulled.body == BASE.content.make()
    assert f"team/app/1.0/{named(layer)}" in kept
    assert f"team/app/1.0/{named(layer)}.marker" not in kept
    assert again.status == 200
    assert (asked(upstream, "/manifests/"), asked(upstream, "/blobs/")) == (1, 1)
    assert unnamed.status == 404


async def test_an_index_is_cached_with_each_platform_in_a_folder_of_underscores(
    standin: Running, upstream: Running, ask: Client
) -> None:
    amd = app()
    arm = images.image([BASE], platform=oci.Target(architecture="arm64", os="linux"))
    images.put(upstream.platform.artifactory, "docker-local", "app", "1", images.index([amd, arm]))

    await manifest(ask, "docker", "app", "1")
    await manifest(ask, "docker", "app", arm.digest)

    cached = [
        path for path in files(standin.platform, "docker-remote-cache") if path.endswith("manifest.json")
    ]
    assert cached == ["app/1/list.manifest.json", f"app/{named(arm.digest)}/manifest.json"]


async def test_the_cache_itself_fetches_nothing(upstream: Running, ask: Client) -> None:
    put_tags(upstream.platform, "app", ["1", "2"])
    await manifest(ask, "docker-remote", "app", "1")

    cached = await manifest(ask, "docker-remote-cache", "app", "1")
    other = await manifest(ask, "docker-remote-cache", "app", "2")
    tags = await ask("GET", f"{API}/docker-remote-cache/v2/app/tags/list")

    assert (cached.status, other.status) == (200, 404)
    assert tags.json["tags"] == ["1"]


async def test_a_remote_that_is_offline_serves_what_it_has(
    standin: Running, upstream: Running, ask: Client
) -> None:
    put_tags(upstream.platform, "app", ["1", "2"])
    await manifest(ask, "docker-remote", "app", "1")
    await ask("POST", "/artifactory/api/repositories/docker-remote", json={"offline": True})
    before = len(upstream.platform.log.entries())

    cached = await manifest(ask, "docker-remote", "app", "1")
    other = await manifest(ask, "docker", "app", "2")
    tags = await ask("GET", f"{REMOTE}/app/tags/list")

    assert (cached.status, other.status, tags.json["tags"]) == (200, 404, ["1"])
    assert len(upstream.platform.log.entries()) == before


async def test_a_remote_is_picky_about_what_its_client_accepts(upstream: Running, ask: Client) -> None:
    images.put(upstream.platform.artifactory, "docker-local", "app", "1", images.index([app()]))

    picky = await manifest(ask, "docker-remote", "app", "1", accept=oci.DOCKER_MANIFEST)
    anything = await manifest(ask, "docker-remote", "app", "1", accept="*/*")
    proper = await manifest(ask, "docker-remote", "app", "1", accept=f"{oci.OCI_INDEX};q=0.9")

    assert [answer.status for answer in (picky, anything, proper)] == [404, 404, 200]
    assert picky.json["errors"][0]["code"] == "MANIFEST_UNKNOWN"


async def test_a_tag_that_moved_upstream_is_seen_when_its_period_is_over_or_it_was_zapped(
    standin: Running, upstream: Running, ask: Client
) -> None:
    images.put(upstream.platform.artifactory, "docker-local", "app", "latest", app("1"))
    await manifest(ask, "docker-remote", "app", "latest")
    images.put(upstream.platform.artifactory, "docker-local", "app", "latest", app("2"))

    held = await manifest(ask, "docker-remote", "app", "latest")
    await ask("POST", "/artifactory/api/zap/docker-remote-cache/app")
    fresh = await manifest(ask, "docker-remote", "app", "latest")
    images.put(upstream.platform.artifactory, "docker-local", "app", "latest", app("3"))
    standin.platform.switch(clock_skew_s=22_000.0)
    later = await manifest(ask, "docker-remote", "app", "latest")

    digests = [answer.headers["Docker-Content-Digest"] for answer in (held, fresh, later)]
    assert digests == [app("1").digest, app("2").digest, app("3").digest]


async def test_a_file_of_an_image_is_there_once_it_was_pulled(upstream: Running, ask: Client) -> None:
    put_tags(upstream.platform, "app", ["1"])

    before = await ask("GET", "/artifactory/docker-remote/app/1/manifest.json")
    await manifest(ask, "docker-remote", "app", "1")
    after = await ask("GET", "/artifactory/docker-remote/app/1/manifest.json")

    assert (before.status, after.status) == (404, 200)


async def test_what_the_upstream_lacked_is_asked_for_anew(upstream: Running, ask: Client) -> None:
    missing = await manifest(ask, "docker-remote", "app", "1")
    put_tags(upstream.platform, "app", ["1"])

    now = await manifest(ask, "docker-remote", "app", "1")

    assert (missing.status, now.status) == (404, 200)


async def test_lists_are_those_of_the_upstream_and_of_every_member(
    standin: Running, upstream: Running, ask: Client
) -> None:
    put_tags(upstream.platform, "app", ["1", "2"])
    put_tags(upstream.platform, "far", ["1"])
    put_tags(standin.platform, "app", ["3"])

    tags = await ask("GET", f"{API}/docker/v2/app/tags/list")
    page = await ask("GET", f"{REMOTE}/app/tags/list?n=1&last=1")
    catalog = await ask("GET", f"{API}/docker/v2/_catalog")

    assert tags.json["tags"] == ["1", "2", "3"]
    assert page.json["tags"] == ["2"]
    assert catalog.json["repositories"] == ["app", "far"]


async def test_an_upstream_that_is_gone_hides_nothing_that_is_here(
    standin: Running, upstream: Running, ask: Client
) -> None:
    put_tags(upstream.platform, "app", ["1"])
    put_tags(standin.platform, "own", ["1"])
    await manifest(ask, "docker-remote", "app", "1")
    upstream.platform.faults.add(Fault(kind="status", path="/*", params=Params(status=503)))

    cached = await manifest(ask, "docker", "app", "1")
    standin.platform.switch(clock_skew_s=22_000.0)
    stale = await manifest(ask, "docker-remote", "app", "1")
    tags = await ask("GET", f"{REMOTE}/app/tags/list")
    own = await manifest(ask, "docker", "own", "1")
    new = await manifest(ask, "docker-remote", "app", "2")
    catalog = await ask("GET", f"{REMOTE}/_catalog")

    assert [cached.status, stale.status, own.status, new.status] == [200, 200, 200, 502]
    assert tags.json["tags"] == ["1"]
    assert catalog.json == {"repositories": ["app"]}


async def test_nothing_is_pushed_into_a_remote(ask: Client) -> None:
    upload = await ask("POST", f"{REMOTE}/app/blobs/uploads/")
    tag = await ask("PUT", f"{REMOTE}/app/manifests/1", data=b"{}")
    deleted = await ask("DELETE", f"{REMOTE}/app/manifests/1")

    assert [answer.json["errors"][0] for answer in (upload, tag, deleted)] == [
        {"status": 400, "message": "Unable to upload blobs to a remote repository."},
        {"status": 400, "message": "Unable to upload a manifest to a remote repository."},
        {"status": 400, "message": "Unable to delete a manifest from a remote repository."},
    ]


async def test_xray_keeps_a_blocked_image_from_being_fetched(
    standin: Running, upstream: Running, ask: Client
) -> None:
    put_tags(upstream.platform, "app", ["1"])
    await block(ask, "docker", "app", "1")

    remote = await manifest(ask, "docker-remote", "app", "1")
    virtual = await manifest(ask, "docker", "app", "1")

    assert (remote.status, virtual.status) == (403, 404)
    assert files(standin.platform, "docker-remote-cache") == []
    assert asked(upstream, "/manifests/") == 0


async def test_the_password_of_a_remote_is_told_to_nobody(ask: Client) -> None:
    shown = await ask("GET", "/artifactory/api/repositories/docker-remote")

    assert shown.json["username"] == "reader"
    assert "password" not in shown.text
