"""`reedbed intel hunt|findings|quarantine`: who already has what is flagged, and what to do about it."""

import getpass
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from reedbed.cli import show
from reedbed.cli.exit import Exit
from reedbed.cli.options import AsJson, Common
from reedbed.errors import ReedbedError, SettingsError

if TYPE_CHECKING:
    from reedbed.intel.hunt import Hunted
    from reedbed.intel.quarantine import Step
    from reedbed.store.findings import Finding
    from reedbed.wiring.parts import Parts

FLAG = Parameter(negative="")
LINES = 1_000
"""Findings that a hunt shows at most, of each platform."""


async def hunt(
    *platform: str,
    xray: bool = True,
    json: AsJson = False,
    common: Common | None = None,
) -> int:
    """Look for flagged releases that Artifactory has, and that Xray has seen inside other artifacts.

    Parameters
    ----------
    platform
        The platforms; none named: all.
    xray
        Ask Xray too. Where it can't be asked, the hunt is not complete, unless this is off.
    json
        Print one JSON value.
    """
    from reedbed.store import findings, platforms
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        names = platform or tuple(each.name for each in await parts.db.read(platforms.shielded))
        if not names:
            raise SettingsError(
                "There is nowhere to hunt", why="no platform is stored.", fix="Run: reedbed platform add"
            )
        hunts, failures = await _hunt(parts, names, ask_xray=xray)
        found = [each for name in names for each in await parts.db.read(findings.page, name, limit=LINES)]
    if json:
        show.json({"hunts": hunts, "findings": found})
    else:
        _draw(found)
        for each in hunts:
            _tell(each)
        if len(found) >= LINES:
            show.err.print("There may be more: reedbed intel findings lists all, page by page.")
    for name, error in failures.items():
        show.err.print(f"[red]{name}: {show.safe(error)}[/]\n  fix: {show.safe(error.fix)}")
    if failures:
        return Exit.FAILED
    if any(each.status == "open" for each in found):
        return Exit.FOUND
    complete = all(each.complete or (not xray and not each.not_known_count) for each in hunts)
    return Exit.DONE if complete else Exit.NOT_PROVED


async def _hunt(
    parts: "Parts", names: Sequence[str], *, ask_xray: bool
) -> "tuple[list[Hunted], dict[str, ReedbedError]]":
    """Hunt on one platform after another; where one fails, the others are hunted all the same."""
    from reedbed.intel import hunt as flow
    from reedbed.jobs import now_utc
    from reedbed.store import platforms
    from reedbed.wiring.lines import line_to

    hunts: list[Hunted] = []
    failures: dict[str, ReedbedError] = {}
    terms = parts.terms
    for name in names:
        await parts.db.read(platforms.get, name)  # a name that is misspelled is no failing platform
    for name in names:
        try:
            async with line_to(parts, name) as jfrog:
                hunts.append(
                    await flow.hunt(
                        jfrog,
                        parts.db,
                        admission=terms.admission,
                        relevance=terms.relevance,
                        ask_xray=ask_xray,
                        now=now_utc,
                    )
                )
        except ReedbedError as error:
            failures[name] = error
    return hunts, failures


def _tell(hunted: "Hunted") -> None:
    show.line(
        f"{hunted.platform}: looked for {show.many(hunted.packages, 'flagged package')}; "
        f"{show.many(hunted.sightings, 'sighting')}, {hunted.gone} gone, {hunted.cleared} cleared."
    )
    if hunted.xray:
        show.err.print(
            f"[yellow]{hunted.platform}: Xray was not asked what is inside archives and images:[/] "
            f"{show.safe(hunted.xray)}"
        )
    if hunted.xray_left_out:
        show.err.print(
            f"[yellow]{hunted.platform}: Xray was not asked about "
            f"{show.many(hunted.xray_left_out, 'flagged package')} that are not relevant;[/] "
            "--set intel.window_days=0 asks about all"
        )
    if hunted.now_relevant:
        show.line(
            f"{hunted.platform}: relevant from now on, for Artifactory has it: "
            f"{show.many(hunted.now_relevant, 'package')}. The next run pushes what is not pushed yet."
        )
    for reason in hunted.not_known:
        show.err.print(f"[yellow]{hunted.platform}: not known:[/] {show.safe(reason)}")
    if (more := hunted.not_known_count - len(hunted.not_known)) > 0:
        show.err.print(f"{hunted.platform}: and {more} more that are not known")


