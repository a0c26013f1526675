"""Attempts to prove that a repository blocks: of each repository the newest with each verdict."""

from datetime import datetime
from enum import StrEnum

import msgspec
from sqlalchemy import Column, Connection, ForeignKey, String, Table, Text, select

from reedbed.model.ecosystem import PackageType
from reedbed.store.columns import KEY, METADATA, Json, Utc, Word, storable, storable_key
from reedbed.store.dialects import merge
from reedbed.store.rows import structs


class Verdict(StrEnum):
    PROVED = "proved"
    NOT_PROVED = "not proved"  # what was flagged was served, or what was freed stayed refused
    BROKEN_OFF = "broken off"  # it could not be seen to its end, and says nothing


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt, with what it rested on when it began."""

    platform: str
    repository: str
    verdict: Verdict
    package_type: PackageType
    kind: str  # local, remote, federated, virtual
    release: str  # a purl with its version
    reason: str  # why it is not proved; "" where it is
    relied_on: tuple[str, ...]  # "watch / policy / rule"
    ground: str  # of `jfrog.grounds`
    run_id: str  # as in the audit log
    at: datetime


PROOFS = Table(
    "proofs",
    METADATA,
    Column("platform", KEY, ForeignKey("platforms.name", ondelete="CASCADE"), primary_key=True),
    Column("repository", KEY, primary_key=True),
    Column("verdict", Word(Verdict), primary_key=True),
    Column("package_type", Word(PackageType), nullable=False),
    Column("kind", String, nullable=False),
    Column("release", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("relied_on", Json(tuple[str, ...]), nullable=False),
    Column("ground", String, nullable=False),
    Column("run_id", String, nullable=False),
    Column("at", Utc, nullable=False),
)


def save(connection: Connection, attempt: Attempt) -> None:
    """Keep an attempt in the place of the last with its verdict; the audit log has them all."""
    row = msgspec.structs.asdict(attempt)
    row |= {
        "repository": storable_key(attempt.repository),
        "release": storable(attempt.release),
        "reason": storable(attempt.reason),
    }
    merge(connection, PROOFS, [row])


def of_platform(connection: Connection, platform: str) -> list[Attempt]:
    """List what was tried on a platform, by repository."""
    query = select(PROOFS).where(PROOFS.c.platform == platform)
    return structs(connection, query.order_by(PROOFS.c.repository, PROOFS.c.at), Attempt)
