"""The layers of an image, and the image that it is built on: the one with the most of its first layers."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reedbed.inventory.records.redact import redacted
from reedbed.model.records import ImageRecord
from reedbed.store.database import Database
from reedbed.store.inventory import layers as store
from reedbed.store.inventory.layers import Layer

IMAGES_A_TIME = 500
LONGEST_COMMAND = 2_000


def layers_of(record: ImageRecord) -> tuple[Layer, ...]:
    """Give an image's layers in their order, each with what made it where its history tells."""
    config = record.blob_config or {}
    diff_ids = _list(_dict(config.get("rootfs")).get("diff_ids"))
    commands = _commands(_list(config.get("history")))
    matching = len(diff_ids) == len(record.layers)
    told = commands if len(commands) == len(record.layers) else [None] * len(record.layers)
    return tuple(
        Layer(
            position=position,
            digest=layer.digest,
            size_bytes=layer.size,
            diff_id=str(diff_ids[position])[:200] if matching else None,
            created_by=command,
        )
        for position, (layer, command) in enumerate(zip(record.layers, told, strict=True))
    )


def _commands(history: Sequence[Any]) -> list[str | None]:
    """What made each layer; steps that made none (`ENV`, `LABEL`) are passed over."""
    steps = [each for each in map(_dict, history) if not each.get("empty_layer")]
    return [_command(each.get("created_by")) for each in steps]


def _command(told: object) -> str | None:
    return redacted(told)[:LONGEST_COMMAND] if isinstance(told, str) and told else None


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def chains(digests: Iterable[str]) -> list[str]:
    """Name each beginning of a list of layers: the first one alone, the first two, and so on.

    Two images with the same chain have the same layers in the same order.
    """
    named, so_far = [], hashlib.sha256()
    for digest in digests:
        so_far.update(digest.encode() + b"\n")
        named.append(so_far.copy().hexdigest()[:40])
    return named


async def attribute_bases(db: Database, connection: str, *, run: str | None = None) -> int:
    """Find each image's base among all that are known; give how many have another than before.

    With `run` of the images that it saw: a full listing sees all.
    """
    many, after = 0, ""
    while page := await db.read(store.page, connection, run=run, after=after, limit=IMAGES_A_TIME):
        after = page[-1].asset
        beginnings = {image.asset: chains(image.digests)[:-1] for image in page}
        known = await db.read(
            store.named, connection, {each for some in beginnings.values() for each in some}
        )
        bases = {image.asset: base(beginnings[image.asset], known) for image in page}
        changed = {
            image.asset: bases[image.asset]
            for image in page
            if bases[image.asset] != (image.base, image.base_layers)
        }
        if changed:
            await db.write(store.save_bases, changed)
        many += len(changed)
    return many


def base(beginnings: Sequence[str], known: Mapping[str, str]) -> tuple[str | None, int | None]:
    """Give the longest beginning that is an image of its own: (its name, its number of layers)."""
    for count in range(len(beginnings), 0, -1):
        if (name := known.get(beginnings[count - 1])) is not None:
            return name, count
    return None, None
