"""Asking package clients where their caches are, and deleting files that lie inside one."""

import asyncio
import os
import shutil
import stat
from collections.abc import Sequence
from pathlib import Path

import msgspec

from reedbed.errors import Refused

TIMEOUT_S = 120.0
OURS = ("REEDBED_", "SAFEDEP_")
"""How the names of variables begin that may hold secrets of ours."""


class Ran(msgspec.Struct, frozen=True, kw_only=True):
    code: int
    out: str
    err: str


async def run(program: str, *arguments: str) -> Ran | None:
    """Run a client as the user would, but without secrets of ours; None: it is not on the PATH.

    Raises:
        Refused: it did not end in time.
    """
    found = shutil.which(program)
    if found is None:
        return None
    child = await asyncio.create_subprocess_exec(
        *(found, *arguments),
        env=_environment(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await asyncio.wait_for(child.communicate(), TIMEOUT_S)
    except TimeoutError as error:
        raise Refused(
            f"Could not ask {program} about its cache",
            why=f"`{program} {arguments[0]}` did not end within {TIMEOUT_S:.0f} s",
            fix=f"Run it yourself, and name the cache's folder with --{program}.",
        ) from error
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    return Ran(code=child.returncode or 0, out=out.decode(errors="replace"), err=err.decode(errors="replace"))


def _environment() -> dict[str, str]:
    """Leave our secrets out, and keep clients from asking the network whether they are up to date."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return {**ours, "npm_config_update_notifier": "false", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


async def folder_of(program: str, *arguments: str, otherwise: Path) -> Path:
    """Ask a client for its cache's folder; where it does not say, that is `otherwise`."""
    ran = await run(program, *arguments)
    said = ran.out.strip() if ran and ran.code == 0 else ""
    return Path(said.splitlines()[-1]) if said else otherwise


def from_variable(name: str, otherwise: Path) -> Path:
    value = os.environ.get(name)
    return Path(value) if value else otherwise


def delete(folder: Path, files: Sequence[str]) -> None:
    """Delete files and folders inside a cache's folder, the last first; what is gone already is no fault.

    So a release that is deleted in part is still seen, and a second removal completes it.

    Raises:
        Refused: one lies outside the folder, or can't be deleted.
    """
    inside = folder.resolve()
    for file in map(Path, reversed(files)):
        if inside not in file.parent.resolve().parents and file.parent.resolve() != inside:
            raise _refused(file, f"it lies outside the cache {folder}")
        try:
            _delete(file)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise _refused(file, error.strerror or type(error).__name__) from error


def _delete(file: Path) -> None:
    if file.is_symlink() or not file.is_dir():
        file.unlink()
        return
    for each, _, _ in os.walk(file):  # go makes its folders read-only
        Path(each).chmod(stat.S_IRWXU)
    shutil.rmtree(file)


def _refused(file: Path, why: str) -> Refused:
    return Refused(f"Could not remove {file}", why=why, fix="Run it as the user whose cache this is.")
