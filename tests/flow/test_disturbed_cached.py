"""`intel cached --remove`, killed: what is left is still seen, the next one completes it, and the rest stays.

`make test` kills once, `make soak` more often.
"""

import os
import random
import zipfile
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from flow.household import SIGNALS, Household, until
from reedbed.model.ecosystem import PackageType
from reedbed.model.purl import purl
from reedbed.packages.caches.look import look
from reedbed.store.advisories import Stated
from store.statements import NOW, advisory

SEED = 20_261_122
FLAGGED, CLEAN = "1.0.0", "1.1.0"
FILES = 800
"""In each unpacked release, so that taking it out lasts long enough to be disturbed."""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_removal_that_is_killed_is_completed_by_the_next(household: Household) -> None:
    await killed(household, SEED, kills=1)


@pytest.mark.soak
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("seed", range(8))
async def test_removals_killed_at_many_instants_are_completed(household: Household, seed: int) -> None:
    await killed(household, seed, kills=4)


async def killed(household: Household, seed: int, *, kills: int) -> None:
    caches = fill(household.folder)
    clean = {file for cache in caches.values() for file in files_of(cache) if CLEAN in str(file)}
    say(household.folder / "flagged.json")
    named = [word for tool, folder in caches.items() for word in (f"--{tool}", str(folder))]
    command = ("intel", "cached", "--remove", "--list", str(household.folder / "flagged.json"), *named)
    for share in sorted((random.Random(seed).random() for _ in range(kills)), reverse=True):
        await _killed_when_left(household, command, caches, int(share * 2 * FILES))
        await _what_is_left_is_seen(caches)
    finished = await household.run(*command)

    assert finished.code == 0, finished.err
    assert {file for cache in caches.values() for file in files_of(cache)} == clean


async def _killed_when_left(
    household: Household, command: tuple[str, ...], caches: dict[str, Path], many: int
) -> None:
    child = await household.start(*command)
    await until(lambda: child.returncode is not None or len(flagged_files(caches)) <= many)
    if child.returncode is None:
        with suppress(ProcessLookupError):
            os.kill(child.pid, random.Random(many).choice(SIGNALS))
    await household.ended(child)


async def _what_is_left_is_seen(caches: dict[str, Path]) -> None:
    seen = {each.tool for cache in await look(caches) for each in cache.entries if each.version == FLAGGED}
    left = {tool for tool, cache in caches.items() if flagged_files({tool: cache})}
    assert left == seen


# Caches as their clients fill them


def fill(folder: Path) -> dict[str, Path]:
    caches = {tool: folder / f"{tool}-cache" for tool in ("npm", "pip", "uv", "go")}
    for version in (FLAGGED, CLEAN):
        _pip(caches["pip"], version)
        _uv(caches["uv"], version)
        _go(caches["go"], version)
    return caches


def _pip(folder: Path, version: str) -> None:
    place = folder / "http-v2" / version
    place.mkdir(parents=True)
    with zipfile.ZipFile(place / "download.body", "w") as wheel:
        wheel.writestr(f"reed_stem-{version}.dist-info/METADATA", "")
    (place / "download").touch()


def _uv(folder: Path, version: str) -> None:
    archive = folder / "archive-v0" / f"of-{version}"
    _many(archive)
    package = folder / "wheels-v5" / "pypi" / "reed-stem"
    package.mkdir(parents=True, exist_ok=True)
    (package / f"{version}-py3-none-any").symlink_to(archive)
    (package / f"{version}-py3-none-any.http").touch()


def _go(folder: Path, version: str) -> None:
    _many(folder / "example.com" / f"reed@v{version}")
    place = folder / "cache" / "download" / "example.com" / "reed" / "@v"
    place.mkdir(parents=True, exist_ok=True)
    for suffix in ("zip", "ziphash", "info", "mod"):
        (place / f"v{version}.{suffix}").touch()


def _many(folder: Path) -> None:
    folder.mkdir(parents=True)
    for number in range(FILES):
        (folder / f"{number}.txt").touch()


def files_of(folder: Path) -> set[Path]:
    """List files and links; folders that are left empty are nothing."""
    return {
        Path(place, name)
        for place, folders, names in os.walk(folder)
        for name in (*names, *(each for each in folders if Path(place, each).is_symlink()))
    }


def flagged_files(caches: dict[str, Path]) -> set[Path]:
    return {file for cache in caches.values() for file in files_of(cache) if FLAGGED in str(file)}


def say(file: Path) -> None:
    """Write the list of what is flagged, as `intel list --json` does."""
    flagged = (purl(PackageType.PYPI, "reed-stem"), purl(PackageType.GO, "example.com/reed"))
    said = [msgspec.structs.replace(advisory(f"MAL-{p.name}"), package=p, spelling=p.name) for p in flagged]
    stated = [Stated(advisory=a, live=True, revision=1, first_seen_at=NOW, changed_at=NOW) for a in said]
    file.write_bytes(msgspec.json.encode(stated))
