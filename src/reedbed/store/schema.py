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
from reedbed.store.inventory.assets import (
    ASSET_TAGS,
    ASSETS,
    IMAGE_LAYERS,
    IMAGE_REFS,
    INDEX_CHILDREN,
    SOFTWARE,
)
from reedbed.store.inventory.connections import CHECKS, CONNECTIONS
from reedbed.store.inventory.counts import COUNTS
from reedbed.store.inventory.enrichment import ENRICHMENTS
from reedbed.store.inventory.findings import (
    CLOSINGS,
    EPSS,
    FINDING_EVENTS,
    KEV,
    MAPPED_TEXTS,
    OCCURRENCES,
    TRIAGE,
    VIOLATIONS,
    VULNERABILITIES,
)
from reedbed.store.inventory.findings import FINDINGS as INVENTORY_FINDINGS
from reedbed.store.inventory.hints import HINTS
from reedbed.store.inventory.hooks import DELIVERIES as HOOK_DELIVERIES
from reedbed.store.inventory.hooks import HOOKS
from reedbed.store.inventory.landed import BLOBS, LANDED, TEXTS
from reedbed.store.inventory.maps import MAPS
from reedbed.store.inventory.scopes import SCOPES
from reedbed.store.inventory.streams import MARKS, RUN_EVENTS, RUN_STREAMS
from reedbed.store.inventory.units import UNITS
from reedbed.store.inventory.webhooks import DELIVERIES, WEBHOOKS
from reedbed.store.inventory.wording import WORDINGS, WORDS
from reedbed.store.leases import LEASES
from reedbed.store.ledger import ISSUES
from reedbed.store.pace import PACE
from reedbed.store.planned import PLANNED
from reedbed.store.planning import PLANNING
from reedbed.store.platforms import PLATFORMS
from reedbed.store.profiles import PROFILES
from reedbed.store.proofs import PROOFS
from reedbed.store.registries import REGISTRIES
from reedbed.store.relevant import RELEVANT
from reedbed.store.revisions import REVISIONS
from reedbed.store.runs import RUNS
from reedbed.store.unusable import UNUSABLE
from reedbed.store.withdrawals import WITHDRAWALS
from reedbed.store.workers import WORKERS

TABLES = (
    ADVISORIES,
    APPROVALS,
    ASSETS,
    ASSET_TAGS,
    AUDIT,
    BLOBS,
    CHANGES,
    CHECKS,
    CLOSINGS,
    CONNECTIONS,
    COUNTS,
    COVERAGE,
    CURSORS,
    DELIVERIES,
    ENRICHMENTS,
    EPSS,
    EXEMPTIONS,
    FINDINGS,
    FINDING_EVENTS,
    HINTS,
    HOOKS,
    HOOK_DELIVERIES,
    IMAGE_LAYERS,
    IMAGE_REFS,
    INDEX_CHILDREN,
    INVENTORY_FINDINGS,
    ISSUES,
    KEV,
    LANDED,
    LEASES,
    MAPPED_TEXTS,
    MAPS,
    MARKS,
    OCCURRENCES,
    PACE,
    PLANNED,
    PLANNING,
    PLATFORMS,
    PROFILES,
    PROOFS,
    REGISTRIES,
    RELEVANT,
    REVISIONS,
    RUNS,
    RUN_EVENTS,
    RUN_STREAMS,
    SCOPES,
    SOFTWARE,
    TEXTS,
    TRIAGE,
    UNITS,
    UNUSABLE,
    VIOLATIONS,
    VULNERABILITIES,
    WEBHOOKS,
    WITHDRAWALS,
    WORDINGS,
    WORDS,
    WORKERS,
)
"""Importing them is what fills `METADATA`."""

__all__ = ["METADATA", "TABLES"]
