"""The lines beside the pushed ones: what failed, what waits, and when a cycle is complete."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from reedbed.cli.vendor_output import Lines
from reedbed.errors import Unreachable
from reedbed.intel.push import Told
from reedbed.jobs import Every, Job, RunContext, now_utc
from reedbed.model.ecosystem import PackageType
from reedbed.model.purl import purl
from reedbed.model.versions import EVERY, Between, Exactly, Version

MINUTE = Every(60)


class Runs:
    """Jobs that give what a test wants, watched by `Lines`."""

    def __init__(self) -> None:
        self.counts: Mapping[str, int] = {}
        self.error: Unreachable | None = None
        self.held = 0
        self.lines = Lines(feed="safedep", platform="acme", interval=timedelta(minutes=1), held=self._waiting)

    async def _waiting(self) -> int:
        return self.held

    async def _act(self, run: RunContext) -> Mapping[str, int]:
        if self.error:
            raise self.error
        return self.counts

    async def do(self, *, feed: str = "all", platform: str = "all") -> None:
        job = Job(flow="test", feed=feed, platform=platform, schedule=MINUTE, run=self._act)
        await self.lines.around(job).run(RunContext(id="1", scheduled_at=now_utc()))

    async def read(self) -> None:
        await self.do(feed="safedep")

    async def push(self) -> None:
        await self.do(platform="acme")


async def test_a_cycle_is_complete_once_what_was_read_is_pushed(capsys: pytest.CaptureFixture[str]) -> None:
    runs = Runs()

    await runs.push()
    await runs.read()
    await runs.do(feed="osv")
    await runs.do(platform="another")
    before = capsys.readouterr().out
    await runs.push()
    await runs.push()

    assert before == ""
    assert capsys.readouterr().out == "i Poll cycle complete, next in 1m0s\n"


async def test_what_fails_is_told_once_until_it_works(capsys: pytest.CaptureFixture[str]) -> None:
    runs = Runs()
    runs.error = Unreachable("No answer", why="it is [away]", fix="Wait.")

    for _ in range(3):
        with pytest.raises(Unreachable):
            await runs.read()
    runs.error = None
    await runs.read()
    runs.counts = {"failed": 2, "created": 1}
    await runs.push()
    await runs.push()

    assert capsys.readouterr().out.splitlines() == [
        "✗ No answer: it is [away]. Wait.",
        "✗ Failed: 2 changes, tried again until it works: reedbed intel status",
        "i Poll cycle complete, next in 1m0s",
    ]


async def test_what_waits_for_a_person_is_told_when_it_changes(capsys: pytest.CaptureFixture[str]) -> None:
    runs = Runs()

    for held in (0, 7, 7, 0, 1):
        runs.held = held
        await runs.push()

    assert capsys.readouterr().out.splitlines() == [
        "i Waiting for a person: 7 changes: reedbed intel held acme",
        "i Waiting for a person: 1 change: reedbed intel held acme",
    ]


def test_each_release_has_its_line_and_nothing_in_it_can_move_the_cursor(
    capsys: pytest.CaptureFixture[str],
) -> None:
    added = (Exactly(Version("1.0\x1b-\u202e")), Between(upper=Version("2.0")), EVERY)
    change = Told(
        platform="acme",
        package=purl(PackageType.PYPI, "Reed_Py"),
        outcome="updated",
        added=added,
        issue_id="RB-1",
        status=200,
    )

    Runs().lines.told(change)

    assert capsys.readouterr().out.splitlines() == [
        r"✓ Pushed: reed-py@1.0\x1b-\u202e (pypi)",
        "✓ Pushed: reed-py@(,2.0) (pypi)",
        "✓ Pushed: reed-py@* (pypi)",
        "i   JFrog: RB-1 [200]",
    ]
