"""What a feed's record becomes in Xray, and why. Pure."""

from enum import StrEnum

import msgspec

from reedbed.intel.merge import merge
from reedbed.intel.plan import needs_screening
from reedbed.intel.terms import Terms
from reedbed.jfrog.custom_issue import custom_issue, enforceable
from reedbed.model.advisory import Advisory, Standing, Statement, Unusable, Withdrawal
from reedbed.model.ledger import Action, Change


class Decision(StrEnum):
    PUSH = "push"  # becomes a custom issue, or part of one
    DELETE = "delete"  # frees what this record alone held
    SKIP = "skip"  # listed, never pushed
    REFUSE = "refuse"  # says nothing that could be acted on


class Explanation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One record as JSON shows it. Versions are in Xray's bracket notation."""

    id: str
    decision: Decision
    reason: str
    package: str | None = None  # the purl
    package_type: str | None = None  # in Xray's word
    component_ids: tuple[str, ...] = ()
    vulnerable_versions: tuple[str, ...] = ()
    issue_id: str | None = None
    notes: tuple[str, ...] = ()  # what of the record was dropped, and why


def explain(statement: Statement, terms: Terms) -> Explanation:
    """Say what one statement, alone, would become."""
    match statement:
        case Withdrawal():
            reason = f"withdrawn by {statement.feed}; what no other source holds is freed"
            return Explanation(id=statement.id, decision=Decision.DELETE, reason=reason)
        case Unusable():
            return Explanation(id=statement.id, decision=Decision.REFUSE, reason=statement.reason)
        case Advisory():
            return _advisory(statement, terms)


def _advisory(advisory: Advisory, terms: Terms) -> Explanation:
    if not enforceable(advisory.package.type):
        reason = f"not enforceable in Xray: it knows no {advisory.package.type} packages"
        return _skipped(advisory, reason)
    flagged = merge([Standing(advisory)], terms.admission)
    if flagged is None:
        return _skipped(advisory, not_admitted(advisory))
    issue = custom_issue(flagged, terms.style)
    planned = Change(action=Action.CREATE, flagged=flagged, fingerprint="", unblocks=False)
    return Explanation(
        id=advisory.id,
        decision=Decision.PUSH,
        reason=_why(advisory, asks=needs_screening(planned, terms.limits)),
        package=str(advisory.package),
        package_type=issue.package_type,
        component_ids=tuple(component.id for component in issue.components),
        vulnerable_versions=issue.components[0].vulnerable_versions,
        issue_id=issue.id,
        notes=advisory.notes,
    )


def _why(advisory: Advisory, *, asks: bool) -> str:
    said = f"{advisory.verdict}, {advisory.confidence}"
    return f"{said}; {'an interval: held where people download it' if asks else 'by version'}"


def not_admitted(advisory: Advisory) -> str:
    """Say why a usable statement does not block."""
    setting = "suspicious_feeds" if advisory.verdict == "suspicious" else "automated_feeds"
    return f"{advisory.verdict}, {advisory.confidence}: blocks only with {advisory.feed} in intel.{setting}"


def _skipped(advisory: Advisory, reason: str) -> Explanation:
    return Explanation(
        id=advisory.id,
        decision=Decision.SKIP,
        reason=reason,
        package=str(advisory.package),
        notes=advisory.notes,
    )
