"""`reedbed map test|preview|replay`: whether a map is right, and what it makes of what was landed."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

from reedbed.cli import show
from reedbed.cli.exit import Exit
from reedbed.cli.maps.given import faults_shown, read, text_of
from reedbed.cli.options import AsJson, Common

if TYPE_CHECKING:
    from reedbed.inventory.transform.preview import Preview

SHOWN = 200
"""Differences that a table shows; `--json` has all."""


def try_out(*file: Path, json: AsJson = False) -> int:
    """Check maps in files and run the tests that they carry. Needs no database.

    Parameters
    ----------
    file
        Maps, as `reedbed map export` writes them.
    json
        Print one JSON object a map, a line each.
    """
    from reedbed.inventory.transform import compile_map
    from reedbed.inventory.transform.cases import run_tests

    failed = False
    for each in file:
        with faults_shown():
            transform = compile_map(read(each))
        results = run_tests(transform)
        passed = sum(result.passed for result in results)
        failed |= passed < len(results)
        if json:
            show.json({"file": str(each), "map": transform.document.name, "tests": results})
            continue
        rows, tests = show.many(len(transform.document.rows), "row"), show.many(len(results), "test")
        show.line(
            f"{show.safe(each)}: {show.safe(transform.document.name)}, {rows}, {tests}, {passed} passed"
        )
        for result in results:
            if result.unreadable:
                show.line(f"  {show.safe(result.name)}: its record is none: {show.safe(result.unreadable)}")
            for one in result.different:
                show.line(
                    f"  {show.safe(result.name)}: {show.safe(one.target)} is {show.safe(repr(one.made))}, "
                    f"and should be {show.safe(repr(one.expected))}"
                )
    return Exit.FAILED if failed else Exit.DONE


async def preview(
    reference: str,
    connection: str,
    /,
    *,
    against: str | None = None,
    named: str = "",
    limit: int = 20,
    json: AsJson = False,
    common: Common | None = None,
) -> int:
    """Show what a map makes of landed records, beside what another makes of them. Changes nothing.

    Parameters
    ----------
    reference
        A map's name, name@version, or a file.
    connection
        Whose landed records.
    against
        The map before: values that differ are listed. By default all that the map makes is.
    named
        Only records whose name begins so: docker-local/team/
    limit
        Records to take, the first by name.
    json
        Print one JSON value.
    """
    from reedbed.inventory.transform import compile_map, landed_records
    from reedbed.inventory.transform.preview import preview as tried
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        with faults_shown():
            after = compile_map(await text_of(parts, reference))
            before = compile_map(await text_of(parts, against)) if against else None
        records = await parts.db.read(
            landed_records.sample, connection, after.source.name, named=named, limit=limit
        )
    result = tried(after, records, before=before)
    if json:
        show.json(result)
    else:
        _show(result, compared=before is not None)
    return Exit.DONE


async def replay(connection: str, *, json: AsJson = False, common: Common | None = None) -> int:
    """Write anew what a connection's maps make of all it has landed, without asking JFrog.

    Parameters
    ----------
    connection
        Its name.
    json
        Print one JSON value.
    """
    from reedbed.inventory.run.replay import replay as replayed
    from reedbed.wiring.parts import opened

    def told(records: int) -> None:
        if show.err.is_terminal:
            show.err.print(show.many(records, "record"), end="\r")

    began = time.monotonic()
    async with opened((common or Common()).load()) as parts:
        with faults_shown():
            done = await replayed(parts.db, connection, told=lambda so_far: told(so_far.records))
    if json:
        show.json(done)
        return Exit.DONE
    changed = ", ".join(
        show.many(number, word)
        for number, word in ((done.assets, "asset"), (done.findings, "finding"), (done.texts, "text"))
    )
    show.line(f"{changed} changed, of {show.many(done.records, 'landed record')}.")
    rate = done.records / max(time.monotonic() - began, 0.001)
    show.err.print(f"{rate:.0f} records a second")
    return Exit.DONE


def _show(result: "Preview", *, compared: bool) -> None:
    if compared:
        rows = [(d.native, d.finding, d.target, _cell(d.before), _cell(d.after)) for d in result.differences]
        if rows:
            show.table(["record", "finding", "target", "before", "after"], rows[:SHOWN])
        changed = show.many(len(rows), "value")
        show.line(f"{changed} of {show.many(result.records, 'record')} would change.")
    else:
        for native, mapped in result.made:
            show.line(f"[bold]{show.safe(native)}[/]")
            for values in (mapped.asset, *mapped.findings):
                show.table(["target", "value"], [(target, _cell(value)) for target, value in values.items()])
    for target, times in result.empty.items():
        show.line(f"[red]{show.safe(target)}[/] is required, and empty {show.many(times, 'time')}")
    for tally in result.problems:
        first, failed = tally.problem, show.many(tally.times, "time")
        show.line(f"row {first.row} ({show.safe(first.target)}) failed {failed}: {show.safe(first.what)}")
    if result.unread:
        show.line(f"No row reads: {show.safe(', '.join(result.unread))}")


def _cell(value: object) -> str:
    text = value if isinstance(value, str) else "" if value is None else repr(value)
    return text if len(text) <= 120 else f"{text[:119]}…"
