"""`reedbed map create|clone|import|edit|merge`: each makes a version; none changes one."""

import asyncio
import getpass
import os
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from reedbed.cli import show
from reedbed.cli.exit import Exit
from reedbed.cli.maps.given import faults_shown, read
from reedbed.cli.options import AsJson, Common
from reedbed.errors import ReedbedError, SettingsError
from reedbed.inventory.transform.merge import Prefer

if TYPE_CHECKING:
    from reedbed.inventory.transform.known_maps import KnownMap
    from reedbed.inventory.transform.merge import Merged

FLAG = Parameter(negative="")


async def create(
    name: str, source: str, target: str, /, *, by: str = "", common: Common | None = None
) -> int:
    """Make a new map that has the rows which its target model requires.

    Parameters
    ----------
    name
        Its name.
    source
        What it is made of: repository, docker-image, docker-image-vulnerability.
    target
        What it makes: repository-asset, container-image-asset, finding.
    by
        Who does it, for the audit log; default: who is signed in to this machine.
    """
    from reedbed.inventory.transform import known_maps
    from reedbed.jobs import now_utc
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        with faults_shown():
            made = await parts.db.write(
                known_maps.create, name, source=source, target=target, by=_who(by), now=now_utc()
            )
    _saved(made)
    return Exit.DONE


async def clone(
    reference: str,
    name: str,
    /,
    *,
    by: str = "",
    common: Common | None = None,
) -> int:
    """Make a copy of a map under a name of its own, to be edited.

    Parameters
    ----------
    reference
        A map's name, or name@version.
    name
        The copy's name.
    by
        Who does it, for the audit log; default: who is signed in to this machine.
    """
    from reedbed.inventory.transform import known_maps
    from reedbed.jobs import now_utc
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        made = await parts.db.write(known_maps.clone, reference, name, by=_who(by), now=now_utc())
    _saved(made)
    return Exit.DONE


async def take(*file: Path, by: str = "", common: Common | None = None) -> int:
    """Save maps from files: each becomes the next version of the map that it names.

    Parameters
    ----------
    file
        Maps, as `reedbed map export` writes them.
    by
        Who does it, for the audit log; default: who is signed in to this machine.
    """
    from reedbed.inventory.transform import known_maps
    from reedbed.jobs import now_utc
    from reedbed.wiring.parts import opened

    texts = [read(each) for each in file]
    async with opened((common or Common()).load()) as parts:
        for text in texts:
            with faults_shown():
                _saved(await parts.db.write(known_maps.save, text, by=_who(by), now=now_utc()))
    return Exit.DONE


async def edit(
    reference: str,
    /,
    *,
    by: str = "",
    common: Common | None = None,
) -> int:
    """Open a map in the editor of $VISUAL or $EDITOR; what it leaves is the next version.

    Parameters
    ----------
    reference
        The name of a map of your own.
    by
        Who does it, for the audit log; default: who is signed in to this machine.
    """
    from reedbed.inventory.transform import known_maps
    from reedbed.jobs import now_utc
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        known = await parts.db.read(known_maps.find, reference)
        if known.built_in:
            raise SettingsError(
                f"Could not edit {known.name}",
                why="it is a map that Reedbed comes with, and those are never changed",
                fix=f"Make a copy first: reedbed map clone {known.name!r} NAME.",
            )
        file = await asyncio.to_thread(_edited, known.text)
        with faults_shown(), _kept(file):
            made = await parts.db.write(known_maps.save, read(file), by=_who(by), now=now_utc())
    _saved(made)
    return Exit.DONE


async def merge(
    reference: str,
    /,
    *,
    prefer: Prefer = Prefer.MINE,
    apply: Annotated[bool, FLAG] = False,
    by: str = "",
    json: AsJson = False,
    common: Common | None = None,
) -> int:
    """Show what a clone would take in of what changed since in the map it came from; with --apply do it.

    Parameters
    ----------
    reference
        The clone's name.
    prefer
        Whose row stands where both have changed one.
    apply
        Save the merged map as the next version.
    by
        Who does it, for the audit log; default: who is signed in to this machine.
    json
        Print one JSON value.
    """
    from reedbed.inventory.transform import known_maps
    from reedbed.inventory.transform.document import write_document
    from reedbed.jobs import now_utc
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        merged, parent = await parts.db.read(known_maps.take_in, reference, prefer=prefer)
        _merged(merged, as_json=json)
        if apply:
            text = write_document(merged.document)
            with faults_shown():
                _saved(await parts.db.write(known_maps.save, text, by=_who(by), now=now_utc(), parent=parent))
    return Exit.DONE


def _merged(merged: "Merged", *, as_json: bool) -> None:
    from reedbed.inventory.transform.diff import made_of

    if as_json:
        show.json({"taken": merged.taken, "conflicts": merged.conflicts})
        return
    rows = [
        (each.target, *(made_of(row) if row else "" for row in (each.base, each.mine, each.theirs)))
        for each in merged.conflicts
    ]
    if rows:
        show.table(["both changed", "it was", "mine", "theirs"], rows)
    for target in merged.taken:
        show.line(f"takes their row of {show.safe(target)}")
    if not rows and not merged.taken:
        show.err.print("There is nothing to take in.")


def _edited(text: str) -> Path:
    """Give a text to the editor; give the file that it leaves."""
    editor = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", prefix="reedbed-map-", suffix=".toml", delete=False
    ) as opened:
        opened.write(text)
    try:
        subprocess.run([*editor, opened.name], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SettingsError(
            "Could not edit the map", why=str(error), fix="Set EDITOR to a program that edits a file."
        ) from error
    return Path(opened.name)


@contextmanager
def _kept(file: Path) -> Iterator[None]:
    """Remove what the editor left when it is saved; else say where it is."""
    try:
        yield
    except ReedbedError:
        show.err.print(f"Nothing is lost: it is in {show.safe(file)}, for reedbed map import.")
        raise
    file.unlink()


def _who(by: str) -> str:
    return by or getpass.getuser()


def _saved(made: "KnownMap") -> None:
    show.err.print(f"{show.safe(made.reference)} is saved.")
