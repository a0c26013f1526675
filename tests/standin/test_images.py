"""Images that are built here, and put into a repository without a request."""

import hashlib
from datetime import UTC, datetime
from functools import partial

import msgspec
import pytest

from jfrog_standin.artifactory import images
from jfrog_standin.artifactory.bodies import made
from jfrog_standin.artifactory.oci import OCI_INDEX, Target
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.artifactory.storage import Storage

BASE = images.layer({"etc/os-release": b"ID=reed\n"})
ARM = Target(architecture="arm64", os="linux", variant="v8")


@pytest.fixture
def storage() -> Storage:
    empty = Storage()
    empty.add(Repository(key="docker-local", package_type="docker"))
    empty.add(Repository(key="docker-remote", rclass="remote", package_type="docker"))
    return empty


def files(storage: Storage, key: str = "docker-local") -> list[str]:
    return sorted(item.path for item in storage.items(key) if not item.is_folder)


def named(digest: str) -> str:
    return digest.replace(":", "__")


def test_an_image_is_the_same_bytes_each_time() -> None:
    def build() -> images.Image:
        return images.image([images.layer({"app": b"1"})], config={"Labels": {"team": "pond"}})

    assert build().digest == build().digest
    assert build().manifest.make() == build().manifest.make()
    assert build().digest == f"sha256:{hashlib.sha256(build().manifest.make()).hexdigest()}"


def test_an_image_is_a_manifest_beside_its_config_and_layers(storage: Storage) -> None:
    image = images.image([BASE], config={"Labels": {"team": "pond"}})

    item = images.put(storage, "docker-local", "team/app", "1.0", image)

    assert files(storage) == sorted(
        f"team/app/1.0/{file}"
        for file in ("manifest.json", named(BASE.described.digest), named(image.config.described.digest))
    )
    assert item.properties == {
        "docker.manifest": ("1.0",),
        "docker.manifest.digest": (image.digest,),
        "docker.manifest.type": ("application/vnd.oci.image.manifest.v1+json",),
        "docker.repoName": ("team/app",),
        "docker.label.team": ("pond",),
        "sha256": (image.digest.removeprefix("sha256:"),),
    }
    assert item.checksums is not None
    assert f"sha256:{item.checksums.sha256}" == image.digest


def test_an_index_is_a_list_with_a_folder_for_each_platform(storage: Storage) -> None:
    amd, arm = images.image([BASE]), images.image([BASE], platform=ARM)
    many = images.index([amd, arm, images.attested(amd)])

    item = images.put(storage, "docker-local", "team/app", "1.0", many)

    manifests = [path for path in files(storage) if path.endswith("manifest.json")]
    assert manifests == sorted(
        [
            "team/app/1.0/list.manifest.json",
            *(f"team/app/{each.digest}/manifest.json" for each in many.images),
        ]
    )
    assert item.properties["docker.manifest.type"] == (OCI_INDEX,)
    listed = msgspec.json.decode(storage.body(item))["manifests"]
    assert listed[1]["platform"] == {"architecture": "arm64", "os": "linux", "variant": "v8"}
    assert listed[2]["annotations"]["vnd.docker.reference.digest"] == amd.digest


def test_a_tag_that_moves_leaves_nothing_of_what_it_named(storage: Storage) -> None:
    old = images.image([BASE, images.layer({"app": b"1"})])
    new = images.image([BASE, images.layer({"app": b"2"})])
    images.put(storage, "docker-local", "app", "latest", images.index([old]))
    images.put(storage, "docker-local", "app", "1", old)
    before = images.put(storage, "docker-local", "app", "latest", old, at=datetime(2026, 1, 1, tzinfo=UTC))

    after = images.put(storage, "docker-local", "app", "latest", new, at=datetime(2026, 1, 2, tzinfo=UTC))

    in_tag = [path for path in files(storage) if path.startswith("app/latest/")]
    blobs = {new.config.described.digest, *(layer.described.digest for layer in new.layers)}
    assert in_tag == sorted(["app/latest/manifest.json", *(f"app/latest/{named(blob)}" for blob in blobs)])
    assert after.modified > before.modified
    assert after.created == before.created


def test_a_remote_has_underscores_in_digests_and_markers_for_layers_it_lacks(storage: Storage) -> None:
    layer = images.sparse_layer(f"sha256:{'a' * 64}", 30_000_000)
    image = images.image([layer])

    images.put(storage, "docker-remote", "library/reed", "1", images.index([image]))

    assert files(storage, "docker-remote-cache") == sorted(
        [
            "library/reed/1/list.manifest.json",
            f"library/reed/{named(image.digest)}/manifest.json",
            f"library/reed/{named(image.digest)}/{named(image.config.described.digest)}",
            f"library/reed/{named(image.digest)}/{named(layer.described.digest)}.marker",
        ]
    )


def test_what_can_be_made_again_is_not_held(storage: Storage) -> None:
    asked: list[int] = []

    def config(number: int) -> bytes:
        asked.append(number)
        return msgspec.json.encode({"config": {"Labels": {"number": str(number)}}, "padding": "x" * 10_000})

    at = datetime(2024, 2, 29, tzinfo=UTC)
    small = Storage(max_bytes=5_000)
    small.add(Repository(key="docker-local", package_type="docker"))

    layer = images.sparse_layer(f"sha256:{'a' * 64}", 1)
    built = [images.image([layer], config=made(partial(config, number))) for number in range(3)]
    for number, image in enumerate(built):
        images.put(small, "docker-local", "app", str(number), image, at=at, layers=False)
    asked.clear()
    item = small.get("docker-local", f"app/2/{named(built[2].config.described.digest)}")

    assert item is not None
    assert len(small.body(item)) > 10_000
    assert asked == [2]
    assert (item.created, item.modified, item.updated) == (at, at, at)
