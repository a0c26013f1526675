"""`reedbed intel cached`: what this machine's package caches hold of what is flagged."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from reedbed.cli import show
from reedbed.cli.exit import Exit
from reedbed.cli.options import AsJson, Common

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reedbed.intel.cached import Hit, Removal
    from reedbed.model.ledger import Flagged
    from reedbed.model.purl import Purl
    from reedbed.packages.caches.entry import Looked
    from reedbed.settings import Settings

FLAG = Parameter(negative="")


async def cached(
    *,
    remove: Annotated[bool, FLAG] = False,
    file: Annotated[Path | None, Parameter(name="--list")] = None,
    npm: Path | None = None,
    pip: Path | None = None,
    uv: Path | None = None,
    go: Path | None = None,
    json: AsJson = False,
    common: Common | None = None,
) -> int:
    """List flagged releases in this machine's package caches; with --remove take them out.

    Parameters
    ----------
    remove
        Take out exactly the flagged releases; everything else in the caches stays.
    file
        Go by this list instead of the store: what `reedbed intel list --json` printed elsewhere.
    npm
        npm's cache; default: where npm says.
    pip
        pip's cache; default: where pip says.
    uv
        uv's cache; default: where uv says.
    go
        Go's module cache; default: where go says.
    json
        Print one JSON value.
    """
    from reedbed.intel import cached as flow
    from reedbed.packages.caches import look as caches

    given = {"npm": npm, "pip": pip, "uv": uv, "go": go}
    folders = {tool: folder for tool, folder in given.items() if folder is not None}
    settings = (common or Common()).load()
    looked = await caches.look(folders)
    hits = flow.judge(looked, await _flagged(settings, file, looked))
    done = await flow.remove(looked, hits, folders) if remove and hits else None
    if json:
        show.json({"caches": [_told(cache) for cache in looked], "found": hits, "removal": done})
    else:
        _draw(looked, hits, done)
    if hits and (done is None or done.left):
        return Exit.FOUND
    return Exit.NOT_PROVED if any(cache.not_read for cache in looked) else Exit.DONE


async def _flagged(
    settings: "Settings", file: Path | None, looked: "Sequence[Looked]"
) -> "dict[Purl, Flagged]":
    from reedbed.intel import cached as flow
    from reedbed.wiring.parts import opened, terms

    admission = terms(settings).admission
    if file is not None:
        return flow.read_list(file, admission)
    packages = {entry.package for cache in looked for entry in cache.entries}
    async with opened(settings) as parts:
        return await parts.db.read(flow.flagged_of, packages, admission)


def _told(cache: "Looked") -> dict[str, object]:
    """Shorten a cache: what is in it and is not flagged is nobody's business."""
    return {
        "tool": cache.tool,
        "folder": cache.folder,
        "releases": len(cache.entries),
        "not_read": cache.not_read,
    }


def _draw(looked: "Sequence[Looked]", hits: "Sequence[Hit]", done: "Removal | None") -> None:
    rows = [(c.tool, c.folder or "none here", len(c.entries), len(c.not_read)) for c in looked]
    show.table(["cache of", "folder", "releases", "not read"], rows)
    for hit in hits:
        entry, gone = hit.entry, done is not None and hit in done.removed
        state = "removed" if gone else "flagged" if hit.condemned else "not known whether flagged"
        said_by = ", ".join(f"{source.feed} {source.id}" for source in hit.sources)
        release = show.safe(f"{entry.package}@{entry.version}")
        show.line(f"{state}: [bold]{release}[/] in {entry.tool}: {show.safe(entry.where)}")
        show.line(f"  by {show.safe(said_by)}")
    for cache in looked:
        for reason in cache.not_read:
            show.err.print(f"[yellow]not read[/] ({cache.tool}): {show.safe(reason)}")
    if hits and done is None:
        show.err.print("Take them out with: reedbed intel cached --remove")
