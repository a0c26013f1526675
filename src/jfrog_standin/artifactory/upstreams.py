"""Where this machine's own pip, npm and go fetch from, as they themselves say when asked."""

import asyncio
import os
import sys
from collections.abc import Sequence

TIMEOUT_S = 30.0

_PIP_DEFAULT = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"


class NoUpstream(Exception):
    """The machine has no such tool, or the tool names no registry."""


async def upstream_of(package_type: str) -> str:
    """The base URL, without a slash at its end, of the registry that the machine's own tool is set to.

    Starts the tool once or twice. For PyPI it is the simple index.

    Raises:
        NoUpstream: the tool is missing, slow, or says "off".
    """
    match package_type:
        case "npm":
            url = await _say("npm", "config", "get", "registry")
        case "pypi":
            url = await _pip_index()
        case "go":
            url = _first_proxy(await _say("go", "env", "GOPROXY"))
        case _:
            raise NoUpstream(f"No tool of this machine has a registry for {package_type!r}.")
    if not url.startswith(("https://", "http://")):
        raise NoUpstream(f"The {package_type} settings of this machine name no registry but {url!r}.")
    return url.rstrip("/")


async def _pip_index() -> str:
    if set_by_environment := os.environ.get("PIP_INDEX_URL"):
        return set_by_environment
    try:
        return await _say(sys.executable, "-m", "pip", "config", "get", "global.index-url")
    except NoUpstream:  # pip fails when the key is not set: then its own default holds
        return await _say(sys.executable, "-c", _PIP_DEFAULT)


def _first_proxy(setting: str) -> str:
    proxies = setting.replace("|", ",").split(",")
    return next((proxy for proxy in proxies if proxy not in {"direct", "off", ""}), "off")


async def _say(*command: str) -> str:
    """What a tool prints; its environment is the machine's own.

    It is asked from the root folder: the settings of the project in which a stand-in was started may well
    point back to that stand-in.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, cwd="/"
        )
    except OSError as error:
        raise NoUpstream(f"{command[0]} is not on this machine.") from error
    return await _answer(process, command)


async def _answer(process: asyncio.subprocess.Process, command: Sequence[str]) -> str:
    try:
        printed, _ = await asyncio.wait_for(process.communicate(), TIMEOUT_S)
    except TimeoutError as error:
        process.kill()
        await process.wait()
        raise NoUpstream(f"{command[0]} did not answer within {TIMEOUT_S:g} s.") from error
    text = printed.decode(errors="replace").strip()
    if process.returncode or not text:
        raise NoUpstream(f"{command[0]} names no registry.")
    return text
