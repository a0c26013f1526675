"""What package files say of themselves. Anyone may have made them: sizes are bounded, nothing is unpacked."""

import base64
import hashlib
import io
import tarfile
import zipfile
import zlib
from functools import lru_cache
from typing import Any

import msgspec
from packaging.metadata import RawMetadata, parse_email

MAX_UNPACKED_BYTES = 64 * 2**20
MAX_DESCRIPTION_BYTES = 4 * 2**20
MAX_ENTRIES = 20_000
GZIP = 31  # zlib's window bits that mean "with a gzip header"


class Unreadable(Exception):
    """The file is no package of its kind, or says nothing of itself."""


@lru_cache(maxsize=4096)
def npm_manifest(tarball: bytes) -> dict[str, Any]:
    """The package.json of an npm package, with a name and a version that are text.

    Raises:
        Unreadable: there is none.
    """
    try:
        manifest = msgspec.json.decode(_from_tar(tarball, "package.json"), type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise Unreadable("package.json is no JSON object") from error
    if not isinstance(manifest.get("name"), str) or not isinstance(manifest.get("version"), str):
        raise Unreadable("package.json has no name or no version")
    return manifest


@lru_cache(maxsize=4096)
def integrity(body: bytes) -> str:
    """The subresource integrity string that npm checks: "sha512-…"."""
    return "sha512-" + base64.b64encode(hashlib.sha512(body).digest()).decode()


@lru_cache(maxsize=4096)
def python_metadata(file: str, body: bytes) -> RawMetadata:
    """The core metadata of a wheel or a source distribution, with a name and a version.

    Raises:
        Unreadable: there is none.
    """
    if file.endswith(".whl"):
        text = core_metadata(body)
    elif file.endswith(".zip"):
        text = _from_zip(body, "PKG-INFO")
    else:
        text = _from_tar(body, "PKG-INFO")
    metadata, _ = parse_email(text)
    if not metadata.get("name") or not metadata.get("version"):
        raise Unreadable("the metadata has no name or no version")
    return metadata


@lru_cache(maxsize=4096)
def core_metadata(wheel: bytes) -> bytes:
    """The METADATA of a wheel, as they are.

    Raises:
        Unreadable: there are none.
    """
    return _from_zip(wheel, "METADATA", folder=".dist-info")


def _from_tar(body: bytes, name: str) -> bytes:
    """The first file of that name directly below the archive's one folder."""
    try:
        plain = zlib.decompressobj(GZIP).decompress(body, MAX_UNPACKED_BYTES)
        with tarfile.open(fileobj=io.BytesIO(plain), mode="r:") as archive:
            for count, entry in enumerate(archive):
                if count > MAX_ENTRIES:
                    break
                segments = entry.name.removeprefix("./").split("/")
                if entry.isfile() and len(segments) == 2 and segments[1] == name:
                    reader = archive.extractfile(entry)
                    return reader.read(MAX_DESCRIPTION_BYTES) if reader is not None else b""
    except (zlib.error, tarfile.TarError, OSError, ValueError) as error:
        raise Unreadable(f"no archive: {error}") from error
    raise Unreadable(f"no {name} in it")


def _from_zip(body: bytes, name: str, *, folder: str = "") -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            for entry in archive.infolist()[:MAX_ENTRIES]:
                segments = entry.filename.split("/")
                if len(segments) == 2 and segments[1] == name and segments[0].endswith(folder):
                    with archive.open(entry) as reader:
                        return reader.read(MAX_DESCRIPTION_BYTES)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, OSError, ValueError, RuntimeError) as error:
        raise Unreadable(f"no archive: {error}") from error
    raise Unreadable(f"no {name} in it")
