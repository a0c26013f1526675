"""A stage for worker processes: a folder, a database, the engine's database, children that end by id."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from processes import prepared
from processes.prepared import Child
from reedbed.store.database import Database, open_database
from reedbed.store.migrate import migrate

PROGRAM = Path(__file__).parent / "program.py"
DEADLINE_S = 120.0


async def until(condition: Callable[[], bool], *, deadline_s: float = DEADLINE_S) -> None:
    """Wait until a condition holds; where it does not in time, fail."""
    async with asyncio.timeout(deadline_s):
        while not condition():
            await asyncio.sleep(0.02)


class Stage:
    """Children in it take `lease_s` seconds without a sign of life for death: many, as some are slow."""

    def __init__(self, folder: Path, database_url: str, db: Database, lease_s: float = 12.0) -> None:
        self.folder = folder
        self.database_url = database_url
        self.engine_url = (
            f"sqlite:///{folder / 'engine.db'}" if database_url.startswith("sqlite") else database_url
        )
        self.db = db
        self.lease_s = lease_s
        self._children: list[Child] = []

    async def start(self, command: str = "work", **flags: str | float) -> Child:
        arguments = [f"{name}={value}" for name, value in flags.items()]
        with (self.folder / "log").open("ab") as log:
            child = await prepared.start(
                *(str(PROGRAM), str(self.folder), self.database_url, self.engine_url),
                *(str(self.lease_s), command, *arguments),
                environment=os.environ,
                folder=self.folder,
                stdout=log.fileno(),
                stderr=log.fileno(),
            )
        self._children.append(child)
        return child

    def set_clock(self, ahead: timedelta) -> None:
        """Set the clock of every worker, those that run too."""
        new = self.folder / "clock.new"
        new.write_text(str(ahead.total_seconds()))
        new.rename(self.folder / "clock")

    def open_gates(self, *names: int) -> None:
        for name in names:
            (self.folder / f"gate-{name}").touch()

    def notes(self, child: Child | None = None) -> list[str]:
        """What children have noted, in order: of one child, or of all."""
        file = self.folder / "notes"
        lines = file.read_text().splitlines() if file.exists() else []
        pairs = [line.split(" ", 1) for line in lines]
        return [event for pid, event in pairs if child is None or int(pid) == child.pid]

    def log(self) -> str:
        return (self.folder / "log").read_text()

    async def noted(self, event: str, *, times: int = 1) -> None:
        await until(lambda: self.notes().count(event) >= times)

    async def ended(self, child: Child) -> int:
        """Wait until a child has ended by itself; give its exit code."""
        return await asyncio.wait_for(child.wait(), DEADLINE_S)

    async def kill(self, child: Child) -> None:
        os.kill(child.pid, signal.SIGKILL)
        await self.ended(child)

    async def clear(self) -> None:
        for child in self._children:
            if child.returncode is None:
                await self.kill(child)


@pytest.fixture
async def stage(tmp_path: Path, database_url: str) -> AsyncIterator[Stage]:
    db = open_database(database_url)
    await migrate(db)
    stage = Stage(tmp_path, database_url, db)
    yield stage
    await stage.clear()
    db.close()
