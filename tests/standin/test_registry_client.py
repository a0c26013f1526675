"""A real registry client, regctl, pushes and pulls real images. `make test` builds it (docs/adr/0020)."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jfrog_standin.artifactory import images, oci
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.server import Running, running
from jfrog_standin.settings import StandIn, Switches
from standin.conftest import Client
from standin.registry import API, BASE, add_registries, app, files, put_tags, write_layout
from standin.stock import block
from standin.tools import VENV, Ran, regctl_env, run

ARM = oci.Target(architecture="arm64", os="linux", variant="v8")
Regctl = Callable[..., Awaitable[Ran]]


@pytest.fixture(autouse=True)
def registries(standin: Running) -> None:
    add_registries(standin.platform)


@pytest.fixture
def regctl(standin: Running, tmp_path: Path) -> Regctl:
    """Run regctl as the administrator; `host` adds to what it knows of the stand-in's host."""
    program = VENV / "regctl"
    assert program.exists(), "make .venv/bin/regctl builds it"

    async def call(*arguments: str, **host: object) -> Ran:
        env = regctl_env(standin, tmp_path, **host)
        return await run(program, *arguments, env=env, cwd=tmp_path)

    return call


def at(standin: Running, image: str) -> str:
    """An image's address by the path method: "127.0.0.1:40123/docker-local/app:1"."""
    return f"{standin.url.partition('//')[2]}/{image}"


def blobs(layout: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (layout / "blobs" / "sha256").iterdir()}


def uploads(standin: Running) -> int:
    """How many blobs came as bodies: by PUT after POST, not by a mount."""
    return sum(
        entry.method == "PUT" and "/uploads/" in entry.path for entry in standin.platform.log.entries()
    )


@pytest.mark.parametrize("docker", [False, True], ids=["oci", "docker"])
async def test_an_image_for_several_platforms_comes_back_as_it_went(
    standin: Running, regctl: Regctl, tmp_path: Path, docker: bool
) -> None:
    amd = app(docker=docker, labels={"team": "pond"})
    arm = images.image([BASE], platform=ARM, docker=docker)
    many = images.index([amd, arm, *(() if docker else (images.attested(amd),))], docker=docker)
    write_layout(tmp_path / "out", {"1.0": many})
    target = at(standin, "docker-local/team/app:1.0")

    pushed = await regctl("image", "copy", "ocidir://out:1.0", target)
    pulled = await regctl("image", "copy", at(standin, "docker/team/app:1.0"), "ocidir://back:1.0")
    digest = await regctl("image", "digest", target)

    assert pushed.code == 0, pushed.out
    assert pulled.code == 0, pulled.out
    assert digest.out.strip() == many.digest
    assert blobs(tmp_path / "back") == blobs(tmp_path / "out")
    manifests = [path for path in files(standin.platform) if path.endswith("manifest.json")]
    assert manifests == sorted(
        [
            "team/app/1.0/list.manifest.json",
            *(f"team/app/{each.digest}/manifest.json" for each in many.images),
        ]
    )
    child = standin.platform.artifactory.get("docker-local", f"team/app/{amd.digest}/manifest.json")
    assert child is not None
    assert child.properties["docker.label.team"] == ("pond",)
    assert not any("_uploads" in path for path in files(standin.platform))


async def test_a_shared_base_is_sent_once_and_mounted_from_then_on(
    standin: Running, regctl: Regctl, tmp_path: Path
) -> None:
    write_layout(tmp_path / "out", {"1": app("1"), "2": app("2")})
    await regctl("image", "copy", "ocidir://out:1", at(standin, "docker-local/app:1"))
    first = uploads(standin)

    await regctl("image", "copy", "ocidir://out:2", at(standin, "docker-local/app:2"))
    second = uploads(standin)
    copied = await regctl("image", "copy", at(standin, "docker-local/app:1"), at(standin, "docker-local/b:1"))
    mounted = sum(entry.method == "POST" and entry.status == 201 for entry in standin.platform.log.entries())

    assert (first, second - first) == (3, 2)
    assert copied.code == 0, copied.out
    assert uploads(standin) == second
    assert mounted == 3
    assert "b/1/manifest.json" in files(standin.platform)


async def test_a_blob_that_is_sent_in_chunks_arrives_whole(
    standin: Running, regctl: Regctl, tmp_path: Path
) -> None:
    image = images.image([images.layer({f"file-{n}": bytes([n]) * 700 + str(n).encode() for n in range(99)})])
    write_layout(tmp_path / "out", {"1": image})

    pushed = await regctl(
        *("image", "copy", "ocidir://out:1", at(standin, "docker-local/app:1")), blobChunk=512, blobMax=512
    )

    chunks = sum(entry.method == "PATCH" for entry in standin.platform.log.entries())
    assert pushed.code == 0, pushed.out
    assert chunks > 2
    found = standin.platform.artifactory.get("docker-local", "app/1/manifest.json")
    assert found is not None
    assert standin.platform.artifactory.body(found) == image.manifest.make()


