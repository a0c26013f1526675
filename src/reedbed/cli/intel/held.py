"""`reedbed intel held|release`: what waits for a person."""

import getpass
from typing import Annotated

from cyclopts import Parameter

from reedbed.cli import show
from reedbed.cli.exit import Exit
from reedbed.cli.options import AsJson, Common
from reedbed.errors import SettingsError
from reedbed.model.ledger import HoldRule

WHY = {
    HoldRule.ALLOW_LIST: "it is on the allow-list",
    HoldRule.IN_USE: "people download releases that only an interval condemns",
    HoldRule.MANY_BLOCKS: "one run would block more than intel.max_blocks",
    HoldRule.MANY_UNBLOCKS: "one run would free more than intel.max_unblocks",
}


async def held(
    platform: str, *, after: str = "", limit: int = 100, json: AsJson = False, common: Common | None = None
) -> int:
    """List the changes that wait for a person, and why.

    Parameters
    ----------
    platform
        The platform.
    after
        Go on after this package (a purl).
    limit
        Changes to list.
    json
        Print one JSON value.
    """
    from reedbed.store import outbox, platforms
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        await parts.db.read(platforms.get, platform)
        waiting = await parts.db.read(outbox.page, platform, held=True, after=after, limit=limit)
    if json:
        show.json(waiting)
    elif waiting:
        rows = [
            (each.package, each.change.action, each.change.flagged.versions, _why(each.change.held))
            for each in waiting
        ]
        show.table(["package", "change", "versions", "waits because"], rows)
        show.err.print(f"Let one go with: reedbed intel release {platform} PACKAGE")
    return Exit.HELD if waiting else Exit.DONE


async def release(
    platform: str,
    *package: str,
    rule: tuple[HoldRule, ...] = (),
    every: Annotated[bool, Parameter(negative="")] = False,
    by: str = "",
    json: AsJson = False,
    common: Common | None = None,
) -> int:
    """Let held changes go.

    Parameters
    ----------
    platform
        The platform.
    package
        Packages, as purls or as npm:left-pad.
    rule
        Set aside these reasons only; none named: all.
    every
        Release every held change.
    by
        Who decides, for the audit log; default: who is signed in to this machine.
    json
        Print the released packages as one JSON value.
    """
    from reedbed.intel import release as flow
    from reedbed.jobs import now_utc
    from reedbed.store import platforms
    from reedbed.wiring.parts import opened

    keys = [str(_purl(each)) for each in package]
    if bool(keys) == every:
        raise SettingsError(
            "Nothing was released",
            why="either packages or --every say what to release.",
            fix="Name packages, or say --every.",
        )
    async with opened((common or Common()).load()) as parts:
        await parts.db.read(platforms.get, platform)
        who = by or getpass.getuser()
        released = await flow.release(
            parts.db, platform, None if every else keys, rules=rule or None, by=who, now=now_utc()
        )
    if json:
        show.json(released)
    else:
        show.line(f"Released: {show.many(len(released), 'change')}. The next run carries them out.")
    missing = sorted(set(keys) - set(released))
    for each in missing:
        show.err.print(f"{show.safe(each)} is not held, or another rule holds it still.")
    return Exit.FAILED if missing else Exit.DONE


def _why(rules: tuple[HoldRule, ...]) -> str:
    return "; ".join(WHY[rule] for rule in rules)


def _purl(text: str) -> object:
    from reedbed.model.purl import parse_purl

    try:
        return parse_purl(text)[0]
    except ValueError as error:
        raise SettingsError(
            f"{show.safe(text)} is no package", why=str(error), fix="Write npm:left-pad."
        ) from error
