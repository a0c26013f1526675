"""`reedbed connection schedule`: when a connection runs."""

import getpass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from cyclopts import Parameter

from reedbed.cli import show
from reedbed.cli.exit import Exit
from reedbed.cli.options import AsJson, Common
from reedbed.errors import SettingsError

if TYPE_CHECKING:
    from reedbed.inventory.connection.schedule import Schedule

FLAG = Parameter(negative="")


async def schedule(
    name: str,
    *,
    full: str = "",
    incremental: str = "",
    zone: str = "UTC",
    start: date | None = None,
    end: date | None = None,
    jitter: str = "0s",
    missed: Literal["run-once", "skip"] = "run-once",
    off: Annotated[bool, FLAG] = False,
    by: str = "",
    json: AsJson = False,
    common: Common | None = None,
) -> int:
    """Say when a connection runs; without any option show it.

    Parameters
    ----------
    name
        The connection.
    full
        When everything is read: `every 24h`, `daily 02:30`, `weekly sat,sun 02:30`, `monthly 31 03:00`,
        `once 2026-12-01T02:00`, `cron 0 3 * * 1-5`.
    incremental
        When what has changed is read, in the same forms.
    zone
        The IANA zone that the times are meant in.
    start
        The first day.
    end
        The last day, which still counts.
    jitter
        Each connection is late by its own part of this, always the same; at most 1h.
    missed
        What becomes of a moment at which no daemon was there.
    off
        Run on demand alone.
    by
        Who decides, for the audit log; default: who is signed in to this machine.
    json
        Print the schedule and its next moments as one JSON value.
    """
    from reedbed.inventory.connection.rhythm import read_rhythm
    from reedbed.inventory.connection.schedule import Missed, Schedule
    from reedbed.inventory.run.starting import schedule_of
    from reedbed.model.duration import parse_duration
    from reedbed.store.inventory import connections
    from reedbed.wiring.parts import opened

    wanted = None
    if full or incremental or off:
        try:
            wanted = Schedule(
                full=read_rhythm(full) if full else None,
                incremental=read_rhythm(incremental) if incremental else None,
                zone=zone,
                start=start,
                end=end,
                jitter_s=parse_duration(jitter).total_seconds(),
                missed=Missed(missed),
            )
        except ValueError as error:
            raise SettingsError(
                "Could not schedule it", why=str(error), fix="Change the argument."
            ) from error
    async with opened((common or Common()).load()) as parts:
        if wanted is None:
            kept = schedule_of(await parts.db.read(connections.get, name))
        else:
            await parts.connections.schedule(name, wanted, who=by or getpass.getuser())
            kept = wanted
    _show(name, kept, as_json=json)
    return Exit.DONE


def _show(name: str, schedule: "Schedule", *, as_json: bool) -> None:
    from reedbed.inventory.connection.rhythm import write_rhythm
    from reedbed.inventory.connection.schedule import upcoming
    from reedbed.jobs import now_utc

    coming = upcoming(schedule, name, now_utc())
    if as_json:
        show.json({"schedule": msgspec.to_builtins(schedule), "next": coming})
        return
    if not schedule.rhythms:
        show.line(f"{name} runs on demand alone.")
        return
    for word, rhythm in (("full", schedule.full), ("incremental", schedule.incremental)):
        if rhythm is not None:
            show.line(f"{word}: {write_rhythm(rhythm)} ({schedule.zone})")
    for word, day in (("from", schedule.start), ("up to and with", schedule.end)):
        if day is not None:
            show.line(f"{word}: {day}")
    for moment in coming:
        show.line(f"next: {show.moment(moment)}")
    if not coming:
        show.line("It has ended: nothing is to come.")
