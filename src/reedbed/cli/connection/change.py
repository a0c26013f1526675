"""`reedbed connection edit|rotate|remove|enable|pause|resume`: changing what is stored."""

import getpass
from typing import Annotated

import msgspec
from cyclopts import Parameter

from reedbed.cli import show
from reedbed.cli.checks import show_checks
from reedbed.cli.exit import Exit
from reedbed.cli.options import AsJson, Common
from reedbed.cli.platform import read_token
from reedbed.errors import SettingsError
from reedbed.model.inventory import Stream

FLAG = Parameter(negative="")
STREAMS = Parameter(name="--stream", negative="")
MAPS = Parameter(name="--map", negative="")


async def edit(
    name: str,
    *,
    description: str | None = None,
    platform: str | None = None,
    stream: Annotated[tuple[Stream, ...], STREAMS] = (),
    map: Annotated[tuple[str, ...], MAPS] = (),  # noqa: A002 - the option's name
    hold_share: float | None = None,
    refresh_h: float | None = None,
    by: str = "",
    common: Common | None = None,
) -> int:
    """Change what a connection is for, what it reads and by which transform maps.

    Parameters
    ----------
    name
        The connection.
    description
        What it is for.
    platform
        Another stored platform.
    stream
        What is read instead, again and again.
    map
        A transform map's version for a stream, as `docker-images=My Map@2`; may be repeated.
    hold_share
        The share of the open findings that may close at once; more waits for a person.
    refresh_h
        Hours after which every current image is read again.
    by
        Who decides, for the audit log; default: who is signed in to this machine.
    """
    from reedbed.inventory.connection.connections import scope_of
    from reedbed.inventory.connection.scope import with_needed
    from reedbed.inventory.run.starting import shapes
    from reedbed.store import platforms
    from reedbed.store.inventory import connections
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        scope = scope_of(await parts.db.read(connections.get, name))
        scope = msgspec.structs.replace(
            scope,
            streams=with_needed(stream) if stream else scope.streams,
            maps=scope.maps | dict(map_of(text) for text in map),
            hold_share=scope.hold_share if hold_share is None else hold_share,
            refresh_h=scope.refresh_h if refresh_h is None else refresh_h,
        )
        await parts.db.read(shapes, scope)  # a map that is not there is said now, not at night
        changed = await parts.connections.edit(
            name,
            who=by or getpass.getuser(),
            description=description,
            platform=await parts.db.read(platforms.get, platform) if platform else None,
            scope=scope,
        )
    if changed.state == "draft":
        show.err.print(f"{name} is changed, and a draft: test it, then enable it.")
    else:
        show.err.print(f"{name} is changed; the next run goes by it.")
    return Exit.DONE


def map_of(text: str) -> tuple[Stream, str]:
    """Read `stream=map@version`.

    Raises:
        SettingsError: it is not of that form, or there is no such stream.
    """
    stream, equals, reference = text.partition("=")
    try:
        if equals and reference:
            return Stream(stream), reference
    except ValueError:
        pass
    raise SettingsError(
        f"--map {text} names no map of a stream",
        why=f"the streams are {', '.join(Stream)}",
        fix='Write --map "docker-images=My Map@2".',
    )


async def rotate(
    name: str,
    *,
    no_test: Annotated[bool, FLAG] = False,
    by: str = "",
    json: AsJson = False,
    common: Common | None = None,
) -> int:
    """Give a connection a new token of its own, after testing it.

    Parameters
    ----------
    name
        The connection.
    no_test
        Take it untested: the connection is a draft then.
    by
        Who decides, for the audit log; default: who is signed in to this machine.
    json
        Print the connection and its checks as one JSON value.
    """
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        who = by or getpass.getuser()
        tested = await parts.connections.rotate(name, read_token(), who=who, test=not no_test)
    if json:
        show.json(msgspec.structs.asdict(tested))
    else:
        show_checks(tested.checks)
    if not tested.passed and not no_test:
        show.err.print("The old token stays. Mend what failed, or replace it anyway with --no-test.")
        return Exit.FAILED
    show.err.print(f"{name} has a new token. Revoke the old one when a run has gone well with it.")
    return Exit.DONE


async def enable(name: str, *, by: str = "", common: Common | None = None) -> int:
    """Let a connection run whose five checks have passed.

    Parameters
    ----------
    name
        The connection.
    by
        Who decides, for the audit log; default: who is signed in to this machine.
    """
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        await parts.connections.enable(name, who=by or getpass.getuser())
    show.err.print(f"{name} is enabled.")
    return Exit.DONE


async def pause(name: str, *, by: str = "", common: Common | None = None) -> int:
    """Begin no scheduled run until the connection is resumed; a live one goes on to its end.

    Parameters
    ----------
    name
        The connection.
    by
        Who decides, for the audit log; default: who is signed in to this machine.
    """
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        await parts.connections.pause(name, who=by or getpass.getuser())
    show.err.print(f"{name} is paused.")
    return Exit.DONE


async def remove(
    name: str, *, yes: Annotated[bool, FLAG] = False, by: str = "", common: Common | None = None
) -> int:
    """Forget a connection, and all that was read through it.

    Parameters
    ----------
    name
        The connection.
    yes
        Do it: its assets, findings and their history go with it.
    by
        Who decides, for the audit log; default: who is signed in to this machine.
    """
    from reedbed.store.inventory import connections
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        known = await parts.db.read(connections.get, name)
        if not yes:
            raise SettingsError(
                f"{name} was not removed",
                why="its assets, its findings and what people said of them would go with it.",
                fix="Say --yes; or pause it, which keeps everything.",
            )
        await parts.connections.remove(name, who=by or getpass.getuser())
    show.err.print(f"{name} is forgotten. The platform {known.platform} stays.")
    return Exit.DONE
