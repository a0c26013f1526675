r"""Builds small images, and puts images of any kind into a repository without a request.

What is made is the same bytes each time, so an image's digest is a function of what went into it. A platform
of 100,000 images holds none of their bytes: manifests and configs are made again when somebody asks for one,
and layers may be known by digest and size alone.

    base = images.layer({"etc/os-release": b"ID=reed\n"})
    app = images.image([base, images.layer({"app": b"1"})], config={"Labels": {"team": "pond"}})
    images.put(storage, "docker-local", "team/app", "1.0", app)
    images.put(storage, "docker-local", "team/app", "latest", app)  # the same digest under another tag
"""

import gzip
import io
import tarfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from jfrog_standin.artifactory import docker_layout as layout
from jfrog_standin.artifactory import oci
from jfrog_standin.artifactory.bodies import Content, held, made
from jfrog_standin.artifactory.oci import Descriptor, Manifest, Target
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.artifactory.storage import Item, Storage

BUILT = "2020-01-01T00:00:00Z"
LINUX = Target(architecture="amd64", os="linux")


class Blob(msgspec.Struct, frozen=True, kw_only=True):
    """A config or a layer; without `content` it is known by digest and size, and downloading it is 404."""

    described: Descriptor
    content: Content | None = None


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """An image or artifact for one platform."""

    manifest: Content
    described: Descriptor  # as an index lists it
    config: Blob
    layers: tuple[Blob, ...] = ()

    @property
    def digest(self) -> str:
        return self.described.digest


class Index(msgspec.Struct, frozen=True, kw_only=True):
    """One name for images of several platforms, and for what belongs to them."""

    manifest: Content
    described: Descriptor
    images: tuple[Image, ...]

    @property
    def digest(self) -> str:
        return self.described.digest


def layer(files: Mapping[str, bytes], *, media_type: str = oci.OCI_LAYER) -> Blob:
    """A layer: a compressed tar with these files."""
    return blob(held(_tar_gz(files)), media_type)


def sparse_layer(digest: str, size: int, *, media_type: str = oci.OCI_LAYER) -> Blob:
    """A layer of any size that nobody can download: all that a reader of manifests sees of one."""
    return Blob(described=Descriptor(media_type=media_type, digest=digest, size=size))


def blob(content: Content, media_type: str, annotations: Mapping[str, str] | None = None) -> Blob:
    """A blob of any type."""
    described = Descriptor(
        media_type=media_type, digest=content.digest, size=content.size, annotations=annotations or {}
    )
    return Blob(described=described, content=content)


def image(
    layers: Sequence[Blob] = (),
    *,
    config: Mapping[str, Any] | Content | None = None,
    platform: Target = LINUX,
    docker: bool = False,
    annotations: Mapping[str, str] | None = None,
) -> Image:
    """An image of one platform, as Docker or, by default, the OCI writes it.

    `config` is the part that a Dockerfile writes ("Env", "Labels", …), or the whole config blob; a Content
    from `bodies.made` is not held.
    """
    if not isinstance(config, Content):
        config = held(_config(platform, config or {}, layers))
    config_blob = blob(config, oci.DOCKER_CONFIG if docker else oci.OCI_CONFIG)
    media_type = oci.DOCKER_MANIFEST if docker else oci.OCI_MANIFEST
    return _image(config_blob, layers, media_type=media_type, platform=platform, annotations=annotations)


def artifact(
    artifact_type: str,
    blobs: Sequence[Blob] = (),
    *,
    subject: Image | Index | None = None,
    annotations: Mapping[str, str] | None = None,
) -> Image:
    """An OCI artifact, such as a signature or an SBOM, that may belong to an image: a referrer of it."""
    return _image(
        blob(held(b"{}"), oci.OCI_EMPTY),
        blobs,
        media_type=oci.OCI_MANIFEST,
        artifact_type=artifact_type,
        subject=subject.described if subject is not None else None,
        annotations=annotations,
    )


def index(
    images: Iterable[Image], *, docker: bool = False, annotations: Mapping[str, str] | None = None
) -> Index:
    """A multi-platform image of images that are already built."""
    listed = tuple(images)
    media_type = oci.DOCKER_LIST if docker else oci.OCI_INDEX
    manifest = Manifest(
        schema_version=2,
        media_type=media_type,
        manifests=tuple(each.described for each in listed),
        annotations=annotations or {},
    )
    content = made(partial(msgspec.json.encode, manifest))
    described = Descriptor(media_type=media_type, digest=content.digest, size=content.size)
    return Index(manifest=content, described=described, images=listed)


