"""`reedbed intel once|run|plan`: carrying the flow out."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from reedbed.cli import show
from reedbed.cli.exit import Exit
from reedbed.cli.options import AsJson, Common
from reedbed.errors import SettingsError

if TYPE_CHECKING:
    from reedbed.intel.preview import Preview
    from reedbed.wiring.parts import Parts
    from reedbed.worker.run import Ran

FLAG = Parameter(negative="")


async def once(
    *platform: str,
    full: Annotated[bool, FLAG] = False,
    json: AsJson = False,
    common: Common | None = None,
) -> int:
    """Read the feeds, bring Xray to what they say, and stop.

    Parameters
    ----------
    platform
        The platforms to bring up to date; none named: all.
    full
        Look at every package again, not only at what changed since the last run.
    json
        Print the runs as one JSON value.
    """
    from reedbed.wiring.jobs import feed_jobs, platform_jobs
    from reedbed.wiring.parts import opened
    from reedbed.worker.claim import process_name
    from reedbed.worker.run import Runner, run_once

    settings = (common or Common()).load()
    async with opened(settings, owner=process_name("once")) as parts:
        names = await _names(parts, platform)
        with show.progress() as progress:
            jobs = [*feed_jobs(parts, progress=progress), *platform_jobs(parts, names, full=full)]
            ran = await run_once(jobs, Runner(parts.db, owner=parts.owner, metrics=parts.metrics))
        held = await _held(parts, names)
    _report(ran, held, as_json=json)
    return _exit_code(ran, held)


async def run(*, common: Common | None = None) -> int:
    """Read the feeds and bring Xray to what they say on a schedule, as a daemon."""
    from reedbed.wiring.parts import opened
    from reedbed.worker.claim import process_name
    from reedbed.worker.serve import serve

    settings = (common or Common()).load()
    async with opened(settings, owner=process_name(settings.worker.id)) as parts:
        await serve(parts)
    return Exit.DONE


async def plan(
    *platform: str,
    full: Annotated[bool, FLAG] = False,
    unread: Annotated[bool, FLAG] = False,
    limit: int = 1000,
    json: AsJson = False,
    common: Common | None = None,
) -> int:
    """Show what a run would change, without changing anything in JFrog or in the outbox.

    Parameters
    ----------
    platform
        The platforms to plan for; none named: all.
    full
        Plan for every package, not only for what changed since the last run.
    unread
        Do not read the feeds first.
    limit
        Changes to show of each platform.
    json
        Print one JSON value.
    """
    from reedbed.intel.preview import preview
    from reedbed.jobs import now_utc
    from reedbed.wiring.jobs import feed_jobs
    from reedbed.wiring.lines import line_to, target
    from reedbed.wiring.parts import opened
    from reedbed.worker.claim import process_name
    from reedbed.worker.run import Runner, run_once

    settings = (common or Common()).load()
    async with opened(settings, owner=process_name("plan")) as parts:
        names = await _names(parts, platform)
        if not unread:
            with show.progress() as progress:
                jobs = feed_jobs(parts, progress=progress)
                read = await run_once(jobs, Runner(parts.db, owner=parts.owner, metrics=parts.metrics))
            _warn(read)
        previews = []
        for name in names:
            async with line_to(parts, name) as jfrog:
                at = target(jfrog, parts.terms)
                previews.append(
                    await preview(parts.db, at, parts.terms, now=now_utc(), full=full, limit=limit)
                )
    if json:
        show.json(previews)
    else:
        for each in previews:
            _draw(each)
    return Exit.HELD if any(each.held for each in previews) else Exit.DONE


async def cancel(run: str, *, common: Common | None = None) -> int:
    """Ask a running run to stop at its next step.

    Parameters
    ----------
    run
        The run's id: see `reedbed intel runs`.
    """
    from reedbed.store import runs
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        if not await parts.db.write(runs.request_cancel, run):
            raise SettingsError(
                f"{run} was not cancelled",
                why="no run of that id is running.",
                fix="Look at `reedbed intel runs`.",
            )
    show.err.print("It stops at its next step.")
    return Exit.DONE


async def _names(parts: "Parts", wanted: Sequence[str]) -> list[str]:
    """Give the platforms to work on.

    Raises:
        SettingsError: one of them is not stored, or none is.
    """
    from reedbed.store import platforms

    for name in wanted:
        if not (await parts.db.read(platforms.get, name)).shielded:
            raise SettingsError(
                f"{name} was left alone",
                why="it was stored to be read through a connection, not to be written to.",
                fix=f"If it is to be shielded too: reedbed platform shield {name}",
            )
    names = list(wanted) or [each.name for each in await parts.db.read(platforms.shielded)]
    if not names:
        raise SettingsError(
            "There is no platform to bring up to date",
            why="none was added yet.",
            fix="Add one: reedbed platform add NAME URL.",
        )
    return names


async def _held(parts: "Parts", names: Sequence[str]) -> int:
    from reedbed.store import outbox

    depths = await parts.db.read(outbox.depths)
    return sum(depth.held for name, depth in depths.items() if name in names)


def _report(ran: "Sequence[Ran]", held: int, *, as_json: bool) -> None:
    if as_json:
        show.json({"runs": ran, "held": held})
        return
    for each in ran:
        counts = ", ".join(f"{number} {word}" for word, number in each.counts.items() if number)
        show.line(f"{each.job}: {each.outcome}" + (f": {counts}" if counts else ""))
        if each.fault:
            show.err.print(f"  {show.safe(each.fault.what)}\n    why: {show.safe(each.fault.why)}")
            show.err.print(f"    fix: {show.safe(each.fault.fix)}")
    if held:
        show.line(f"Waiting for a person: {show.many(held, 'change')}; see `reedbed intel held`")


def _warn(ran: "Sequence[Ran]") -> None:
    for each in ran:
        if each.fault:
            show.err.print(f"{each.job}: {show.safe(each.fault.what)}: {show.safe(each.fault.why)}")


def _exit_code(ran: "Sequence[Ran]", held: int) -> Exit:
    if any(each.fault for each in ran):
        return Exit.FAILED
    if any(each.counts.get("failed") for each in ran):
        return Exit.PARTLY
    return Exit.HELD if held else Exit.DONE


def _draw(preview: "Preview") -> None:
    blocks, unblocks = preview.tally.blocks, preview.tally.unblocks
    what = f"{show.many(blocks, 'package')} to block or change, {unblocks} to free"
    show.line(f"[bold]{preview.platform}[/]: {what}")
    rows = [
        (
            change.action,
            change.package,
            " ".join(change.vulnerable_versions),
            ", ".join(change.sources),
            ", ".join(change.held),
        )
        for change in preview.changes
    ]
    if rows:
        show.table(["change", "package", "versions", "said by", "waits for a person"], rows)
    if preview.more:
        show.line(f"and {preview.more} more: see --limit")
    if preview.left_out:
        aside = show.many(preview.left_out, "flagged package")
        show.line(f"{aside} left out: neither recent nor in Artifactory; see `reedbed intel backfill`")
