"""`reedbed why`: all that is known of one release."""

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from reedbed.cli import show
from reedbed.cli.exit import Exit
from reedbed.cli.options import AsJson, Common
from reedbed.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reedbed.intel.why import Live, There, Why
    from reedbed.model.purl import Purl

FLAG = Parameter(negative="")
MEANT = {True: "yes", False: "no", None: "not known"}


async def why(
    release: str,
    *,
    live: Annotated[bool, FLAG] = False,
    json: AsJson = False,
    common: Common | None = None,
) -> int:
    """Say who flags a release, whether it is meant, what blocks it, who has it, and what to do.

    Parameters
    ----------
    release
        The release or package: npm:axios@1.14.1, or a purl.
    live
        Also ask each platform which policy and watch block it now.
    json
        Print one JSON value.
    """
    from reedbed.intel import why as flow
    from reedbed.jobs import now_utc
    from reedbed.wiring.lines import line_to
    from reedbed.wiring.parts import opened

    package, version = _release(release)
    asked: list[Live] = []
    async with opened((common or Common()).load()) as parts:
        terms = parts.terms
        found = await parts.db.read(
            flow.why,
            package,
            version,
            admission=terms.admission,
            relevance=terms.relevance,
            now=now_utc(),
        )
        for each in found.platforms if live else ():
            async with line_to(parts, each.platform) as jfrog:
                asked.append(await flow.live(jfrog, package))
    if json:
        show.json({"known": found, "live": asked})
    elif found.known or asked:
        _draw(found, asked)
    else:
        show.err.print(f"Nothing is known of {show.safe(package)}.")
    return Exit.DONE if found.known else Exit.FAILED


def _release(text: str) -> "tuple[Purl, str | None]":
    from reedbed.model.purl import parse_purl

    try:
        return parse_purl(text)
    except ValueError as error:
        raise SettingsError(
            f"{text!r} is no release", why=str(error), fix="Write npm:axios@1.14.1."
        ) from error


def _draw(found: "Why", asked: "Sequence[Live]") -> None:
    name = f"{found.package}@{found.version}" if found.version else found.package
    verdict = "flagged" if found.flagged else "not flagged"
    about = f"; is this release meant: {MEANT[found.meant]}" if found.flagged and found.version else ""
    show.line(f"[bold]{show.safe(name)}[/]: {verdict}{about}")
    for said in found.said:
        stops = f"; does not block: {show.safe(said.blocks)}" if said.blocks else ""
        record = show.safe(f"{said.feed} {said.id}")
        show.line(f"  {record} says {said.says} of {show.safe(said.versions)}{stops}")
        show.line(f"    {show.safe(said.summary)} {show.safe(said.url)}".rstrip())
    for free in found.unblocked:
        which = show.safe(free.version or "every version")
        why_free = show.safe(f"{free.made_by}: {free.reason}")
        show.line(f"  [yellow]un-blocked[/] ({which}) until {show.moment(free.until)} by {why_free}")
    for there in found.platforms:
        show.line(f"{there.platform}: {_standing(there)}")
    for each in asked:
        _draw_live(each)
    for finding in found.findings:
        where = "/".join(filter(None, (finding.repository, finding.path)))
        downloads = "" if finding.downloads is None else f", {show.many(finding.downloads, 'download')}"
        show.line(
            f"{finding.platform} has it: {show.safe(where)} ({finding.id}, {finding.status}{downloads})"
        )
    for line in found.advice:
        show.line(f"→ {show.safe(line)}")


def _standing(there: "There") -> str:
    words = "no custom issue"
    if there.issue:
        since, seen = show.moment(there.pushed_at), show.moment(there.seen_at)
        words = f"custom issue {there.issue} since {since}, last seen {seen}"
    if there.left_out:
        words += "; not pushed: not relevant (neither recent nor in Artifactory)"
    if there.waits:
        held = (
            f"for a person: {', '.join(there.held)}" if there.held else show.safe(there.failed or "its run")
        )
        words += f"; {there.waits} waits {'' if there.held else 'for '}{held}"
    return words


def _draw_live(live: "Live") -> None:
    if live.not_known:
        show.line(f"{live.platform} now: not known: {show.safe(live.not_known)}")
        return
    show.line(f"{live.platform} now: {'holds' if live.issue else 'does not hold'} the custom issue")
    for cover in live.covers:
        by = ", ".join(cover.blocked_by) if cover.indexed else ""
        reason = by or ("nothing" if cover.indexed else "nothing: it is not indexed")
        show.line(f"  {show.safe(cover.key)}: blocked by {show.safe(reason)}")
