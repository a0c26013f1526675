"""What transform maps made of advisories' texts, once for all findings."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, select

from reedbed.store.dialects import upsert
from reedbed.store.inventory.findings import MAPPED_TEXTS
from reedbed.store.rows import slices


def save(connection: Connection, name: str, mapped: Mapping[str, dict[str, Any]]) -> None:
    """Keep what a map (`name@version`) made of texts, by their digests. Neither can change."""
    rows = [{"text": text, "map": name, "mapped": values} for text, values in sorted(mapped.items())]
    if rows:
        connection.execute(upsert(connection, MAPPED_TEXTS).on_conflict_do_nothing(), rows)


def of(connection: Connection, name: str, texts: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Give what a map made of texts."""
    found: dict[str, dict[str, Any]] = {}
    for some in slices(sorted(set(texts))):
        query = select(MAPPED_TEXTS.c.text, MAPPED_TEXTS.c.mapped).where(
            MAPPED_TEXTS.c.map == name, MAPPED_TEXTS.c.text.in_(some)
        )
        found |= {row.text: row.mapped for row in connection.execute(query)}
    return found
