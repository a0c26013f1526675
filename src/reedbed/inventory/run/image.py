"""An image while it is read: its place, its content, and what Xray says of it."""

from typing import Any

import msgspec

from reedbed.jfrog.images import ListedImage
from reedbed.jfrog.summary import Answer
from reedbed.model.inventory import Coverage
from reedbed.model.records import Manifest
from reedbed.store.inventory.scopes import Scope

ATTACHED = (".sig", ".att", ".sbom")
"""Endings of tags under which cosign keeps signatures, attestations and SBOMs: no images."""

STATEMENT = "application/vnd.in-toto+json"
"""What attestations that a build writes beside an image into its index are made of."""


NO_IMAGE = "it is no image itself: an index, or attached to an image"


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
        if self.listed[0].index or attached:
            return False
        return self.manifest is None or not _is_attached(self.manifest)

    @property
    def _is_unread_index(self) -> bool:
        return self.listed[0].index and self.manifest is None

    @property
    def coverage(self) -> Coverage | None:
        """What this run's look came to; None: nothing was asked. What can't be kept was not looked at."""
        if not self.is_image:  # which images an unread index has is not known
            return Coverage.UNAVAILABLE if self._is_unread_index else Coverage.NOT_REQUESTED
        if self.answer is None:
            return None
        return Coverage.UNAVAILABLE if self.manifest is None else self.answer.coverage

    @property
    def reason(self) -> str | None:
        """Why its coverage is what it is, where it is not `scanned`."""
        if not self.is_image and not self._is_unread_index:
            return NO_IMAGE
        if self.manifest is None:
            return self.why
        return self.answer.reason if self.answer else None


def _is_attached(manifest: Manifest) -> bool:
    statements = bool(manifest.layers) and all(each.media_type == STATEMENT for each in manifest.layers)
    return bool(manifest.manifests or manifest.subject) or statements
