"""How records lie in the store: as canonical JSON, the texts of advisories apart, once for all. Pure."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from reedbed.model.records import TEXT, ScanRecord, VulnerabilityRecord
from reedbed.store.inventory.landed import Landing

SCAN, IMAGE = "docker-image-vulnerability", "docker-image"
_ENCODER = msgspec.json.Encoder(order="sorted")
_REST = tuple(name for name in VulnerabilityRecord.__struct_fields__ if name not in TEXT)


def text_of(record: VulnerabilityRecord) -> tuple[str, bytes]:
    """Give the text of a vulnerability's advisory, and its digest."""
    body = _ENCODER.encode([getattr(record, name) for name in TEXT])
    return hashlib.blake2b(body, digest_size=16).hexdigest(), body


def landing_of(model: str, native: str, record: Any) -> Landing:
    body = _ENCODER.encode(record)
    return Landing(model=model, native=native, digest=hashlib.sha256(body).hexdigest(), body=body)


def landing_of_scan(native: str, scan: ScanRecord, digests: Iterable[str], *, model: str = SCAN) -> Landing:
    """Write a scan whose vulnerabilities name their texts by digest, in the same order."""
    parts = [
        {"text": digest, **{name: getattr(each, name) for name in _REST}}
        for digest, each in zip(digests, scan.vulnerabilities, strict=True)
    ]
    whole = msgspec.structs.asdict(scan) | {"vulnerabilities": parts, "image": native}
    return landing_of(model, native, whole)


class _Part(msgspec.Struct):
    text: str
    component: str = ""
    component_id: str = ""
    package_type: str = ""


def texts_of(body: bytes) -> list[str]:
    """Say which texts a landed scan names."""

    class Landed(msgspec.Struct):
        vulnerabilities: list[_Part] = []

    return [part.text for part in msgspec.json.decode(body, type=Landed).vulnerabilities]


def scan_of(body: bytes, image: bytes, texts: Mapping[str, bytes]) -> ScanRecord:
    """Read a landed scan back, with the texts that it names and the image that it is of."""
    whole = msgspec.json.decode(body)
    for part in whole["vulnerabilities"]:
        part |= dict(zip(TEXT, msgspec.json.decode(texts[part.pop("text")]), strict=True))
    whole["image"] = msgspec.json.decode(image)
    return msgspec.convert(whole, ScanRecord)
