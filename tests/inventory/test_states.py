"""The state machine of a connection, as a table: rows go in, both columns come out."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from reedbed.inventory.connection.rhythm import Daily, Once
from reedbed.inventory.connection.schedule import Schedule
from reedbed.inventory.connection.scope import Scope
from reedbed.inventory.connection.states import Last, Planned, standing
from reedbed.model.inventory import Stream
from reedbed.store.inventory.connections import Connection, State
from reedbed.store.inventory.streams import Phase, RunStream
from reedbed.store.runs import Fault, Run
from reedbed.store.runs import State as RunState

NOW = datetime(2026, 5, 2, 12, 0, tzinfo=UTC)
NIGHTLY = Schedule(full=Daily("02:00"))
OVER = Schedule(full=Once(datetime(2026, 5, 1, 2, 0)))  # noqa: DTZ001 - a wall clock
TOKEN_GONE = Fault("Could not list the repositories", "JFrog answered 401", "Rotate.")


def connection(state: State, schedule: Schedule = NIGHTLY) -> Connection:
    return Connection(
        name="prod",
        platform="prod",
        state=state,
        scope=msgspec.to_builtins(Scope()),
        schedule=msgspec.to_builtins(schedule),
        created_at=NOW,
        changed_at=NOW,
    )


def run(state: RunState, **fields: Any) -> Run:
    return Run(
        id="r", flow="sync", platform="prod", feed=None, state=state, owner="w", started_at=NOW, **fields
    )


def rows(
    repositories: Phase, images: Phase | None = None, vulnerabilities: Phase | None = None, **fields: Any
) -> dict[Stream, RunStream]:
    """Say how far each stream came; one without a phase has no row."""
    phases = {
        Stream.REPOSITORIES: repositories,
        Stream.IMAGES: images,
        Stream.VULNERABILITIES: vulnerabilities,
    }
    return {
        stream: RunStream(
            run="r",
            stream=stream,
            phase=phase,
            changed_at=NOW + timedelta(seconds=place),
            **({"counts": {}, "watermark": None, "complete": True, "gaps": 0, "error": None} | fields),
        )
        for place, (stream, phase) in enumerate(phases.items())
        if phase is not None
    }


ALL_ENDED = rows(Phase.ENDED, Phase.ENDED, Phase.ENDED)


@pytest.mark.parametrize(
    ("state", "schedule", "planned"),
    [
        (State.DRAFT, NIGHTLY, Planned.DRAFT),
        (State.DRAFT, OVER, Planned.DRAFT),
        (State.REGISTERED, Schedule(), Planned.REGISTERED),
        (State.REGISTERED, NIGHTLY, Planned.SCHEDULED),
        (State.REGISTERED, OVER, Planned.ENDED),
        (State.PAUSED, NIGHTLY, Planned.PAUSED),
        (State.PAUSED, OVER, Planned.PAUSED),
    ],
)
def test_the_column_of_the_schedule(state: State, schedule: Schedule, planned: Planned) -> None:
    seen = standing(connection(state, schedule), None, {}, now=NOW)

    assert (seen.planned, seen.last) == (planned, Last.NONE)
    assert (seen.next_at is not None) == (planned is Planned.SCHEDULED)


@pytest.mark.parametrize(
    ("newest", "streams", "last"),
    [
        (None, {}, Last.NONE),
        (run(RunState.RUNNING), {}, Last.PROCESSING),
        (run(RunState.RUNNING), rows(Phase.ENDED, Phase.READING), Last.PROCESSING),
        (run(RunState.RUNNING), rows(Phase.ENDED, Phase.ENDED), Last.PROCESSING),  # findings are to come
        (run(RunState.RUNNING, cancel_requested=True), rows(Phase.LISTING), Last.CANCELLING),
        (run(RunState.CANCELLED), rows(Phase.ENDED, Phase.READING), Last.CANCELLED),
        (run(RunState.FAILED, error=TOKEN_GONE), rows(Phase.ERRORED), Last.ERRORED),
        (run(RunState.DONE), ALL_ENDED, Last.PROCESSED),
        (run(RunState.DONE), rows(Phase.ENDED, Phase.ENDED), Last.ERRORED),  # a selected stream has no row
        (run(RunState.DONE), rows(Phase.ENDED, Phase.ENDED, Phase.READING), Last.ERRORED),
        (run(RunState.DONE), rows(Phase.ENDED, Phase.ERRORED, Phase.ENDED), Last.ERRORED),
        (run(RunState.DONE), rows(Phase.ENDED, Phase.ENDED, Phase.ENDED, gaps=3), Last.WITH_GAPS),
        (run(RunState.DONE), rows(Phase.ENDED, Phase.ENDED, Phase.ENDED, complete=False), Last.PROCESSED),
    ],
)
@pytest.mark.parametrize("state", list(State))
def test_the_column_of_the_newest_run(
    newest: Run | None, streams: dict[Stream, RunStream], last: Last, state: State
) -> None:
    assert standing(connection(state), newest, streams, now=NOW).last is last


def test_a_live_run_says_what_it_is_at() -> None:
    live = run(RunState.RUNNING)

    assert standing(connection(State.REGISTERED), live, {}, now=NOW).phase == "beginning"
    at = standing(connection(State.REGISTERED), live, rows(Phase.ENDED, Phase.READING), now=NOW)

    assert at.phase == "docker-images: reading"


def test_what_did_not_simply_end_well_says_why() -> None:
    failed = standing(connection(State.REGISTERED), run(RunState.FAILED, error=TOKEN_GONE), {}, now=NOW)
    done = run(RunState.DONE)
    gaps = standing(connection(State.REGISTERED), done, ALL_ENDED | rows(Phase.ENDED, gaps=2), now=NOW)

    assert failed.because == "Could not list the repositories: JFrog answered 401"
    assert gaps.because == "repositories: 2 without a conclusive answer"