def attested(image: Image, *, predicate: bytes = b"{}") -> Image:
    """The attestation that a build writes beside an image into its index; its platform is unknown/unknown."""
    statement = blob(held(predicate), "application/vnd.in-toto+json")
    notes = {
        "vnd.docker.reference.digest": image.digest,
        "vnd.docker.reference.type": "attestation-manifest",
    }
    unknown = Target(architecture="unknown", os="unknown")
    config = blob(held(_config(unknown, {}, [statement])), oci.OCI_CONFIG)
    made_image = _image(config, [statement], media_type=oci.OCI_MANIFEST, platform=unknown)
    described = msgspec.structs.replace(made_image.described, annotations=notes)
    return msgspec.structs.replace(made_image, described=described)


def put(
    storage: Storage,
    repository: str,
    name: str,
    tag: str,
    image: Image | Index,
    *,
    by: str = "admin",
    at: datetime | None = None,
    layers: bool = True,
) -> Item:
    """Put an image under a tag, over what the tag named before, and give the file of its manifest.

    An empty tag keeps it by digest alone, as the images of an index are. `repository` is a local one, or a
    remote as if it had fetched the image: layers without content are markers there. `layers=False` lists no
    layer beside the manifest, only the config: a platform of 100,000 images has a million of them.

    Raises:
        KeyError: there is no such repository.
        ValueError: it is a virtual one.
        NotStored: name or tag make no path.
    """
    keeper = storage.repositories[repository]
    if keeper.rclass == "virtual":
        raise ValueError(f"{repository} keeps no files.")
    for part in image.images if isinstance(image, Index) else ():
        put(storage, repository, name, "", part, by=by, at=at, layers=layers)
    reference = tag or image.digest
    folder = layout.folder_of(keeper, name, reference)
    body = image.manifest.make()
    manifest = oci.read_manifest(body, image.described.media_type)
    labels = _labels(image)
    properties = {**layout.described(name, reference, image.digest, manifest), **labels}
    if isinstance(image, Image):
        _put_blobs(storage, keeper, folder, image, by=by, at=at, layers=layers)
    kept = layout.put_manifest(
        storage,
        keeper,
        folder,
        image.manifest,
        image.described.media_type,
        properties=properties,
        by=by,
        at=at,
    )
    layout.clear(storage, keeper, folder, manifest)
    return kept


def _put_blobs(
    storage: Storage,
    repository: Repository,
    folder: str,
    image: Image,
    *,
    by: str,
    at: datetime | None,
    layers: bool,
) -> None:
    for each in (image.config, *(image.layers if layers else ())):
        path = f"{folder}/{layout.blob_name(each.described.digest)}"
        if each.content is not None:
            storage.put(repository.storage_key, path, each.content, by=by, at=at)
        elif repository.rclass == "remote":
            storage.put(repository.storage_key, path + layout.MARKER, b"", by=by, at=at)


def _labels(image: Image | Index) -> dict[str, tuple[str, ...]]:
    if isinstance(image, Index) or image.config.content is None:
        return {}
    return oci.label_properties(image.config.content.make())


def _image(
    config: Blob,
    layers: Sequence[Blob],
    *,
    media_type: str,
    platform: Target | None = None,
    artifact_type: str = "",
    subject: Descriptor | None = None,
    annotations: Mapping[str, str] | None = None,
) -> Image:
    manifest = Manifest(
        schema_version=2,
        media_type=media_type,
        artifact_type=artifact_type,
        config=config.described,
        layers=tuple(each.described for each in layers),
        subject=subject,
        annotations=annotations or {},
    )
    encode: Callable[[], bytes] = partial(msgspec.json.encode, manifest)
    content = made(encode)
    described = Descriptor(
        media_type=media_type,
        digest=content.digest,
        size=content.size,
        platform=platform,
        artifact_type=artifact_type,
    )
    return Image(manifest=content, described=described, config=config, layers=tuple(layers))


def _config(platform: Target, part: Mapping[str, Any], layers: Sequence[Blob]) -> bytes:
    """The config blob of an image; the ids of its layers are those of the compressed ones, near enough."""
    return msgspec.json.encode(
        {
            "architecture": platform.architecture,
            "os": platform.os,
            **({"variant": platform.variant} if platform.variant else {}),
            "created": BUILT,
            "config": part,
            "rootfs": {"type": "layers", "diff_ids": [each.described.digest for each in layers]},
            "history": [{"created": BUILT, "created_by": f"COPY layer-{n} /"} for n, _ in enumerate(layers)],
        }
    )


def _tar_gz(files: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", filename="", mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for path, body in files.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode, entry.mtime = len(body), 0o644, 0
            archive.addfile(entry, io.BytesIO(body))
    return packed.getvalue()
