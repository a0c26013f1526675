"""Real `reedbed` processes over a database, against a stand-in; each is ended by its id."""

import asyncio
import os
import random
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import msgspec

from flow.thread import PLATFORM, Thread
from jfrog_standin.server import Running
from processes import prepared
from processes.prepared import Child
from reedbed.model.secret import Secret
from reedbed.store.database import Database, open_database
from reedbed.store.platforms import token_context
from reedbed.store.vault import Vault, new_key, read_keys

DEADLINE_S = 120.0


LATENCY_MS = 30
"""Of a stand-in whose caller is to be killed, so that there is time for it."""

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)

Instant = tuple[int, signal.Signals]
"""How many requests were made, and what the process is sent then."""


class Finished(msgspec.Struct, frozen=True):
    code: int
    out: str
    err: str


class Household:
    """A home folder with settings, a key and a database, where `reedbed` runs as a user would run it."""

    def __init__(self, folder: Path, database_url: str, standin: Running | None = None) -> None:
        self.folder = folder
        self.database_url = database_url
        self.standin = standin
        self.key = new_key()
        self.config = folder / "reedbed.toml"
        self.settings: dict[str, str] = {}
        self.children: list[asyncio.subprocess.Process | Child] = []
        self._opened: list[Database] = []

    def write_settings(self, *lines: str) -> None:
        """Write the settings file: the database, the feed in `records`, and more lines."""
        where = (
            f'data_dir = "{self.folder}"'
            if self.database_url.startswith("sqlite")
            else f'database = "{self.database_url}"'
        )
        feed = ("[[feeds]]", 'kind = "osv"', 'name = "osv"', f'source = "{self.folder / "records"}"')
        self.config.write_text("\n".join((where, *lines, *feed)) + "\n")

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of the machine's own but where programs are."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "REEDBED_CONFIG": str(self.config),
            "REEDBED_SECRET_KEY": self.key,
            "REEDBED_HEALTH_LISTEN": "",
            "REEDBED_INTEL_WINDOW_DAYS": "0",  # records of tests are of fixed days
            "REEDBED_INTEL_HUNT_INTERVAL_S": "0",
            "COLUMNS": "100",
            **self.settings,
        }

    def seal(self, token: str) -> str:
        """Encrypt the platform's token as `platform add` does."""
        return Vault(read_keys(Secret(self.key), source="the test")).seal(
            token, context=token_context(PLATFORM)
        )

    async def move_in(self) -> Thread:
        """Store the stand-in as platform, and give the thread that works on the same database."""
        assert self.standin
        db = open_database(self.database_url)
        self._opened.append(db)
        thread = Thread(db, self.standin, self.folder)
        await thread.begin(self.seal(self.standin.admin_token))
        return thread

    async def start(self, *arguments: str, errors_to: IO[bytes] | None = None) -> Child:
        """Start a command whose output goes to `out-N` and `err-N` of the folder, or its errors elsewhere."""
        with self._kept() as (out, err):
            return await self._started(arguments, None, out, errors_to or err)

    async def start_anew(self, *arguments: str) -> asyncio.subprocess.Process:
        """Start it as a shell would, so that its arguments, environment and memory are its own alone."""
        with self._kept() as (out, err):
            child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "reedbed", *arguments),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=self.environment,
                cwd=self.folder,
            )
        self.children.append(child)
        return child

    async def run(self, *arguments: str, send: str = "") -> Finished:
        """Carry out one command to its end."""
        with TemporaryFile() as out, TemporaryFile() as err, prepared.sent(send) as entry:
            code = await self.ended(await self._started(arguments, entry, out, err))
            out.seek(0)
            err.seek(0)
            return Finished(code, out.read().decode(), err.read().decode())

    async def _started(
        self, arguments: tuple[str, ...], entry: int | None, out: IO[bytes], err: IO[bytes]
    ) -> Child:
        child = await prepared.start(
            *("-m", "reedbed", *arguments),
            environment=self.environment,
            folder=self.folder,
            stdin=entry,
            stdout=out.fileno(),
            stderr=err.fileno(),
        )
        self.children.append(child)
        return child

    @contextmanager
    def _kept(self) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
        """Give the files for both outputs of the next child."""
        number = len(self.children)
        with (
            (self.folder / f"out-{number}").open("wb") as out,
            (self.folder / f"err-{number}").open("wb") as err,
        ):
            yield out, err

    def output(self) -> bytes:
        """Give all that the started commands have written."""
        return b"".join(
            path.read_bytes() for kind in ("out", "err") for path in sorted(self.folder.glob(f"{kind}-*"))
        )

    async def ended(self, child: asyncio.subprocess.Process | Child) -> int:
        return await asyncio.wait_for(child.wait(), DEADLINE_S)

    async def clear(self) -> None:
        for child in self.children:
            if child.returncode is None:
                with suppress(ProcessLookupError):
                    os.kill(child.pid, signal.SIGKILL)
                await child.wait()
        for db in self._opened:
            db.close()


async def until(condition: Callable[[], bool], *, deadline_s: float = DEADLINE_S) -> None:
    """Wait until a condition holds; where it does not in time, fail."""
    async with asyncio.timeout(deadline_s):
        while not condition():
            await asyncio.sleep(0.002)


def instants(seed: int, many: int, *, most: int) -> list[Instant]:
    """Choose when commands that make `most` requests are killed."""
    rng = random.Random(seed)
    return [(rng.randint(1, most), rng.choice(SIGNALS)) for _ in range(many)]


async def killed_at(household: Household, instant: Instant, *words: str) -> None:
    """Send a command a signal after some requests, unless it has ended: it may have less left to do."""
    assert household.standin
    platform = household.standin.platform
    many, how = instant
    platform.log.clear()
    platform.switch(latency_ms=LATENCY_MS)
    child = await household.start(*words)
    await until(lambda: sum(platform.log.counts().values()) >= many or child.returncode is not None)
    if child.returncode is None:
        with suppress(ProcessLookupError):
            os.kill(child.pid, how)
    await household.ended(child)
    platform.switch(latency_ms=0)
