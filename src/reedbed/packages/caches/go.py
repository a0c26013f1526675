"""Go's module cache: `cache/download/MODULE/@v/VERSION.zip` and what belongs to it, and `MODULE@VERSION/`.

`go clean -modcache` would take all of it, so the files of one release are deleted instead. Capitals are
escaped (`!pond`). Source: go.dev/ref/mod, module cache.
"""

import asyncio
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from reedbed.model.ecosystem import PackageType
from reedbed.model.purl import purl
from reedbed.packages.caches.entry import Entry, Looked
from reedbed.packages.caches.tools import delete, folder_of, from_variable

TOOL = "go"
DOWNLOADED = (".zip", ".ziphash", ".info", ".mod", ".lock")


async def look(folder: Path | None = None) -> Looked:
    """List the module versions in Go's module cache."""
    default = from_variable("GOPATH", Path.home() / "go") / "pkg" / "mod"
    known = from_variable("GOMODCACHE", default)
    folder = folder or await folder_of("go", "env", "GOMODCACHE", otherwise=known)
    return await asyncio.to_thread(_look, folder) if folder.is_dir() else Looked(tool=TOOL)


async def remove(folder: Path, entries: Sequence[Entry]) -> None:
    """Delete the files of entries. Raises as `delete`."""
    await asyncio.to_thread(delete, folder, [file for entry in entries for file in entry.files])


def _look(folder: Path) -> Looked:
    entries, not_read = [], []
    for module, version in sorted({*_zips(folder), *_unpacked(folder)}):
        files = tuple(str(file) for file in _files(folder, module, version) if file.exists())
        try:
            package = purl(PackageType.GO, unescape(module))
        except ValueError as error:
            not_read.append(f"{files[0]}: {error}")
            continue
        bare = unescape(version).removeprefix("v")
        entries.append(Entry(tool=TOOL, package=package, version=bare, where=files[0], files=files))
    return Looked(tool=TOOL, folder=str(folder), entries=tuple(entries), not_read=tuple(not_read))


def _zips(folder: Path) -> Iterator[tuple[str, str]]:
    downloads = folder / "cache" / "download"
    for place, folders, names in os.walk(downloads):
        if place == str(downloads) and "sumdb" in folders:
            folders.remove("sumdb")
        if Path(place).name == "@v":
            module = Path(place).parent.relative_to(downloads).as_posix()
            yield from ((module, name.removesuffix(".zip")) for name in names if name.endswith(".zip"))


def _unpacked(folder: Path) -> Iterator[tuple[str, str]]:
    for place, folders, _ in os.walk(folder):
        if place == str(folder) and "cache" in folders:
            folders.remove("cache")
        for name in [each for each in folders if "@" in each]:
            folders.remove(name)  # what is in there is the module's own
            module, _, version = Path(place, name).relative_to(folder).as_posix().rpartition("@")
            yield module, version


def _files(folder: Path, module: str, version: str) -> Iterator[Path]:
    for suffix in DOWNLOADED:
        yield folder / "cache" / "download" / module / "@v" / f"{version}{suffix}"
    yield folder / f"{module}@{version}"


def unescape(text: str) -> str:
    return re.sub(r"!([a-z])", lambda match: match.group(1).upper(), text)
