"""A seeded platform: it fills an Artifactory, tells Xray what was found, and lives on from day to day.

Everything is a function of the seed, so two platforms of one seed are the same on the same day, whether they
got there in one go or by steps. Bodies are made when somebody asks for them.
"""

import math
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from jfrog_standin.artifactory import images
from jfrog_standin.artifactory.storage import Storage
from jfrog_standin.seeding import ballast
from jfrog_standin.seeding.built import Build, image_of
from jfrog_standin.seeding.catalog import LANGUAGES, RARE, Catalog
from jfrog_standin.seeding.packages import Packages
from jfrog_standin.seeding.parts import BASE_PACKAGES, Parts
from jfrog_standin.seeding.seed import DAY, START, Draw, Seed
from jfrog_standin.seeding.streams import (
    IMAGE_REPOSITORIES,
    IMAGES_A_RARE_PACKAGE,
    PACKAGE_REPOSITORIES,
    PROMOTED_TO,
    Stream,
    rare_packages,
    streams,
)
from jfrog_standin.xray.scan import ScanStatus
from jfrog_standin.xray.scanned import Findings

Change = Literal["pushed", "moved", "fixed", "deleted", "expired"]

CHANGES: dict[Change, float] = {
    "pushed": 0.35, "moved": 0.25, "fixed": 0.15, "deleted": 0.1, "expired": 0.05
}  # fmt: skip
PUBLISHED = 0.1
"""Shares of a day's changes; what is published changes the findings of images that stay as they are."""

STATUSES: dict[ScanStatus, float] = {
    "DONE": 950, "EXPIRED": 20, "PENDING": 10, "PARTIAL": 10, "FAILED": 5, "NOT_SUPPORTED": 5
}  # fmt: skip
SCANNED_AFTER = timedelta(minutes=7)
BASE_CVE_EVERY = 7  # days: then one is published that most images of a base have
OLDEST_DAYS = 400


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """One release of a stream, as its tag names it now."""

    stream: int
    number: int
    at: datetime
    status: ScanStatus = "DONE"
    builds: int = 0  # how often it was built anew
    fixes: int = 0  # how often with newer parts


Key = tuple[int, int]  # stream and release


