"""Looking into every client's cache on this machine, and taking releases out of them."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from reedbed.packages.caches import go, npm, pip, uv
from reedbed.packages.caches.entry import Entry, Looked


class Client(Protocol):
    """What the module of each client is."""

    async def look(self, folder: Path | None = None) -> Looked: ...
    async def remove(self, folder: Path, entries: Sequence[Entry]) -> None: ...


CLIENTS: Mapping[str, Client] = {"npm": npm, "pip": pip, "uv": uv, "go": go}


async def look(folders: Mapping[str, Path]) -> list[Looked]:
    """Look into each cache; `folders` says where one is instead of where its client says."""
    return [await client.look(folders.get(tool)) for tool, client in CLIENTS.items()]


async def remove(looked: Iterable[Looked], entries: Iterable[Entry]) -> None:
    """Take entries out of the caches that they were seen in.

    Raises:
        Refused: a client says no, or a file can't be deleted; those before it are out.
    """
    wanted = list(entries)
    for cache in looked:
        out = [entry for entry in wanted if entry.tool == cache.tool]
        if out and cache.folder:
            await CLIENTS[cache.tool].remove(Path(cache.folder), out)
