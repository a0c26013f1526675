"""Fetching one release with the ecosystem's own client, from one Artifactory repository and nowhere else.

Each child has a home of its own, no setting of this machine, no credential, and runs no script of what it
fetches.
"""

import asyncio
import os
import shutil
import sys
from pathlib import Path

import msgspec

from reedbed.errors import SettingsError
from reedbed.model.ecosystem import PackageType

LONGEST_OUTPUT = 100_000
TIMEOUT_S = 60.0

PROGRAMS = {PackageType.NPM: "npm", PackageType.PYPI: "pip", PackageType.GO: "go"}


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """An Artifactory repository that may be read without signing in."""

    url: str  # of the platform
    repository: str
    ca_file: Path


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """What a client did with one release."""

    command: str  # as a person would type it
    ok: bool
    forbidden: bool  # the registry answered 403
    said: str  # the end of what the client printed, on one line


async def fetch(package_type: PackageType, release: str, source: Source, home: Path) -> Fetched:
    """Fetch `name@version` (for Go with its `v`) into `home`, an empty folder.

    Raises:
        SettingsError: the client is not on this machine.
    """
    match package_type:
        case PackageType.NPM:
            command, settings = _npm(release, source, home)
        case PackageType.PYPI:
            command, settings = _pip(release, source)
        case PackageType.GO:
            command, settings = _go(release, source, home)
        case _:
            raise ValueError(f"no client here fetches {package_type} packages")
    code, output = await _run(command, {**_clean(home), **settings}, home)
    shown = " ".join([PROGRAMS[package_type], *command[1:]]).removeprefix("pip -m ")
    return Fetched(command=shown, ok=code == 0, forbidden="403" in output, said=_end(output))


def _npm(release: str, source: Source, home: Path) -> tuple[list[str], dict[str, str]]:
    settings = {
        "npm_config_registry": f"{source.url}/artifactory/api/npm/{source.repository}/",
        "npm_config_cafile": str(source.ca_file),
        "npm_config_userconfig": str(home / "no-npmrc"),
        "npm_config_globalconfig": str(home / "no-global-npmrc"),
        "npm_config_cache": str(home / "cache"),
        "npm_config_fetch_retries": "0",
        "npm_config_ignore_scripts": "true",
        "npm_config_audit": "false",
        "npm_config_fund": "false",
        "npm_config_update_notifier": "false",
    }
    (home / "package.json").write_text('{"name": "somebody", "version": "1.0.0"}')
    return [_program("npm"), "install", release], settings


def _pip(release: str, source: Source) -> tuple[list[str], dict[str, str]]:
    settings = {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": f"{source.url}/artifactory/api/pypi/{source.repository}/simple",
        "PIP_CERT": str(source.ca_file),
        "PIP_NO_CACHE_DIR": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_RETRIES": "0",
        "PIP_NO_INPUT": "1",
        "PIP_ONLY_BINARY": ":all:",  # a source distribution would run its build
    }
    wanted = release.replace("@", "==")
    return [sys.executable, "-m", "pip", "download", "--no-deps", wanted], settings


def _go(release: str, source: Source, home: Path) -> tuple[list[str], dict[str, str]]:
    settings = {
        "GOPROXY": f"{source.url}/artifactory/api/go/{source.repository}",
        "GONOSUMDB": "*",
        "GONOPROXY": "none",
        "GOFLAGS": "-modcacherw",
        "GOTOOLCHAIN": "local",
        "GOTELEMETRY": "off",
        "GOPATH": str(home / "go"),
        "GOCACHE": str(home / "cache"),
        "SSL_CERT_FILE": str(source.ca_file),
    }
    return [_program("go"), "mod", "download", release], settings


def _clean(home: Path) -> dict[str, str]:
    """Only what a program needs to start: no setting, token or proxy of this machine goes along."""
    beside = str(Path(sys.executable).parent)
    return {
        "PATH": f"{os.environ.get('PATH', os.defpath)}{os.pathsep}{beside}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
    }


def _program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None:
        raise SettingsError(
            f"Could not start {name}", why="it is not on this machine's PATH.", fix=f"Install {name}."
        )
    return found


async def _run(command: list[str], environment: dict[str, str], folder: Path) -> tuple[int, str]:
    child = await asyncio.create_subprocess_exec(
        *command,
        env=environment,
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(child.communicate(), TIMEOUT_S)
    except (TimeoutError, asyncio.CancelledError):
        child.kill()
        await child.wait()
        raise
    return child.returncode or 0, output[-LONGEST_OUTPUT:].decode(errors="replace")


def _end(output: str) -> str:
    """Take the line that says why, else the last one."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if "403" in line]
    return (telling or lines or [""])[0 if telling else -1]
