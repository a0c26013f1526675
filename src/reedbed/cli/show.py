"""How commands show what they have: tables for people, one JSON value for programs."""

import csv as comma_separated
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from reedbed.model.text import hidden

if TYPE_CHECKING:
    from reedbed.intel.relevance import Cost

WIDE = 100_000
"""Columns off a terminal: nothing is wrapped or cut, so that `grep` finds whole lines."""

out = Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)
"""Results."""

err = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else WIDE)
"""Progress and everything else that is no result."""


def json(value: Any) -> None:
    """Print one JSON value, on one line."""
    sys.stdout.write(msgspec.json.encode(value, enc_hook=str).decode() + "\n")


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under a header. What strangers wrote may stand in any cell but one that is drawn already."""
    drawn = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for name in columns:
        drawn.add_column(name, overflow="fold")
    for row in rows:
        drawn.add_row(*(cell if isinstance(cell, Text) else safe(cell) for cell in row))
    out.print(drawn)


def csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows as CSV that no spreadsheet takes for formulas."""
    writer = comma_separated.writer(sys.stdout)
    writer.writerow(columns)
    writer.writerows([[_cell(cell) for cell in row] for row in rows])


def _cell(value: object) -> str:
    """Write a value as exports do: no spreadsheet carries it out."""
    from reedbed.sinks.comma_separated import cell

    text = "" if value is None else value if isinstance(value, str) else _plain_text(value)
    return cell(text)


def _plain_text(value: object) -> str:
    plain = msgspec.to_builtins(value, enc_hook=str)
    return " ".join(map(str, plain)) if isinstance(plain, list | tuple) else str(plain)


def line(text: str) -> None:
    """Print one line of ours; square brackets in it are markup."""
    out.print(text)


def moment(at: datetime | None) -> str:
    """Show a moment to the minute, in UTC and as such: 2026-11-21 23:55Z."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%MZ}" if at else ""


def many(number: int, thing: str) -> str:
    """Count a thing whose plural has an s."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def takes(cost: "Cost") -> str:
    """Say what pushing takes: “12 packages, 36 requests, about 1 minute”."""
    minutes = cost.seconds / 60
    time = f"{minutes / 60:.1f} hours" if minutes >= 90 else many(max(1, round(minutes)), "minute")
    packages, requests = many(cost.packages, "package"), many(cost.requests, "request")
    return f"{packages}, {requests}, about {time}" if cost.packages else packages


def safe(cell: object) -> str:
    """Spell out what a terminal would obey, what Rich would take for markup, and look-alikes."""
    text = moment(cell) if isinstance(cell, datetime) else "" if cell is None else str(cell)
    return escape(
        "".join(c if not hidden(c) and _plain(c) else c.encode("unicode_escape").decode() for c in text)
    )


def _plain(character: str) -> bool:
    """Keep what cannot be taken for a Latin letter: ASCII, and signs that tables are drawn with."""
    return character <= "~" or not character.isalnum()


@contextmanager
def progress() -> Iterator[Callable[[str, int], None]]:
    """Show on a terminal how many records of each feed were read, and how fast; elsewhere nothing."""
    if not err.is_terminal:
        yield lambda _name, _more: None
        return
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err,
        transient=True,
    ) as drawn:
        tasks: dict[str, TaskID] = {}

        def advance(name: str, more: int) -> None:
            if name not in tasks:
                tasks[name] = drawn.add_task(f"reading {name}", total=None)
            drawn.advance(tasks[name], more)

        yield advance
