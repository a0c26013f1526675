"""A map as somebody names one: a file, or the name of a saved one; and what is wrong with it, shown."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from reedbed.cli import show
from reedbed.errors import SettingsError

if TYPE_CHECKING:
    from reedbed.wiring.parts import Parts

LARGEST = 1 << 20


async def text_of(parts: "Parts", given: str) -> str:
    """Give the text of a map: of the file, where there is one of that name, else of the saved map."""
    from reedbed.inventory.transform import known_maps

    if await asyncio.to_thread(Path(given).is_file):
        return await asyncio.to_thread(read, Path(given))
    return (await parts.db.read(known_maps.find, given)).text


def read(file: Path) -> str:
    """Read a map's file.

    Raises:
        SettingsError: it can't be read, or is no text.
    """
    try:
        with file.open("rb") as opened:
            return opened.read(LARGEST).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"Could not read {file}", why=str(error), fix="Name a map's file, in TOML and UTF-8."
        ) from error


@contextmanager
def faults_shown() -> Iterator[None]:
    """Where a map is not valid, list every fault with its fix before saying so."""
    from reedbed.inventory.transform import MapInvalid

    try:
        yield
    except MapInvalid as error:
        for fault in error.faults:
            show.err.print(f"{show.safe(fault)}\n  fix: {show.safe(fault.fix)}")
        raise
