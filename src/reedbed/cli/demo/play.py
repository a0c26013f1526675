"""The scenes of the demonstration. What they show they also check: a claim is seen to hold, or not."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from jfrog_standin.osv_records import record, write_folder
from jfrog_standin.server import Running
from reedbed.cli import show
from reedbed.cli.demo.cast import Cast, Part
from reedbed.cli.exit import Exit
from reedbed.packages.fetch import Source, fetch

EVENTS = "/xray/api/v1/events"
BURST = 300
KILL_AFTER = 100
LONGEST_WAIT_S = 90.0


class Play:
    """One run of the demonstration: the platform, the records, and the claims so far."""

    def __init__(self, platform: Running, home: Path, cast: Cast, records: Path) -> None:
        self._platform = platform
        self._home = home
        self._cast = cast
        self._records = records
        self._claims: list[tuple[str, bool]] = []
        self._config = home / "reedbed.toml"
        self._fetches = 0

    @property
    def held(self) -> bool:
        """Whether every claim held, and there were any."""
        return bool(self._claims) and all(holds for _, holds in self._claims)

    async def all(self) -> None:
        await self._connect()
        await self._plan()
        await self._push()
        await self._enforce()
        await self._block()
        await self._release()
        await self._hunt()
        await self._withdraw()
        await self._break_glass()
        await self._survive()

    async def _connect(self) -> None:
        self._scene(
            "A platform", "a stand-in for JFrog on this machine, over TLS, with harmless packages in it"
        )
        self._configure()
        added = await self._reedbed(
            "platform",
            "add",
            "demo",
            self._platform.url,
            "--ca-file",
            str(self._platform.ca_path),
            "--per-second",
            "1000",
            said=self._platform.admin_token,
        )
        self.claim(
            "the platform was tested, from its address to the permission to write", holds=added == Exit.DONE
        )

    async def _plan(self) -> None:
        self._scene("What would happen", "nothing is changed yet; what people use is not blocked unasked")
        await self._fetch(self._cast.used, self._cast.used.flagged, "somebody in the company uses this one")
        planned = await self._reedbed("intel", "plan", "demo")
        self.claim("a change that would hit what people use waits for a person", holds=planned == Exit.HELD)

    async def _push(self) -> None:
        self._scene("Push", "records become custom issues in Xray; each is read back")
        pushed = await self._reedbed("intel", "once", "demo")
        self.claim("all but the held change were pushed", holds=pushed == Exit.HELD)
        verified = await self._reedbed("intel", "verify", "demo")
        self.claim("Xray holds every issue as it was written", holds=verified == Exit.DONE)

    async def _enforce(self) -> None:
        self._scene(
            "Enforce", "policy, watch and indexing turn issues into refused downloads; a canary proves it"
        )
        keys = ("npm-local", "pypi-local", "go-local")
        named = [argument for key in keys for argument in ("--repository", key)]
        proved = [argument for key in keys for argument in ("--prove-in", key)]
        enforced = await self._reedbed("intel", "enforce", "demo", *named, "--apply", *proved)
        self.claim(
            "blocking is proved in three repositories, and un-blocking too", holds=enforced == Exit.DONE
        )

    async def _block(self) -> None:
        self._scene(
            "Blocked",
            "the real npm, pip and go; flagged releases are refused, their clean neighbours are not",
        )
        cast = self._cast
        for part in (cast.named, cast.narrowed, cast.python, cast.module):
            await self._is_refused(part)
        for part in (cast.named, cast.narrowed, cast.python):
            await self._is_served(part, part.clean, "clean")
        await self._is_served(cast.used, cast.used.flagged, "held for a person")

    async def _release(self) -> None:
        self._scene("A person decides", "the held change is released; it goes with the next run")
        await self._reedbed("intel", "held", "demo")
        used = f"golang:{self._cast.used.name}"
        released = await self._reedbed("intel", "release", "demo", used, "--by", "alice")
        self.claim("the held change was released", holds=released == Exit.DONE)
        pushed = await self._reedbed("intel", "once", "demo")
        self.claim("nothing waits any more", holds=pushed == Exit.DONE)
        await self._is_refused(self._cast.used)

    async def _hunt(self) -> None:
        self._scene(
            "Who has it already?", "the package that was released was downloaded before it was blocked"
        )
        found = await self._reedbed("intel", "hunt", "demo")
        self.claim("the hunt finds flagged files that are there", holds=found == Exit.FOUND)
        why = await self._reedbed("why", f"golang:{self._cast.used.name}@{self._cast.used.flagged}")
        self.claim("why it is blocked can be asked", holds=why == Exit.DONE)

    async def _break_glass(self) -> None:
        self._scene(
            "Break glass", "a person frees a release for an hour, against the feed; then it is blocked again"
        )
        part = self._cast.python
        release = f"pypi:{part.name}@{part.flagged}"
        await self._reedbed(
            "intel", "unblock", release, "--for", "1h", "--reason", "release build", "--by", "alice"
        )
        await self._reedbed("intel", "once", "demo")
        await self._is_served(part, part.flagged, "un-blocked for an hour")
        await self._reedbed("intel", "unblock", release, "--end", "--by", "alice")
        await self._reedbed("intel", "once", "demo")
        await self._is_refused(part)

    async def _withdraw(self) -> None:
        self._scene("A false alarm", f"the feed withdraws {self._cast.record}; the package is free again")
        file = self._records / f"{self._cast.record}.json"
        withdrawn = json.loads(file.read_bytes()) | {
            "withdrawn": "2026-11-20T00:00:00Z",
            "modified": "2026-11-20T00:00:00Z",
        }
        file.write_text(json.dumps(withdrawn))
        await self._reedbed("intel", "once", "demo")
        await self._is_served(self._cast.named, self._cast.named.flagged, "withdrawn")

    async def _survive(self) -> None:
        self._scene(
            "A bad day", f"{BURST} new records; the daemon is killed (kill -9) half-way and started again"
        )
        burst = [record(f"MAL-2026-8{n:04}", f"reed-burst-{n}", versions=["1.0.0"]) for n in range(BURST)]
        write_folder(self._records, {f"{each['id']}.json": each for each in burst})
        before, already = len(self._issues()), self._written()
        async with self._child("intel", "run", stdin=asyncio.subprocess.DEVNULL) as daemon:
            await self._until(lambda: self._written() >= already + KILL_AFTER)
            daemon.kill()
            await daemon.wait()
        done = len(self._issues()) - before
        show.line(f"killed it with {done} of {BURST} issues in Xray; starting it again")
        async with self._child("intel", "run", stdin=asyncio.subprocess.DEVNULL) as daemon:
            await self._until(lambda: len(self._issues()) >= before + BURST)
            daemon.terminate()
            self.claim("the daemon left in order when it was asked to", holds=await daemon.wait() == 0)
        await self._reedbed("intel", "once", "demo")
        self.claim(f"all {BURST} are in Xray, none twice", holds=len(self._issues()) == before + BURST)
        verified = await self._reedbed("intel", "verify", "demo")
        self.claim("the ledger and Xray agree", holds=verified == Exit.DONE)

    # Claims

    def claim(self, text: str, *, holds: bool) -> None:
        self._claims.append((text, holds))
        show.line(f"{'[green]✓[/]' if holds else '[red]✗[/]'} {show.safe(text)}")

    def summary(self, took_s: float) -> None:
        failed = [text for text, holds in self._claims if not holds]
        show.line("")
        for text in failed:
            show.line(f"[red]✗[/] {show.safe(text)}")
        colour = "red" if failed else "green"
        kept = len(self._claims) - len(failed)
        show.line(f"[bold {colour}]{kept} of {len(self._claims)} claims held[/], in {took_s:.0f} seconds.")

    async def stay(self) -> None:
        """Leave the platform up until Ctrl-C."""
        show.line(f"\nThe platform stays at {self._platform.url} until Ctrl-C. To play with it:")
        show.line(f"  export XDG_CONFIG_HOME={self._home} REEDBED_CONFIG={self._config}")
        show.line("  .venv/bin/reedbed intel status")
        show.line(f"  .venv/bin/reedbed intel show npm:{self._cast.narrowed.name}")
        await asyncio.Event().wait()

    async def _is_refused(self, part: Part) -> None:
        fetched = await self._fetch(part, part.flagged, "flagged")
        refused = fetched == "403"
        self.claim(f"{part.name} {part.flagged} is refused with 403", holds=refused)

    async def _is_served(self, part: Part, version: str, why: str) -> None:
        served = await self._fetch(part, version, why) == "served"
        self.claim(f"{part.name} {version} can be fetched", holds=served)

    # Hands

    def _scene(self, title: str, about: str) -> None:
        show.line(f"\n[bold cyan]{title}[/] [dim]· {about}[/]")

    def _configure(self) -> None:
        self._config.write_text(
            f'data_dir = "{self._home}/data"\n'
            '[log]\nlevel = "error"\n[health]\nlisten = ""\n[intel]\ninterval_s = 2\n'
            f'[[feeds]]\nkind = "osv"\nname = "osv"\nsource = "{self._records}"\n'
        )

    async def _reedbed(self, *arguments: str, said: str = "") -> int:
        """Run one command as a person would, and show what it says; `said` is its standard input."""
        async with self._child(*arguments, stdin=asyncio.subprocess.PIPE) as child:
            await asyncio.wait_for(child.communicate(said.encode()), LONGEST_WAIT_S)
        return child.returncode or 0

    @asynccontextmanager
    async def _child(self, *arguments: str, stdin: int) -> AsyncIterator[asyncio.subprocess.Process]:
        """Start a command in an environment of its own; whatever happens, it does not outlive the block."""
        show.line(f"[dim]$ reedbed {show.safe(' '.join(arguments))}[/]")
        kept = {name: os.environ[name] for name in ("PATH", "TERM", "COLUMNS") if name in os.environ}
        home = {"HOME": str(self._home), "XDG_CONFIG_HOME": str(self._home), "LANG": "C.UTF-8"}
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "reedbed",
            *arguments,
            stdin=stdin,
            env={**kept, **home, "REEDBED_CONFIG": str(self._config)},
        )
        try:
            yield child
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()

    async def _fetch(self, part: Part, version: str, why: str) -> str:
        """Fetch a release with its own client: `served`, `403`, or what else the client said."""
        self._fetches += 1
        home = self._home / f"fetch-{self._fetches}"
        home.mkdir()
        source = Source(
            url=self._platform.url, repository=part.repository, ca_file=Path(str(self._platform.ca_path))
        )
        fetched = await fetch(part.type, f"{part.name}@{version}", source, home)
        show.line(f"[dim]$ {show.safe(fetched.command)}[/]  [dim italic]({why})[/]")
        show.line(f"  {show.safe(fetched.said)[:160]}")
        return "served" if fetched.ok else "403" if fetched.forbidden else fetched.said

    def _issues(self) -> list[str]:
        return list(self._platform.platform.xray.issues)

    def _written(self) -> int:
        return len(self._platform.platform.log.entries(method="POST", path=EVENTS))

    async def _until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + LONGEST_WAIT_S
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError
            await asyncio.sleep(0.01)
