"""`reedbed connection current`: which of the images that are let in count, and what that comes to."""

import getpass
from typing import TYPE_CHECKING, Annotated

import msgspec
from cyclopts import Parameter

from reedbed.cli import show
from reedbed.cli.exit import Exit
from reedbed.cli.options import AsJson, Common
from reedbed.errors import SettingsError

if TYPE_CHECKING:
    from reedbed.inventory.connection.current import Current
    from reedbed.inventory.run.previewing import Counted
    from reedbed.wiring.parts import Parts

FLAG = Parameter(negative="")


async def current(
    name: str,
    *,
    newest_tags: int | None = None,
    tag: Annotated[tuple[str, ...], FLAG] = (),
    not_tag: Annotated[tuple[str, ...], FLAG] = (),
    used_within_days: float | None = None,
    clear: Annotated[bool, FLAG] = False,
    preview: Annotated[bool, FLAG] = False,
    by: str = "",
    json: AsJson = False,
    common: Common | None = None,
) -> int:
    """Say which images count; show first what that comes to.

    Parameters
    ----------
    name
        The connection.
    newest_tags
        Of each image only so many tags, by when they were uploaded.
    tag
        Tags that count: patterns, or re: and a regular expression.
    not_tag
        Tags that don't.
    used_within_days
        Only what was uploaded or downloaded no longer ago.
    clear
        Every tag counts.
    preview
        Only show what it would come to.
    by
        Who decides, for the audit log; default: who is signed in to this machine.
    json
        Print the policy and what it comes to as one JSON value.
    """
    from reedbed.inventory.connection.connections import scope_of
    from reedbed.inventory.connection.current import Current
    from reedbed.store.inventory import connections
    from reedbed.wiring.parts import opened

    try:
        wanted = Current(
            newest_tags=newest_tags, tags=tag, not_tags=not_tag, used_within_days=used_within_days
        )
    except ValueError as error:
        raise SettingsError("Could not count so", why=str(error), fix="Change the argument.") from error
    async with opened((common or Common()).load()) as parts:
        scope = scope_of(await parts.db.read(connections.get, name))
        if not clear and wanted == Current():
            preview, wanted = True, scope.current  # nothing was said: show what is
        counted = await _counted(parts, name, wanted)
        if not preview:
            changed = msgspec.structs.replace(scope, current=wanted)
            await parts.connections.edit(name, who=by or getpass.getuser(), scope=changed)
    _show(wanted, counted, as_json=json)
    if not preview:
        show.err.print(f"{name} goes by that from the next run on. What no current image has closes then.")
    return Exit.DONE


async def _counted(parts: "Parts", name: str, wanted: "Current") -> "Counted":
    from reedbed.inventory.run import previewing
    from reedbed.jobs import now_utc
    from reedbed.wiring.lines import line_of

    async with line_of(parts, name) as jfrog:
        return await previewing.current(jfrog, parts.db, name, wanted, now=now_utc())


def _show(wanted: "Current", counted: "Counted", *, as_json: bool) -> None:
    from reedbed.inventory.connection.current import written

    if as_json:
        show.json({"current": msgspec.to_builtins(wanted), "preview": counted})
        return
    for line in written(wanted) or ["every tag counts"]:
        show.line(show.safe(line))
    rows = [
        (what, share.let_in, share.left_out)
        for what, share in (("images", counted.images), ("tags", counted.tags))
    ]
    show.table(["", "current", "not current"], rows)
    if not counted.listed:
        show.err.print("No run has listed anything yet.")
