"""All tables together: what the migrations must lead to."""

from reedbed.store.advisories import ADVISORIES
from reedbed.store.approvals import APPROVALS
from reedbed.store.audit import AUDIT
from reedbed.store.changes import CHANGES
from reedbed.store.columns import METADATA
from reedbed.store.coverage import COVERAGE
from reedbed.store.cursors import CURSORS
from reedbed.store.exemptions import EXEMPTIONS
from reedbed.store.findings import FINDINGS
from reedbed.store.leases import LEASES
from reedbed.store.ledger import ISSUES
from reedbed.store.pace import PACE
from reedbed.store.planned import PLANNED
from reedbed.store.planning import PLANNING
from reedbed.store.platforms import PLATFORMS
from reedbed.store.profiles import PROFILES
from reedbed.store.proofs import PROOFS
from reedbed.store.relevant import RELEVANT
from reedbed.store.revisions import REVISIONS
from reedbed.store.runs import RUNS
from reedbed.store.unusable import UNUSABLE
from reedbed.store.withdrawals import WITHDRAWALS
from reedbed.store.workers import WORKERS

TABLES = (
    ADVISORIES,
    APPROVALS,
    AUDIT,
    CHANGES,
    COVERAGE,
    CURSORS,
    EXEMPTIONS,
    FINDINGS,
    ISSUES,
    LEASES,
    PACE,
    PLANNED,
    PLANNING,
    PLATFORMS,
    PROFILES,
    PROOFS,
    RELEVANT,
    REVISIONS,
    RUNS,
    UNUSABLE,
    WITHDRAWALS,
    WORKERS,
)
"""Importing them is what fills `METADATA`."""

__all__ = ["METADATA", "TABLES"]
