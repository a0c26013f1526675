"""What is landed: JFrog's answers joined into one record a thing, in the words that transform maps read.

These are the *source models*. Their names are those of the seed's maps where it has them (`imageName`,
`IMAGE_DIGEST`, `storageManifest.checksums.sha256`), so a map written for that product reads the same here.
Every field but a name may be missing, as it may be in JFrog's answers. A record is redacted, then landed.
"""

from typing import Any

import msgspec

Shape = dict[str, Any]
"""A part of an answer that is kept as it came: a config blob, an issue's `extended_information`."""


class RepositoryRecord(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Source model `repository`."""

    key: str
    type: str = ""  # LOCAL, REMOTE, VIRTUAL, FEDERATED
    package_type: str = ""  # as listed: "Docker"; lower-case elsewhere
    url: str = ""  # its own: <base>/artifactory/<key>
    upstream_url: str | None = None
    description: str | None = None
    notes: str | None = None
    project: str | None = None
    environments: tuple[str, ...] = ()
    xray_index: bool | None = None
    members: tuple[str, ...] = ()  # of a virtual one
    used_bytes: int | None = None
    artifact_count: int | None = None
    eval_external_id: str = ""
    eval_vendor_asset_id: str = ""  # host/key


class Digested(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A descriptor: of a config blob, a layer, or an index's child."""

    digest: str
    size: int | None = None
    media_type: str | None = None
    platform: Shape | None = None  # of an index's child


class Manifest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A manifest as far as maps read it."""

    media_type: str | None = None
    artifact_type: str | None = None
    config: Digested | None = None
    layers: tuple[Digested, ...] = ()
    manifests: tuple[Digested, ...] = ()  # of an index
    subject: Digested | None = None  # what a signature or an attestation is about
    annotations: Shape = {}


class StoredChecksums(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    sha256: str = ""


class StoredManifest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The manifest's file in Artifactory."""

    repo: str = ""
    path: str = ""  # with the file's name
    checksums: StoredChecksums = StoredChecksums()
    size: int | None = None
    created: str | None = None  # ISO 8601, as are the two below
    modified: str | None = None
    updated: str | None = None
    created_by: str | None = None
    modified_by: str | None = None
    download_uri: str | None = None

    @property
    def page(self) -> str | None:
        """Where JFrog's own pages show the file, its Xray data among the rest.

        No field of JFrog's, and no address that it documents: it may differ by release.
        """
        base, found, _ = (self.download_uri or "").partition("/artifactory/")
        return f"{base}/ui/repos/tree/General/{self.repo}/{self.path}" if found else None


class ImageRecord(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Source model `docker-image`: one manifest, wherever it is tagged."""

    image_name: str  # the image's path without the repository: "team/app"
    image_registry: str = ""  # the host
    image_repository: str = ""  # the repository's key; of a remote without "-cache"
    image_tag: str | None = None  # the newest; None: it is there by its digest alone
    image_tags: tuple[str, ...] = ()  # all, newest first
    # The kind of digest: the seed's constant.
    image_digest: str = msgspec.field(default="sha256", name="IMAGE_DIGEST")
    # Bytes of the layers and the config, compressed as they are stored.
    image_size: int | None = msgspec.field(default=None, name="ImageSize")
    eval_external_id: str = ""
    eval_vendor_asset_id: str = ""  # host/repository/image@sha256:…
    config: Digested | None = None
    layers: tuple[Digested, ...] = ()
    docker_manifest: Manifest | None = None
    storage_manifest: StoredManifest = StoredManifest()
    blob_config_missing: str | None = None  # why there is none, though the manifest names one
    blob_config: Shape | None = None  # architecture, os, created, config.Env, history, rootfs …
    properties: dict[str, tuple[str, ...]] = {}  # Artifactory's


class Found(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A version of the component that a vulnerability was found in."""

    version: str | None = None
    fixed_versions: tuple[str, ...] = ()
    applicability: str | None = None  # one of the eight words
    paths: tuple[str, ...] = ()  # impact and physical paths, sorted: JFrog's order is arbitrary
    layer: str | None = None  # the layer's digest, where a path tells


class VulnerabilityRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One CVE in one component of an image: an issue of n CVEs in m components gives n times m.

    The first part is said alike of every image; it is landed once, by its content (`TEXT`).
    """

    cve: str | None = None
    cwe: tuple[str, ...] = ()
    cvss_v2: str | None = None  # "5.0/CVSS:2.0/AV:N/…", or a bare number
    cvss_v3: str | None = None
    cvss_v4: str | None = None
    severity: str = ""
    issue_id: str = ""
    issue_type: str = ""
    summary: str = ""
    description: str = ""
    provider: str = ""
    created: str | None = None  # the advisory's date, not a detection's
    edited: str | None = None
    references: tuple[str, ...] = ()
    extended_information: Shape | None = None

    component: str = ""  # the purl without a version; "~name" where JFrog's id can't be read
    component_id: str = ""  # as JFrog wrote it
    package_type: str = ""  # as JFrog wrote it
    found: tuple[Found, ...] = ()
    impact_path: tuple[str, ...] = ()  # sorted


TEXT = VulnerabilityRecord.__struct_fields__[: VulnerabilityRecord.__struct_fields__.index("component")]
"""The fields of a vulnerability that are its advisory's, not its image's."""


class ScanRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Source model `docker-image-vulnerability`: what Xray says of one image.

    Maps read the fields of `image` as if they were its own.
    """

    image: ImageRecord
    vulnerabilities: tuple[VulnerabilityRecord, ...] = ()
    licenses: tuple[Shape, ...] = ()
    operational_risks: tuple[Shape, ...] = ()
    scanned: str | None = None  # when, where JFrog says
