"""An artifact that Xray has indexed, with what it found in it: an image or a package. All pure."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

import msgspec

from jfrog_standin.xray.bundle import Bundle
from jfrog_standin.xray.scan import Counts, Exposure, ScanIssue, ScannedComponent, ScanStatus, counted

IMAGES = frozenset(("docker", "oci"))
"""Package types whose artifacts are manifests; Xray names such an artifact by the manifest's folder."""


class ScannedArtifact(msgspec.Struct, frozen=True, kw_only=True):
    """One file of an indexed repository: an image's manifest, or a package."""

    repo: str  # the key it is kept under: "docker-remote-cache"
    path: str  # "team/app/1.0/manifest.json"
    kind: str  # package type in lower case
    name: str  # "team/app"
    version: str  # "1.0", or "sha256:…" for an image of one platform below an index
    sha256: str
    sha1: str
    size: int  # bytes; of an image the sum of its layers
    created: datetime
    deployed_by: str
    status: ScanStatus
    at: datetime  # of the scan
    bundles: tuple[Bundle, ...] = ()
    further_ids: bytes = b""  # more component ids for the licences, encoded; a seeded platform's ballast

    @property
    def shown_path(self) -> str:
        """As Xray names it: of an image the folder; the first segment is the id of the Artifactory."""
        folder = self.path.rpartition("/")[0] + "/" if self.kind in IMAGES else self.path
        return f"default/{self.repo}/{folder}"

    @property
    def where(self) -> str:
        """With what its impact paths begin."""
        return self.shown_path if self.kind in IMAGES else f"{self.shown_path}/"

    @property
    def display_name(self) -> str:
        return f"{self.name}:{self.version}"

    @property
    def component(self) -> str:
        """Itself as a component: "docker://team/app:1.0"."""
        return f"{self.kind}://{self.display_name}"

    @property
    def issues(self) -> Iterator[ScanIssue]:
        return (issue for bundle in self.bundles for issue in bundle.scan.issues)

    @property
    def components(self) -> Iterator[ScannedComponent]:
        return (component for bundle in self.bundles for component in bundle.components)

    @property
    def exposures(self) -> Iterator[Exposure]:
        return (exposure for bundle in self.bundles for exposure in bundle.scan.exposures)

    @property
    def counts(self) -> Counts:
        return counted(sum((bundle.severities for bundle in self.bundles), start=Counter[str]()))


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a content, wherever it lies."""

    status: ScanStatus
    at: datetime | None  # of the scan; None: when the artifact was stored
    size: int = 0  # bytes of an image with its layers; 0: the file's own
    bundles: tuple[Bundle, ...] = ()
    further_ids: bytes = b""


class ScanSource(Protocol):
    """A seeded platform, as Xray sees it."""

    def findings_of(self, sha256: str) -> Findings | None: ...
