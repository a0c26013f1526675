"""`reedbed export …`: findings and assets as files that other programs read."""

import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

from cyclopts import Parameter

from reedbed.cli import show
from reedbed.cli.exit import Exit
from reedbed.cli.options import Common
from reedbed.errors import SettingsError

if TYPE_CHECKING:
    from reedbed.inventory.exports.stored import Stored
    from reedbed.model.exports import Head

FLAG = Parameter(negative="")
Into = Annotated[Path | None, Parameter(name=("--output", "-o"))]
"""The file; it appears when it is whole, and is readable by you alone."""

Write = Callable[["Stored", "Head"], AsyncIterator[bytes]]


async def csv(
    query: str = "",
    *,
    assets: Annotated[bool, FLAG] = False,
    output: Into = None,
    common: Common | None = None,
) -> int:
    """Write findings, or assets, as CSV that no spreadsheet takes for formulas.

    Parameters
    ----------
    query
        Which; without one all that are open and in scope.
    assets
        Assets instead of findings; the query is then one of assets.
    output
        The file; without it standard output.
    """
    from reedbed.model.exports import Asset, Finding
    from reedbed.sinks import comma_separated

    def write(source: "Stored", _: "Head") -> AsyncIterator[bytes]:
        if assets:
            return comma_separated.write(source.assets(), Asset)
        return comma_separated.write(source.findings(), Finding)

    return await _export(write, query, output, common, assets=assets)


async def jsonl(
    query: str = "",
    *,
    assets: Annotated[bool, FLAG] = False,
    output: Into = None,
    common: Common | None = None,
) -> int:
    """Write all that is known of findings, or assets, as JSON, one a line.

    Parameters
    ----------
    query
        Which; without one all that are open and in scope.
    assets
        Assets instead of findings; the query is then one of assets.
    output
        The file; without it standard output.
    """
    from reedbed.sinks import json_lines

    def write(source: "Stored", _: "Head") -> AsyncIterator[bytes]:
        return json_lines.write(source.assets() if assets else source.findings(texts=True))

    return await _export(write, query, output, common, assets=assets)


async def parquet(
    query: str = "",
    *,
    output: Into,
    assets: Annotated[bool, FLAG] = False,
    common: Common | None = None,
) -> int:
    """Write findings, or assets, as Parquet. Needs reedbed[parquet].

    Parameters
    ----------
    query
        Which; without one all that are open and in scope.
    output
        The file.
    assets
        Assets instead of findings; the query is then one of assets.
    """
    from reedbed.model.exports import Asset, Finding
    from reedbed.sinks import parquet as sink

    def write(source: "Stored", _: "Head") -> AsyncIterator[bytes]:
        return sink.write(source.assets(), Asset) if assets else sink.write(source.findings(), Finding)

    return await _export(write, query, output, common, assets=assets)


async def sarif(query: str = "", *, output: Into = None, common: Common | None = None) -> int:
    """Write findings as a SARIF 2.1.0 log.

    Parameters
    ----------
    query
        Which findings; without one all that are open and in scope.
    output
        The file; without it standard output.
    """
    from reedbed.sinks import sarif as sink

    return await _export(sink.write, query, output, common)


async def cyclonedx(
    query: str = "",
    *,
    vex: Annotated[bool, FLAG] = False,
    output: Into = None,
    common: Common | None = None,
) -> int:
    """Write findings as a CycloneDX 1.6 disclosure report, or as a VEX.

    Parameters
    ----------
    query
        Which findings; without one all that are open and in scope.
    vex
        Say of each what people and statements have judged.
    output
        The file; without it standard output.
    """
    from reedbed.sinks import cyclonedx as sink

    return await _export(lambda source, head: sink.write(source, head, vex=vex), query, output, common)


async def openvex(query: str = "", *, author: str, output: Into = None, common: Common | None = None) -> int:
    """Write what is judged of findings as an OpenVEX 0.2.0 document.

    Parameters
    ----------
    query
        Which findings; without one all that are open and in scope.
    author
        Who says so: an organisation or an address.
    output
        The file; without it standard output.
    """
    from reedbed.sinks import openvex as sink

    return await _export(lambda source, head: sink.write(source, head, author=author), query, output, common)


async def etm(query: str = "", *, output: Into = None, common: Common | None = None) -> int:
    """Write assets with their findings as JSON by the target paths of the transform maps.

    Parameters
    ----------
    query
        Which findings; without one all assets, with what is open and in scope.
    output
        The file; without it standard output.
    """
    from reedbed.sinks import etm as sink

    return await _export(lambda source, _: sink.write(source), query, output, common)


async def _export(
    write: Write, query: str, output: Path | None, common: Common | None, *, assets: bool = False
) -> int:
    from importlib.metadata import version

    from reedbed.inventory.exports.asked import assets_asked, exported
    from reedbed.inventory.exports.stored import Stored
    from reedbed.jobs import now_utc
    from reedbed.model.exports import Head
    from reedbed.store.inventory.exports import present, standing
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        now = now_utc()
        source = Stored(
            parts.db,
            findings=await exported(parts.db, "" if assets else query, now=now, otherwise=standing),
            assets=await assets_asked(parts.db, query if assets else "", now=now, otherwise=present),
            every_asset=not query,
        )
        head = Head(as_of=now.replace(microsecond=0), version=version("reedbed"), query=query)
        await _deliver(write(source, head), output)
    if output:
        show.err.print(f"Written: {show.safe(output)}")
    return Exit.DONE


async def _deliver(chunks: AsyncIterator[bytes], output: Path | None) -> None:
    """Write to a file that appears when it is whole, or to standard output.

    Raises:
        SettingsError: the file can't be written.
    """
    if output is None:
        async for chunk in chunks:
            sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()
        return
    with _whole(output) as file:
        async for chunk in chunks:
            file.write(chunk)


@contextmanager
def _whole(output: Path) -> Iterator[BinaryIO]:
    """Open a file that gets its name, and replaces what has it, at the end; where something fails, never."""
    try:
        handle, name = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name[:50]}.")  # 0600
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
            Path(name).replace(output)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise SettingsError(
            f"Could not write {output}",
            why=error.strerror or str(error),
            fix="Name a file that can be written.",
        ) from error
