"""`reedbed connection add`: a platform's inventory, to be read with a token of its own or the platform's."""

from typing import TYPE_CHECKING, Annotated

import msgspec
from cyclopts import Parameter

from reedbed.cli import show
from reedbed.cli.checks import show_checks
from reedbed.cli.exit import Exit
from reedbed.cli.options import AsJson, Common
from reedbed.cli.platform import read_token
from reedbed.errors import SettingsError
from reedbed.model.inventory import Stream

if TYPE_CHECKING:
    from reedbed.model.platform import Platform
    from reedbed.wiring.parts import Parts

FLAG = Parameter(negative="")
STREAMS = Parameter(name="--stream", negative="")


async def add(
    name: str,
    platform: str,
    *,
    description: str = "",
    stream: Annotated[tuple[Stream, ...], STREAMS] = (),
    own_token: Annotated[bool, FLAG] = False,
    ca_file: str | None = None,
    proxy: str | None = None,
    timeout_s: float = 30.0,
    allow_plain_http: Annotated[bool, FLAG] = False,
    no_test: Annotated[bool, FLAG] = False,
    json: AsJson = False,
    common: Common | None = None,
) -> int:
    """Store a connection to a platform, and test it.

    Parameters
    ----------
    name
        Your name for it: a-z, 0-9 and -.
    platform
        A stored platform's name; or an address, in any form that a browser shows.
    description
        What it is for, which environment it is, who looks after it.
    stream
        What is read, again and again; default: repositories, docker-images, vulnerabilities.
    own_token
        Read a token for this connection alone, though the platform has one.
    ca_file
        PEM file of a private certificate authority, with an address.
    proxy
        HTTP proxy to reach an address by.
    timeout_s
        Seconds after which one request is given up, with an address.
    allow_plain_http
        Allow http://, to this machine itself only.
    no_test
        Store it as a draft, untested.
    json
        Print the connection and its checks as one JSON value.
    """
    from reedbed.inventory.connection.connections import New
    from reedbed.inventory.connection.scope import DEFAULT_STREAMS, Scope, with_needed
    from reedbed.jfrog.address import platform_url
    from reedbed.model.platform import Platform
    from reedbed.wiring.parts import opened

    settings = (common or Common()).load()
    try:
        at = None
        if _is_address(platform):
            at = Platform(
                name=name,
                url=platform_url(platform, plain_http_to_loopback=allow_plain_http),
                ca_file=ca_file,
                proxy=proxy,
                timeout_s=timeout_s,
                shielded=False,  # it is to be read; nobody asked for it to be written to
            )
        async with opened(settings) as parts:
            to = await _same(parts, at) if at else await _stored(parts, platform)
            token = read_token() if own_token or at else None
            scope = Scope(streams=with_needed(stream or DEFAULT_STREAMS))
            new = New(name=name, platform=to, description=description, scope=scope, token=token)
            tested = await parts.connections.add(new, test=not no_test)
    except ValueError as error:
        raise SettingsError(
            "Could not add the connection", why=str(error), fix="Change the argument."
        ) from error
    if json:
        show.json(msgspec.structs.asdict(tested))
    else:
        show_checks(tested.checks)
    if tested.passed:
        show.err.print(f"{name} is stored and enabled.")
        return Exit.DONE
    show.err.print(
        f"{name} is stored as a draft: it can't be enabled, scheduled or run before the five checks pass."
    )
    return Exit.DONE if no_test else Exit.FAILED


def _is_address(text: str) -> bool:
    """Tell an address from a platform's name, which has neither dot nor colon nor slash."""
    return any(character in text for character in ".:/")


async def _stored(parts: "Parts", name: str) -> "Platform":
    from reedbed.store import platforms

    return await parts.db.read(platforms.get, name)


async def _same(parts: "Parts", at: "Platform") -> "Platform":
    """Give the stored platform that has this address, if one has: a platform is stored once."""
    from reedbed.store import platforms

    known = await parts.db.read(platforms.list_all)
    return next((each for each in known if each.url == at.url), at)
