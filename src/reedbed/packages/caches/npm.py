"""npm's cache (cacache), through npm: `npm cache ls` lists its keys, `npm cache rm` drops single ones.

Source: npm's own documentation, npm-cache (`npm help cache`). A key ends in the address of what it holds.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from reedbed.errors import Refused
from reedbed.model.ecosystem import PackageType
from reedbed.model.purl import Purl, purl
from reedbed.packages.caches.entry import Entry, Looked
from reedbed.packages.caches.tools import Ran, folder_of, from_variable, run

TOOL = "npm"
KEYS_A_CALL = 50

_TARBALL = re.compile(r"(?P<name>(?:@[^/]+/)?[^/]+)/-/(?:@[^/]+/)?(?P<file>[^/]+)\.tgz\Z")


async def look(folder: Path | None = None) -> Looked:
    """List the tarballs in npm's cache; without npm on the PATH they are not read, which is said."""
    default = from_variable("npm_config_cache", Path.home() / ".npm")
    folder = folder or await folder_of("npm", "config", "get", "cache", otherwise=default)
    if not (folder / "_cacache").is_dir():
        return Looked(tool=TOOL)
    ran = await run("npm", "cache", "ls", "--cache", str(folder))
    if ran is None or ran.code:
        why = "npm is not on the PATH" if ran is None else f"`npm cache ls` exited with {ran.code}"
        return Looked(tool=TOOL, folder=str(folder), not_read=(f"{folder}: {why}",))
    entries, not_read = [], []
    for key in ran.out.splitlines():
        release = release_of(key)
        if release:
            entries.append(Entry(tool=TOOL, package=release[0], version=release[1], where=key))
        elif ".tgz" in key or "/download/" in key:
            not_read.append(f"{key}: its address does not tell the release")
    return Looked(tool=TOOL, folder=str(folder), entries=tuple(entries), not_read=tuple(not_read))


async def remove(folder: Path, entries: Sequence[Entry]) -> None:
    """Have npm drop entries, and the contents that they name.

    npm stops at a key whose content is gone, as where two keys name one content, or a removal was broken off;
    such a key names nothing any more, and npm's own tidying drops it.

    Raises:
        Refused: npm is gone, or says no.
    """
    keys, hollow = [entry.where for entry in entries], False
    while keys:
        ran = await _told(keys[0], "cache", "rm", "--cache", str(folder), "--", *keys[:KEYS_A_CALL])
        deleted = sum(line.startswith("Deleted:") for line in ran.out.splitlines())
        hollow |= deleted < len(keys[:KEYS_A_CALL])
        keys = keys[min(deleted + 1, KEYS_A_CALL) :]
    if hollow:
        await _told("a key that names nothing", "cache", "verify", "--cache", str(folder))


async def _told(what: str, *arguments: str) -> Ran:
    ran = await run("npm", *arguments)
    if ran is None or ran.code:
        said = ran.err.strip().splitlines() if ran else ["npm is gone"]
        raise Refused(
            f"Could not remove {what} from npm's cache",
            why=(said or ["it exited with an error"])[-1],
            fix="Run `npm cache verify`, then try again.",
        )
    return ran


def release_of(key: str) -> tuple[Purl, str] | None:
    """Read the release of a key: `make-fetch-happen:request-cache:https://…/reed/-/reed-1.0.0.tgz`. Pure."""
    _, found, address = key.partition("http")
    try:
        path = unquote(urlsplit(found + address).path)
        tarball = _TARBALL.search(path)
        prefix = tarball["name"].rpartition("/")[2] + "-" if tarball else ""
        if not tarball or not tarball["file"].startswith(prefix):
            return None
        return purl(PackageType.NPM, tarball["name"]), tarball["file"].removeprefix(prefix)
    except ValueError:
        return None
