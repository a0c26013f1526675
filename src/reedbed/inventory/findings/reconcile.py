"""Bringing the findings of a scope to what was seen: read, plan, write, in one transaction. Acts.

An answer speaks of findings of some types: of the others its silence says nothing, and they stay as they are.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from reedbed.inventory.findings import ending, plan
from reedbed.inventory.findings.ending import Closing
from reedbed.inventory.findings.plan import Facts, Image, Kept, Observed, Occurrence, Update
from reedbed.model.inventory import Coverage, FindingType
from reedbed.store.inventory import closings as staged
from reedbed.store.inventory import scopes
from reedbed.store.inventory.rekeying import rekey
from reedbed.store.inventory.scopes import EventRow, FindingRow, ImageRow, OccurrenceRow, Scope

Answers = Mapping[str, tuple[Observed, ...]]
"""What this run's answers say: by asset, its findings."""

FACTS = Facts.__struct_fields__

Types = Collection[FindingType]

FROM_SCANS = frozenset({FindingType.VULNERABILITY, FindingType.LICENCE, FindingType.OPERATIONAL_RISK})
"""What answers of Xray about an image can speak of."""

VULNERABILITIES = frozenset({FindingType.VULNERABILITY})


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What came of the findings of some scopes."""

    found: int = 0
    changed: int = 0
    reopened: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        names = self.__struct_fields__
        return Counts(**{name: getattr(self, name) + getattr(other, name) for name in names})


def reconcile(
    connection: Connection,
    scope: Scope,
    answers: Answers,
    *,
    types: Types = VULNERABILITIES,
    coverage: Coverage | None = None,
    run: str,
    began: datetime,
    now: datetime,
    admits: plan.Admits = plan.everything,
) -> Counts:
    """Take answers of this run, about findings of some types, into one scope. Doing it twice is harmless.

    What is new was found when the run began, so that all that a run finds is of one age. `coverage` says what
    the answers are worth where it is not Xray's scan of each image that does.
    """
    kept = kept_of(connection, scope, types)
    images = images_of(connection, scope, answers, coverage=coverage)
    changes = plan.observe(kept, images, run=run, admits=admits)
    rekey(connection, changes.rekeyed)
    rows = [finding_row(update) for update in changes.updates]
    scopes.save_findings(connection, scope, rows, found=began, now=now)
    scopes.save_occurrences(
        connection,
        [occurrence_row(finding, asset, seen) for finding, asset, seen in changes.appeared],
        now=now,
    )
    scopes.end_occurrences(connection, changes.gone, now=now)
    scopes.touch(connection, changes.seen, confirmed=changes.confirmed, run=run, now=now)
    staged.forget(connection, scope.connection, changes.seen)
    reopened = [update.finding for update in changes.updates if update.reopened]
    scopes.reopen(connection, reopened, now=now)
    scopes.take_back(connection, [update.finding for update in changes.updates if update.returned])
    events = [EventRow(finding=e.finding, kind=e.kind, detail=e.detail) for e in changes.events]
    scopes.save_events(connection, events, run=run, now=now)
    found = sum(update.new for update in changes.updates)
    return Counts(found=found, changed=len(rows) - found, reopened=len(reopened))


def kept_of(connection: Connection, scope: Scope, types: Types) -> list[Kept]:
    """Read the findings of a scope as a plan takes them, of some types."""
    standing: dict[str, dict[tuple[str, str], Occurrence]] = {}
    for row in scopes.occurrences_of(connection, scope):
        standing.setdefault(row.finding, {})[row.asset, row.version] = _occurrence(row)
    return [
        Kept(
            finding=row.id,
            facts=Facts(**{name: getattr(row, name) for name in FACTS}),
            status=row.status,
            in_scope=row.in_scope,
            last_run=row.last_run,
            applicability=row.applicability,
            fix_version=row.fix_version,
            images=row.images,
            standing=standing.get(row.id, {}),
        )
        for row in scopes.findings_of(connection, scope)
        if row.type in types
    ]


def images_of(
    connection: Connection, scope: Scope, answers: Answers, *, coverage: Coverage | None = None
) -> list[Image]:
    """Read the images of a scope as a plan takes them, with this run's answers."""
    rows = scopes.images_of(connection, scope)
    if coverage is not None:
        rows = [msgspec.structs.replace(row, coverage=_worth(row, coverage)) for row in rows]
    return [_image(row, answers.get(row.asset)) for row in rows]


def _worth(row: ImageRow, coverage: Coverage) -> Coverage:
    """What is away is not known, whatever a list says."""
    return Coverage.UNAVAILABLE if row.coverage is Coverage.UNAVAILABLE else coverage


def _image(row: ImageRow, answer: tuple[Observed, ...] | None) -> Image:
    return Image(
        asset=row.asset,
        current=row.current,
        present=row.present,
        in_scope=row.in_scope or not row.present,
        coverage=row.coverage or Coverage.UNKNOWN,
        answer=answer,
    )


def _occurrence(row: OccurrenceRow) -> Occurrence:
    return Occurrence(
        version=row.version,
        fixed_versions=row.fixed_versions,
        applicability=row.applicability,
        paths=row.paths,
        layer=row.layer,
    )


def occurrence_row(finding: str, asset: str, seen: Occurrence) -> OccurrenceRow:
    return OccurrenceRow(finding=finding, asset=asset, **msgspec.structs.asdict(seen))


def finding_row(update: Update) -> FindingRow:
    return FindingRow(
        id=update.finding,
        status=update.status,
        applicability=update.applicability,
        fix_version=update.fix_version,
        images=update.images,
        in_scope=update.in_scope,
        last_run=update.last_run,
        **{name: getattr(update.facts, name) for name in FACTS},
    )


def closings(
    connection: Connection, some: Sequence[Scope], types: Types, *, coverage: Coverage | None = None
) -> list[Closing]:
    """Say which findings of some types in scopes are over, after a complete run."""
    return [each for scope in some for each in _closings(connection, scope, types, coverage)]


def _closings(connection: Connection, scope: Scope, types: Types, coverage: Coverage | None) -> list[Closing]:
    kept = kept_of(connection, scope, types)
    images = images_of(connection, scope, {}, coverage=coverage)
    suppressed = scopes.suppressed(connection, scope)
    over = ending.over(kept, images, suppressed=suppressed)
    had = scopes.last_places(connection, [each.finding for each in over])
    return [ending.closing(each, kept, images, had=had.get(each.finding, ())) for each in over]
