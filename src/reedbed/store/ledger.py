"""The ledger: what Reedbed has written into each platform's Xray."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    ForeignKey,
    String,
    Table,
    UniqueConstraint,
    delete,
    select,
)

from reedbed.model.ledger import Flagged, Pushed
from reedbed.store.columns import KEY, METADATA, Json, Utc
from reedbed.store.dialects import upsert
from reedbed.store.rows import slices, structs

ISSUES = Table(
    "issues",
    METADATA,
    Column("platform", KEY, ForeignKey("platforms.name", ondelete="CASCADE"), primary_key=True),
    Column("package", KEY, primary_key=True),
    Column("flagged", Json(Flagged), nullable=False),
    Column("issue_id", String, nullable=False),
    Column("fingerprint", String, nullable=False),
    Column("pushed_at", Utc, nullable=False),
    Column("verified_at", Utc),
    Column("malicious", Boolean),
    UniqueConstraint("platform", "issue_id"),
)
_PUSHED = tuple(ISSUES.c[name] for name in Pushed.__struct_fields__)


def of_packages(connection: Connection, platform: str, keys: Collection[str]) -> dict[str, Pushed]:
    """Give the issues of those purls that have one."""
    found = {}
    for some in slices(list(keys)):
        query = select(*_PUSHED).where(ISSUES.c.platform == platform, ISSUES.c.package.in_(some))
        found.update({str(pushed.flagged.package): pushed for pushed in structs(connection, query, Pushed)})
    return found


def record(connection: Connection, platform: str, pushed: Pushed) -> None:
    """Write down what Xray now holds of a package."""
    row = {name: getattr(pushed, name) for name in Pushed.__struct_fields__}
    writing = upsert(connection, ISSUES).values(platform=platform, package=str(pushed.flagged.package), **row)
    new = {name: writing.excluded[name] for name in row}
    connection.execute(writing.on_conflict_do_update(index_elements=["platform", "package"], set_=new))


def forget(connection: Connection, platform: str, key: str) -> None:
    """Write down that Xray holds nothing of a package any more."""
    connection.execute(delete(ISSUES).where(ISSUES.c.platform == platform, ISSUES.c.package == key))


def page(connection: Connection, platform: str, *, after: str = "", limit: int) -> list[Pushed]:
    """List a platform's issues by purl, from the one after `after` on."""
    query = select(*_PUSHED).where(ISSUES.c.platform == platform, ISSUES.c.package > after)
    return structs(connection, query.order_by(ISSUES.c.package).limit(limit), Pushed)


def count(connection: Connection, platform: str) -> int:
    query = select(sa.func.count()).select_from(ISSUES).where(ISSUES.c.platform == platform)
    return connection.execute(query).scalar_one()


def mark_verified(
    connection: Connection, platform: str, key: str, *, at: datetime, malicious: bool | None
) -> None:
    """Note that a read-back showed an issue as it was written, and what Xray's own flag said."""
    connection.execute(
        sa.update(ISSUES)
        .where(ISSUES.c.platform == platform, ISSUES.c.package == key)
        .values(verified_at=at, malicious=malicious)
    )
