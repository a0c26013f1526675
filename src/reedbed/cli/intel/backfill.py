"""`reedbed intel backfill`: pushing what is not relevant by itself."""

import getpass
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from reedbed.cli import show
from reedbed.cli.exit import Exit
from reedbed.cli.intel.look import purl_of
from reedbed.cli.options import AsJson, Common
from reedbed.errors import SettingsError
from reedbed.model.ecosystem import PackageType

if TYPE_CHECKING:
    from reedbed.intel.backfill import Chosen
    from reedbed.store.left_out import Selection
    from reedbed.wiring.parts import Parts

FLAG = Parameter(negative="")


async def backfill(
    *platform: str,
    package: tuple[str, ...] = (),
    feed: str | None = None,
    ecosystem: PackageType | None = None,
    since: str | None = None,
    every: Annotated[bool, Parameter(name="--all", negative="")] = False,
    reason: str = "",
    dry_run: Annotated[bool, FLAG] = False,
    yes: Annotated[bool, FLAG] = False,
    by: str = "",
    json: AsJson = False,
    common: Common | None = None,
) -> int:
    """Push flagged packages that are neither recent nor in Artifactory.

    Parameters
    ----------
    platform
        The platforms; none named: all.
    package
        Only this package: npm:left-pad, or a purl; may be repeated.
    feed
        Only what this feed says.
    ecosystem
        Only packages of this type.
    since
        Only what a feed last changed on this day (2026-01-31) or later.
    every
        All that was left out.
    reason
        Why. It stands in the audit log.
    dry_run
        Only say how many packages that is, and what pushing them takes.
    yes
        Do it without asking.
    by
        Who decides, for the audit log; default: who is signed in to this machine.
    json
        Print one JSON value.
    """
    from reedbed.wiring.parts import opened

    selection = _selection(package, feed=feed, ecosystem=ecosystem, since=since, every=every)
    async with opened((common or Common()).load()) as parts:
        chosen = await _chosen(parts, platform, selection)
        if not json:
            for each in chosen:
                show.line(f"{each.platform}: {show.takes(each.cost)}")
        wanted = [each for each in chosen if each.packages]
        if wanted and not dry_run:
            _agreed(yes=yes, unseen=json)
            await _carry_out(parts, wanted, selection, reason=reason, by=by or getpass.getuser())
            show.err.print("The next runs push them; what a person should see is held: reedbed intel held.")
    if json:
        show.json([{"platform": each.platform, "cost": each.cost, "done": not dry_run} for each in chosen])
    missing = {key for key in selection.packages if all(key not in each.packages for each in chosen)}
    for key in sorted(missing):
        show.err.print(f"{show.safe(key)} is not left out: see reedbed why.")
    return Exit.FAILED if missing else Exit.DONE


def _selection(
    package: Sequence[str],
    *,
    feed: str | None,
    ecosystem: PackageType | None,
    since: str | None,
    every: bool,
) -> "Selection":
    from reedbed.store.left_out import Selection

    if bool(package or feed or ecosystem or since) == every:
        raise SettingsError(
            "Nothing was backfilled",
            why="either --all or some of --package, --feed, --ecosystem and --since say what.",
            fix="Name packages, or say --all.",
        )
    return Selection(
        feed=feed,
        package_type=ecosystem,
        packages=tuple(str(purl_of(each)) for each in package),
        since=_day(since) if since else None,
    )


def _day(text: str) -> datetime:
    try:
        day = datetime.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(f"{text!r} is no day", why=str(error), fix="Write 2026-01-31.") from error
    return day if day.tzinfo else day.replace(tzinfo=UTC)


async def _chosen(parts: "Parts", names: Sequence[str], selection: "Selection") -> "list[Chosen]":
    from reedbed.intel import backfill as flow
    from reedbed.store import platforms

    known = (
        [await parts.db.read(platforms.get, name) for name in names]
        if names
        else await parts.db.read(platforms.shielded)
    )
    return [await flow.choose(parts.db, each, parts.terms, selection) for each in known]


def _agreed(*, yes: bool, unseen: bool) -> None:
    """Go on only with a person's word.

    Raises:
        SettingsError: there is none.
    """
    if yes:
        return
    if not unseen and sys.stdin.isatty() and input("Push them? [y/N] ").strip().lower() in {"y", "yes"}:
        return
    raise SettingsError("Nothing was backfilled", why="nobody said yes.", fix="Say --yes.")


async def _carry_out(
    parts: "Parts", chosen: "Sequence[Chosen]", selection: "Selection", *, reason: str, by: str
) -> None:
    from reedbed.intel import backfill as flow
    from reedbed.jobs import now_utc

    for each in chosen:
        await flow.backfill(
            parts.db, each, parts.terms, selection=selection, reason=reason, by=by, now=now_utc()
        )
