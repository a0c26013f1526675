"""Lending hands: a worker takes units of runs that other workers carry out.

The units are rows with claims that end: nothing has to be handed over, and a hand that dies costs a minute.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import structlog

from reedbed.errors import ReedbedError
from reedbed.inventory.run import starting
from reedbed.jobs import now_utc
from reedbed.store import runs
from reedbed.store.inventory import units
from reedbed.store.runs import Run, State
from reedbed.wiring.lines import line_of
from reedbed.wiring.parts import Parts

log = structlog.get_logger(__name__)

LOOKS_EVERY_S = 2.0


async def lend_hands(parts: Parts, stop: asyncio.Event, *, owner: Callable[[], str]) -> None:
    """Look for runs that want hands until `stop` is set; `owner` is the name that our own runs have."""
    while not stop.is_set():
        try:
            for run in await _others(parts, owner()):
                await _lend(parts, run, stop)
        except* ReedbedError as group:  # the run's own worker meets the same, and tells it
            log.info("no_hand_lent", why=str(group.exceptions[0]))
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), LOOKS_EVERY_S)


async def _others(parts: Parts, owner: str) -> list[Run]:
    wanting = await parts.db.read(units.wanting_hands, now=now_utc())
    found = [await parts.db.read(runs.get, run) for run in wanting]
    return [run for run in found if run and run.state is State.RUNNING and run.owner != owner]


async def _lend(parts: Parts, run: Run, stop: asyncio.Event) -> None:
    assert run.platform is not None  # of a sync it is the connection's name
    async with line_of(parts, run.platform) as jfrog:
        await starting.lend_a_hand(run, jfrog, parts.db, run.platform, leaving=stop.is_set)
