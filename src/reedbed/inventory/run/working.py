"""Doing the units of a run: planned by one worker, and done by as many as there are. Acts."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Collection
from itertools import pairwise

from reedbed.inventory.findings.of_summary import asks_xray
from reedbed.inventory.run.context import Mode, Sync
from reedbed.inventory.run.reading import Reading
from reedbed.store.inventory import placements, scopes, units
from reedbed.store.inventory.scopes import Scope
from reedbed.store.inventory.units import Part, Progress

UNIT_IMAGES = 20
"""About as many as a call to Xray asks for at first."""

REREAD_IMAGES = 50
"""And at most: of images whose content is known the calls to Xray are nearly all that is asked."""

UNITS_AT_ONCE = 12
"""In one worker: enough that calls wait for each other and not for the store; their answers are in memory."""

CLAIM_S = 60.0
LOOKS_EVERY_S = 0.5


async def plan(run: Sync, *, also: Collection[Scope] = ()) -> None:
    """Put down what is to be read, in units; a run that was broken off keeps those that it had.

    With scopes that are to be compared `also` where there is nothing to read, as something in them is gone.
    """
    planned = [unit async for unit in _units(run, also)]
    await run.db.write(units.plan, run.id, planned)


async def _units(run: Sync, also: Collection[Scope]) -> AsyncIterator[list[Part]]:
    """Give the scopes with images to read, some together; one with very many in several units.

    Unless only what changed was listed, those without come as well: what is gone has to be taken in.
    """
    enough = UNIT_IMAGES if run.mode is Mode.FULL else REREAD_IMAGES
    unit: list[Part] = []
    images = 0
    after: Scope | None = None
    while page := await run.db.read(scopes.sized, run.connection, run=run.id, after=after):
        for scope, size in page:
            if size > 2 * enough:
                for part in await _split(run, scope, enough):
                    yield [part]
            elif size or scope in also or run.mode is not Mode.DELTA:
                unit.append(Part(repository=scope.repository, path=scope.path))
                images += size
            if images >= enough or len(unit) >= 10 * enough:
                yield unit
                unit, images = [], 0
        after = page[-1][0]
    if unit:
        yield unit


async def _split(run: Sync, scope: Scope, enough: int) -> list[Part]:
    ids = await run.db.read(placements.wanted_in, scope, run=run.id)
    ends = ["", *ids[enough - 1 : -1 : enough], ""]
    return [
        Part(repository=scope.repository, path=scope.path, after=after, upto=upto)
        for after, upto in pairwise(ends)
    ]


async def work(run: Sync) -> None:
    """Do units of a run until there are none that nobody works on, or the worker leaves.

    Raises:
        ExceptionGroup: of `Refused`, where JFrog does not take the token any more, and of `Unreachable`,
            where the store does not answer. Units that were not finished are free again.
    """
    reading = Reading(run, findings=asks_xray(run.scope.streams))
    owner = secrets.token_hex(8)
    renewing = asyncio.create_task(_renew(run, owner))
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(UNITS_AT_ONCE):
                group.create_task(_one_after_another(run, reading, owner))
    finally:
        renewing.cancel()
        await asyncio.wait({renewing})
    await run.tell_of_maps()


async def _one_after_another(run: Sync, reading: Reading, owner: str) -> None:
    while not run.leaving():
        unit = await run.db.write(units.claim, run.id, owner, now=run.now(), ttl_s=CLAIM_S)
        if unit is None:
            return
        await reading.read(unit)


async def _renew(run: Sync, owner: str) -> None:
    while True:
        await asyncio.sleep(CLAIM_S / 3)
        await run.db.write(units.renew, run.id, owner, now=run.now(), ttl_s=CLAIM_S)


async def progress(run: Sync) -> Progress:
    """Say how far a run is, by all of its workers."""
    return await run.db.read(units.progress, run.id)
