"""Landed records read back as the source models of transform maps: for a preview, and for a replay. Reads."""

from collections.abc import Collection, Sequence

import msgspec
from sqlalchemy import Connection

from reedbed.errors import SettingsError
from reedbed.inventory.records.landing import IMAGE, SCAN, scan_of, texts_of
from reedbed.inventory.transform.source import SOURCES
from reedbed.store.inventory import landed

Named = tuple[str, msgspec.Struct]
"""A record and its native name."""


def records(connection: Connection, name: str, model: str, natives: Collection[str]) -> list[Named]:
    """Read the newest landed records of a model, in the order of their names; without JFrog.

    A scan whose image or texts are gone is left out: there is nothing to make of it any more.
    """
    bodies = landed.newest(connection, name, model, natives)
    if model == SCAN:
        return _scans(connection, name, bodies)
    decoder = msgspec.json.Decoder(SOURCES[model].record)
    return [(native, decoder.decode(body)) for native, body in sorted(bodies.items())]


def _scans(connection: Connection, name: str, bodies: dict[str, bytes]) -> list[Named]:
    images = landed.newest(connection, name, IMAGE, bodies)
    texts = landed.texts(connection, {digest for body in bodies.values() for digest in texts_of(body)})
    return [
        (native, scan_of(body, images[native], texts))
        for native, body in sorted(bodies.items())
        if native in images and texts.keys() >= set(texts_of(body))
    ]


def sample(connection: Connection, name: str, model: str, *, named: str = "", limit: int) -> Sequence[Named]:
    """Read some landed records, those first whose names come first; `named` is how their names begin.

    Raises:
        SettingsError: nothing of the kind was landed.
    """
    natives = landed.natives(connection, name, model, limit=limit, named=named)
    if not natives:
        raise SettingsError(
            f"Could not try the map on {name}",
            why=f"it has landed no {model}" + (f" whose name begins with {named}" if named else ""),
            fix="Run a sync first; reedbed connection list names the connections.",
        )
    return records(connection, name, model, natives)
