"""What is known of images before a run looks at them: how far they were scanned, and what stands in them."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Select, select

from reedbed.model.inventory import Coverage, FindingType
from reedbed.store.inventory.assets import ASSETS
from reedbed.store.inventory.findings import FINDINGS, OCCURRENCES
from reedbed.store.inventory.scopes import Scope
from reedbed.store.rows import slices

Places = frozenset[tuple[str, str, str]]
"""The vulnerability, the component, and its version."""

Said = tuple[Coverage | None, str | None]
"""How far an image was scanned, and why no further."""

Looked = dict[tuple[Scope, str], tuple[Coverage | None, str | None, Places]]

NOTHING: Said = (None, None)


def before(connection: Connection, asked: Iterable[tuple[Scope, str]]) -> Looked:
    """Read the coverage of images, and what stands of vulnerabilities in them, each by scope and asset."""
    wanted = set(asked)
    said: dict[str, Said] = {}
    standing: dict[tuple[Scope, str], set[tuple[str, str, str]]] = {}
    for some in slices(sorted({asset for _, asset in wanted})):
        query = select(ASSETS.c.id, ASSETS.c.coverage, ASSETS.c.coverage_reason).where(ASSETS.c.id.in_(some))
        said |= {row.id: (row.coverage, row.coverage_reason) for row in connection.execute(query)}
        looked = [asset for asset in some if said.get(asset, NOTHING)[0] is not None]
        for row in connection.execute(_standing(looked)) if looked else ():
            place = (Scope(row.connection, row.repository, row.path), row.asset)
            standing.setdefault(place, set()).add((row.vulnerability, row.component, row.version))
    return {
        (scope, asset): (*said.get(asset, NOTHING), frozenset(standing.get((scope, asset), ())))
        for scope, asset in wanted
    }


def _standing(assets: Sequence[str]) -> Select[Any]:
    scope = (FINDINGS.c.connection, FINDINGS.c.repository, FINDINGS.c.path)
    what = (FINDINGS.c.vulnerability, FINDINGS.c.component, OCCURRENCES.c.asset, OCCURRENCES.c.version)
    return (
        select(*scope, *what)
        .join(FINDINGS, FINDINGS.c.id == OCCURRENCES.c.finding)
        .where(
            OCCURRENCES.c.asset.in_(assets),
            OCCURRENCES.c.gone_at.is_(None),
            FINDINGS.c.type == FindingType.VULNERABILITY,
        )
    )
