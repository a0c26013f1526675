"""`reedbed intel unblock|unblocked`: break glass."""

import getpass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from reedbed.cli import show
from reedbed.cli.exit import Exit
from reedbed.cli.intel.look import purl_of
from reedbed.cli.options import AsJson, Common
from reedbed.errors import SettingsError

if TYPE_CHECKING:
    from reedbed.wiring.parts import Parts

FLAG = Parameter(negative="")


async def unblock(
    package: str,
    *,
    lasts: Annotated[str, Parameter(name="--for")] = "24h",
    reason: str = "",
    end: Annotated[bool, FLAG] = False,
    by: str = "",
    json: AsJson = False,
    common: Common | None = None,
) -> int:
    """Free a flagged package, or one version of it, for a while.

    Parameters
    ----------
    package
        What to free: npm:left-pad, or npm:left-pad@1.3.0.
    lasts
        How long: 90m, 24h, 168h; 90 days at most.
    reason
        Why. It stands in the audit log.
    end
        Block it again at once instead.
    by
        Who decides; default: who is signed in to this machine.
    json
        Print one JSON value.
    """
    from reedbed.intel.unblock import unblock as flow
    from reedbed.jobs import now_utc
    from reedbed.model.purl import parse_purl
    from reedbed.wiring.parts import opened

    who = by or getpass.getuser()
    async with opened((common or Common()).load()) as parts:
        if end:
            return await _end(parts, package, by=who)
        made = await parts.db.write(
            flow,
            purl_of(package),
            parse_purl(package)[1],
            lasts=_duration(lasts),
            reason=reason,
            by=who,
            now=now_utc(),
        )
    if json:
        show.json(made)
    else:
        what = f"{made.package}@{made.version}" if made.version else made.package
        show.line(f"{show.safe(what)} is free until {show.moment(made.until)}, from the next run on.")
    return Exit.DONE


async def _end(parts: "Parts", package: str, *, by: str) -> int:
    from reedbed.intel.unblock import end_exemptions
    from reedbed.jobs import now_utc

    key = str(purl_of(package))
    ended = await parts.db.write(end_exemptions, now=now_utc(), package=key, by=by)
    if not any(each.package == key for each in ended):
        raise SettingsError(
            f"{key} was not blocked again",
            why="nobody un-blocked it.",
            fix="Look at `reedbed intel unblocked`.",
        )
    show.line(f"{show.safe(key)} is blocked again from the next run on.")
    return Exit.DONE


async def unblocked(*, json: AsJson = False, common: Common | None = None) -> int:
    """List what is un-blocked now, by whom, why and until when.

    Parameters
    ----------
    json
        Print one JSON value.
    """
    from reedbed.store import exemptions
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        found = await parts.db.read(exemptions.holding)
    if json:
        show.json(found)
        return Exit.DONE
    rows = [(e.package, e.version or "every version", e.until, e.made_by, e.reason) for e in found]
    show.table(["package", "version", "until", "by", "because"], rows)
    return Exit.DONE


def _duration(text: str) -> timedelta:
    from reedbed.model.duration import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise SettingsError(
            f"{text!r} is no duration", why=str(error), fix="Write 24h, 90m or 168h."
        ) from error
