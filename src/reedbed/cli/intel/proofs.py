"""`reedbed intel proofs`: in which repositories blocking is proved, and in which not."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from reedbed.cli import show
from reedbed.cli.exit import Exit
from reedbed.cli.options import AsJson, Common
from reedbed.errors import ReedbedError, SettingsError

if TYPE_CHECKING:
    from reedbed.intel.report import Report
    from reedbed.wiring.parts import Parts


async def proofs(
    *platform: str,
    repository: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    json: AsJson = False,
    common: Common | None = None,
) -> int:
    """Say which repositories are proved to block; of the others why not, and what would prove it.

    Parameters
    ----------
    platform
        The platforms; none named: all.
    repository
        Only these repositories; may be repeated.
    json
        Print one JSON value.
    """
    from reedbed.store import platforms
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        names = platform or tuple(each.name for each in await parts.db.read(platforms.shielded))
        if not names:
            raise SettingsError(
                "There is nothing to prove", why="no platform is stored.", fix="Run: reedbed platform add"
            )
        for name in names:
            await parts.db.read(platforms.get, name)  # a name that is misspelled is no platform that is away
        reports = [await _report(parts, name, repository) for name in names]
    if json:
        show.json(reports)
    else:
        _draw(reports)
    return Exit.DONE if all(each.proved for each in reports) else Exit.NOT_PROVED


async def _report(parts: "Parts", name: str, repositories: Sequence[str]) -> "Report":
    """Look at a platform, and tell; where it does not answer, tell by the last look."""
    from reedbed.intel import report as flow
    from reedbed.jobs import now_utc
    from reedbed.wiring.lines import line_to

    away: ReedbedError | None = None
    try:
        async with line_to(parts, name) as jfrog:
            await flow.look(jfrog, parts.db, now=now_utc)
    except ReedbedError as error:
        away = error
    return await parts.db.read(
        flow.report,
        name,
        only=repositories,
        away=away,
        now=now_utc(),
        fresh_for=timedelta(days=parts.settings.intel.proof_days),
    )


def _draw(reports: "Sequence[Report]") -> None:
    rows = [
        (each.platform, line.package_type, line.repository, line.kind, line.state, line.tried_at, line.why)
        for each in reports
        for line in each.repositories
    ]
    if rows:
        show.table(["platform", "type", "repository", "class", "state", "tried", "why not"], rows)
    for each in reports:
        for tally in each.types:
            show.line(f"{each.platform}: {tally.package_type}: {tally.proved} of {tally.repositories} proved")
        _advise(each)


def _advise(report: "Report") -> None:
    """Say what was not to be seen, and which commands prove what is not proved."""
    if report.away:
        last = f"as of {show.moment(report.as_of)}" if report.as_of else "never looked at"
        show.err.print(f"[yellow]{report.platform}: {last}:[/] {show.safe(report.away.what)}")
        show.err.print(f"  why: {show.safe(report.away.why)}\n  fix: {show.safe(report.away.fix)}")
    elif report.unseen or not report.repositories:
        which = ", ".join(report.unseen) or "no repository"
        verb = "does not see" if report.unseen else "sees"
        show.err.print(
            f"{report.platform}: the token's user {verb} {show.safe(which)} of a type that Xray enforces"
        )
    for line in report.repositories:
        if line.command:
            show.line(f"to prove {show.safe(line.repository)}: {show.safe(line.command)}")
