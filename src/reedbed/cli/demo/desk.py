"""A machine of somebody who plays: commands run there as a person would run them, and are shown."""

import asyncio
import os
import shlex
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from rich.text import Text

from reedbed.cli import show

LONGEST_WAIT_S = 90.0
KEPT = ("PATH", "TERM", "COLUMNS", "NO_COLOR")
"""What a command takes over from the machine that the demonstration runs on, and no more."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a command said, and how it ended."""

    code: int
    lines: list[str]  # without colours


class Desk:
    """A home of its own, with its settings, its variables and no keychain: nothing of it stays."""

    def __init__(self, home: Path, settings: str, variables: Mapping[str, str] | None = None) -> None:
        self._home = home
        self.config = home / "reedbed.toml"
        self.variables = dict(variables or {})
        home.mkdir(exist_ok=True)
        self.config.write_text(f'data_dir = "{home}/data"\n{settings}')

    async def reedbed(self, *arguments: str, said: str = "", from_file: str = "", editor: str = "") -> int:
        """Run one command; `said` is its standard input, shown as if it came from a file of that name."""
        self._show(arguments, from_file, editor)
        async with self._child(arguments, stdin=asyncio.subprocess.PIPE, editor=editor) as child:
            await asyncio.wait_for(child.communicate(said.encode()), LONGEST_WAIT_S)
        return child.returncode or 0

    @asynccontextmanager
    async def daemon(self, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
        """Start a command that stays; whatever happens, it does not outlive the block."""
        self._show(arguments)
        async with self._child(arguments, stdin=asyncio.subprocess.DEVNULL) as child:
            yield child

    @asynccontextmanager
    async def heard(self, *arguments: str) -> AsyncIterator["Heard"]:
        """Start a command that stays, and whose lines are read one by one."""
        self._show(arguments)
        async with self._child(
            arguments, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE
        ) as child:
            yield Heard(child)

    async def told(self, *arguments: str, progress: bool = False) -> Told:
        """Run one command and show what it said, its lines cut where the terminal ends.

        With `progress` what it says beside its result goes to the terminal by itself, and is not given.
        """
        self._show(arguments)
        return _shown(await self._captured(arguments, beside=None if progress else asyncio.subprocess.STDOUT))

    async def told_all(self, *commands: tuple[str, ...]) -> list[Told]:
        """Run commands at once, and show one after another what they said."""
        captured = await asyncio.gather(*map(self._captured, commands))
        told = []
        for arguments, each in zip(commands, captured, strict=True):
            self._show(arguments)
            told.append(_shown(each))
        return told

    async def _captured(
        self, arguments: tuple[str, ...], beside: int | None = asyncio.subprocess.STDOUT
    ) -> tuple[int, bytes]:
        async with self._child(
            arguments, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=beside
        ) as child:
            said, _ = await asyncio.wait_for(child.communicate(), LONGEST_WAIT_S)
        return child.returncode or 0, said

    def _show(self, arguments: tuple[str, ...], from_file: str = "", editor: str = "") -> None:
        by = f"EDITOR={shlex.quote(editor)} " if editor else ""
        came = f" < {from_file}" if from_file else ""
        show.line(f"[dim]$ {by}reedbed {show.safe(shlex.join(arguments))}{came}[/]")

    @asynccontextmanager
    async def _child(
        self,
        arguments: tuple[str, ...],
        *,
        stdin: int,
        stdout: int | None = None,
        stderr: int | None = None,
        editor: str = "",
    ) -> AsyncIterator[asyncio.subprocess.Process]:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "reedbed", *arguments),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            cwd=self._home,
            env=self._environment(stdout) | ({"EDITOR": editor} if editor else {}),
        )
        try:
            yield child
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()

    def _environment(self, stdout: int | None) -> dict[str, str]:
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        home = {"HOME": str(self._home), "XDG_CONFIG_HOME": str(self._home), "LANG": "C.UTF-8"}
        # A keychain is the person's own, wherever HOME points to.
        lonely = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
        # What goes through our hands to a terminal keeps its colours.
        coloured = {"FORCE_COLOR": "1"} if stdout is not None and show.out.is_terminal else {}
        return kept | home | lonely | coloured | {"REEDBED_CONFIG": str(self.config)} | self.variables


def _shown(captured: tuple[int, bytes]) -> Told:
    code, said = captured
    lines = [Text.from_ansi(line) for line in said.decode(errors="replace").splitlines()]
    for line in lines:
        show.out.print(line, no_wrap=True, overflow="ellipsis")
    return Told(code=code, lines=[line.plain.rstrip() for line in lines])


class Heard:
    """A daemon whose lines are shown when somebody waits for one of them, as if they looked there again."""

    def __init__(self, child: asyncio.subprocess.Process) -> None:
        self._child = child
        self.lines: list[str] = []  # all that were shown, without colours

    async def until(self, words: str) -> bool:
        """Show lines up to the one that holds these words; False: the daemon ended before.

        Raises:
            TimeoutError: no such line came.
        """
        async with asyncio.timeout(LONGEST_WAIT_S):
            while line := await self._line():
                text = Text.from_ansi(line.decode(errors="replace").rstrip())
                show.out.print(text)
                self.lines.append(text.plain)
                if words in text.plain:
                    return True
        return False

    async def _line(self) -> bytes:
        assert self._child.stdout is not None
        return await self._child.stdout.readline()

    async def leave(self) -> int:
        """Ask the daemon to end, if it has not ended by itself: its exit code."""
        if self._child.returncode is None:
            self._child.terminate()
        await asyncio.wait_for(self._child.communicate(), LONGEST_WAIT_S)
        return self._child.returncode or 0
