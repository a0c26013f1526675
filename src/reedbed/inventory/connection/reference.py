"""The reference page of connections: streams and what they need, checks, codes, states. Pure."""

from collections.abc import Iterable

from reedbed.inventory.connection.checks import FIVE
from reedbed.inventory.connection.codes import OWN
from reedbed.inventory.connection.details import DETAILS
from reedbed.inventory.connection.probes import NEEDS
from reedbed.inventory.connection.scope import DEFAULT_STREAMS
from reedbed.inventory.connection.states import Last, Planned
from reedbed.inventory.connection.surroundings import LOOKS
from reedbed.jfrog.causes import FIX, Cause
from reedbed.jfrog.codes import CODES

PLANNED = {
    Planned.DRAFT: "its five checks have not passed with this platform, token and streams: it can't run",
    Planned.REGISTERED: "it runs on demand; nothing is scheduled",
    Planned.SCHEDULED: "it waits for its next moment, which is shown",
    Planned.PAUSED: "its schedule is not looked at until it is resumed",
    Planned.ENDED: "the last moment of its schedule is over; it still runs on demand",
}
LAST = {
    Last.NONE: "it has not run yet",
    Last.PROCESSING: "a run is under way; its phase is shown: a stream, and listing, reading or reconciling",
    Last.CANCELLING: "somebody asked the run to stop, and it has not yet",
    Last.PROCESSED: "every selected stream has ended, with a conclusive answer for everything",
    Last.WITH_GAPS: "every selected stream has ended; nothing conclusive is known of so many things",
    Last.ERRORED: "the run failed, or a selected stream did not end: which one, and why",
    Last.CANCELLED: "the run stopped because somebody asked it to",
}


def reference_page() -> str:
    streams = [
        (f"`{stream}`", "yes" if stream in DEFAULT_STREAMS else "", need.permission, _code(need.endpoints))
        for stream, need in NEEDS.items()
    ]
    causes = [(f"`{code}`", cause, _fix(cause)) for cause, code in CODES.items()]
    return "\n".join(
        (
            "# Connections",
            "",
            "Made from `src/reedbed/inventory/`; change it there and run `make docs`.",
            "",
            "## What connections can do",
            "",
            _table(("", "here"), DETAILS.items()),
            "",
            "## Streams, and what each needs",
            "",
            _table(("stream", "by default", "permission", "calls"), streams),
            "",
            "## Checks",
            "",
            "A connection can be enabled when these five have passed, or warned:",
            "",
            "\n".join(f"{place}. {name}" for place, name in enumerate(FIVE, 1)),
            "",
            f"These tell more, and stop nobody: {', '.join(LOOKS)}, and a Permission for each stream.",
            "",
            "## Codes",
            "",
            _table(("code", "cause", "what to do"), causes),
            "",
            _table(("code", "meaning"), [(f"`{code}`", meaning) for code, meaning in OWN.items()]),
            "",
            "## States",
            "",
            "A connection has two: what its schedule is at, and how its newest run goes or ended.",
            "",
            _table(("schedule", "meaning"), PLANNED.items()),
            "",
            _table(("last run", "meaning"), LAST.items()),
            "",
        )
    )


def _fix(cause: str) -> str:
    return FIX[Cause(cause)].format(needs="the permission named") if cause in set(Cause) else ""


def _code(calls: tuple[str, ...]) -> str:
    return "<br>".join(f"`{call}`" for call in calls)


def _table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [columns, ("---",) * len(columns), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
