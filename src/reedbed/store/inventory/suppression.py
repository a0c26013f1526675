"""Findings as ignore rules look at them, and what such rules said of them before."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, ScalarSelect, Select, and_, func, select

from reedbed.model.inventory import FindingType, Status, Triage
from reedbed.store.inventory.assets import IMAGE_REFS
from reedbed.store.inventory.findings import FINDINGS, OCCURRENCES, TRIAGE
from reedbed.store.rows import slices, structs

ORIGIN = "ignore-rule"
OPEN = tuple(status for status in Status if status.open)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """An open finding of which no person has said anything."""

    id: str
    repository: str
    path: str
    type: FindingType
    vulnerability: str
    issue: str
    component: str
    triage: Triage


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A place where a finding stands."""

    finding: str
    tag: str
    version: str
    layer: str | None


def page(connection: Connection, name: str, *, after: str = "", limit: int = 1_000) -> list[Row]:
    """List a connection's open findings, by id, but for those that people have judged."""
    query = (
        select(*(FINDINGS.c[field] for field in Row.__struct_fields__))
        .where(
            FINDINGS.c.connection == name,
            FINDINGS.c.status.in_(OPEN),
            FINDINGS.c.triage.in_((Triage.OPEN, Triage.SUPPRESSED)),
            FINDINGS.c.id > after,
        )
        .order_by(FINDINGS.c.id)
        .limit(limit)
    )
    return structs(connection, query, Row)


def standing(connection: Connection, findings: Sequence[str]) -> dict[str, list[Standing]]:
    """Give where findings stand: each tag of an image of the finding's scope is a place.

    One that stands nowhere any more may be one that Xray does not tell of because a rule hides it. Its places
    are then those where it stood last; and where that image is gone, those of the images that are there now.
    """
    now = OCCURRENCES.c.gone_at.is_(None)
    last = OCCURRENCES.c.gone_at == _last_gone()
    same = IMAGE_REFS.c.asset == OCCURRENCES.c.asset
    found: dict[str, list[Standing]] = {}
    for which in (and_(now, same), and_(last, same), last):
        left = [each for each in findings if each not in found]
        for some in slices(left):
            for row in structs(connection, _places(which).where(OCCURRENCES.c.finding.in_(some)), Standing):
                found.setdefault(row.finding, []).append(row)
    return found


def _places(which: ColumnElement[bool]) -> Select[Any]:
    """Read the tags that lead to what is in a finding's scope, with some of its occurrences."""
    return (
        select(OCCURRENCES.c.finding, IMAGE_REFS.c.tag, OCCURRENCES.c.version, OCCURRENCES.c.layer)
        .join(FINDINGS, FINDINGS.c.id == OCCURRENCES.c.finding)
        .join(
            IMAGE_REFS,
            and_(
                IMAGE_REFS.c.connection == FINDINGS.c.connection,
                IMAGE_REFS.c.repository == FINDINGS.c.repository,
                IMAGE_REFS.c.path == FINDINGS.c.path,
            ),
        )
        .where(IMAGE_REFS.c.gone_at.is_(None), which)
    )


def _last_gone() -> ScalarSelect[Any]:
    other = OCCURRENCES.alias("other")
    return select(func.max(other.c.gone_at)).where(other.c.finding == OCCURRENCES.c.finding).scalar_subquery()


def said(connection: Connection, findings: Iterable[str]) -> dict[str, str | None]:
    """Give the rule that suppresses each of some findings; those that none does are missing."""
    rules: dict[str, str | None] = {}
    for some in slices(sorted(set(findings))):
        query = select(TRIAGE.c.finding, TRIAGE.c.rule).where(
            TRIAGE.c.finding.in_(some), TRIAGE.c.origin == ORIGIN
        )
        rules |= {row.finding: row.rule for row in connection.execute(query)}
    return rules
