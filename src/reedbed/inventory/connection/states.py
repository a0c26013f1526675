"""The states of a connection, in two columns: what its schedule is at, and how its newest run goes or ended.

    Draft → Registered → Scheduled ⇄ Processing → {Processed, Processed with gaps, Errored, Cancelled}
                                                → Scheduled | Registered | Ended; Paused from each of these

Pure: a function of rows. `Processed` is said only when every selected stream has ended.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from reedbed.inventory.connection.schedule import Schedule, ended, upcoming
from reedbed.inventory.connection.scope import Scope
from reedbed.model.inventory import Stream
from reedbed.store.inventory.connections import Connection, State
from reedbed.store.inventory.streams import Phase, RunStream
from reedbed.store.runs import Run
from reedbed.store.runs import State as RunState


class Planned(StrEnum):
    """What a connection's schedule is at."""

    DRAFT = "Draft"  # its five checks have not passed: it can't run
    REGISTERED = "Registered"  # it runs on demand: nothing is scheduled
    SCHEDULED = "Scheduled"  # it waits for its next moment
    PAUSED = "Paused"
    ENDED = "Ended"  # its last moment is over; it still runs on demand


class Last(StrEnum):
    """How the newest run goes, or ended."""

    NONE = "none yet"
    PROCESSING = "Processing"
    CANCELLING = "Cancelling"
    PROCESSED = "Processed"
    WITH_GAPS = "Processed with gaps"
    ERRORED = "Errored"
    CANCELLED = "Cancelled"


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where a connection stands."""

    planned: Planned
    last: Last
    phase: str = ""  # of a live run: "docker-images: reading"
    because: str = ""  # of one that did not simply end well: which stream, and why
    next_at: datetime | None = None
    at: datetime | None = None  # when the newest run began, or ended if it did


def standing(
    connection: Connection, run: Run | None, streams: Mapping[Stream, RunStream], *, now: datetime
) -> Standing:
    """Read both columns from a connection's row, its newest run's, and that run's streams'."""
    schedule = msgspec.convert(connection.schedule, Schedule)
    planned = _planned(connection, schedule, now)
    coming = upcoming(schedule, connection.name, now, number=1) if planned is Planned.SCHEDULED else []
    selected = msgspec.convert(connection.scope, Scope).streams
    last, because = _last(run, streams, selected)
    return Standing(
        planned=planned,
        last=last,
        because=because,
        phase=_phase(streams) if last in (Last.PROCESSING, Last.CANCELLING) else "",
        next_at=coming[0] if coming else None,
        at=(run.ended_at or run.started_at) if run else None,
    )


def _planned(connection: Connection, schedule: Schedule, now: datetime) -> Planned:
    match connection.state:
        case State.DRAFT:
            return Planned.DRAFT
        case State.PAUSED:
            return Planned.PAUSED
        case _ if ended(schedule, connection.name, now):
            return Planned.ENDED
        case _:
            return Planned.SCHEDULED if schedule.rhythms else Planned.REGISTERED


def _last(
    run: Run | None, streams: Mapping[Stream, RunStream], selected: Sequence[Stream]
) -> tuple[Last, str]:
    if run is None:
        return Last.NONE, ""
    match run.state:
        case RunState.RUNNING:
            return (Last.CANCELLING if run.cancel_requested else Last.PROCESSING), ""
        case RunState.CANCELLED:
            return Last.CANCELLED, ""
        case RunState.FAILED:
            return Last.ERRORED, f"{run.error.what}: {run.error.why}" if run.error else ""
        case _:
            return _done(streams, selected)


def _done(streams: Mapping[Stream, RunStream], selected: Sequence[Stream]) -> tuple[Last, str]:
    """Tell a run that got to its end by its streams: one that did not end makes it an error."""
    for stream in selected:
        row = streams.get(stream)
        if row is None or row.phase is not Phase.ENDED:
            why = row.error.why if row and row.error else "it did not end"
            return Last.ERRORED, f"{stream}: {why}"
    gaps = [row for stream in selected if (row := streams[stream]).gaps]  # a delta is never complete
    if not gaps:
        return Last.PROCESSED, ""
    return Last.WITH_GAPS, "; ".join(f"{row.stream}: {row.gaps} without a conclusive answer" for row in gaps)


_ORDER = tuple(Phase)


def _phase(streams: Mapping[Stream, RunStream]) -> str:
    """Name what a live run is at: its stream that changed last and has not ended."""
    under_way = [row for row in streams.values() if row.phase not in (Phase.ENDED, Phase.ERRORED)]
    newest = max(under_way, key=lambda row: (row.changed_at, _ORDER.index(row.phase)), default=None)
    return f"{newest.stream}: {newest.phase}" if newest else "beginning"
