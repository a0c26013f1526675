"""uv's cache: wheels as links into unpacked archives, and source distributions with what was built of them.

`wheels-v*/index/DIGEST/NAME/VERSION-TAGS` leads to `archive-v*/ID`; beside it lie `.http`, `.msgpack` and the
like. `sdists-v*/index/DIGEST/NAME/VERSION/` is one source release. `uv cache clean NAME` would take every
release of a package. Source: docs.astral.sh/uv/concepts/cache, and the folders of uv 0.13.
"""

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from reedbed.model.ecosystem import PackageType
from reedbed.model.purl import purl
from reedbed.packages.caches.entry import Entry, Looked
from reedbed.packages.caches.tools import delete, folder_of, from_variable

TOOL = "uv"
PLACES = ("pypi/*", "index/*/*", "url/*/*", "path/*/*")
"""Where, below a bucket, each folder is one package."""

UNPACKED = "src"
"""Where uv unpacks a source release: links in there are the release's own, and may lead anywhere."""

BESIDE = (".http", ".msgpack", ".rev", ".lock")


async def look(folder: Path | None = None) -> Looked:
    """List the releases in uv's cache."""
    default = from_variable("XDG_CACHE_HOME", Path.home() / ".cache") / "uv"
    known = from_variable("UV_CACHE_DIR", default)
    folder = folder or await folder_of("uv", "cache", "dir", otherwise=known)
    return await asyncio.to_thread(_look, folder) if folder.is_dir() else Looked(tool=TOOL)


async def remove(folder: Path, entries: Sequence[Entry]) -> None:
    """Delete the files of entries. Raises as `delete`."""
    await asyncio.to_thread(delete, folder, [file for entry in entries for file in entry.files])


def _look(folder: Path) -> Looked:
    entries, not_read = [], []
    found = [*_releases(folder, "wheels-v*", _wheels), *_releases(folder, "sdists-v*", _sdists)]
    for name, version, files in found:
        try:
            package = purl(PackageType.PYPI, name)
        except ValueError as error:
            not_read.append(f"{files[0]}: {error}")
            continue
        every = (*map(str, files), *sorted(_archives(folder, files)))
        entries.append(Entry(tool=TOOL, package=package, version=version, where=str(files[0]), files=every))
    return Looked(tool=TOOL, folder=str(folder), entries=tuple(entries), not_read=tuple(not_read))


Release = tuple[str, str, list[Path]]
"""A package's name, a version of it, and the files of that."""


def _releases(folder: Path, bucket: str, read: Callable[[Path], Iterator[Release]]) -> Iterator[Release]:
    for place in PLACES:
        for package in sorted(folder.glob(f"{bucket}/{place}")):
            if package.is_dir():
                yield from read(package)


def _wheels(package: Path) -> Iterator[Release]:
    by_stem: dict[str, list[Path]] = {}
    for file in sorted(package.iterdir()):
        stem = file.stem if file.suffix in BESIDE else file.name
        by_stem.setdefault(stem, []).append(file)
    for stem, files in by_stem.items():
        yield package.name, stem.partition("-")[0], files


def _sdists(package: Path) -> Iterator[Release]:
    for version in sorted(package.iterdir()):
        if version.is_dir():
            yield package.name, version.name, [version]


def _archives(folder: Path, files: Iterable[Path]) -> set[str]:
    """Give the unpacked archives, inside this cache, that links among or below files lead to."""
    targets = {link.resolve() for file in files for link in _links(file)}
    inside = folder.resolve()
    return {
        str(target) for target in targets if target.parent.parent == inside and _is_archive(target.parent)
    }


def _is_archive(bucket: Path) -> bool:
    return bucket.name.startswith("archive-v")


def _links(file: Path) -> Iterator[Path]:
    if file.is_symlink():
        yield file
        return
    for place, folders, names in os.walk(file):
        folders[:] = [name for name in folders if name != UNPACKED]
        yield from (path for name in (*folders, *names) if (path := Path(place, name)).is_symlink())
