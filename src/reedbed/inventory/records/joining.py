"""JFrog's answers joined into the records that are landed. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from reedbed.jfrog.images import ListedImage
from reedbed.jfrog.repository_facts import Configuration, Usage
from reedbed.jfrog.wire import Repo
from reedbed.model.identity import asset_id
from reedbed.model.inventory import AssetClass
from reedbed.model.records import (
    Digested,
    ImageRecord,
    Manifest,
    RepositoryRecord,
    StoredChecksums,
    StoredManifest,
)


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where records come from."""

    connection: str
    url: str  # the platform's

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc


def repository_record(
    repo: Repo,
    origin: Origin,
    *,
    told: Configuration | None = None,
    usage: Usage | None = None,
    before: RepositoryRecord | None = None,
) -> RepositoryRecord:
    """Take a repository as it is listed, with what is told beside; what is not told now is as it was before.

    JFrog gives a remote's upstream as its URL; that is kept apart.
    """
    told, usage = told or _told(before), usage or _usage(before)
    own = f"{origin.url}/artifactory/{repo.key}"
    return RepositoryRecord(
        key=repo.key,
        type=repo.type.upper(),
        package_type=repo.packageType,
        url=own,
        upstream_url=repo.url if repo.type.upper() == "REMOTE" and repo.url != own else None,
        description=repo.description or told.description or None,
        notes=told.notes or None,
        project=told.project_key or None,
        environments=told.environments or (),
        xray_index=told.xray_index,
        members=told.repositories or (),
        used_bytes=usage.used_space_in_bytes,
        artifact_count=usage.files_count,
        eval_external_id=asset_id(origin.connection, AssetClass.REPOSITORY, repo.key),
        eval_vendor_asset_id=f"{origin.host}/{repo.key}",
    )


def _told(before: RepositoryRecord | None) -> Configuration:
    if before is None:
        return Configuration()
    return Configuration(
        description=before.description,
        notes=before.notes,
        project_key=before.project,
        environments=before.environments,
        xray_index=before.xray_index,
        repositories=before.members,
    )


def _usage(before: RepositoryRecord | None) -> Usage:
    if before is None:
        return Usage()
    return Usage(files_count=before.artifact_count, used_space_in_bytes=before.used_bytes)


def image_record(
    placed: Sequence[ListedImage],
    manifest: Manifest,
    config: Mapping[str, Any] | None,
    origin: Origin,
    *,
    repository: str,
    missing: str | None = None,
    properties: Mapping[str, tuple[str, ...]] | None = None,
) -> ImageRecord:
    """Join what is known of one manifest under one image path; `placed` are its files there, at least one.

    `repository` is the one that people know; files of a remote are in its cache. `missing` says why there is
    no config.
    The config is redacted already: what is kept of it, by its digest, has never held a secret.
    """
    newest = sorted(placed, key=lambda each: (each.created or "", each.tag or ""), reverse=True)
    first = newest[0]
    tags = tuple(each.tag for each in newest if each.tag is not None)
    return ImageRecord(
        image_name=first.path,
        image_registry=origin.host,
        image_repository=repository,
        image_tag=tags[0] if tags else None,
        image_tags=tags,
        image_size=_size(manifest),
        eval_external_id=asset_id(origin.connection, AssetClass.IMAGE, first.digest),
        eval_vendor_asset_id=f"{origin.host}/{repository}/{first.path}@{first.digest}",
        config=manifest.config,
        layers=manifest.layers,
        docker_manifest=manifest,
        storage_manifest=StoredManifest(
            repo=first.repository,
            path=first.file,
            checksums=StoredChecksums(sha256=first.digest.removeprefix("sha256:")),
            size=first.size,
            created=first.created,
            modified=first.modified,
            updated=first.updated,
            created_by=first.created_by,
            modified_by=first.modified_by,
            download_uri=f"{origin.url}/artifactory/{first.repository}/{first.file}",
        ),
        blob_config_missing=missing if config is None else None,
        blob_config=dict(config) if config is not None else None,
        properties=dict(properties or {}),
    )


def _size(manifest: Manifest) -> int | None:
    """The bytes of an image as it is stored. An index has none of its own, schema 1 does not tell."""
    parts: list[Digested] = [*manifest.layers, *([manifest.config] if manifest.config else [])]
    if not parts or any(part.size is None for part in parts):
        return None
    return sum(part.size or 0 for part in parts)


def native_of(record: ImageRecord) -> str:
    """Name an image's record: the same manifest under two paths is landed twice, for its findings differ."""
    digest = record.storage_manifest.checksums.sha256
    return f"{record.image_repository}/{record.image_name}@sha256:{digest}"
