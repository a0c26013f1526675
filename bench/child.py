"""Child processes, measured from outside: what they took is theirs alone, whatever runs here."""

import asyncio
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from threading import Timer

import msgspec

MEGABYTE = 1 << 20
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """A child that has ended."""

    code: int
    seconds: float  # from its start to its end
    cpu_s: float  # of all its threads, in user and system time
    peak_mb: float  # most memory resident at once; at least as much as this process held when it was started
    out: bytes
    err: bytes


class Broken(Exception):
    """A child did not do what it was started for, so there is nothing to measure."""


async def run(
    *command: str,
    environment: Mapping[str, str] | None = None,
    given: str = "",
    allowed: Sequence[int] = (0,),
    limit_s: float = 900.0,
) -> Ended:
    """Run a command to its end, with `given` as its standard input.

    Raises:
        Broken: its exit code is none of `allowed`, or it took longer than `limit_s`.
    """
    ended = await asyncio.to_thread(_run, command, environment, given.encode(), limit_s)
    if ended.code not in allowed:
        said = ended.err.decode(errors="replace").strip().splitlines()
        raise Broken("\n".join([f"{' '.join(command[:4])} … ended with {ended.code}:", *said[-20:]]))
    return ended


def _run(
    command: Sequence[str], environment: Mapping[str, str] | None, given: bytes, limit_s: float
) -> Ended:
    with TemporaryFile() as stdin, TemporaryFile() as out, TemporaryFile() as err:  # pipes could fill up
        stdin.write(given)
        stdin.seek(0)
        began = time.perf_counter()
        child = subprocess.Popen(command, stdin=stdin, stdout=out, stderr=err, env=environment)
        watch = Timer(limit_s, child.kill)
        watch.start()
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - began
        watch.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        return Ended(
            code=child.returncode,
            seconds=seconds,
            cpu_s=usage.ru_utime + usage.ru_stime,
            peak_mb=usage.ru_maxrss * 1024 / MEGABYTE,
            out=out.read(),
            err=err.read(),
        )


def resident_mb(pid: int) -> float:
    """Memory of a living process that is resident now."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MEGABYTE


def used_cpu_s(pid: int) -> float:
    """CPU time of a living process since its start: the fields utime and stime of proc_pid_stat(5)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


def forget_peak() -> None:
    """Let this process's peak of memory begin anew (proc_pid_clear_refs(5), the value 5)."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def own_peak_mb() -> float:
    """Most memory of this process that was resident at once since `forget_peak` (VmHWM)."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / MEGABYTE
