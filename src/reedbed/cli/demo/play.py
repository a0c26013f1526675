"""The scenes of the demonstration. What they show they also check: a claim is seen to hold, or not."""

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path

from jfrog_standin.osv_records import record, write_folder
from jfrog_standin.server import Running
from reedbed.cli import show
from reedbed.cli.demo.cast import Cast
from reedbed.cli.demo.desk import LONGEST_WAIT_S, Desk
from reedbed.cli.demo.stage import Stage
from reedbed.cli.demo.vendor import vendors_command_line
from reedbed.cli.exit import Exit

EVENTS = "/xray/api/v1/events"
BURST = 300
KILL_AFTER = 100
SETTINGS = """\
[log]
level = "error"
[health]
listen = ""
[intel]
interval_s = 2
window_days = 0
[[feeds]]
kind = "osv"
name = "osv"
source = "{records}"
"""


class Play:
    """One run of the demonstration: its machine, its platform, and the records that are published."""

    def __init__(self, stage: Stage, platform: Running, home: Path, cast: Cast, records: Path) -> None:
        self._stage = stage
        self._platform = platform
        self._home = home
        self._cast = cast
        self._records = records
        self.desk = Desk(home, SETTINGS.format(records=records))

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
        await vendors_command_line(self._stage, self._platform, self._cast, self._home)
        await self._survive()

    async def _connect(self) -> None:
        self._stage.scene(
            "A platform", "a stand-in for JFrog on this machine, over TLS, with harmless packages in it"
        )
        added = await self.desk.reedbed(
            "platform",
            "add",
            "demo",
            self._platform.url,
            "--ca-file",
            str(self._platform.ca_path),
            "--per-second",
            "1000",
            said=self._platform.admin_token,
            from_file="token.txt",
        )
        self._stage.claim(
            "the platform was tested, from its address to the permission to write", holds=added == Exit.DONE
        )

    async def _plan(self) -> None:
        self._stage.scene(
            "What would happen", "nothing is changed yet; what people use is not blocked unasked"
        )
        await self._stage.fetch(
            self._cast.used, self._cast.used.flagged, "somebody in the company uses this one"
        )
        planned = await self.desk.reedbed("intel", "plan", "demo")
        self._stage.claim(
            "a change that would hit what people use waits for a person", holds=planned == Exit.HELD
        )

    async def _push(self) -> None:
        self._stage.scene("Push", "records become custom issues in Xray; each is read back")
        pushed = await self.desk.reedbed("intel", "once", "demo")
        self._stage.claim("all but the held change were pushed", holds=pushed == Exit.HELD)
        verified = await self.desk.reedbed("intel", "verify", "demo")
        self._stage.claim("Xray holds every issue as it was written", holds=verified == Exit.DONE)

    async def _enforce(self) -> None:
        self._stage.scene(
            "Enforce", "policy, watch and indexing turn issues into refused downloads; a canary proves it"
        )
        keys = ("npm-local", "pypi-local", "go-local")
        named = [argument for key in keys for argument in ("--repository", key)]
        proved = [argument for key in keys for argument in ("--prove-in", key)]
        enforced = await self.desk.reedbed("intel", "enforce", "demo", *named, "--apply", *proved)
        self._stage.claim(
            "blocking is proved in three repositories, and un-blocking too", holds=enforced == Exit.DONE
        )

    async def _block(self) -> None:
        self._stage.scene(
            "Blocked",
            "the real npm, pip and go; flagged releases are refused, their clean neighbours are not",
        )
        cast = self._cast
        await self._stage.is_refused(cast.named, cast.narrowed, cast.python, cast.module)
        await self._stage.are_clean(cast.named, cast.narrowed, cast.python)
        await self._stage.is_served(cast.used, cast.used.flagged, "held for a person")

    async def _release(self) -> None:
        self._stage.scene("A person decides", "the held change is released; it goes with the next run")
        await self.desk.reedbed("intel", "held", "demo")
        used = f"golang:{self._cast.used.name}"
        released = await self.desk.reedbed("intel", "release", "demo", used, "--by", "alice")
        self._stage.claim("the held change was released", holds=released == Exit.DONE)
        pushed = await self.desk.reedbed("intel", "once", "demo")
        self._stage.claim("nothing waits any more", holds=pushed == Exit.DONE)
        await self._stage.is_refused(self._cast.used)

    async def _hunt(self) -> None:
        self._stage.scene(
            "Who has it already?", "the package that was released was downloaded before it was blocked"
        )
        found = await self.desk.reedbed("intel", "hunt", "demo")
        self._stage.claim("the hunt finds flagged files that are there", holds=found == Exit.FOUND)
        why = await self.desk.reedbed("why", f"golang:{self._cast.used.name}@{self._cast.used.flagged}")
        self._stage.claim("why it is blocked can be asked", holds=why == Exit.DONE)

    async def _break_glass(self) -> None:
        self._stage.scene(
            "Break glass", "a person frees a release for an hour, against the feed; then it is blocked again"
        )
        part = self._cast.python
        release = f"pypi:{part.name}@{part.flagged}"
        await self.desk.reedbed(
            "intel", "unblock", release, "--for", "1h", "--reason", "release build", "--by", "alice"
        )
        await self.desk.reedbed("intel", "once", "demo")
        await self._stage.is_served(part, part.flagged, "un-blocked for an hour")
        await self.desk.reedbed("intel", "unblock", release, "--end", "--by", "alice")
        await self.desk.reedbed("intel", "once", "demo")
        await self._stage.is_refused(part)

    async def _withdraw(self) -> None:
        self._stage.scene(
            "A false alarm", f"the feed withdraws {self._cast.record}; the package is free again"
        )
        file = self._records / f"{self._cast.record}.json"
        withdrawn = json.loads(file.read_bytes()) | {
            "withdrawn": "2026-11-20T00:00:00Z",
            "modified": "2026-11-20T00:00:00Z",
        }
        file.write_text(json.dumps(withdrawn))
        await self.desk.reedbed("intel", "once", "demo")
        await self._stage.is_served(self._cast.named, self._cast.named.flagged, "withdrawn")

    async def _survive(self) -> None:
        self._stage.scene(
            "A bad day", f"{BURST} new records; the daemon is killed (kill -9) half-way and started again"
        )
        burst = [record(f"MAL-2026-8{n:04}", f"reed-burst-{n}", versions=["1.0.0"]) for n in range(BURST)]
        write_folder(self._records, {f"{each['id']}.json": each for each in burst})
        before, already = len(self._issues()), self._written()
        async with self.desk.daemon("intel", "run") as daemon:
            await self._until(lambda: self._written() >= already + KILL_AFTER)
            daemon.kill()
            await daemon.wait()
        done = len(self._issues()) - before
        show.line(f"killed it with {done} of {BURST} issues in Xray; starting it again")
        async with self.desk.daemon("intel", "run") as daemon:
            await self._until(lambda: len(self._issues()) >= before + BURST)
            daemon.terminate()
            self._stage.claim("the daemon left in order when it was asked to", holds=await daemon.wait() == 0)
        await self.desk.reedbed("intel", "once", "demo")
        self._stage.claim(f"all {BURST} are in Xray, none twice", holds=len(self._issues()) == before + BURST)
        verified = await self.desk.reedbed("intel", "verify", "demo")
        self._stage.claim("the ledger and Xray agree", holds=verified == Exit.DONE)

    async def stay(self) -> None:
        """Leave the platform up until Ctrl-C."""
        show.line(
            f"\nThe platform stays at {self._platform.url} until Ctrl-C. To play with it and what was read:"
        )
        show.line(f"  export XDG_CONFIG_HOME={self._home} REEDBED_CONFIG={self.desk.config}")
        show.line("  .venv/bin/reedbed intel status")
        show.line(f"  .venv/bin/reedbed intel show npm:{self._cast.narrowed.name}")
        show.line("  .venv/bin/reedbed findings 'severity>=high' --group-by component")
        await asyncio.Event().wait()

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
