"""Binding what answers over HTTP to an address of the settings."""

import ssl

from aiohttp import web

from reedbed.errors import SettingsError


def host_and_port(address: str) -> tuple[str, int]:
    """Read `host:port`.

    Raises:
        SettingsError: it is not that.
    """
    host, colon, port = address.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise SettingsError(
            f"{address!r} is no address to listen on", why="it is not host:port", fix="Write 127.0.0.1:9464."
        )
    return host.removeprefix("[").removesuffix("]"), int(port)


async def bind(
    runner: web.AppRunner, address: str, *, setting: str, tls: ssl.SSLContext | None = None
) -> str:
    """Let a runner that is set up answer at an address; give the URL, with the port that it got.

    Raises:
        SettingsError: the address is not one, or is taken.
    """
    host, port = host_and_port(address)
    try:
        await web.TCPSite(runner, host, port, ssl_context=tls).start()
    except OSError as error:
        raise SettingsError(
            f"Could not listen on {host}:{port}",
            why=error.strerror or str(error),
            fix=f"Set {setting} to a free address, or to nothing.",
        ) from error
    bound = runner.addresses[0]
    shown = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
    return f"{'https' if tls else 'http'}://{shown}:{bound[1]}"