async def test_a_tag_moves_is_listed_and_is_deleted(standin: Running, regctl: Regctl, tmp_path: Path) -> None:
    write_layout(tmp_path / "out", {"old": app("1"), "new": app("2")})
    target = at(standin, "docker-local/app")
    for tag in ("1", "2", "latest"):
        await regctl("image", "copy", "ocidir://out:old", f"{target}:{tag}")

    moved = await regctl("image", "copy", "ocidir://out:new", f"{target}:latest")
    digest = await regctl("image", "digest", f"{target}:latest")
    deleted = await regctl("tag", "delete", f"{target}:1")
    tags = await regctl("tag", "ls", target)

    assert (moved.code, deleted.code) == (0, 0), moved.out + deleted.out
    assert digest.out.strip() == app("2").digest
    assert tags.out.split() == ["2", "latest"]


async def test_artifacts_are_attached_to_an_image_and_found(
    standin: Running, regctl: Regctl, tmp_path: Path
) -> None:
    write_layout(tmp_path / "out", {"1": app()})
    target = at(standin, "oci-local/app:1")
    await regctl("image", "copy", "ocidir://out:1", target)
    (tmp_path / "sbom.json").write_text('{"spdxVersion":"SPDX-2.3"}')
    kind = "application/spdx+json"

    attached = await regctl(
        *("artifact", "put", "--subject", target, "--artifact-type", kind, "--file", "sbom.json"),
        *("--file-media-type", kind),
    )
    listed = await regctl("artifact", "list", target, "--format", "{{json .}}")
    fetched = await regctl("artifact", "get", "--subject", target, "--filter-artifact-type", kind)

    found: Any = msgspec.json.decode(listed.out)
    assert attached.code == 0, attached.out
    assert [entry["artifactType"] for entry in found["descriptors"]] == [kind]
    assert fetched.out.strip() == '{"spdxVersion":"SPDX-2.3"}'


async def test_a_registry_that_knows_no_referrers_gets_a_tag_instead(
    standin: Running, regctl: Regctl, tmp_path: Path
) -> None:
    standin.platform.switch(docker_referrers=False)
    write_layout(tmp_path / "out", {"1": app()})
    target = at(standin, "docker-local/app:1")
    await regctl("image", "copy", "ocidir://out:1", target)
    (tmp_path / "note.txt").write_text("reed")

    attached = await regctl(
        *("artifact", "put", "--subject", target, "--artifact-type", "text/plain", "--file", "note.txt")
    )
    tags = await regctl("tag", "ls", target.rpartition(":")[0])
    listed = await regctl("artifact", "list", target, "--format", "{{len .Descriptors}}")

    assert attached.code == 0, attached.out
    assert tags.out.split() == ["1", app().digest.replace(":", "-")]
    assert listed.out.strip() == "1"


async def test_images_come_through_a_virtual_repository_and_a_remote(
    standin: Running, regctl: Regctl, tmp_path: Path
) -> None:
    async with running(StandIn(certificate=None, switches=Switches(anonymous=True))) as upstream:
        add_registries(upstream.platform)
        many = images.index([app("far"), images.image([BASE], platform=ARM)])
        images.put(upstream.platform.artifactory, "docker-local", "team/far", "1", many)
        platform = standin.platform
        remote = Repository(
            key="docker-remote",
            rclass="remote",
            package_type="docker",
            upstream=f"{upstream.url}{API}/docker-local",
        )
        platform.artifactory.add(remote)
        virtual = platform.artifactory.repositories["docker"]
        platform.artifactory.add(msgspec.structs.replace(virtual, members=("docker-local", "docker-remote")))

        pulled = await regctl("image", "copy", at(standin, "docker/team/far:1"), "ocidir://back:1")

    assert pulled.code == 0, pulled.out
    assert many.digest.partition(":")[2] in blobs(tmp_path / "back")
    cached = files(standin.platform, "docker-remote-cache")
    assert "team/far/1/list.manifest.json" in cached
    assert not [path for path in cached if path.endswith(".marker")]


async def test_a_blocked_image_is_not_pulled(
    standin: Running, ask: Client, regctl: Regctl, tmp_path: Path
) -> None:
    put_tags(standin.platform, "app", ["1"])
    await block(ask, "docker", "app", "1")

    local = await regctl("image", "copy", at(standin, "docker-local/app:1"), "ocidir://back:1")
    virtual = await regctl("image", "copy", at(standin, "docker/app:1"), "ocidir://back:1")

    assert local.code != 0
    assert "403" in local.out
    assert virtual.code != 0
    assert "not found" in virtual.out


async def test_a_password_that_is_wrong_is_told(standin: Running, regctl: Regctl, tmp_path: Path) -> None:
    put_tags(standin.platform, "app", ["1"])

    ran = await regctl("tag", "ls", at(standin, "docker-local/app"), **{"pass": "weed"})

    assert ran.code != 0
    assert "unauthorized" in ran.out.lower()
