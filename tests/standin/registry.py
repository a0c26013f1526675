"""A registry client that only asks: what a test says is what is sent."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from jfrog_standin.artifactory import images, oci
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.platform import Platform
from standin.conftest import Answer, Client

API = "/artifactory/api/docker"
EVERY_MANIFEST = ",".join(sorted(oci.MANIFESTS | oci.INDEXES))
BASE = images.layer({"etc/os-release": b"ID=reed\n", "bin/sh": b"#!reed\n"})


def add_registries(platform: Platform) -> None:
    """`docker-local`, indexed by Xray, and `docker` before it; `oci-local` beside them."""
    local = Repository(key="docker-local", package_type="docker", xray_index=True)
    virtual = Repository(
        key="docker",
        rclass="virtual",
        package_type="docker",
        members=(local.key,),
        default_deployment=local.key,
    )
    for repository in (local, virtual, Repository(key="oci-local", package_type="oci")):
        platform.artifactory.add(repository)


def app(text: str = "1", *, docker: bool = False, labels: dict[str, str] | None = None) -> images.Image:
    """A small image on the base that all of them share."""
    return images.image(
        [BASE, images.layer({"app/main": text.encode()})],
        config={"Labels": labels or {}, "Env": ["PATH=/bin"]},
        docker=docker,
    )


async def manifest(
    ask: Client, key: str, name: str, reference: str, *, accept: str = EVERY_MANIFEST, method: str = "GET"
) -> Answer:
    path = f"{API}/{key}/v2/{name}/manifests/{reference}"
    return await ask(method, path, headers={"Accept": accept})


async def push(ask: Client, key: str, name: str, tag: str, image: images.Image) -> Answer:
    """Push the blobs of an image, each at once, and then its manifest; an empty tag pushes by digest."""
    for blob in (image.config, *image.layers):
        assert blob.content is not None
        body = blob.content.make()
        path = f"{API}/{key}/v2/{name}/blobs/uploads/?digest={sha256(body)}"
        answer = await ask("POST", path, data=body)
        assert answer.status == 201, answer.text
    return await push_manifest(ask, key, name, tag, image)


async def push_manifest(
    ask: Client, key: str, name: str, tag: str, image: images.Image | images.Index
) -> Answer:
    path = f"{API}/{key}/v2/{name}/manifests/{tag or image.digest}"
    headers = {"Content-Type": image.described.media_type}
    return await ask("PUT", path, headers=headers, data=image.manifest.make())


def put_tags(platform: Platform, name: str, tags: Sequence[str], key: str = "docker-local") -> None:
    """Put one image under many tags, without a request."""
    for tag in tags:
        images.put(platform.artifactory, key, name, tag, app())


def files(platform: Platform, key: str = "docker-local") -> list[str]:
    return sorted(item.path for item in platform.artifactory.items(key) if not item.is_folder)


def sha256(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def write_layout(folder: Path, tagged: Mapping[str, images.Image | images.Index]) -> None:
    """An OCI layout: the folder that registry clients copy images from and to."""
    listed = [
        {
            "mediaType": image.described.media_type,
            "digest": image.digest,
            "size": image.manifest.size,
            "annotations": {"org.opencontainers.image.ref.name": tag},
        }
        for tag, image in tagged.items()
    ]
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (folder / "index.json").write_bytes(msgspec.json.encode({"schemaVersion": 2, "manifests": listed}))
    for body in (body for image in tagged.values() for body in _bodies(image)):
        (blobs / hashlib.sha256(body).hexdigest()).write_bytes(body)


def _bodies(image: images.Image | images.Index) -> Iterator[bytes]:
    yield image.manifest.make()
    if isinstance(image, images.Index):
        for part in image.images:
            yield from _bodies(part)
        return
    yield from (blob.content.make() for blob in (image.config, *image.layers) if blob.content is not None)
