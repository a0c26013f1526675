"""A platform that is asleep, has lost its Xray, or takes the token no more, from the middle of a run on.

The run ends and says what to do, what was not done waits, nothing counts as done or gone, and once the
platform is as it was, the next run finishes.
"""

import asyncio
import os
import signal

import pytest

from flow.disturbed import AFTER, BEFORE, HELD, before, say_more
from flow.household import DEADLINE_S, Household, until
from flow.thread import EVENTS, PLATFORM, Thread
from reedbed.store import platforms, runs
from reedbed.store.runs import Fault, State

AWAY = {
    "asleep": ({"asleep": True}, {"asleep": False}, "asleep", "Sign in at the platform's URL"),
    "no-xray": (
        {"xray_missing": True},
        {"xray_missing": False},
        "404",
        "runs the service that was asked",
    ),
}
"""What is switched, what switches it back, and words of the reason and of what to do."""


@pytest.mark.parametrize("kind", AWAY)
async def test_a_platform_that_goes_away_loses_nothing(kind: str, embedded: Thread) -> None:
    away, back, why, fix = AWAY[kind]
    await before(embedded)
    say_more(embedded)
    embedded.standin.platform.switch(**away)

    for _ in range(2):
        await embedded.run()
    waiting = await embedded.waiting(held=False)
    embedded.standin.platform.switch(**back)
    assert {name: embedded.versions(name) for name in embedded.issues()} == BEFORE
    await embedded.until_done()

    assert embedded.errors
    assert all(why in error.why and fix in error.fix for error in embedded.errors)
    assert {each.package for each in waiting.values()} >= {f"pkg:npm/{name}" for name in ("new", "withdrawn")}
    assert {name: embedded.versions(name) for name in embedded.issues()} == AFTER
    assert {each.flagged.package.name for each in await embedded.ledger()} == AFTER.keys()
    assert set(await embedded.held()) == {f"pkg:npm/{HELD}"}


MANY, CONCURRENCY = 150, 8
LATENCY_MS = 20
"""So that a run is long enough to be disturbed."""


def say(thread: Thread) -> None:
    for number in range(MANY):
        thread.publish(f"MAL-{number}", f"reed-{number}", versions=["1.0.0"])
    thread.standin.platform.switch(latency_ms=LATENCY_MS)


def posts(thread: Thread) -> int:
    return thread.standin.platform.log.counts().get(f"POST {EVENTS}", 0)


def new_token(thread: Thread) -> tuple[str, str]:
    """Have a token made for the administrator; give its id and itself."""
    issued = thread.standin.platform.access.issue("admin")
    return issued.token.token_id, issued.access_token


async def test_a_token_that_is_revoked_in_mid_run_ends_it_and_loses_nothing(embedded: Thread) -> None:
    token_id, embedded.token = new_token(embedded)
    say(embedded)
    running = asyncio.create_task(embedded.run())
    await until(lambda: posts(embedded) >= 10)
    embedded.standin.platform.access.revoke(token_id)

    counts = await running
    asked = posts(embedded)
    await embedded.run()
    waiting = await embedded.waiting()
    reasons = [each.reason for each in waiting.values() if each.reason]

    assert len(await embedded.ledger()) == counts["pushed"]
    assert counts["pushed"] <= len(embedded.issues()) <= counts["pushed"] + CONCURRENCY  # not read back
    assert len(waiting) == MANY - counts["pushed"] > 0
    assert reasons
    assert all("401" in reason for reason in reasons)
    assert "`reedbed platform rotate" in embedded.errors[-1].fix
    assert posts(embedded) == asked  # nothing is tried for each of all the others
    _, embedded.token = new_token(embedded)
    await embedded.until_done()
    assert len(embedded.issues()) == len(await embedded.ledger()) == MANY


@pytest.mark.soak
@pytest.mark.parametrize("order", ["revoked-first", "rotated-first"])
async def test_a_daemon_takes_the_new_token_at_its_next_run(household: Household, order: str) -> None:
    thread = await household.move_in()
    old_id, old = new_token(thread)
    _, new = new_token(thread)
    await thread.db.write(platforms.replace_token, PLATFORM, household.seal(old), expires_at=None)
    say(thread)
    daemon = await household.start("intel", "run")
    await until(lambda: posts(thread) >= 10)

    if order == "revoked-first":
        thread.standin.platform.access.revoke(old_id)
        async with asyncio.timeout(DEADLINE_S):
            while not (failed := await failures(thread)):
                await asyncio.sleep(0.1)
        assert "401" in failed[0].why
        assert "platform rotate" in failed[0].fix
    rotated = await household.run("platform", "rotate", PLATFORM, send=new)
    thread.standin.platform.access.revoke(old_id)

    async with asyncio.timeout(DEADLINE_S):
        while len(await thread.ledger()) < MANY or await thread.waiting():
            await asyncio.sleep(0.1)
    os.kill(daemon.pid, signal.SIGTERM)
    assert rotated.code == 0, rotated.err
    assert await household.ended(daemon) == 0
    assert len(thread.issues()) == MANY
    assert old.encode() not in household.output()
    assert new.encode() not in household.output()


async def failures(thread: Thread) -> list[Fault]:
    recent = await thread.db.read(runs.recent, limit=100)
    return [run.error for run in recent if run.state is State.FAILED and run.error]
