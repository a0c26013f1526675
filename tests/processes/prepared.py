"""Python processes that start quickly: the libraries of others are in memory already.

Each is a process of its own, forked from one that has imported no line of ours, and is ended by its id. It is
told from one that `python` started only by its row in the list of processes: what looks there, or measures
memory, starts its own.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from processes import parent

PROGRAM = Path(parent.__file__)
DEADLINE_S = 120.0


class Child:
    """A process as asyncio's are: its id, its end, and signals to it."""

    def __init__(self, pid: int, status: asyncio.StreamReader, transport: asyncio.BaseTransport) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._end = asyncio.create_task(self._read_end(status, transport))

    async def _read_end(self, status: asyncio.StreamReader, transport: asyncio.BaseTransport) -> None:
        self.returncode = int(await status.readline())
        transport.close()

    async def wait(self) -> int:
        await asyncio.shield(self._end)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Parent:
    """The process that forks, started when it is first asked."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._orders: socket.socket | None = None

    def send(self, order: parent.Order, files: list[int]) -> None:
        socket.send_fds(self._orders or self._begin(), [msgspec.json.encode(order)], files)

    def _begin(self) -> socket.socket:
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, PROGRAM, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env={"PATH": os.environ["PATH"]},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
        return self._orders

    def end(self) -> None:
        """Let it go; its children are their starters' to end."""
        if self._orders and self._process:
            self._orders.close()
            self._process.wait(DEADLINE_S)
            self._orders = self._process = None


PARENT = Parent()


async def start(
    *words: str,
    environment: Mapping[str, str],
    folder: Path,
    stdin: int | None = None,
    stdout: int,
    stderr: int,
) -> Child:
    """Start `python WORDS` in a folder, its streams being open files of ours by their numbers, or nothing."""
    reading, writing = os.pipe()
    nothing = os.open(os.devnull, os.O_RDONLY)
    try:
        order = parent.Order(words, dict(environment), str(folder))
        PARENT.send(order, [nothing if stdin is None else stdin, stdout, stderr, writing])
    finally:
        os.close(writing)
        os.close(nothing)
    status = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(status), os.fdopen(reading, "rb")
    )
    pid = int(await asyncio.wait_for(status.readline(), DEADLINE_S))
    return Child(pid, status, transport)


@contextmanager
def sent(text: str) -> Iterator[int]:
    """Give the number of a pipe that holds a text and no more."""
    entry, exit_ = os.pipe()
    with os.fdopen(entry, "rb") as reading:
        with os.fdopen(exit_, "wb") as writing:
            writing.write(text.encode())
        yield reading.fileno()
