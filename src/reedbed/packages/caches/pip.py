"""pip's cache: downloads by a digest of their address, and wheels that it built.

`http-v2/…/KEY.body` is a download and `…/KEY` what the server said of it; before pip 23.3 both are one file
below `http/`. Neither tells the address, so which release it is, is read from the file itself. pip itself can
only take out wheels that it built (`pip cache remove`), not downloads. Source: pip.pypa.io, caching.
"""

import asyncio
import os
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import platformdirs
from packaging.utils import parse_sdist_filename, parse_wheel_filename

from reedbed.model.ecosystem import PackageType
from reedbed.model.purl import Purl, purl
from reedbed.packages.caches.entry import Entry, Looked
from reedbed.packages.caches.tools import delete, folder_of, from_variable

TOOL = "pip"
DOWNLOADS = ("http-v2", "http")
HEAD_BYTES = 64 * 1024
"""Of a download that is looked at for where an archive begins."""

_ZIP, _GZIP = b"PK\x03\x04", b"\x1f\x8b\x08"


async def look(folder: Path | None = None) -> Looked:
    """List the wheels and source archives in pip's cache."""
    default = from_variable("PIP_CACHE_DIR", platformdirs.user_cache_path("pip"))
    folder = folder or await folder_of("pip", "cache", "dir", otherwise=default)
    return await asyncio.to_thread(_look, folder) if folder.is_dir() else Looked(tool=TOOL)


async def remove(folder: Path, entries: Sequence[Entry]) -> None:
    """Delete the files of entries. Raises as `delete`."""
    await asyncio.to_thread(delete, folder, [file for entry in entries for file in entry.files])


def _look(folder: Path) -> Looked:
    entries, not_read = [], []
    for file in _downloads(folder):
        try:
            found = _release(file)
        except (OSError, ValueError, zipfile.BadZipFile, tarfile.TarError, EOFError) as error:
            not_read.append(f"{file}: {str(error) or type(error).__name__}")
            continue
        if found:
            files = dict.fromkeys((str(file), str(file).removesuffix(".body")))
            entries.append(_entry(found, file, tuple(files)))
    for file in folder.glob("wheels/**/*.whl"):
        try:
            entries.append(_entry(parse_wheel_filename(file.name)[:2], file, (str(file),)))
        except ValueError as error:
            not_read.append(f"{file}: {error}")
    return Looked(tool=TOOL, folder=str(folder), entries=tuple(entries), not_read=tuple(not_read))


def _entry(found: tuple[object, object], file: Path, files: tuple[str, ...]) -> Entry:
    package: Purl = purl(PackageType.PYPI, str(found[0]))
    return Entry(tool=TOOL, package=package, version=str(found[1]), where=str(file), files=files)


def _downloads(folder: Path) -> Iterator[Path]:
    for kind in DOWNLOADS:
        for place, _, names in os.walk(folder / kind):
            yield from (
                Path(place, name) for name in sorted(names) if kind == "http" or name.endswith(".body")
            )


def _release(file: Path) -> tuple[object, object] | None:
    """Read which release a download is; None: it is no archive, but a page."""
    with file.open("rb") as opened:
        head = opened.read(HEAD_BYTES)
        starts = {magic: head.find(magic) for magic in (_ZIP, _GZIP)}
        if starts[_ZIP] >= 0 and (starts[_GZIP] < 0 or starts[_ZIP] < starts[_GZIP]):
            return _wheel(zipfile.ZipFile(opened))  # it finds its way past what stands before and behind
        if starts[_GZIP] >= 0:
            opened.seek(starts[_GZIP])
            return _source(opened)
    return None


def _source(opened: BinaryIO) -> tuple[object, object] | None:
    try:
        with tarfile.open(fileobj=opened, mode="r|gz") as archive:
            first = archive.next()
    except tarfile.ReadError:
        return None  # a page, which a server may send packed
    return _folder(first.name) if first else None


def _wheel(archive: zipfile.ZipFile) -> tuple[object, object] | None:
    with archive:
        tops = {PurePosixPath(name).parts[0] for name in archive.namelist() if PurePosixPath(name).parts}
    infos = [top for top in tops if top.endswith(".dist-info")]
    if infos:
        return parse_wheel_filename(f"{infos[0].removesuffix('.dist-info')}-py3-none-any.whl")[:2]
    return _folder(tops.pop()) if len(tops) == 1 else None


def _folder(name: str) -> tuple[object, object]:
    """Read `name-1.0`, the folder that a source archive is made of."""
    return parse_sdist_filename(PurePosixPath(name).parts[0] + ".tar.gz")
