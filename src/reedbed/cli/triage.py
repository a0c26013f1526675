"""`reedbed finding triage|triaged` and `reedbed sync held|confirm|reject`: what people decide of findings."""

import getpass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from reedbed.cli import show
from reedbed.cli.exit import Exit
from reedbed.cli.options import AsJson, Common
from reedbed.errors import SettingsError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from reedbed.inventory.findings.triage import Judgement
    from reedbed.store.inventory.triage import Found, Judged

State = Literal["open", "in-review", "affected", "not-affected", "false-positive", "risk-accepted"]
FLAG = Parameter(negative="")


async def triage(
    state: State,
    *ids: str,
    connection: str | None = None,
    repository: str | None = None,
    path: str | None = None,
    vulnerability: str | None = None,
    component: str | None = None,
    justification: str | None = None,
    note: str = "",
    lasts: Annotated[str | None, Parameter(name="--for")] = None,
    by: str = "",
    dry_run: Annotated[bool, FLAG] = False,
    json: AsJson = False,
    common: Common | None = None,
) -> int:
    """Say what findings are worth, apart from their status.

    Parameters
    ----------
    state
        What they are; `open` takes back what was said.
    ids
        Of findings; without them all that the options below fit.
    connection
        Those of one connection.
    repository
        Those in one repository.
    path
        Those in one image: its path in the repository.
    vulnerability
        Those of one CVE, or of Xray's number where there is none.
    component
        Those of one package: a purl without a version.
    justification
        Why something is not affected, in the words of VEX: vulnerable_code_not_present, …
    note
        What else there is to say.
    lasts
        How long it holds: 24h, or 2160h for 90 days. Then the findings are open again.
    by
        Who says so; default: who is signed in to this machine.
    dry_run
        Say how many findings it would be, and do nothing.
    json
        Print one JSON value.
    """
    from reedbed.inventory.findings.triage import Judgement, judge
    from reedbed.jobs import now_utc
    from reedbed.model.inventory import Triage
    from reedbed.store.inventory.triage import select_findings
    from reedbed.wiring.parts import opened

    now = now_utc()
    said = Judgement(
        state=Triage(state),
        by=by or getpass.getuser(),
        note=note,
        justification=justification,
        until=now + _duration(lasts) if lasts else None,
    )
    wanted = {"repository": repository, "path": path, "vulnerability": vulnerability, "component": component}
    if not ids and not any((connection, *wanted.values())):
        raise SettingsError(
            "Could not triage", why="no finding is named", fix="Give ids, or at least one of the options."
        )

    def act(sql: "Connection", said: "Judgement", *, now: datetime) -> "list[Found]":
        found = select_findings(sql, ids=ids, within=connection, **wanted)
        if not dry_run:
            judge(sql, found, said, now=now)
        return found

    async with opened((common or Common()).load()) as parts:
        found = await parts.db.write(act, said, now=now)
    if json:
        show.json([each.id for each in found])
    else:
        verb = "would be" if dry_run else "are"
        show.line(f"{show.many(len(found), 'finding')} {verb} {state} now.")
    return Exit.DONE if found else Exit.FAILED


async def triaged(*, json: AsJson = False, common: Common | None = None) -> int:
    """List what is said of findings, by whom, why and until when.

    Parameters
    ----------
    json
        Print one JSON value.
    """
    from reedbed.inventory.findings.triage import expire
    from reedbed.jobs import now_utc
    from reedbed.store.inventory.triage import judged
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        await parts.db.write(expire, now=now_utc())
        found: list[Judged] = []
        while page := await parts.db.read(judged, after=found[-1].id if found else ""):
            found += page
    if json:
        show.json(found)
        return Exit.DONE
    rows = [
        (e.id, f"{e.vulnerability} in {e.component}", f"{e.repository}/{e.path}", e.state, e.until, e.author)
        for e in found
    ]
    show.table(["finding", "what", "where", "state", "until", "by"], rows)
    return Exit.DONE


async def held(connection: str, *, json: AsJson = False, common: Common | None = None) -> int:
    """Show what a connection's newest complete run would have closed, had it not been so much at once.

    Parameters
    ----------
    connection
        Its name.
    json
        Print one JSON value.
    """
    from reedbed.inventory.findings.held import held as flow
    from reedbed.store.inventory import connections
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        await parts.db.read(connections.get, connection)
        found = await parts.db.read(flow, connection)
    if json:
        show.json(found)
    elif found is None:
        show.line("Nothing is held.")
    else:
        show.line(
            f"Planned {show.moment(found.planned_at)}: {found.fixed} would be fixed and {found.retired} "
            f"retired, of {found.open} open findings. `reedbed sync confirm` closes them."
        )
    return Exit.DONE


async def confirm(connection: str, *, by: str = "", common: Common | None = None) -> int:
    """Close what is held, but for what was read again since, or can't be read now.

    Parameters
    ----------
    connection
        Its name.
    by
        Who decides; default: who is signed in to this machine.
    """
    from reedbed.inventory.findings.held import confirm as flow
    from reedbed.jobs import now_utc
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        closed = await parts.db.write(flow, connection, by=by or getpass.getuser(), now=now_utc())
    show.line(f"{show.many(closed, 'finding')} closed.")
    return Exit.DONE


async def reject(connection: str, *, by: str = "", common: Common | None = None) -> int:
    """Leave open what is held; the next complete run decides anew.

    Parameters
    ----------
    connection
        Its name.
    by
        Who decides; default: who is signed in to this machine.
    """
    from reedbed.inventory.findings.held import reject as flow
    from reedbed.jobs import now_utc
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        left = await parts.db.write(flow, connection, by=by or getpass.getuser(), now=now_utc())
    show.line(f"{show.many(left, 'finding')} left open.")
    return Exit.DONE


def _duration(text: str) -> timedelta:
    from reedbed.model.duration import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise SettingsError(
            f"{text!r} is no duration", why=str(error), fix="Write 24h, or 2160h for 90 days."
        ) from error
