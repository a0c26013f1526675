"""The transform maps that there are: those that Reedbed comes with, and those that people saved. Acts.

A map is referred to by its name, for its newest version, or by `name@version`. A version is never changed.
"""

import difflib
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from reedbed.errors import SettingsError
from reedbed.inventory.transform import TransformMap, compile_map, defaults
from reedbed.inventory.transform.document import Document, read_document, write_document
from reedbed.inventory.transform.merge import Merged, Prefer, merge
from reedbed.store import audit
from reedbed.store.inventory import maps as store
from reedbed.store.inventory.maps import SavedMap


class KnownMap(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a map."""

    name: str
    version: int
    built_in: bool
    parent: str | None = None  # the reference of what it was cloned from, or last merged with
    outdated: bool = False  # the parent has a newer version
    created_at: datetime | None = None
    text: str

    @property
    def reference(self) -> str:
        return f"{self.name}@{self.version}"

    @property
    def document(self) -> Document:
        return read_document(self.text)


def listed(connection: Connection) -> list[KnownMap]:
    """List the newest version of every map: the built-in ones first."""
    built_in = [find(connection, name) for name in dict.fromkeys(name for name, _ in defaults.FILES)]
    return built_in + [_saved(connection, each) for each in store.listed(connection)]


def find(connection: Connection, reference: str) -> KnownMap:
    """Find a map by its reference.

    Raises:
        SettingsError: there is none; the nearest names are told.
    """
    name, version = _parted(reference)
    wanted = version or defaults.newest(name)
    text = defaults.text(name, wanted) if wanted else None
    if text is not None and wanted is not None:
        return KnownMap(name=name, version=wanted, built_in=True, text=text)
    saved = store.get(connection, name, version) if version else store.newest(connection, name)
    if saved is None:
        raise _unknown(connection, reference)
    return _saved(connection, saved)


def compiled(connection: Connection, reference: str) -> TransformMap:
    """Find a map and make it ready to run.

    Raises:
        SettingsError: there is none.
        MapInvalid: it was saved by a release that had other models, and does not fit those of this one.
    """
    return compile_map(find(connection, reference).text)


def versions(connection: Connection, name: str) -> list[KnownMap]:
    """List every version of a map, the newest first."""
    built_in = sorted((version for known, version in defaults.FILES if known == name), reverse=True)
    if built_in:
        return [find(connection, f"{name}@{version}") for version in built_in]
    return [_saved(connection, each) for each in store.versions(connection, name)]


def save(connection: Connection, text: str, *, by: str, now: datetime, parent: str | None = None) -> KnownMap:
    """Check a map, and save it as the next version of its name; the same text again makes none.

    Raises:
        MapInvalid: it can't be used.
        SettingsError: the name is that of a built-in map.
    """
    document = compile_map(text).document
    if defaults.newest(document.name) is not None:
        raise SettingsError(
            f"Could not save {document.name}",
            why="it is a map that Reedbed comes with, and those are never changed",
            fix="Give it a name of your own: reedbed map clone makes a copy.",
        )
    known = find(connection, parent) if parent else None
    last = store.newest(connection, document.name)
    saved = store.save(
        connection,
        name=document.name,
        source_model=document.source,
        target_model=document.target,
        parent=(known.name, known.version) if known else None,
        text=text,
        now=now,
    )
    if saved != last:
        subject = f"{saved.name}@{saved.version}"
        audit.append(
            connection, at=now, who=by, action="save map", subject=subject, detail={"parent": parent}
        )
    return _saved(connection, saved)


def clone(connection: Connection, reference: str, name: str, *, by: str, now: datetime) -> KnownMap:
    """Save a copy of a map under a name of its own, which remembers what it is a copy of.

    Raises:
        SettingsError: there is no such map, or the name is taken.
    """
    known = find(connection, reference)
    _free(connection, name)
    text = write_document(msgspec.structs.replace(known.document, name=name))
    return save(connection, text, by=by, now=now, parent=known.reference)


def create(
    connection: Connection, name: str, *, source: str, target: str, by: str, now: datetime
) -> KnownMap:
    """Save a new map of two models that has only the rows that its target model requires.

    Raises:
        MapInvalid: there are no such models, or they don't go together.
        SettingsError: the name is taken.
    """
    _free(connection, name)
    begun = Document(name=name, source=source, target=target)
    model = next(
        (
            known
            for known in map(_default, defaults.FILES)
            if (known.source, known.target) == (source, target)
        ),
        None,
    )
    rows = tuple(row for row in model.rows if row.required) if model else ()
    return save(connection, write_document(msgspec.structs.replace(begun, rows=rows)), by=by, now=now)


def take_in(connection: Connection, name: str, *, prefer: Prefer = Prefer.MINE) -> tuple[Merged, str]:
    """Merge what changed in a map's parent since it was cloned: the merged map, and the parent's reference.

    Nothing is saved.

    Raises:
        SettingsError: there is no such map, or it is a copy of none.
    """
    mine = find(connection, name)
    if mine.parent is None:
        raise SettingsError(
            f"Could not merge {name}", why="it is a copy of no other map", fix="Only clones can be merged."
        )
    base = find(connection, mine.parent)
    theirs = find(connection, base.name)
    return merge(base.document, mine.document, theirs.document, prefer=prefer), theirs.reference


def _default(name_and_version: tuple[str, int]) -> Document:
    return read_document(defaults.text(*name_and_version) or "")


def _free(connection: Connection, name: str) -> None:
    if defaults.newest(name) is not None or store.newest(connection, name) is not None:
        raise SettingsError(
            f"Could not make the map {name}", why="there is one of that name", fix="Choose another name."
        )


def _saved(connection: Connection, row: SavedMap) -> KnownMap:
    parent = f"{row.parent_name}@{row.parent_version}" if row.parent_name else None
    return KnownMap(
        name=row.name,
        version=row.version,
        built_in=False,
        parent=parent,
        outdated=_newest(connection, row.parent_name) > (row.parent_version or 0),
        created_at=row.created_at,
        text=row.text,
    )


def _newest(connection: Connection, name: str | None) -> int:
    """Give the newest version of a map; 0: there is none."""
    if name is None:
        return 0
    saved = store.newest(connection, name)
    return defaults.newest(name) or (saved.version if saved else 0)


def _parted(reference: str) -> tuple[str, int | None]:
    name, at, version = reference.rpartition("@")
    if not at:
        return reference, None
    if not version.isascii() or not version.isdecimal() or len(version) > 9:
        raise SettingsError(
            f"{reference!r} is no map", why="behind @ stands no version", fix='Write a name, or "name@1".'
        )
    return name, int(version)


def _unknown(connection: Connection, reference: str) -> SettingsError:
    names = [each.reference for each in listed(connection)]
    near = difflib.get_close_matches(reference, names, n=3, cutoff=0.0)
    return SettingsError(
        f"There is no map {reference}",
        why="neither has Reedbed one of that name and version, nor was one saved",
        fix=f"Write {', '.join(near)}; reedbed map list has all.",
    )
