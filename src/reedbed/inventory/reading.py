"""Reading images: their manifests and configurations, and what Xray found in them; then bringing it in. Acts.

A unit is some scopes with about as many images as a call to Xray asks for. Units are read side by side, so
while one waits for JFrog another is written. What a unit brings is written in one
transaction with the note that it was read, so that a run that was broken off goes on behind it.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection

from reedbed.errors import ReedbedError, Unreadable
from reedbed.inventory.landing import IMAGE, Texts, landing_of, landing_of_scan
from reedbed.inventory.moments import moment
from reedbed.inventory.observed import observed
from reedbed.inventory.plan import Observed
from reedbed.inventory.reconcile import Counts, reconcile
from reedbed.inventory.records import image_record, native_of
from reedbed.inventory.redact import redacted_config
from reedbed.inventory.run import Sync
from reedbed.jfrog import docker
from reedbed.jfrog.images import ListedImage
from reedbed.jfrog.summary import Answer, Findings
from reedbed.model.identity import asset_id
from reedbed.model.inventory import AssetClass, Coverage
from reedbed.model.records import ImageRecord, Manifest, ScanRecord
from reedbed.store.inventory import assets, landed, placements, scopes
from reedbed.store.inventory.assets import Asset, Look
from reedbed.store.inventory.placements import Wanted
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


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """What reading some scopes came to."""

    images: int = 0
    gaps: int = 0  # without a conclusive answer
    records: int = 0  # landed, new or changed
    findings: Counts = Counts()

    def __add__(self, other: "Read") -> "Read":
        names = self.__struct_fields__
        return Read(**{name: getattr(self, name) + getattr(other, name) for name in names})


class Reading:
    """Reads units for one run."""

    def __init__(self, sync: Sync, *, findings: bool) -> None:
        self._sync = sync
        self._findings = Findings(sync.jfrog) if findings else None
        self._texts = Texts()

    async def read(self, unit: Sequence[Scope]) -> Read:
        """Read some scopes, wholly, and bring them in.

        Raises:
            Refused: JFrog does not take the token any more.
            Unreachable: the store does not answer.
        """
        placed = await self._sync.db.read(placements.of_scopes, unit, run=self._sync.id)
        images = [image for image in _images(placed) if image.due]
        await self._detail(images)
        await self._ask([image for image in images if image.is_image])
        return await self._sync.db.write(self._bring_in, unit, images)

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
            fetched |= {} if image.digest in kept else {image.digest: body}

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

    # Bringing in: one transaction

    def _bring_in(self, connection: Connection, unit: Sequence[Scope], images: Sequence[Image]) -> Read:
        sync, now = self._sync, self._sync.now()
        first = placements.first_of(connection, {image.asset for image in images})
        records = {id(image): _record(image, sync) for image in images if image.manifest}
        named = [
            image for image in images if first.get(image.asset) == (image.scope.repository, image.scope.path)
        ]
        rows = [_asset(image, records[id(image)]) for image in named if id(image) in records]
        assets.save(connection, sync.connection, rows, run=sync.id, now=now)
        placements.save_children(connection, _children(images, sync.connection))
        placements.follow_indexes(connection, unit)
        looks = [look for image in images if (look := _look(image))]
        assets.note_looks(connection, looks, now=now)
        landings, answers = [], dict[Scope, dict[str, tuple[Observed, ...]]]()
        for image in images:
            if (record := records.get(id(image))) is None:
                continue
            landings.append(landing_of(IMAGE, native_of(record), record))
            if image.answer and image.answer.coverage in (Coverage.SCANNED, Coverage.PARTIAL):
                digests = [self._texts.put(each) for each in image.answer.vulnerabilities]
                scan = _scan(record, image.answer)
                landings.append(landing_of_scan(native_of(record), scan, digests))
                answers.setdefault(image.scope, {})[image.asset] = observed(
                    scan.vulnerabilities,
                    digests,
                    connection=sync.connection,
                    scope=f"{image.scope.repository}/{image.scope.path}",
                )
        landed.save_texts(connection, self._texts.take())
        counts = landed.land(connection, sync.connection, landings, run=sync.id, now=now)
        findings = Counts()
        for scope in unit:
            known = answers.get(scope, {})
            findings += reconcile(connection, scope, known, run=sync.id, began=sync.started_at, now=now)
        scopes.note_read(connection, unit, run=sync.id, now=now)
        return Read(
            images=sum(image.is_image for image in images),
            gaps=sum(
                image.is_image and not (image.answer and image.answer.coverage.conclusive) for image in images
            ),
            records=counts.new + counts.changed,
            findings=findings,
        )


def _images(placed: Sequence[Wanted]) -> list[Image]:
    by_asset: dict[tuple[Scope, str], Image] = {}
    for each in placed:
        new = Image(scope=each.scope, asset=each.placement.asset, listed=[], due=each.due)
        image = by_asset.setdefault((each.scope, each.placement.asset), new)
        image.listed.append(msgspec.convert(each.placement.listed, ListedImage))
    return list(by_asset.values())


def _decoded(body: bytes) -> Manifest:
    try:
        return msgspec.json.decode(body, type=Manifest)
    except (ValueError, RecursionError) as error:
        raise Unreadable(
            "Could not read a manifest", why=f"it is no manifest: {error}", fix="Push the image anew."
        ) from error


def _record(image: Image, sync: Sync) -> ImageRecord:
    assert image.manifest
    return image_record(image.listed, image.manifest, image.config, sync.origin)


def _asset(image: Image, record: ImageRecord) -> Asset:
    config = record.blob_config or {}
    tag = record.image_tag
    return Asset(
        id=image.asset,
        asset_class=AssetClass.IMAGE,
        native=image.digest,
        vendor_id=record.eval_vendor_asset_id,
        name=f"{record.image_repository}/{record.image_name}" + (f":{tag}" if tag else f"@{image.digest}"),
        registry=record.image_registry,
        repository=record.image_repository,
        path=record.image_name,
        tag=tag,
        manifest_digest=image.digest,
        config_digest=record.config.digest if record.config else None,
        media_type=image.manifest.media_type if image.manifest else None,
        architecture=_text(config.get("architecture")),
        os=_text(config.get("os")),
        size_bytes=record.image_size,
        built_at=moment(config.get("created")),
        uploaded_at=moment(record.storage_manifest.created),
        is_index=bool(image.manifest and image.manifest.manifests),
    )


def _text(value: object) -> str | None:
    return value[:200] if isinstance(value, str) and value else None


def _children(images: Sequence[Image], connection: str) -> list[tuple[str, str, str]]:
    return [
        (image.asset, asset_id(connection, AssetClass.IMAGE, child.digest), _platform(child.platform or {}))
        for image in images
        for child in (image.manifest.manifests if image.manifest else ())
    ]


def _platform(told: dict[str, Any]) -> str:
    return "/".join(str(told[key])[:40] for key in ("os", "architecture", "variant") if told.get(key))


def _look(image: Image) -> Look | None:
    if image.answer is None:
        return None
    return Look(
        asset=image.asset, coverage=image.answer.coverage, reason=image.answer.reason, scanned_at=None
    )


def _scan(record: ImageRecord, answer: Answer) -> ScanRecord:
    return ScanRecord(
        image=record,
        vulnerabilities=answer.vulnerabilities,
        licenses=answer.licenses,
        operational_risks=answer.operational_risks,
    )
