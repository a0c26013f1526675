"""How far each repository was covered when a platform was last looked at: what to tell while it is away."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Boolean, Column, Connection, ForeignKey, String, Table, delete, select

from reedbed.model.ecosystem import PackageType
from reedbed.store.columns import KEY, METADATA, Json, Utc, Word, storable_key
from reedbed.store.dialects import merge
from reedbed.store.rows import structs


class Covered(msgspec.Struct, frozen=True, kw_only=True):
    """A repository whose packages Xray can enforce."""

    platform: str
    repository: str
    package_type: PackageType
    kind: str  # local, remote, federated, virtual
    indexed: bool  # of a virtual repository false: its members are
    blocked_by: tuple[str, ...]  # "watch / policy / rule", each of which would do
    ground: str  # of `jfrog.grounds`
    seen_at: datetime


COVERAGE = Table(
    "coverage",
    METADATA,
    Column("platform", KEY, ForeignKey("platforms.name", ondelete="CASCADE"), primary_key=True),
    Column("repository", KEY, primary_key=True),
    Column("package_type", Word(PackageType), nullable=False),
    Column("kind", String, nullable=False),
    Column("indexed", Boolean, nullable=False),
    Column("blocked_by", Json(tuple[str, ...]), nullable=False),
    Column("ground", String, nullable=False),
    Column("seen_at", Utc, nullable=False),
)


def replace(connection: Connection, platform: str, repositories: Sequence[Covered]) -> None:
    """Keep what was seen now, and forget what was seen before."""
    connection.execute(delete(COVERAGE).where(COVERAGE.c.platform == platform))
    rows = [msgspec.structs.asdict(each) for each in repositories]
    merge(connection, COVERAGE, [row | {"repository": storable_key(row["repository"])} for row in rows])


def of_platform(connection: Connection, platform: str) -> list[Covered]:
    """List what the last look at a platform saw, by repository."""
    query = select(COVERAGE).where(COVERAGE.c.platform == platform)
    return structs(connection, query.order_by(COVERAGE.c.repository), Covered)
