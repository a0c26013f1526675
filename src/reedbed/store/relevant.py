"""What matters to a platform whatever its age: what its Artifactory has, and what an operator backfilled.

Rows are never taken away: by then the package is pushed, and nothing but its sources takes that back.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Column, Connection, ForeignKey, Table, select

from reedbed.model.relevance import Ground
from reedbed.store.columns import KEY, METADATA, Utc, Word
from reedbed.store.dialects import merge
from reedbed.store.rows import slices

RELEVANT = Table(
    "relevant",
    METADATA,
    Column("platform", KEY, ForeignKey("platforms.name", ondelete="CASCADE"), primary_key=True),
    Column("package", KEY, primary_key=True),  # the purl
    Column("ground", Word(Ground), primary_key=True),
    Column("since", Utc, nullable=False),
)
_ROW = RELEVANT.c


def add(
    connection: Connection, platform: str, keys: Collection[str], ground: Ground, *, now: datetime
) -> list[str]:
    """Note that some purls matter to a platform; give those that did not on this ground before."""
    known = of_packages(connection, platform, keys)
    new = sorted(key for key in set(keys) if ground not in known.get(key, ()))
    rows = [{"platform": platform, "package": key, "ground": ground, "since": now} for key in new]
    merge(connection, RELEVANT, rows)
    return new


def of_packages(
    connection: Connection, platform: str, keys: Collection[str]
) -> Mapping[str, frozenset[Ground]]:
    """Give the grounds on which those purls matter that do; the others are not in it."""
    found: dict[str, frozenset[Ground]] = {}
    for some in slices(sorted(keys)):
        query = select(_ROW.package, _ROW.ground).where(_ROW.platform == platform, _ROW.package.in_(some))
        for package, ground in connection.execute(query):
            found[package] = found.get(package, frozenset()) | {ground}
    return found