def _draw(found: "Sequence[Finding]") -> None:
    rows = [
        (
            each.id,
            f"{each.package}@{each.version or '?'}",
            "yes" if each.condemned else "not known",
            f"{each.repository}/{each.path}" if each.repository else each.path,
            each.downloads,
            each.last_downloaded_at,
            f"{each.status}, quarantine not finished" if each.broken_off else each.status,
        )
        for each in found
    ]
    if rows:
        show.table(["finding", "release", "meant", "where", "downloads", "last", "status"], rows)


async def findings(
    platform: str | None = None,
    *,
    closed: Annotated[bool, FLAG] = False,
    after: str = "",
    limit: int = 100,
    json: AsJson = False,
    common: Common | None = None,
) -> int:
    """List what hunts have found, without hunting.

    Parameters
    ----------
    platform
        Only on this platform.
    closed
        List those that are gone or cleared too.
    after
        Go on after this finding.
    limit
        Findings to list.
    json
        Print one JSON value.
    """
    from reedbed.store import findings as table
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        found = await parts.db.read(table.page, platform, closed=closed, after=after, limit=limit)
    if json:
        show.json(found)
    else:
        _draw(found)
        if found and len(found) >= limit:
            show.err.print(f"There may be more; go on with --after {found[-1].id}")
    return Exit.FOUND if any(each.status == "open" for each in found) else Exit.DONE


async def quarantine(
    platform: str,
    *finding: str,
    reason: str = "",
    into: str | None = None,
    undo: Annotated[bool, FLAG] = False,
    apply: Annotated[bool, FLAG] = False,
    by: str = "",
    json: AsJson = False,
    common: Common | None = None,
) -> int:
    """Show how findings would be put into quarantine; with --apply do it; with --undo end it.

    Parameters
    ----------
    platform
        The platform.
    finding
        Findings, as `hunt` lists them.
    reason
        Why, in a few words: it becomes the property reedbed.quarantine.
    into
        Also move the files into this local repository, which nobody should read from.
    undo
        Move files back and take the property off.
    apply
        Do it.
    by
        Who decides, for the audit log; default: who is signed in to this machine.
    json
        Print the steps as one JSON value.
    """
    from reedbed.wiring.parts import opened

    if not finding:
        raise SettingsError("Nothing was changed", why="no finding is named.", fix="Name some of `hunt`.")
    async with opened((common or Common()).load()) as parts:
        steps = await _steps(
            parts,
            platform,
            finding,
            reason=reason,
            into=into,
            undo=undo,
            who=by or getpass.getuser(),
            go=apply,
        )
    if json:
        show.json([{"finding": each.finding.id, "does": str(each), "done": apply} for each in steps])
        return Exit.DONE
    if not steps:
        show.err.print("Nothing to do: that is so already.")
        return Exit.DONE
    for each in steps:
        show.line(f"{'did' if apply else 'would'}: {show.safe(each)}")
    if not apply:
        show.err.print("Say --apply to do that.")
    return Exit.DONE


async def _steps(
    parts: "Parts",
    platform: str,
    ids: tuple[str, ...],
    *,
    reason: str,
    into: str | None,
    undo: bool,
    who: str,
    go: bool,
) -> "list[Step]":
    from reedbed.intel import quarantine as flow
    from reedbed.jobs import now_utc
    from reedbed.wiring.lines import line_to

    async with line_to(parts, platform) as jfrog:
        if undo:
            steps = await flow.undoing(parts.db, platform, ids)
        else:
            steps = await flow.planned(jfrog, parts.db, ids, reason=reason, into=into)
        for step in steps if go else ():
            await flow.carry_out(jfrog, parts.db, step, who=who, now=now_utc())
    return steps
