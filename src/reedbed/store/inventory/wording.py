"""The words of names, titles and descriptions, so that text is found by its words, alike on both databases.

Each distinct text is kept once, however many rows have it: a million findings share some thousand of them.
Words are cut by `model.query.words`, and not by the databases, whose rules differ.
"""

import hashlib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from urllib.parse import unquote

from sqlalchemy import Column, Connection, ForeignKey, Index, Table, Text, delete, select

from reedbed.model.query.words import words
from reedbed.store.columns import KEY, METADATA, NUMBER, Word, storable
from reedbed.store.dialects import merge, upsert
from reedbed.store.rows import slices


class Field(StrEnum):
    """What a text is; its key is what rows hold."""

    NAME = "name"  # of an asset, a path, a repository, a vulnerability: the key is the name itself
    COMPONENT = "component"  # a component's name: the key is its purl
    TITLE = "title"  # of a finding: the key is the title itself
    DESCRIPTION = "description"  # of a vulnerability, by its key


WORDINGS = Table(
    "wordings",
    METADATA,
    Column("id", NUMBER, primary_key=True, autoincrement=False),  # a digest of field and key
    Column("field", Word(Field), nullable=False),
    Column("key", KEY, nullable=False),
    Column("value", Text, nullable=False),
    Column("words", Text, nullable=False),  # with a space between two, in order
)

WORDS = Table(
    "words",
    METADATA,
    Column("word", KEY, primary_key=True),
    Column("field", Word(Field), primary_key=True),
    Column("wording", NUMBER, ForeignKey("wordings.id", ondelete="CASCADE"), primary_key=True),
    Index(None, "wording"),
    sqlite_with_rowid=False,
)


def learn(connection: Connection, field: Field, texts: Mapping[str, str]) -> None:
    """Keep the words of texts by their keys; what a key said before is forgotten."""
    by_id = {_id(field, key): (key, storable(value)) for key, value in texts.items()}
    kept = _kept(connection, by_id)
    changed = {number: by_id[number] for number in by_id if kept.get(number) != by_id[number][1]}
    if not changed:
        return
    for some in slices(sorted(set(changed) & set(kept))):
        connection.execute(delete(WORDS).where(WORDS.c.wording.in_(some)))
    cut = {number: words(value) for number, (_, value) in changed.items()}
    rows = [
        {"id": number, "field": field, "key": key, "value": value, "words": " ".join(cut[number])}
        for number, (key, value) in sorted(changed.items())
    ]
    merge(connection, WORDINGS, rows)
    of = [
        {"word": word, "field": field, "wording": number}
        for number, found in cut.items()
        for word in sorted(set(found))
    ]
    if of:
        connection.execute(upsert(connection, WORDS).on_conflict_do_nothing(), of)


def learn_names(connection: Connection, names: Iterable[str | None]) -> None:
    """Keep the words of names that are their own keys."""
    learn(connection, Field.NAME, {name: name for name in names if name})


def learn_components(connection: Connection, purls: Iterable[str]) -> None:
    """Keep the words of components' names, by their purls."""
    learn(connection, Field.COMPONENT, {purl: component_name(purl) for purl in purls})


def component_name(purl: str) -> str:
    """Give the name in a purl without a version: `@scope/name`, `debian/zlib`; of `~name` the name."""
    return unquote(purl.partition("/")[2]) if purl.startswith("pkg:") else purl.removeprefix("~")


def _kept(connection: Connection, ids: Iterable[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for some in slices(sorted(ids)):
        query = select(WORDINGS.c.id, WORDINGS.c.value).where(WORDINGS.c.id.in_(some))
        found |= {row.id: row.value for row in connection.execute(query)}
    return found


def _id(field: Field, key: str) -> int:
    digest = hashlib.sha256(f"{field.value}\0{key}".encode(errors="replace")).digest()
    return int.from_bytes(digest[:8]) >> 1
