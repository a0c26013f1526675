"""Who let which held change go: exactly that change, under exactly that rule."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Column, Connection, ForeignKey, String, Table, select

from reedbed.model.ledger import Action, Change, HoldRule
from reedbed.store.columns import KEY, METADATA, Utc, Word, storable
from reedbed.store.dialects import merge
from reedbed.store.holds import Rules
from reedbed.store.rows import slices

APPROVALS = Table(
    "approvals",
    METADATA,
    Column("platform", KEY, ForeignKey("platforms.name", ondelete="CASCADE"), primary_key=True),
    Column("package", KEY, primary_key=True),
    Column("fingerprint", KEY, primary_key=True),
    Column("action", Word(Action), primary_key=True),
    Column("rule", Rules, primary_key=True),  # one
    Column("approved_by", String, nullable=False),
    Column("approved_at", Utc, nullable=False),
)


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """A person's word for one change under one rule. It outlives the change, which may be planned again."""

    package: str  # the purl
    fingerprint: str
    action: Action
    rule: HoldRule
    approved_by: str
    approved_at: datetime

    def covers(self, change: Change) -> bool:
        return (self.package, self.fingerprint, self.action) == (
            str(change.flagged.package),
            change.fingerprint,
            change.action,
        )


def save(connection: Connection, platform: str, approvals: Iterable[Approval]) -> None:
    rows = []
    for approval in approvals:
        row = {name: getattr(approval, name) for name in Approval.__struct_fields__}
        rows.append({"platform": platform, **row, "rule": (approval.rule,)})
    merge(connection, APPROVALS, [row | {"approved_by": storable(row["approved_by"])} for row in rows])


def of_packages(connection: Connection, platform: str, keys: Collection[str]) -> dict[str, list[Approval]]:
    """Give every approval about some purls, also those of changes that nobody plans any more."""
    found: dict[str, list[Approval]] = {}
    for some in slices(list(keys)):
        query = select(APPROVALS).where(APPROVALS.c.platform == platform, APPROVALS.c.package.in_(some))
        for row in connection.execute(query.order_by(APPROVALS.c.approved_at)):
            found.setdefault(row.package, []).append(_approval(row))
    return found


def of_changes(
    connection: Connection, platform: str, changes: Sequence[Change]
) -> dict[str, tuple[HoldRule, ...]]:
    """Say which rules a person has set aside for exactly these changes, by purl; else a purl is left out."""
    given = of_packages(connection, platform, [str(change.flagged.package) for change in changes])
    waived = {}
    for change in changes:
        key = str(change.flagged.package)
        if rules := tuple(approval.rule for approval in given.get(key, ()) if approval.covers(change)):
            waived[key] = rules
    return waived


def _approval(row: Any) -> Approval:
    return Approval(
        package=row.package,
        fingerprint=row.fingerprint,
        action=row.action,
        rule=row.rule[0],
        approved_by=row.approved_by,
        approved_at=row.approved_at,
    )
