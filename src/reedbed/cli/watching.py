"""How far the live run of a connection is, drawn on a terminal until it ends."""

import asyncio
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from reedbed.cli import show

if TYPE_CHECKING:
    from sqlalchemy import Connection as Sql

    from reedbed.store.inventory.streams import RunStream
    from reedbed.store.inventory.units import Progress as Units
    from reedbed.wiring.parts import Parts

LOOKS_EVERY_S = 0.5


class Pace:
    """How many images a second were read since the first look that saw any."""

    def __init__(self) -> None:
        self._first: tuple[float, int] | None = None

    def told(self, images: int, *, at_s: float) -> str:
        """Say it in words; nothing until there is something to measure."""
        if not images:
            return ""
        began, before = self._first = self._first or (at_s, images)
        if at_s <= began or images <= before:
            return ""
        return f"{(images - before) / (at_s - began):.0f} images a second"


async def watch(parts: "Parts", connection: str) -> None:
    """Draw what is read, how much of it is done, its pace and what remains; off a terminal nothing."""
    if not show.err.is_terminal:
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[pace]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=show.err, transient=True) as drawn:
        task, pace = drawn.add_task("starting …", total=None, pace=""), Pace()
        while True:
            streams, units = await parts.db.read(_look, connection)
            drawn.update(
                task,
                description=described(streams),
                completed=units.done,
                total=units.units or None,
                pace=pace.told(units.counts.get("images", 0), at_s=time.monotonic()),
            )
            await asyncio.sleep(LOOKS_EVERY_S)


def _look(connection: "Sql", name: str) -> "tuple[list[RunStream], Units]":
    from reedbed.inventory.run.starting import FLOW
    from reedbed.store import runs
    from reedbed.store.inventory import streams, units

    newest = runs.newest(connection, FLOW).get(name)
    run = newest.id if newest else ""
    return list(streams.of_run(connection, run).values()), units.progress(connection, run)


def described(streams: "Sequence[RunStream]") -> str:
    """Say which streams are being read, and what came of them so far."""
    if not streams:
        return "starting …"
    live = [each for each in streams if each.phase not in ("ended", "errored", "waiting")]
    told = [": ".join(filter(None, (f"{each.stream} {each.phase}", counted(each)))) for each in live]
    return "; ".join(told) or "closing what is over …"


def counted(stream: "RunStream") -> str:
    """Say what came of a stream: “207 images, 223 listed”."""
    return ", ".join(f"{number} {word}" for word, number in stream.counts.items() if number)
