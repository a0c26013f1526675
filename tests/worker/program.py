"""A small worker process: its jobs write down what they do, and wait at gates that a test opens.

    python program.py FOLDER DATABASE_URL ENGINE_URL LEASE_S COMMAND [NAME=VALUE …]

FOLDER/notes gets a line per event, `PID EVENT`. A gate is open once the file FOLDER/gate-NAME exists. The
worker's clock is as many seconds ahead as the file FOLDER/clock says.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from reedbed import log
from reedbed.errors import Unreachable
from reedbed.jobs import Counts, Every, Job, Recorder, RunContext, now_utc
from reedbed.metrics import Metrics
from reedbed.store.database import open_database
from reedbed.store.migrate import migrate
from reedbed.worker.claim import process_name
from reedbed.worker.daemon import Settings, Worker
from reedbed.worker.engine import Engine
from reedbed.worker.run import Runner, run_once
from reedbed.worker.signals import leaving_on_signals

DAY_S = 86_400.0


class Folder:
    def __init__(self, path: Path) -> None:
        self._path = path

    def note(self, event: str) -> None:
        line = f"{os.getpid()} {event}\n".encode()
        file = os.open(self._path / "notes", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(file, line)
        os.close(file)

    def now(self) -> datetime:
        clock = self._path / "clock"
        return now_utc() + timedelta(seconds=float(clock.read_text()) if clock.exists() else 0.0)

    async def gate(self, name: str) -> None:
        async with asyncio.timeout(180):
            while not (self._path / f"gate-{name}").exists():
                await asyncio.sleep(0.02)


async def five_steps(folder: Folder, context: RunContext) -> Counts:
    folder.note(f"run {context.id}")
    for number in range(1, 6):
        await context.step(f"step-{number}", partial(_step, folder, number))
    folder.note("end")
    return {"seen": 5}


async def _step(folder: Folder, number: int) -> int:
    folder.note(f"begin {number}")
    await folder.gate(str(number))
    folder.note(f"done {number}")
    return number


async def one_step(folder: Folder, context: RunContext) -> Counts:
    folder.note(f"moment {context.scheduled_at.isoformat()}")
    folder.note(f"run {context.id}")
    await folder.gate("1")
    folder.note("end")
    return {"seen": 1}


async def failing(folder: Folder, context: RunContext) -> Counts:
    folder.note(f"run {context.id}")
    raise Unreachable("Could not read the feed", why="nobody answered", fix="Look at the feed's URL.")


async def drive_engine(folder: Folder, url: str) -> None:
    """Ask one engine for five runs of a job, one after the other, and let it forget all but two."""

    async def carry_out(job: str, moment: datetime, record: Recorder) -> str:
        folder.note(f"ran {moment.minute}")
        await folder.gate("1")
        return "succeeded"

    engine = Engine(url, executor_id=process_name(), concurrency=2, poll_s=0.05, carry_out=carry_out)
    engine.open()
    await engine.listen()
    moments = [datetime(2026, 11, 21, 12, minute, tzinfo=UTC) for minute in range(5)]
    for moment in moments:
        folder.note(f"asked {await engine.enqueue('job', moment)}")
        if moment == moments[0]:
            folder.note(f"asked too early {await engine.enqueue('job', moments[1])}")
        while await engine.unfinished():
            await asyncio.sleep(0.02)
    folder.note(f"forgotten {await engine.clean_up(keep=2, before=datetime(2000, 1, 1, tzinfo=UTC))}")
    folder.note(f"asked again {await engine.enqueue('job', moments[-1])}")
    folder.note(f"unfinished {len(await engine.unfinished())}")
    await engine.close()


RUNS: dict[str, Callable[[Folder, RunContext], Awaitable[Counts]]] = {
    "five": five_steps,
    "one": one_step,
    "failing": failing,
}


def jobs(folder: Folder, flow: str, every_s: float) -> list[Job]:
    return [
        Job(flow=flow, feed="osv", platform="prod", schedule=Every(every_s), run=partial(RUNS[flow], folder))
    ]


async def main(
    path: str, database_url: str, engine_url: str, lease_s: str, command: str, *flags: str
) -> None:
    log.configure("info", json=True)
    given = dict(flag.split("=", 1) for flag in flags)
    folder = Folder(Path(path))
    todo = jobs(folder, given.get("job", "five"), float(given.get("every_s", DAY_S)))
    db = open_database(database_url)
    await migrate(db)
    if command == "engine":
        await drive_engine(folder, engine_url)
    elif command == "once":
        ran = await run_once(todo, Runner(db, owner=process_name(), lease_s=float(lease_s)), patience_s=0.0)
        folder.note(f"once {ran[0].outcome}")
    else:
        settings = Settings(engine_url=engine_url, lease_s=float(lease_s), poll_s=0.1)
        stop = asyncio.Event()

        async def source() -> list[Job]:
            return todo

        worker = Worker(source, settings, db=db, metrics=Metrics(), now=folder.now)
        with leaving_on_signals(stop):
            folder.note("started")
            await worker.work(stop)
            folder.note("left")
    db.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
