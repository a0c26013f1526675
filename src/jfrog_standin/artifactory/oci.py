"""Image manifests as Docker and the OCI write them. Anyone may have made them: what is read is bounded. Pure.

Sources: github.com/opencontainers/image-spec (manifest.md, image-index.md, config.md, descriptor.md);
docs.docker.com/reference manifest v2, schema 2.
"""

import re
from collections.abc import Mapping

import msgspec

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
INDEXES = frozenset((DOCKER_LIST, OCI_INDEX))
MANIFESTS = frozenset((DOCKER_MANIFEST, OCI_MANIFEST))

DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
OCI_EMPTY = "application/vnd.oci.empty.v1+json"

MAX_MANIFEST_BYTES = 4 * 2**20
MAX_CONFIG_BYTES = 8 * 2**20

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class NoManifest(Exception):
    """A body that is no manifest of the kind that it is said to be."""


class Target(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The machine that an image is for."""

    architecture: str = ""
    os: str = ""
    variant: str = ""


class Descriptor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """What a manifest says of a blob or of another manifest."""

    media_type: str
    digest: str
    size: int  # bytes
    artifact_type: str = ""
    urls: tuple[str, ...] = ()  # where else a layer is that a registry need not have
    platform: Target | None = None
    annotations: Mapping[str, str] = {}


class Manifest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A manifest of one image or artifact, or with `manifests` an index of several."""

    schema_version: int
    media_type: str = ""
    artifact_type: str = ""
    config: Descriptor | None = None
    layers: tuple[Descriptor, ...] = ()
    manifests: tuple[Descriptor, ...] = ()
    subject: Descriptor | None = None
    annotations: Mapping[str, str] = {}

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """What a registry must have before it takes the manifest: not what is said to be elsewhere."""
        own = (self.config,) if self.config is not None else ()
        return (*own, *(layer for layer in self.layers if not layer.urls))


class ConfigPart(msgspec.Struct, frozen=True, rename="pascal"):
    labels: dict[str, str] | None = None


class Config(msgspec.Struct, frozen=True):
    """What is used of an image's config blob."""

    config: ConfigPart | None = None


def read_manifest(body: bytes, media_type: str) -> Manifest:
    """Read what somebody pushed as `media_type`, which wins over what the body itself may say.

    Raises:
        NoManifest: another media type, no JSON, too large, or a digest that is none.
    """
    if media_type not in INDEXES | MANIFESTS:
        raise NoManifest(f"no manifest is of the type {media_type[:100]!r}")
    if len(body) > MAX_MANIFEST_BYTES:
        raise NoManifest(f"it has more than {MAX_MANIFEST_BYTES} bytes")
    try:
        read = msgspec.json.decode(body, type=Manifest)
    except (msgspec.DecodeError, RecursionError) as error:
        raise NoManifest(str(error)) from error
    if read.schema_version != 2 or (read.config is None) != (media_type in INDEXES):
        raise NoManifest("it is not what its media type says")
    subject = (read.subject,) if read.subject is not None else ()
    for named in (*read.blobs, *read.layers, *read.manifests, *subject):
        if not DIGEST.fullmatch(named.digest):
            raise NoManifest(f"{named.digest[:80]!r} is no digest")
    return msgspec.structs.replace(read, media_type=media_type)


def stored_manifest(body: bytes) -> Manifest | None:
    """What is in a manifest's file, with the type that its parts imply if it says none; None: no manifest."""
    try:
        read = msgspec.json.decode(body, type=Manifest)
    except (msgspec.DecodeError, RecursionError):
        return None
    implied = OCI_MANIFEST if read.config is not None else OCI_INDEX
    media_type = read.media_type if read.media_type in INDEXES | MANIFESTS else implied
    return msgspec.structs.replace(read, media_type=media_type)


def label_properties(config: bytes) -> dict[str, tuple[str, ...]]:
    """The labels in an image's config, as properties of its manifest; what can't be read has none."""
    if len(config) > MAX_CONFIG_BYTES:
        return {}
    try:
        part = msgspec.json.decode(config, type=Config).config
    except (msgspec.DecodeError, RecursionError):
        return {}
    labels = (part.labels if part is not None else None) or {}
    return {f"docker.label.{name}": (value,) for name, value in labels.items()}
