"""The watches and policies of violations, and where assets of a violation's artifact are."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, select, tuple_

from reedbed.model.inventory import FindingType, Triage
from reedbed.store.columns import storable, storable_key
from reedbed.store.dialects import merge
from reedbed.store.inventory.assets import IMAGE_REFS
from reedbed.store.inventory.findings import FINDINGS, OCCURRENCES, VIOLATIONS
from reedbed.store.inventory.scopes import Scope
from reedbed.store.rows import slices


class Broken(msgspec.Struct, frozen=True, kw_only=True):
    """Which watch saw a violation, and which policies it breaks."""

    finding: str
    watch: str
    policies: tuple[str, ...]
    kind: str  # Security, License, Operational_Risk
    created_at: datetime | None


def save(connection: Connection, rows: Iterable[Broken]) -> None:
    """Keep what violations are of; their findings are there."""
    merge(
        connection,
        VIOLATIONS,
        [
            {
                **msgspec.structs.asdict(row),
                "watch": storable_key(row.watch),
                "policies": tuple(storable(each) for each in row.policies),
                "kind": storable_key(row.kind),
            }
            for row in rows
        ],
    )


def of(connection: Connection, findings: Iterable[str]) -> dict[str, Broken]:
    """Give what some findings are violations of."""
    found: dict[str, Broken] = {}
    for some in slices(sorted(set(findings))):
        query = select(VIOLATIONS).where(VIOLATIONS.c.finding.in_(some))
        found |= {row["finding"]: Broken(**row) for row in connection.execute(query).mappings()}
    return found


def standing(connection: Connection, name: str) -> dict[Scope, set[tuple[str, str]]]:
    """Name the scopes where violations stand that no rule hides, each with the asset that it stands in."""
    query = (
        select(FINDINGS.c.repository, FINDINGS.c.path, FINDINGS.c.id, OCCURRENCES.c.asset)
        .join(OCCURRENCES, OCCURRENCES.c.finding == FINDINGS.c.id)
        .where(
            FINDINGS.c.connection == name,
            FINDINGS.c.type == FindingType.VIOLATION,
            FINDINGS.c.triage != Triage.SUPPRESSED,  # a list does not have them, and they are there
            OCCURRENCES.c.gone_at.is_(None),
        )
    )
    found: dict[Scope, set[tuple[str, str]]] = {}
    for row in connection.execute(query):
        found.setdefault(Scope(name, row.repository, row.path), set()).add((row.id, row.asset))
    return found


def assets_at(
    connection: Connection, name: str, repository: str, folders: Sequence[tuple[str, str]]
) -> Mapping[tuple[str, str], str]:
    """Give the assets that are at a path, with a tag or digest (of a package file with its version)."""
    ref, found = IMAGE_REFS.c, dict[tuple[str, str], str]()
    for some in slices(folders, 400):
        query = select(ref.path, ref.tag, ref.asset).where(
            ref.connection == name,
            ref.repository == repository,
            tuple_(ref.path, ref.tag).in_(some),
            ref.gone_at.is_(None),
        )
        found |= {(row.path, row.tag): row.asset for row in connection.execute(query)}
    return found
