"""`reedbed` as an operator has it: settings, a database and a key of its own; its commands are children."""

import asyncio
import base64
import os
import secrets
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import IO

from bench.child import Ended, run
from jfrog_standin.address import Address

PROGRAM = str(Path(sys.executable).with_name("reedbed"))
PLATFORM = "bench"
LEAVES_WITHIN_S = 20.0


class Home:
    """A folder that `reedbed` takes for the whole machine. Nothing of the real one shows through."""

    def __init__(self, folder: Path, variables: Mapping[str, str] | None = None) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self._settings = folder / "reedbed.toml"
        self._settings.touch()
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "REEDBED_DATA_DIR": str(folder / "data"),
            "REEDBED_CONFIG": str(self._settings),
            "REEDBED_SECRET_KEY": key,
            "REEDBED_INTEL_WINDOW_DAYS": "0",  # made-up records are of fixed days, and all are to be planned
            "REEDBED_INTEL_HUNT_INTERVAL_S": "0",
            **(variables or {}),
        }

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs that works in this folder."""
        return dict(self._environment)

    def configure(self, source: str, *, settings: str = "", feed: str = "") -> None:
        """Write the settings: one feed of OSV records at `source`, and more of it and of others as TOML."""
        where = f'kind = "osv"\nname = "osv"\nsource = "{source}"\nallow_plain_http = true'
        self._settings.write_text(f"{settings}\n[[feeds]]\n{where}\n{feed}\n", encoding="utf-8")

    async def add_platform(self, standin: Address, *, name: str = PLATFORM, concurrency: int = 32) -> None:
        """Store a stand-in as a platform whose pace is no limit."""
        pace = ("--per-second", "100000", "--concurrency", str(concurrency))
        place = ("platform", "add", name, standin.url, "--ca-file", str(standin.ca), "--no-test")
        await self.run(*place, *pace, given=standin.admin_token)

    async def run(self, *arguments: str, given: str = "", allowed: Sequence[int] = (0,)) -> Ended:
        """Run one `reedbed` command.

        Raises:
            Broken: its exit code is none of `allowed`.
        """
        return await run(PROGRAM, *arguments, environment=self._environment, given=given, allowed=allowed)

    @asynccontextmanager
    async def running(self, *arguments: str, log: IO[bytes]) -> AsyncIterator[int]:
        """Run a `reedbed` command that does not end by itself; gives its process id."""
        process = await asyncio.create_subprocess_exec(
            PROGRAM,
            *arguments,
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            yield process.pid
        finally:
            with suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), LEAVES_WITHIN_S)
            except TimeoutError:
                process.kill()
                await process.wait()
