"""An image while it is read: its place, its content, and what Xray says of it."""

from typing import Any

import msgspec

from reedbed.jfrog.images import ListedImage
from reedbed.jfrog.summary import Answer
from reedbed.model.records import Manifest
from reedbed.store.inventory.scopes import Scope

ATTACHED = (".sig", ".att", ".sbom")
"""Endings of tags under which cosign keeps signatures, attestations and SBOMs: no images."""


class Image(msgspec.Struct, kw_only=True):
    """One manifest in one scope, while it is read."""

    scope: Scope
    asset: str
    listed: list[ListedImage]
    due: bool  # this run wants to read it
    manifest: Manifest | None = None
    config: dict[str, Any] | None = None
    why: str | None = None  # it could not be read
    answer: Answer | None = None

    @property
    def digest(self) -> str:
        return self.listed[0].digest

    @property
    def is_image(self) -> bool:
        """Whether it is something that runs: no index, no signature, no attestation."""
        attached = all(each.tag is not None and each.tag.endswith(ATTACHED) for each in self.listed)
        told = self.manifest
        return not (self.listed[0].index or attached or (told and (told.manifests or told.subject)))
