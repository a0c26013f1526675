"""What every part of a run needs: the line, the store, what is read, and where it is told."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Literal

import msgspec

from reedbed.inventory.connection.scope import Scope
from reedbed.inventory.records.joining import Origin
from reedbed.inventory.transform.shaping import Shapes
from reedbed.jfrog.session import JFrog
from reedbed.model.inventory import Stream
from reedbed.store.database import Database
from reedbed.store.inventory import streams
from reedbed.store.inventory.streams import Phase
from reedbed.store.runs import Fault


class Mode(StrEnum):
    """How much a run reads."""

    FULL = "full"  # lists everything, and reads every image
    RECONCILE = "reconcile"  # lists everything, and reads what changed or was not read for long
    DELTA = "delta"  # lists what changed, and reads as `reconcile`; closes nothing
    RETRY = "retry"  # lists everything, and reads what is new or was never conclusively answered


class Sync(msgspec.Struct, frozen=True, kw_only=True):
    """One run of one connection, while it lives."""

    id: str
    connection: str
    scope: Scope
    shapes: Shapes
    mode: Mode = Mode.FULL
    started_at: datetime  # when the run began; before a crash, if there was one
    jfrog: JFrog
    db: Database
    now: Callable[[], datetime]
    leaving: Callable[[], bool]  # begin nothing more

    @property
    def origin(self) -> Origin:
        return Origin(connection=self.connection, url=self.jfrog.platform.url)

    async def tell(
        self,
        level: Literal["info", "warning", "error"],
        code: str,
        message: str,
        *,
        stream: Stream,
        item: str | None = None,
    ) -> None:
        """Append to the run's log."""
        event = streams.RunEvent(
            at=self.now(), level=level, code=code, stream=stream, item=item, message=message
        )
        await self.db.write(streams.tell, self.id, [event])

    async def tell_of_maps(self) -> None:
        """Tell in the log, row by row, what maps could make nothing of since this was told last."""
        for stream, name, tally in self.shapes.problems():
            problem, times = tally.problem, f" ({tally.times} times)" if tally.times > 1 else ""
            row = f"{name}, row {problem.row}: {problem.target}"
            await self.tell("warning", "row-failed", f"{problem.what}{times}", stream=stream, item=row)

    async def note(
        self,
        stream: Stream,
        phase: Phase,
        *,
        complete: bool = False,
        gaps: int = 0,
        counts: dict[str, int] | None = None,
        error: Fault | None = None,
        watermark: str | None = None,
    ) -> None:
        """Write down how far a stream came."""
        await self.db.write(
            streams.save,
            streams.RunStream(
                run=self.id,
                stream=stream,
                phase=phase,
                counts=counts or {},
                watermark=watermark,
                complete=complete,
                gaps=gaps,
                error=error,
                changed_at=self.now(),
            ),
        )
