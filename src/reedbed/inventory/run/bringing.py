"""Bringing in what was read of some scopes: first made ready, without the store; then written at once."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from functools import partial
from typing import Any

import msgspec
from sqlalchemy import Connection

from reedbed.inventory.connection.filters import lets_in_finding
from reedbed.inventory.findings.of_summary import spoken_of, told
from reedbed.inventory.findings.plan import Observed
from reedbed.inventory.findings.reconcile import Counts, reconcile
from reedbed.inventory.records.installed import software_of
from reedbed.inventory.records.joining import image_record, native_of
from reedbed.inventory.records.landing import IMAGE, landing_of, landing_of_scan, text_of
from reedbed.inventory.records.layers import chains, layers_of
from reedbed.inventory.records.moments import moment
from reedbed.inventory.records.tagging import labels_of
from reedbed.inventory.run.context import Sync
from reedbed.inventory.run.image import Image
from reedbed.jfrog.summary import Answer
from reedbed.model.identity import asset_id
from reedbed.model.inventory import AssetClass, Coverage, Stream
from reedbed.model.records import ImageRecord, ScanRecord
from reedbed.store.inventory import (
    assets,
    landed,
    layers,
    mapped_texts,
    placements,
    scopes,
    software,
    tags,
    units,
)
from reedbed.store.inventory.assets import Asset, Look
from reedbed.store.inventory.landed import Landing
from reedbed.store.inventory.layers import Layer
from reedbed.store.inventory.scopes import Scope
from reedbed.store.inventory.software import Installed
from reedbed.store.inventory.tags import Pairs, Tagged
from reedbed.store.inventory.units import Unit


class Brought(msgspec.Struct, kw_only=True):
    """What some scopes' images become in the store."""

    images: int = 0
    gaps: int = 0
    assets: list[tuple[Scope, Asset]] = []
    children: list[tuple[str, str, str]] = []
    layers: dict[str, tuple[Layer, ...]] = {}  # by asset
    software: dict[str, list[Installed]] = {}  # by asset
    labels: dict[Tagged, Pairs] = {}
    looks: list[Look] = []
    landings: list[Landing] = []
    answers: dict[Scope, dict[str, tuple[Observed, ...]]] = {}
    texts: dict[str, bytes] = {}  # of advisories, by their digests
    mapped: dict[str, dict[str, Any]] = {}  # what the map makes of those texts


def prepare(images: Iterable[Image], sync: Sync, known: AbstractSet[str]) -> Brought:
    """Make ready what images become; `known` are the texts that are in the store already."""
    brought = Brought()
    for image in images:
        brought.images += image.is_image
        brought.gaps += image.is_image and not (image.coverage and image.coverage.conclusive)
        if look := _look(image):
            brought.looks.append(look)
        if image.manifest is None:
            continue
        record = image_record(
            image.listed,
            image.manifest,
            image.config,
            sync.origin,
            repository=image.scope.repository,
            missing=image.why,
        )
        shape = sync.shapes.image(record)
        brought.assets.append((image.scope, _asset(image, record, shape)))
        if record.layers:
            brought.layers[image.asset] = layers_of(record)
        if Stream.TAGS in sync.scope.streams and image.config is not None:
            brought.labels[Tagged(image.asset, "")] = sync.scope.tags.tags(labels_of(image.config))
        brought.children += _children(image, sync.connection)
        brought.landings.append(landing_of(IMAGE, native_of(record), record))
        if image.answer and image.answer.coverage in (Coverage.SCANNED, Coverage.PARTIAL):
            _take_in(image, record, image.answer, sync, brought, known=known)
    return brought


def _take_in(
    image: Image,
    record: ImageRecord,
    answer: Answer,
    sync: Sync,
    brought: Brought,
    *,
    known: AbstractSet[str],
) -> None:
    scan = ScanRecord(
        image=record,
        vulnerabilities=answer.vulnerabilities,
        licenses=answer.licenses,
        operational_risks=answer.operational_risks,
    )
    digests = []
    for each in scan.vulnerabilities:
        digest, body = text_of(each)
        digests.append(digest)
        if digest not in known and digest not in brought.texts:
            brought.texts[digest] = body
            brought.mapped[digest] = sync.shapes.text(each)
    brought.landings.append(landing_of_scan(native_of(record), scan, digests))
    of_finding = zip(digests, scan.vulnerabilities, strict=True)
    brought.answers.setdefault(image.scope, {})[image.asset] = told(
        answer,
        digests,
        scope=image.scope,
        types=spoken_of(sync.scope.streams),
        mapped=[sync.shapes.finding(digest, each) for digest, each in of_finding],
    )
    if Stream.COMPONENTS in sync.scope.streams:
        found = software_of(answer.vulnerabilities, answer.licenses)
        brought.software[image.asset] = [msgspec.structs.asdict(each) for each in found]


def bring_in(connection: Connection, sync: Sync, unit: Unit, brought: Brought) -> None:
    """Write it, and that the unit is done; of two that bring in parts of one scope, one after the other."""
    now, name = sync.now(), sync.connection
    among = sorted(part.scope(name) for part in unit.parts)
    scopes.note_read(connection, among, run=sync.id, now=now)
    first = placements.first_of(connection, {asset.id for _, asset in brought.assets})
    named = [asset for at, asset in brought.assets if first.get(asset.id) == (at.repository, at.path)]
    assets.save(connection, name, named, run=sync.id, now=now)
    built = {asset.id: brought.layers[asset.id] for asset in named if asset.id in brought.layers}
    wholes = {asset: chains(layer.digest for layer in some)[-1] for asset, some in built.items()}
    layers.save(connection, built, wholes)
    placements.save_children(connection, brought.children)
    placements.follow_indexes(connection, among)
    assets.note_looks(connection, brought.looks, now=now)
    software.add(connection, brought.software)
    tags.replace(connection, tags.LABEL, brought.labels)
    landed.save_texts(connection, brought.texts)
    mapped_texts.save(connection, sync.shapes.vulnerability_map, brought.mapped)
    counts = landed.land(connection, name, brought.landings, run=sync.id, now=now)
    findings = Counts()
    for scope in among:
        answers: Mapping[str, tuple[Observed, ...]] = brought.answers.get(scope, {})
        findings += reconcile(
            connection,
            scope,
            answers,
            types=spoken_of(sync.scope.streams),
            run=sync.id,
            began=sync.started_at,
            now=now,
            admits=partial(lets_in_finding, sync.scope.filters),
        )
    came = {"images": brought.images, "gaps": brought.gaps, "records": counts.new + counts.changed}
    units.finish(connection, unit, came | msgspec.structs.asdict(findings), now=now)


def _asset(image: Image, record: ImageRecord, shape: dict[str, Any]) -> Asset:
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
        mapped=shape,
    )


def _text(value: object) -> str | None:
    return value[:200] if isinstance(value, str) and value else None


def _children(image: Image, connection: str) -> list[tuple[str, str, str]]:
    return [
        (image.asset, asset_id(connection, AssetClass.IMAGE, child.digest), _platform(child.platform or {}))
        for child in (image.manifest.manifests if image.manifest else ())
    ]


def _platform(told: dict[str, Any]) -> str:
    return "/".join(str(told[key])[:40] for key in ("os", "architecture", "variant") if told.get(key))


def _look(image: Image) -> Look | None:
    if image.coverage is None:
        return None
    return Look(asset=image.asset, coverage=image.coverage, reason=image.reason, scanned_at=None)
