"""Connections: which platform is read, what of it, when, and with which token."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import Column, Float, ForeignKey, Index, Integer, String, Table, Text

from reedbed.store.columns import KEY, METADATA, Json, Utc, Word


class State(StrEnum):
    """Whether a connection may run; how its last run ended is the run's."""

    DRAFT = "draft"  # its five checks have not passed with this configuration
    REGISTERED = "registered"
    PAUSED = "paused"


CONNECTIONS = Table(
    "connections",
    METADATA,
    Column("name", KEY, primary_key=True),
    Column("platform", KEY, ForeignKey("platforms.name"), nullable=False),
    Column("description", Text, nullable=False),
    Column("state", Word(State), nullable=False),
    Column("scope", Json(Any), nullable=False),  # `reedbed.inventory.scope.Scope`
    Column("schedule", Json(Any), nullable=False),  # `reedbed.inventory.schedule.Schedule`
    Column("revision", Integer, nullable=False),  # counts the changes of scope and schedule
    Column("sealed_token", Text),  # None: the platform's is used
    Column("token_expires_at", Utc),
    Column("created_at", Utc, nullable=False),
    Column("changed_at", Utc, nullable=False),
)

CHECKS = Table(
    "connection_checks",
    METADATA,
    Column("connection", KEY, ForeignKey("connections.name", ondelete="CASCADE"), primary_key=True),
    Column("at", Utc, primary_key=True),
    Column("name", KEY, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("outcome", String, nullable=False),  # passed, failed, warned, skipped
    Column("code", String, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("fix", Text, nullable=False),
    Column("duration_s", Float, nullable=False),
    Index(None, "connection", "at"),
)


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `connections`, without its token."""

    name: str
    platform: str
    description: str
    state: State
    scope: Any
    schedule: Any
    revision: int
    token_expires_at: datetime | None
    created_at: datetime
    changed_at: datetime
