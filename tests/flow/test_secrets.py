"""A token is in no file, log, message, argument or environment, whether runs succeed, fail, break or die.

The canary is the token that really opens the stand-in, and a second one that the log's patterns do not know.
"""

import asyncio
import os
import signal
from base64 import b64encode
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

import pytest

from databases import Cluster
from flow.household import Finished, Household, until
from flow.thread import EVENTS, PLATFORM, Thread
from jfrog.platforms import at, impatient
from reedbed.errors import ReedbedError
from reedbed.jfrog.session import connect
from reedbed.jfrog.xray import Xray
from reedbed.store import platforms

ODD = "canary-of-no-known-shape.0123456789"
"""What no pattern of the log takes for a credential."""


def traces(*secrets: str) -> list[bytes]:
    """Give the forms in which a secret would be found."""
    return [
        form
        for secret in secrets
        for form in (
            secret.encode(),
            secret[-24:].encode(),
            b64encode(secret.encode())[:-4],
            secret.encode().hex().encode(),
            quote(secret, safe="").encode(),
        )
    ]


def found_in(files: Iterable[Path], wanted: list[bytes]) -> list[Path]:
    return [path for path in files if any(each in path.read_bytes() for each in wanted)]


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]


class Watch:
    """Looks at arguments and environment of a process and all that it starts, for as long as it lives."""

    def __init__(self, wanted: list[bytes]) -> None:
        self._wanted = wanted
        self.looked_at: set[int] = set()
        self.found: list[str] = []

    async def over(self, child: asyncio.subprocess.Process) -> int:
        while child.returncode is None:
            for pid in (child.pid, *_offspring(child.pid)):
                self._look(pid)
            await asyncio.sleep(0.005)
        return child.returncode

    def _look(self, pid: int) -> None:
        for name in ("cmdline", "environ"):
            try:
                seen = Path(f"/proc/{pid}/{name}").read_bytes()
            except OSError:
                continue
            self.looked_at.add(pid)
            self.found += [f"{pid} {name}" for each in self._wanted if each in seen]


def _offspring(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += map(int, task.read_text().split())
        except OSError:
            continue
    return found + [each for child in found for each in _offspring(child)]


@pytest.fixture
async def stage(household: Household) -> tuple[Household, Thread]:
    thread = await household.move_in()
    for number in range(60):
        thread.publish(f"MAL-{number}", f"reed-{number}", versions=["1.0.0"])
    return household, thread


Stage = tuple[Household, Thread]


async def test_no_run_leaves_the_token_anywhere(stage: Stage, request: pytest.FixtureRequest) -> None:
    household, thread = stage
    assert household.standin
    token = household.standin.admin_token
    wanted = traces(token, ODD)

    ends = [await _watched(household, wanted, "intel", "once", "--set", "log.level=debug")]
    await _die_in_mid_run(household, thread)
    ends.append(await _watched(household, wanted, "intel", "once", "--set", "log.format=human"))
    ends.append(await _break_on_a_corrupt_row(household, thread))
    await thread.db.write(platforms.replace_token, PLATFORM, household.seal(ODD), expires_at=None)
    thread.publish("MAL-late", "reed-late", versions=["1.0.0"])
    ends.append(await _watched(household, wanted, "intel", "once", "--full"))
    ends += [
        await household.run("intel", "status", "--json"),
        await household.run("platform", "list", "--json"),
    ]
    ends.append(await household.run("platform", "test", PLATFORM, "--json"))

    assert [end.code for end in ends] == [0, 0, 1, 1, 0, 0, 1]
    assert "401" in ends[3].err
    assert "Traceback" in ends[2].err
    said = "".join(end.out + end.err for end in ends).encode()
    assert not [each for each in wanted if each in said]
    assert found_in(files_below(household.folder), wanted) == []
    if household.database_url.startswith("postgresql"):
        cluster: Cluster = request.getfixturevalue("cluster")
        cluster.do("CHECKPOINT")
        assert found_in(files_below(cluster.folder / "data"), wanted) == []


async def _watched(household: Household, wanted: list[bytes], *arguments: str) -> Finished:
    """Carry out a command, and look at its processes all the while."""
    watch = Watch(wanted)
    child = await household.start_anew(*arguments)
    code = await watch.over(child)
    assert watch.looked_at
    assert watch.found == []
    number = len(household.children) - 1
    out, err = (_read(household.folder / f"{kind}-{number}") for kind in ("out", "err"))
    return Finished(code, out, err)


def _read(path: Path) -> str:
    return path.read_text()


async def _die_in_mid_run(household: Household, thread: Thread) -> None:
    for number in range(60):
        thread.publish(f"MAL-{number}", f"reed-{number}", versions=["1.0.0", "2.0.0"], day=2)
    thread.standin.platform.log.clear()
    child = await household.start_anew("intel", "once")
    await until(lambda: thread.standin.platform.log.counts().get(f"PUT {EVENTS}/{{id}}", 0) > 10)
    os.kill(child.pid, signal.SIGKILL)
    await household.ended(child)


async def _break_on_a_corrupt_row(household: Household, thread: Thread) -> Finished:
    """Let a bug be met: a row that decodes to nothing. Its traceback is told."""
    await thread.db.write(lambda c: c.exec_driver_sql("UPDATE advisories SET versions = '{\"clauses\": 7}'"))
    ended = await household.run("intel", "once", "--full")
    await thread.db.write(lambda c: c.exec_driver_sql("DELETE FROM advisories"))
    return ended


async def test_no_error_holds_the_token(embedded: Thread) -> None:
    """Neither its text, nor its repr, nor what it was raised from."""
    troubles = ("status", "drop_before", "truncated", "login_page", "redirect", "hung", "gzip_bomb")
    for kind in troubles:
        embedded.mend()
        embedded.fail(kind, "/xray/*")
        async with connect(
            at(embedded.standin, timeout_s=0.5), embedded.standin.admin_token, patience=impatient(1)
        ) as jfrog:
            assert embedded.standin.admin_token not in repr(jfrog)
            with pytest.raises(ReedbedError) as caught:
                await Xray(jfrog).issue("RB-X")

        error: BaseException | None = caught.value
        while error is not None:
            told = f"{error} {error!r} {error.args!r} {vars(error)!r}"
            assert embedded.standin.admin_token not in told, kind
            error = error.__cause__ or error.__context__


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_children_of_reedbed_get_no_variable_of_its_own(household: Household) -> None:
    """A checkout of git is read with git, which a hook or a wrapper may be."""
    await household.move_in()
    spy = household.folder / "bin" / "git"
    _write(spy, f"#!/bin/sh\nenv >> {household.folder}/seen\nexit 1\n")
    _write(household.folder / "checkout" / "osv" / "malicious" / "none.json", "{}")
    household.write_settings(
        *("[[feeds]]", 'kind = "osv"', 'name = "git"', f'source = "{household.folder}/checkout"')
    )
    household.settings["PATH"] = f"{spy.parent}:{os.environ['PATH']}"
    household.settings["REEDBED_TOKEN"] = ODD

    await household.run("intel", "once")

    seen = _read(household.folder / "seen")
    assert "PATH=" in seen
    assert "REEDBED_" not in seen
    assert ODD not in seen


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(text)
    path.chmod(0o755)
