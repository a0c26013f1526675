"""The package files that Xray has indexed: what violations and searches are about."""

from collections.abc import Iterator

import msgspec

from jfrog_standin.artifactory.coordinates import coordinates_of
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.artifactory.storage import Item, Storage
from jfrog_standin.xray.enforcement import Release

BESIDE = (".mod", ".info")  # what stands beside a Go module's zip is no artifact of its own


class Artifact(msgspec.Struct, frozen=True, kw_only=True):
    """A stored file with the release that it is."""

    item: Item
    release: Release

    @property
    def component(self) -> str:
        """The release as Xray's URI: "npm://left-pad:1.0.0"."""
        return f"{self.release.package_type}://{self.release.name}:{self.release.version}"

    @property
    def full_path(self) -> str:
        """As Xray names an impacted artifact; the first segment is the id of the Artifactory."""
        return f"default/{self.item.repo}/{self.item.path}"


def indexed(storage: Storage) -> Iterator[Artifact]:
    """Give every package file of every indexed repository, by repository and path."""
    for storage_key in storage.storage_keys():
        repository = storage.owner(storage_key)
        if repository is None or not repository.xray_index:
            continue
        for item in sorted(storage.items(storage_key), key=lambda item: item.path):
            artifact = _artifact(repository, item)
            if artifact is not None:
                yield artifact


def _artifact(repository: Repository, item: Item) -> Artifact | None:
    found = None if item.is_folder else coordinates_of(repository.package_type, item.path)
    if found is None or item.path.endswith(BESIDE):
        return None
    release = Release(
        repository=repository,
        package_type=found.package_type,
        name=found.name,
        version=found.version,
        path=item.path,
    )
    return Artifact(item=item, release=release)
