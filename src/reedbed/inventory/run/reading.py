"""Reading images: their manifests and configurations, and what Xray found in them; then bringing it in. Acts.

A unit is some scopes with about as many images as a call to Xray asks for. Units are read side by side, so
while one waits for JFrog another is written. What a unit brings is written in one
transaction with the note that it was read, so that a run that was broken off goes on behind it.
"""

import asyncio
from collections.abc import Sequence

import msgspec

from reedbed.errors import ReedbedError, Unreadable
from reedbed.inventory.records.redact import redacted_config, redacted_manifest
from reedbed.inventory.run.bringing import bring_in, prepare
from reedbed.inventory.run.confirming import Confirming
from reedbed.inventory.run.context import Sync
from reedbed.inventory.run.image import Image
from reedbed.jfrog import docker
from reedbed.jfrog.exchange import without_nul
from reedbed.jfrog.images import ListedImage
from reedbed.jfrog.summary import Findings
from reedbed.model.inventory import Stream
from reedbed.model.records import Manifest
from reedbed.store.inventory import landed, placements
from reedbed.store.inventory.placements import Wanted
from reedbed.store.inventory.scopes import Scope
from reedbed.store.inventory.units import Unit

ANSWERS_AT_ONCE = 4
"""Of Xray, each about a unit, that are in memory: of large images one takes hundreds of megabytes."""


class Reading:
    """Reads units for one run."""

    def __init__(self, sync: Sync, *, findings: bool) -> None:
        self._sync = sync
        self._findings = Findings(sync.jfrog) if findings else None
        self._confirming = Confirming(sync)
        self._answers = asyncio.Semaphore(ANSWERS_AT_ONCE)
        self._texts: frozenset[str] | set[str] = frozenset()  # of advisories, that are in the store

    async def read(self, unit: Unit) -> None:
        """Read a unit, bring it in, and mark it as done.

        Raises:
            Refused: JFrog does not take the token any more.
            Unreachable: the store does not answer.
        """
        parts = {part.scope(self._sync.connection): part for part in unit.parts}
        placed = await self._sync.db.read(placements.of_scopes, list(parts), run=self._sync.id)
        images = [each for each in _images(placed) if each.due and parts[each.scope].has(each.asset)]
        await self._detail(images)
        async with self._answers:
            await self._bring(unit, images)

    async def _bring(self, unit: Unit, images: Sequence[Image]) -> None:
        await self._ask([image for image in images if image.is_image])
        await self._confirming.settle(images)
        for image in images:
            if image.why is not None:
                where = f"{image.scope.repository}/{image.scope.path}@{image.digest}"
                await self._sync.tell("warning", "not-read", image.why, stream=Stream.IMAGES, item=where)
        brought = await asyncio.to_thread(prepare, images, self._sync, self._texts)
        await self._sync.db.write(bring_in, self._sync, unit, brought)
        self._texts = self._texts | brought.texts.keys()

    # Details: content that cannot change is fetched once

    async def _detail(self, images: Sequence[Image]) -> None:
        sync = self._sync
        kept = await sync.db.read(landed.blobs, sync.connection, {image.digest for image in images})
        fetched: dict[str, bytes] = {}
        await asyncio.gather(*(self._manifest(image, kept, fetched) for image in images))
        wanted = [image for image in images if image.manifest and image.manifest.config and image.is_image]
        configs = {
            image.manifest.config.digest for image in wanted if image.manifest and image.manifest.config
        }
        kept |= await sync.db.read(landed.blobs, sync.connection, configs)
        await asyncio.gather(*(self._config(image, kept, fetched) for image in wanted))
        await sync.db.write(landed.save_blobs, sync.connection, fetched)

    async def _manifest(self, image: Image, kept: dict[str, bytes], fetched: dict[str, bytes]) -> None:
        first = image.listed[0]
        try:
            body = kept.get(image.digest) or await docker.manifest(
                self._sync.jfrog, first.repository, first.path, image.digest
            )
            image.manifest = _decoded(body)
        except ReedbedError as error:
            image.why = error.why
        else:
            fetched |= {} if image.digest in kept else {image.digest: msgspec.json.encode(image.manifest)}

    async def _config(self, image: Image, kept: dict[str, bytes], fetched: dict[str, bytes]) -> None:
        assert image.manifest
        assert image.manifest.config
        first, digest = image.listed[0], image.manifest.config.digest
        if digest in kept:
            image.config = msgspec.json.decode(kept[digest])
            return
        try:
            whole = await docker.config_blob(self._sync.jfrog, first.repository, first.path, digest)
        except ReedbedError as error:
            image.why = error.why
            return
        image.config = redacted_config(whole)
        fetched[digest] = msgspec.json.encode(image.config)

    # Findings

    async def _ask(self, images: Sequence[Image]) -> None:
        if self._findings is None or not images:
            return
        answers = await self._findings.read([image.digest for image in images])
        for image, answer in zip(images, answers, strict=True):
            image.answer = answer


def _images(placed: Sequence[Wanted]) -> list[Image]:
    by_asset: dict[tuple[Scope, str], Image] = {}
    for each in placed:
        new = Image(scope=each.scope, asset=each.placement.asset, listed=[], due=each.due)
        image = by_asset.setdefault((each.scope, each.placement.asset), new)
        image.listed.append(msgspec.convert(each.placement.listed, ListedImage))
    return list(by_asset.values())


def _decoded(body: bytes) -> Manifest:
    """Read a manifest, and take out what looks like a secret: it is kept, as a part of the image's record."""
    try:
        return redacted_manifest(msgspec.json.decode(without_nul(body), type=Manifest))
    except (ValueError, RecursionError) as error:
        raise Unreadable(
            "Could not read a manifest", why=f"it is no manifest: {error}", fix="Push the image anew."
        ) from error