class World:
    """A seeded platform on one of its days. `advance` leads to a later one."""

    def __init__(self, seed: Seed, storage: Storage) -> None:
        self.seed = seed
        self.day = 0
        self.storage = storage
        self._streams: list[Stream] = []
        self._releases: dict[Key, Release] = {}
        self._newest: dict[int, int] = {}  # stream → release
        self._contents: dict[str, tuple[Key, str]] = {}  # SHA-256 → release and architecture
        self._digests: dict[Key, tuple[str, ...]] = {}
        self.parts = Parts(Catalog(seed.seed, 0))
        self._packages = Packages(seed, storage)
        self._begin()
        self.advance(seed.day)

    # Days

    def advance(self, day: int) -> None:
        """Let the platform live on until a day.

        Raises:
            ValueError: that day is past.
        """
        if day < self.day:
            raise ValueError(
                f"It is day {self.day} already; a platform of an earlier day has to be started anew."
            )
        while self.day < day:
            self._next_day()

    def _next_day(self) -> None:
        self.day += 1
        draw = Draw(self.seed.seed, "day", self.day)
        self._set_status([key for key, found in self._releases.items() if found.status == "PENDING"], "DONE")
        self._publish(draw)
        for change, keys in self._chosen(draw).items():
            if change == "expired":
                self._set_status(keys, "EXPIRED")
                continue
            for place, key in enumerate(keys):
                at = START + (self.day - 1) * DAY + (place + draw.share()) / (len(keys) + 1) * DAY
                self._change(change, key, at.replace(microsecond=at.microsecond // 1000 * 1000))

    def _publish(self, draw: Draw) -> None:
        """Let packages have a CVE more: rare ones, and now and then one of a base."""
        number = self.seed.images * self.seed.churn * PUBLISHED / IMAGES_A_RARE_PACKAGE
        rare = rare_packages(self.seed.images)
        publishing = [(draw.weighted(LANGUAGES), RARE + draw.below(rare)) for _ in range(math.ceil(number))]
        if self.day % BASE_CVE_EVERY == 0:
            family = draw.one_of(tuple(BASE_PACKAGES))
            publishing.append((family, draw.below(BASE_PACKAGES[family])))
        self.parts = Parts(self.parts.catalog.on(self.day, publishing))

    def _chosen(self, draw: Draw) -> dict[Change, list[Key]]:
        """Choose what changes; no release changes twice on one day."""
        numbers = {
            change: math.ceil(len(self._releases) * self.seed.churn * share)
            for change, share in CHANGES.items()
        }
        left = draw.some_of(list(self._releases), sum(numbers.values()))
        chosen: dict[Change, list[Key]] = {}
        for change, number in numbers.items():
            fitting = [key for key in left if change != "deleted" or key[1] != self._newest[key[0]]]
            chosen[change] = fitting[:number]
            taken = set(chosen[change])
            left = [key for key in left if key not in taken]
        return chosen

    def _change(self, change: Change, key: Key, at: datetime) -> None:
        before = self._releases[key]
        match change:
            case "pushed":
                stream = self._streams[key[0]]
                self._put(
                    Release(
                        stream=stream.number, number=self._newest[key[0]] + 1, at=at, status=self._fresh(key)
                    )
                )
            case "moved":
                self._put(msgspec.structs.replace(before, builds=before.builds + 1, at=at))
            case "fixed":
                again = {"builds": before.builds + 1, "fixes": before.fixes + 1, "at": at}
                self._put(msgspec.structs.replace(before, **again))
            case _:
                self._delete(key)

    def _fresh(self, key: Key) -> ScanStatus:
        """Some of what was just pushed has not been scanned yet."""
        return "PENDING" if Draw(self.seed.seed, "fresh", self.day, *key).share() < 0.05 else "DONE"

    def _set_status(self, keys: Iterable[Key], status: ScanStatus) -> None:
        for key in keys:
            self._releases[key] = msgspec.structs.replace(self._releases[key], status=status)

    # What lies in Artifactory

    def _begin(self) -> None:
        for repository in (*IMAGE_REPOSITORIES, *PACKAGE_REPOSITORIES):
            self.storage.add(repository)
        self._packages.begin(self.parts.catalog)
        for stream in streams(self.seed):
            self._streams.append(stream)
            draw = Draw(self.seed.seed, "releases", stream.number)
            age = timedelta(days=1 + draw.share() * OLDEST_DAYS)
            for number in range(stream.tags):
                at = START - age * ((stream.tags - number) / stream.tags)
                at = at.replace(microsecond=at.microsecond // 1000 * 1000)
                self._put(Release(stream=stream.number, number=number, at=at, status=draw.weighted(STATUSES)))

    def _put(self, release: Release) -> None:
        """Put a release under its tags, over what was there."""
        key, stream = (release.stream, release.number), self._streams[release.stream]
        self._forget(key)
        self._newest[release.stream] = max(release.number, self._newest.get(release.stream, 0))
        self._releases[key] = release
        built = {arch: image_of(self._build(stream, release, arch)) for arch in stream.archs}
        whole = _whole(stream, tuple(built.values()))
        self._digests[key] = tuple(image.digest.removeprefix("sha256:") for image in built.values())
        self._contents |= {
            digest: (key, arch) for digest, arch in zip(self._digests[key], built, strict=True)
        }
        for repo, tag in self._places(release):
            images.put(
                self.storage, repo, stream.name, tag, whole, by="deployer", at=release.at, layers=False
            )

    def _build(self, stream: Stream, release: Release, arch: str) -> Build:
        parts = stream.parts(release.number, release.fixes, arch)
        return Build(
            seed=self.seed.seed,
            name=stream.name,
            version=stream.tag(release.number),
            number=release.builds,
            arch=arch,
            at=release.at,
            layers=tuple(layer for part in parts for layer in self.parts.layers_of(part)),
            is_docker=stream.is_docker,
        )

    def _places(self, release: Release) -> Iterator[tuple[str, str]]:
        """The repositories and tags under which a release lies."""
        stream = self._streams[release.stream]
        tag = stream.tag(release.number)
        yield stream.repo, tag
        if stream.has_latest and release.number == self._newest[release.stream]:
            yield stream.repo, "latest"
        if stream.is_promoted and release.number % 3 == 0:
            yield PROMOTED_TO, tag

    def _delete(self, key: Key) -> None:
        release = self._releases[key]
        stream = self._streams[release.stream]
        self._forget(key)
        for repo, tag in self._places(release):
            self.storage.delete(self.storage.repositories[repo].storage_key, f"{stream.name}/{tag}")
        del self._releases[key]

    def _forget(self, key: Key) -> None:
        """Remove the digests that a release has had, and the folders of its single platforms."""
        stream = self._streams[key[0]]
        for digest in self._digests.pop(key, ()):
            del self._contents[digest]
            for repo in {stream.repo, PROMOTED_TO} if len(stream.archs) > 1 else ():
                storage_key = self.storage.repositories[repo].storage_key
                for folder in (f"sha256:{digest}", f"sha256__{digest}"):
                    self.storage.delete(storage_key, f"{stream.name}/{folder}")

    # What Xray has found

    def digests(self) -> list[str]:
        """The SHA-256 of every image for one architecture, hexadecimal."""
        return list(self._contents)

    def findings_of(self, sha256: str) -> Findings | None:
        """Tell what was found in an image or package of this platform."""
        content = self._contents.get(sha256)
        if content is None:
            return self._packages.findings_of(sha256, self.parts.catalog)
        key, arch = content
        release, stream = self._releases[key], self._streams[key[0]]
        parts = stream.parts(release.number, release.fixes, arch)
        told = sum(self.parts.weight(part) for part in parts)
        return Findings(
            status=release.status,
            at=release.at + SCANNED_AFTER,
            size=sum(layer.size for part in parts for layer in self.parts.layers_of(part)),
            bundles=tuple(self.parts.bundle(part) for part in parts),
            further_ids=ballast.ids(self._wanted_bytes(stream) - told),
        )

    def _wanted_bytes(self, stream: Stream) -> int:
        """How long the answer about an image is meant to be; images of one name have about the same."""
        kilobytes = self.seed.large_kb if stream.is_large else self.seed.small_kb
        return int(kilobytes * 1024 * (0.6 + Draw(self.seed.seed, "size", stream.number).share() * 0.6))


def _whole(stream: Stream, built: tuple[images.Image, ...]) -> images.Image | images.Index:
    """One image, or an index of several; every third of them with attestations beside."""
    if len(built) == 1:
        return built[0]
    beside = tuple(images.attested(image) for image in built) if stream.number % 3 == 0 else ()
    return images.index((*built, *beside), docker=stream.is_docker)
