"""Closing what is over, after everything was listed; too much at once waits for a person. Acts."""

from collections.abc import Sequence

import msgspec
import structlog

from reedbed.inventory.findings import ending
from reedbed.inventory.findings.reconcile import closings
from reedbed.inventory.run.context import Sync
from reedbed.model.inventory import AssetClass, Coverage, FindingType, Status
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


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What a run may close: findings of some types in assets of one class, all of which it listed."""

    of: AssetClass
    types: frozenset[FindingType]
    listed: bool = False  # the findings themselves were listed, so that no scan has to prove their absence

    @property
    def coverage(self) -> Coverage | None:
        return Coverage.SCANNED if self.listed else None


IMAGES = Proof(of=AssetClass.IMAGE, types=frozenset({FindingType.VULNERABILITY}))


async def close(run: Sync, proofs: Sequence[Proof] = (IMAGES,)) -> Closed:
    """Plan what is over, scope by scope, and carry all of it out, or hold all of it."""
    if not proofs:
        return Closed()
    await run.db.write(store.discard, run.connection)
    open_before = await run.db.read(store.count_open, run.connection)
    for proof in proofs:
        await _stage(run, proof)
    staged = await run.db.read(store.count_staged, run.connection)
    if ending.too_many(sum(staged.values()), open_before, share=run.scope.hold_share):
        log.warning(
            "closings_held", connection=run.connection, closings=sum(staged.values()), open=open_before
        )
        return Closed(held=sum(staged.values()))
    await run.db.write(store.carry_out, run.connection, run=run.id, now=run.now())
    return Closed(fixed=staged.get(Status.FIXED, 0), retired=staged.get(Status.RETIRED, 0))


async def _stage(run: Sync, proof: Proof) -> None:
    after: Scope | None = None
    page, limit = scopes.page, SCOPES_A_TIME
    while some := await run.db.read(page, run.connection, of=proof.of, after=after, limit=limit):
        over = await run.db.read(closings, some, proof.types, coverage=proof.coverage)
        rows = [store.Row(finding=e.finding, status=e.status, because=e.because) for e in over]
        await run.db.write(store.stage, run.connection, rows, run=run.id, now=run.now())
        after = some[-1]
