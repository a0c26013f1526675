"""The platforms: where each JFrog Platform is, and its token, sealed."""

from typing import Any

from sqlalchemy import Column, Float, Integer, Table, Text

from reedbed.store.columns import KEY, METADATA, Json, Utc

PLATFORMS = Table(
    "platforms",
    METADATA,
    Column("name", KEY, primary_key=True),
    Column("url", Text, nullable=False),
    Column("ca_file", Text),
    Column("proxy", Text),
    Column("per_second", Float, nullable=False),
    Column("concurrency", Integer, nullable=False),
    Column("timeout_s", Float, nullable=False),
    Column("token_expires_at", Utc),
    Column("sealed_token", Text, nullable=False),
    Column("breaker", Json(dict[str, Any])),  # of all processes together; what it means is its client's
    Column("features", Json(dict[str, Any])),  # versions and features seen, so that they are asked for once
)
