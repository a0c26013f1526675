"""`reedbed connection test|list|show`: what there is, and what works."""

from typing import TYPE_CHECKING

import msgspec

from reedbed.cli import show
from reedbed.cli.checks import show_checks
from reedbed.cli.exit import Exit
from reedbed.cli.options import AsJson, Common

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection as Sql

    from reedbed.inventory.connection.states import Standing
    from reedbed.store.inventory.connections import Connection
    from reedbed.store.inventory.hooks import Hook


async def check_one(name: str, *, json: AsJson = False, common: Common | None = None) -> int:
    """Find out what of a connection works and what does not, each with what to do.

    Parameters
    ----------
    name
        The connection.
    json
        Print the connection and its checks as one JSON value.
    """
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        tested = await parts.connections.test(name)
    if json:
        show.json(msgspec.structs.asdict(tested))
    else:
        show_checks(tested.checks)
    if not tested.passed:
        return Exit.FAILED
    if tested.connection.state == "draft":
        show.err.print(f"The five checks have passed: `reedbed connection enable {name}` lets it run.")
    return Exit.DONE


def about(*, json: AsJson = False) -> int:
    """Say what connections can do.

    Parameters
    ----------
    json
        Print one JSON value.
    """
    from reedbed.inventory.connection.details import DETAILS

    if json:
        show.json(DETAILS)
    else:
        show.table(["", "here"], list(DETAILS.items()))
    return Exit.DONE


async def list_all(*, json: AsJson = False, common: Common | None = None) -> int:
    """List the connections: what their schedules are at, and how their newest runs go or ended.

    Parameters
    ----------
    json
        Print one JSON value.
    """
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        found = await parts.db.read(_standings)
    if json:
        show.json([{"name": c.name, "platform": c.platform, **msgspec.structs.asdict(s)} for c, s in found])
        return Exit.DONE
    rows = [
        (c.name, c.platform, s.planned, s.next_at, f"{s.last} {s.phase}".strip(), s.at, c.token_expires_at)
        for c, s in found
    ]
    columns = ["name", "platform", "schedule", "next", "last run", "at", "own token ends"]
    show.table(columns, rows)
    return Exit.DONE


async def show_one(name: str, *, tests: int = 3, json: AsJson = False, common: Common | None = None) -> int:
    """Show a connection: where it stands, what it reads, when, and its last tests.

    Parameters
    ----------
    name
        The connection.
    tests
        How many tests are shown.
    json
        Print one JSON value.
    """
    from reedbed.store.inventory import connections, hooks
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        known = await parts.db.read(connections.get, name)
        [standing] = [s for c, s in await parts.db.read(_standings) if c.name == name]
        history = await parts.db.read(connections.history, name, limit=tests)
        told = await parts.db.read(hooks.list_all, name)
    if json:
        tested = [{"at": at, "checks": checks} for at, checks in history]
        show.json({"connection": known, "standing": standing, "hooks": told, "tests": tested})
        return Exit.DONE
    _show_profile(known, standing, told)
    for at, checks in history:
        show.line(f"tested {show.moment(at)}")
        show_checks(checks)
    return Exit.DONE


def _standings(sql: "Sql") -> "list[tuple[Connection, Standing]]":
    from reedbed.inventory.run.starting import FLOW, standing_of
    from reedbed.store import runs
    from reedbed.store.inventory import connections

    newest = runs.newest(sql, FLOW)
    return [
        (each, standing_of(sql, each.name, newest=newest.get(each.name)))
        for each in connections.list_all(sql)
    ]


def _show_profile(known: "Connection", standing: "Standing", told: "Sequence[Hook]") -> None:
    from reedbed.inventory.connection import current
    from reedbed.inventory.connection.connections import scope_of
    from reedbed.inventory.connection.filters import written
    from reedbed.inventory.connection.rhythm import write_rhythm
    from reedbed.inventory.run.starting import schedule_of

    scope, schedule = scope_of(known), schedule_of(known)
    rows = [
        ("platform", known.platform),
        ("description", known.description),
        ("schedule", standing.planned),
        ("full", write_rhythm(schedule.full) if schedule.full else ""),
        ("incremental", write_rhythm(schedule.incremental) if schedule.incremental else ""),
        ("zone", schedule.zone if schedule.rhythms else ""),
        ("first day", schedule.start),
        ("last day", schedule.end),
        ("next", standing.next_at),
        ("last run", f"{standing.last} {standing.phase}".strip()),
        ("because", standing.because),
        ("streams", ", ".join(scope.streams)),
        ("maps", ", ".join(scope.maps.values())),
        ("filters", "; ".join(written(scope.filters))),
        ("current", "; ".join(current.written(scope.current))),
        ("told by", "; ".join(f"{h.source}: {h.accepted} accepted, {h.refused} refused" for h in told)),
        ("five checks passed", known.proved_at),
        ("own token ends", known.token_expires_at),
    ]
    for name, value in rows:
        if value:
            show.line(f"{name + ':':<20}{show.safe(value)}")
