"""`reedbed map list|show|export|diff`: the maps that there are, and what they have different."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from reedbed.cli import show
from reedbed.cli.exit import Exit
from reedbed.cli.maps.given import text_of
from reedbed.cli.options import AsJson, Common
from reedbed.errors import SettingsError

if TYPE_CHECKING:
    from reedbed.inventory.transform.document import Row
    from reedbed.inventory.transform.known_maps import KnownMap
    from reedbed.wiring.parts import Parts

FLAG = Parameter(negative="")


async def list_all(*, json: AsJson = False, common: Common | None = None) -> int:
    """List the maps, each in its newest version.

    Parameters
    ----------
    json
        Print one JSON value.
    """
    from reedbed.inventory.transform import known_maps
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        found = await parts.db.read(known_maps.listed)
    _list(found, as_json=json)
    return Exit.DONE


def _list(found: "list[KnownMap]", *, as_json: bool) -> None:
    if as_json:
        show.json([_told(each) for each in found])
        return
    rows = [
        (
            each.reference,
            (document := each.document).source,
            document.target,
            len(document.rows),
            "Reedbed" if each.built_in else each.parent,
            each.created_at,
        )
        for each in found
    ]
    show.table(["map", "made of", "makes", "rows", "from", "saved"], rows)
    for each in found:
        if each.outdated:
            command = show.safe(f"reedbed map merge {each.name!r}")
            show.err.print(f"{show.safe(each.parent)} has a newer version: {command}")


def _told(each: "KnownMap") -> dict[str, object]:
    document = each.document
    return {
        "map": each.reference,
        "built_in": each.built_in,
        "parent": each.parent,
        "outdated": each.outdated,
        "created_at": each.created_at,
        "source": document.source,
        "target": document.target,
        "rows": len(document.rows),
    }


async def show_one(
    reference: str,
    /,
    *,
    versions: Annotated[bool, FLAG] = False,
    json: AsJson = False,
    common: Common | None = None,
) -> int:
    """Show a map's rows: what each target path is made of, and why so.

    Parameters
    ----------
    reference
        Its name, for the newest version; or name@version.
    versions
        List its versions instead.
    json
        Print one JSON value.
    """
    from reedbed.inventory.transform import known_maps
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        known = await parts.db.read(known_maps.find, reference)
        of_name = await parts.db.read(known_maps.versions, known.name) if versions else []
    if versions:
        _list(of_name, as_json=json)
    elif json:
        show.json(_told(known) | {"document": known.document})
    else:
        _rows(known)
    return Exit.DONE


def _rows(known: "KnownMap") -> None:
    from reedbed.inventory.transform.diff import made_of

    document = known.document
    show.line(f"[bold]{show.safe(known.reference)}[/]: {document.source} → {document.target}")
    if document.description:
        show.line(show.safe(document.description))
    rows = [
        (number, row.target, made_of(row), _marks(row), row.note)
        for number, row in enumerate(document.rows, 1)
    ]
    show.table(["row", "target", "made of", "", "note"], rows)


def _marks(row: "Row") -> str:
    return " ".join(word for word, holds in (("required", row.required), ("id", row.identifier)) if holds)


async def export(
    reference: str,
    file: Path | None = None,
    /,
    *,
    common: Common | None = None,
) -> int:
    """Write a map as TOML, to a file or to standard output.

    Parameters
    ----------
    reference
        Its name, or name@version.
    file
        The file; one that is there is not written over.
    """
    from reedbed.inventory.transform import known_maps
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        known = await parts.db.read(known_maps.find, reference)
    if file is None:
        show.out.file.write(known.text)
        return Exit.DONE
    try:
        with file.open("x", encoding="utf-8") as written:
            written.write(known.text)
    except OSError as error:
        raise SettingsError(
            f"Could not write {file}", why=str(error), fix="Name a file that is not there yet."
        ) from error
    show.err.print(f"{show.safe(known.reference)} is in {show.safe(file)}")
    return Exit.DONE


async def differences(
    reference: str,
    against: str | None = None,
    /,
    *,
    json: AsJson = False,
    common: Common | None = None,
) -> int:
    """Show which rows of two maps differ. Exits 0 also when some do.

    Parameters
    ----------
    reference
        A map's name, name@version, or a file.
    against
        The map before; by default what the first was cloned from.
    json
        Print one JSON value.
    """
    from reedbed.inventory.transform.diff import diff, made_of
    from reedbed.inventory.transform.document import read_document
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        before = read_document(await text_of(parts, against or await _parent(parts, reference)))
        changes = diff(before, read_document(await text_of(parts, reference)))
    if json:
        show.json(changes)
        return Exit.DONE
    rows = [
        (
            each.target,
            each.how,
            made_of(each.before) if each.before else "",
            made_of(each.after) if each.after else "",
            ", ".join(each.fields),
        )
        for each in changes
    ]
    if rows:
        show.table(["target", "is", "before", "after", "in"], rows)
    else:
        show.err.print("They have the same rows.")
    return Exit.DONE


async def _parent(parts: "Parts", given: str) -> str:
    from reedbed.inventory.transform import known_maps

    known = await parts.db.read(known_maps.find, given)
    if known.parent is None:
        raise SettingsError(
            f"There is nothing to compare {given} with",
            why="it is a copy of no other map.",
            fix="Name the other one: reedbed map diff MAP OTHER.",
        )
    return known.parent
