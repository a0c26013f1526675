"""Manifests that anyone may have made."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jfrog_standin.artifactory import images, oci

FIELDS = st.sampled_from(
    ["schemaVersion", "mediaType", "config", "layers", "manifests", "subject", "digest", "size", "urls"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(FIELDS, inner, max_size=6),
    max_leaves=20,
)
TYPES = st.sampled_from(sorted(oci.MANIFESTS | oci.INDEXES))


@given(st.binary(max_size=200) | JSON.map(msgspec.json.encode), TYPES)
def test_whatever_is_sent_is_a_manifest_or_is_refused(body: bytes, media_type: str) -> None:
    stored = oci.stored_manifest(body)

    try:
        read = oci.read_manifest(body, media_type)
    except oci.NoManifest:
        return

    assert stored is not None
    assert all(oci.DIGEST.fullmatch(blob.digest) for blob in (*read.blobs, *read.manifests))


@given(st.binary(max_size=200) | JSON.map(msgspec.json.encode))
def test_labels_are_read_or_there_are_none(config: bytes) -> None:
    properties = oci.label_properties(config)

    assert all(name.startswith("docker.label.") for name in properties)


def test_a_manifest_that_is_too_large_is_refused() -> None:
    with pytest.raises(oci.NoManifest, match="bytes"):
        oci.read_manifest(b" " * (oci.MAX_MANIFEST_BYTES + 1), oci.OCI_MANIFEST)


def test_a_manifest_that_names_no_type_is_known_by_its_parts() -> None:
    image = images.image()
    bare = msgspec.json.decode(image.manifest.make())
    del bare["mediaType"]

    read = oci.stored_manifest(msgspec.json.encode(bare))

    assert read is not None
    assert read.media_type == oci.OCI_MANIFEST
