"""Where Artifactory keeps images: a folder a tag, with the manifest and its blobs in it.

    <image>/<tag>/manifest.json               an image of one platform, beside its config and layers
    <image>/<tag>/list.manifest.json          several platforms; each is in a folder of its own:
    <image>/sha256:<hex>/manifest.json        (a remote's cache writes sha256__<hex>)
    <image>/<tag>/sha256__<hex>               a config or a layer
    <image>/<tag>/sha256__<hex>.marker        in a cache: a layer that nobody has asked for yet
    <image>/_uploads/                         what has been sent and is in no manifest yet

Source: github.com/jfrog/jfrog-cli-artifactory, ocicontainer. That a cache's folders of digests have two
underscores, and markers: JFrog's own field notes.
"""

from collections.abc import Iterator
from datetime import datetime

from jfrog_standin.artifactory.bodies import Content
from jfrog_standin.artifactory.oci import DIGEST, INDEXES, Manifest
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.artifactory.storage import Item, Properties, Storage

PACKAGE_TYPES = frozenset(("docker", "oci", "helmoci"))
MANIFEST, LIST = "manifest.json", "list.manifest.json"
UPLOADS = "_uploads"
MARKER = ".marker"


def blob_name(digest: str) -> str:
    """The name of a blob's file: "sha256__…" for "sha256:…"."""
    return digest.replace(":", "__")


def folder_of(repository: Repository, name: str, reference: str) -> str:
    """The folder of a tag or of a digest."""
    by_digest = DIGEST.fullmatch(reference) is not None and repository.rclass == "remote"
    return f"{name}/{blob_name(reference) if by_digest else reference}"


def find_manifest(storage: Storage, repository: Repository, name: str, reference: str) -> Item | None:
    """The manifest of a tag, or the one with a digest under any tag of the image or under none."""
    own = _manifest_in(storage, repository, folder_of(repository, name, reference))
    if own is not None or not DIGEST.fullmatch(reference):
        return own
    found = (_manifest_in(storage, repository, folder.path) for folder in _folders(storage, repository, name))
    return next((item for item in found if item is not None and digest_of(item) == reference), None)


def find_blob(storage: Storage, repository: Repository, name: str, digest: str) -> Item | None:
    """A blob of an image, wherever in the image it is."""
    return next(_beside(storage, repository, name, blob_name(digest)), None)


def markers(storage: Storage, repository: Repository, name: str, digest: str) -> list[Item]:
    """The signs of a blob that a remote has not fetched yet, one in each folder that waits for it."""
    return list(_beside(storage, repository, name, blob_name(digest) + MARKER))


def manifests_of(storage: Storage, repository: Repository, name: str) -> list[Item]:
    """Every manifest of an image, tagged or not."""
    found = (_manifest_in(storage, repository, folder.path) for folder in _folders(storage, repository, name))
    return [item for item in found if item is not None]


def tags(storage: Storage, repository: Repository, name: str) -> list[str]:
    """The tags of an image, sorted; folders of digests are none."""
    return [
        item.folder.rpartition("/")[2] for item in manifests_of(storage, repository, name) if tagged(item)
    ]


def images(storage: Storage, repository: Repository) -> set[str]:
    """The names of all images that have a manifest."""
    return {
        item.folder.rpartition("/")[0]
        for item in storage.items(repository.storage_key)
        if item.name in {MANIFEST, LIST} and "/" in item.folder
    }


def digest_of(item: Item) -> str:
    """The digest of a stored file: "sha256:…"."""
    return f"sha256:{item.checksums.sha256}" if item.checksums is not None else ""


def tagged(manifest: Item) -> bool:
    """Is a stored manifest in a tag's folder, not in one of a digest?"""
    return not manifest.folder.rpartition("/")[2].startswith(("sha256:", "sha256__"))


def described(name: str, reference: str, digest: str, manifest: Manifest) -> dict[str, tuple[str, ...]]:
    """The properties of a manifest's file, but those of its labels."""
    return {
        "docker.manifest": (reference,),
        "docker.manifest.digest": (digest,),
        "docker.manifest.type": (manifest.media_type,),
        "docker.repoName": (name,),
        "sha256": (digest.removeprefix("sha256:"),),
    }


def put_manifest(
    storage: Storage,
    repository: Repository,
    folder: str,
    body: bytes | Content,
    media_type: str,
    *,
    properties: Properties,
    by: str,
    at: datetime | None = None,
) -> Item:
    """Keep a manifest in its folder; one of the other kind that was there goes.

    Raises:
        NotStored: the name of the image or the tag makes no path.
    """
    file, other = (LIST, MANIFEST) if media_type in INDEXES else (MANIFEST, LIST)
    path = f"{folder}/{file}"
    item = storage.put(repository.storage_key, path, body, by=by, properties=properties, at=at)
    storage.delete(repository.storage_key, f"{folder}/{other}")
    return item


def clear(storage: Storage, repository: Repository, folder: str, manifest: Manifest) -> None:
    """Remove the blobs in a tag's folder that its manifest, a newer one perhaps, no longer names."""
    there = storage.get(repository.storage_key, folder)
    named = {blob_name(blob.digest) for blob in (*manifest.blobs, *manifest.layers)}
    for child in storage.children(there) if there is not None else ():
        if child.name.startswith("sha256__") and child.name.removesuffix(MARKER) not in named:
            storage.delete(repository.storage_key, child.path)


def _manifest_in(storage: Storage, repository: Repository, folder: str) -> Item | None:
    found = (storage.get(repository.storage_key, f"{folder}/{file}") for file in (MANIFEST, LIST))
    return next((item for item in found if item is not None and not item.is_folder), None)


def _folders(storage: Storage, repository: Repository, name: str) -> Iterator[Item]:
    image = storage.get(repository.storage_key, name)
    children = storage.children(image) if image is not None else ()
    return (child for child in children if child.is_folder)


def _beside(storage: Storage, repository: Repository, name: str, file: str) -> Iterator[Item]:
    paths = (f"{folder.path}/{file}" for folder in _folders(storage, repository, name))
    found = (storage.get(repository.storage_key, path) for path in paths)
    return (item for item in found if item is not None and not item.is_folder)
