"""`reedbed runs`: what runs of connections did, and how they ended: whole ones, parts, and those of hints."""

from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from reedbed.cli import show
from reedbed.cli.exit import Exit
from reedbed.cli.options import AsJson, Common

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reedbed.store.runs import Run

FLAG = Parameter(negative="")
COLUMNS = ["run", "connection", "kind", "state", "began", "took", "did", "failed because"]


async def runs(
    connection: str | None = None,
    *,
    group_by: Literal["connection", "state", "kind"] | None = None,
    limit: int = 20,
    after: str | None = None,
    csv: Annotated[bool, FLAG] = False,
    json: AsJson = False,
    common: Common | None = None,
) -> int:
    """List the runs of connections, the newest first.

    Parameters
    ----------
    connection
        Of this one alone.
    group_by
        Count all that there are by this instead.
    limit
        Runs to list.
    after
        Go on behind this run, to older ones.
    csv
        Print CSV that no spreadsheet takes for formulas.
    json
        Print one JSON value.
    """
    from reedbed.inventory.run.starting import FLOW, HINT_FLOW, PART_FLOW
    from reedbed.store import runs as store
    from reedbed.wiring.parts import opened

    flows = (FLOW, PART_FLOW, HINT_FLOW)
    async with opened((common or Common()).load()) as parts:
        if group_by:
            counted = await parts.db.read(store.counted, flows, by=group_by, platform=connection)
            rows: Sequence[Sequence[object]] = list(counted.items())
            return _show([group_by, "number"], rows, counted, csv=csv, json=json)
        found = await parts.db.read(store.recent, flow=flows, platform=connection, before=after, limit=limit)
    return _show(COLUMNS, [_row(run) for run in found], found, csv=csv, json=json)


def _show(
    columns: "Sequence[str]", rows: "Sequence[Sequence[object]]", whole: object, *, csv: bool, json: bool
) -> int:
    if json:
        show.json(whole)
    else:
        (show.csv if csv else show.table)(columns, rows)
    return Exit.DONE


def _row(run: "Run") -> "Sequence[object]":
    did = ", ".join(f"{number} {word}" for word, number in run.counts.items() if number)
    took = f"{(run.ended_at - run.started_at).total_seconds():.0f} s" if run.ended_at else ""
    why = run.error.why if run.error else ""
    return (run.id, run.platform, run.flow, run.state, run.started_at, took, did, why)
