"""Closing what is over, after everything was listed; too much at once waits for a person. Acts."""

import msgspec
import structlog

from reedbed.inventory import ending
from reedbed.inventory.reconcile import closings
from reedbed.inventory.run import Sync
from reedbed.model.inventory import Status
from reedbed.store.inventory import closings as store
from reedbed.store.inventory import scopes
from reedbed.store.inventory.scopes import Scope

log = structlog.get_logger(__name__)

SCOPES_A_TIME = 100


class Closed(msgspec.Struct, frozen=True, kw_only=True):
    """What closing came to."""

    fixed: int = 0
    retired: int = 0
    held: int = 0  # would be closed, and waits for a person


async def close(run: Sync) -> Closed:
    """Plan what is over, scope by scope, and carry all of it out, or hold all of it."""
    await run.db.write(store.discard, run.connection)
    open_before = await run.db.read(store.count_open, run.connection)
    after: Scope | None = None
    while page := await run.db.read(scopes.page, run.connection, after=after, limit=SCOPES_A_TIME):
        over = await run.db.read(closings, page)
        rows = [store.Row(finding=e.finding, status=e.status, because=e.because) for e in over]
        await run.db.write(store.stage, run.connection, rows, run=run.id, now=run.now())
        after = page[-1]
    staged = await run.db.read(store.count_staged, run.connection)
    if ending.too_many(sum(staged.values()), open_before, share=run.scope.hold_share):
        log.warning(
            "closings_held", connection=run.connection, closings=sum(staged.values()), open=open_before
        )
        return Closed(held=sum(staged.values()))
    await run.db.write(store.carry_out, run.connection, run=run.id, now=run.now())
    return Closed(fixed=staged.get(Status.FIXED, 0), retired=staged.get(Status.RETIRED, 0))
